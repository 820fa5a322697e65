#include "control/base/address.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstddef>

namespace tocsin::control {

namespace {

IpAddress with_host_bits(const IpPrefix& prefix, bool ones) {
    IpAddress out = prefix.address;
    const std::size_t bits = out.wire().size() * 8;
    for (std::size_t bit = prefix.length; bit < bits; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
        auto& octet = out.octets[bit / 8];
        octet = static_cast<std::uint8_t>(ones ? octet | mask : octet & ~mask);
    }
    return out;
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) {
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) {
        return std::nullopt;
    }
    const std::string terminated{text};
    std::array<std::uint8_t, 16> octets{};
    if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1) {
        return ip_address(std::span{octets}.first(4));
    }
    if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return ip_address(octets);
    return std::nullopt;
}

std::optional<IpPrefix> parse_prefix(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    const auto address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3) return std::nullopt;
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), length);
    if (error != std::errc{} || end != digits.end()) return std::nullopt;
    if (length > address->wire().size() * 8) return std::nullopt;
    return IpPrefix{.address = *address, .length = static_cast<std::uint8_t>(length)};
}

std::optional<MacAddress> parse_mac(std::string_view text) {
    if (text.size() != 17) return std::nullopt;
    MacAddress mac{};
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const char* const digits = text.data() + 3 * i;
        const auto [end, error] = std::from_chars(digits, digits + 2, mac[i], 16);
        if (error != std::errc{} || end != digits + 2) return std::nullopt;
        if (i + 1 < mac.size() && digits[2] != ':') return std::nullopt;
    }
    return mac;
}

std::string to_string(const IpAddress& address) {
    if (address.family == AddressFamily::None) return {};
    if (address.is_v4()) {  // inet_ntop takes several times as long, which counts for a million
        std::string out = std::to_string(address.octets[0]);
        for (std::size_t i = 1; i < 4; ++i) {
            out += '.';
            out += std::to_string(address.octets[i]);
        }
        return out;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, address.octets.data(), text.data(), text.size());
    return text.data();
}

std::string to_string(const IpPrefix& prefix) {
    return to_string(prefix.address) + '/' + std::to_string(prefix.length);
}

std::string to_string(const MacAddress& mac) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t octet : mac) {
        if (!out.empty()) out += ':';
        out += kDigits[octet >> 4U];
        out += kDigits[octet & 15U];
    }
    return out;
}

IpAddress network_address(const IpPrefix& prefix) { return with_host_bits(prefix, false); }

IpAddress last_address(const IpPrefix& prefix) { return with_host_bits(prefix, true); }

bool is_network_or_broadcast(const IpPrefix& subnet, const IpAddress& address) {
    if (!subnet.address.is_v4() || subnet.length >= 31) return false;
    return address == network_address(subnet) || address == last_address(subnet);
}

}  // namespace tocsin::control
