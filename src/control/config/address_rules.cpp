#include "control/config/address_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"

#include <algorithm>

namespace tocsin::control::config {

namespace {

bool is_ipv4_mapped(const IpAddress& a) {
    return a.is_v6() && a.octets[10] == 0xff && a.octets[11] == 0xff &&
           std::ranges::all_of(std::span{a.octets}.first(10), [](auto o) { return o == 0; });
}

}  // namespace

std::optional<IpAddress> read_address(std::string_view text, std::string& why) {
    if (auto address = parse_address(text)) return address;
    why = in_quotes(text);
    if (text.find('%') != text.npos) {
        why += " has a zone: leave out the % and what follows, the port says where the address is";
    } else if (text.find('/') != text.npos) {
        why += " has a prefix length: write the address alone";
    } else {
        why += " is not an IPv4 or IPv6 address, such as \"192.0.2.2\" or \"2001:db8::2\"";
    }
    return std::nullopt;
}

std::optional<std::string> not_a_host(const IpAddress& address) {
    if (is_unspecified(address)) return "is the unspecified address";
    if (is_multicast(address)) return "is a multicast address";
    if (is_loopback(address)) return "is a loopback address";
    if (is_ipv4_mapped(address)) return "is an IPv4 address mapped into IPv6: write it as IPv4";
    if (!address.is_v4()) return std::nullopt;
    if (std::ranges::all_of(address.wire(), [](auto o) { return o == 255; })) {
        return "is the broadcast address";
    }
    if (address.octets[0] == 0) return "is in 0.0.0.0/8, which names no host";
    if (address.octets[0] >= 240) return "is in 240.0.0.0/4, which is reserved";
    return std::nullopt;
}

bool overlap(const IpPrefix& a, const IpPrefix& b) {
    return a.length <= b.length ? a.contains(b.address) : b.contains(a.address);
}

}  // namespace tocsin::control::config
