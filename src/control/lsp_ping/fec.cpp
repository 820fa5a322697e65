#include "control/lsp_ping/fec.hpp"

#include "control/base/address.hpp"
#include "dataplane/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace tocsin::control::lsp_ping {

namespace {

constexpr std::uint32_t kMostLabel = 0xfffff;
constexpr const char* kForms =
    "write \"ldp PREFIX\", \"generic PREFIX\", \"rsvp ENDPOINT TUNNEL_ID EXTENDED_TUNNEL_ID SENDER "
    "LSP_ID\", \"pwid SENDER REMOTE PW_ID PW_TYPE\" or \"nil LABEL\"";

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end != 0) out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
    std::uint32_t out = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault != std::errc{} || end != text.data() + text.size() || out > most) {
        return std::nullopt;
    }
    return out;
}

void put(std::vector<std::uint8_t>& to, std::uint32_t v, unsigned octets) {
    for (unsigned i = octets; i > 0; --i)
        to.push_back(static_cast<std::uint8_t>(v >> 8U * (i - 1)));
}
void put(std::vector<std::uint8_t>& to, const IpAddress& a) {
    to.insert(to.end(), a.wire().begin(), a.wire().end());
}

Fec prefix_fec(std::uint16_t v4_type, const IpPrefix& prefix) {
    Fec out{.type = static_cast<std::uint16_t>(v4_type + (prefix.address.is_v4() ? 0 : 1)),
            .value = {}};
    put(out.value, prefix.address);
    out.value.push_back(prefix.length);
    // What lies behind the prefix is zero, so that equal FECs are equal octets.
    for (unsigned bit = prefix.length; bit < 8 * prefix.address.wire().size(); ++bit) {
        out.value[bit / 8] = static_cast<std::uint8_t>(out.value[bit / 8] & ~(0x80U >> bit % 8));
    }
    return out;
}

std::optional<IpPrefix> prefix_of(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(std::string{text.substr(0, slash)});
    if (!address) return std::nullopt;
    const std::uint32_t most = address->is_v4() ? 32 : 128;
    const auto length =
        slash == text.npos ? std::optional{most} : number(text.substr(slash + 1), most);
    if (!length) return std::nullopt;
    return IpPrefix{*address, static_cast<std::uint8_t>(*length)};
}

std::optional<Fec> rsvp_fec(std::span<const std::string_view> words) {
    const auto endpoint = parse_address(std::string{words[0]});
    const auto tunnel = number(words[1], 0xffff);
    const auto extended = parse_address(std::string{words[2]});
    const auto sender = parse_address(std::string{words[3]});
    const auto lsp = number(words[4], 0xffff);
    if (!endpoint || !tunnel || !extended || !sender || !lsp) return std::nullopt;
    if (endpoint->family != extended->family || endpoint->family != sender->family) {
        return std::nullopt;
    }
    Fec out{.type = endpoint->is_v4() ? kRsvpIpv4 : kRsvpIpv6, .value = {}};
    put(out.value, *endpoint);
    put(out.value, *tunnel, 4);  // the upper half must be zero
    put(out.value, *extended);
    put(out.value, *sender);
    put(out.value, *lsp, 4);
    return out;
}

std::optional<Fec> pwid_fec(std::span<const std::string_view> words) {
    const auto sender = parse_address(std::string{words[0]});
    const auto remote = parse_address(std::string{words[1]});
    const auto id = number(words[2], 0xffffffffU);
    const auto type = number(words[3], 0x7fff);
    if (!sender || !remote || !id || !type || !sender->is_v4() || !remote->is_v4()) {
        return std::nullopt;
    }
    Fec out{.type = kPwid128Ipv4, .value = {}};
    put(out.value, *sender);
    put(out.value, *remote);
    put(out.value, *id, 4);
    put(out.value, *type, 2);
    return out;
}

std::optional<Fec> read_fec(std::span<const std::string_view> words) {
    if (words.empty()) return std::nullopt;
    const std::string_view kind = words.front();
    words = words.subspan(1);
    if ((kind == "ldp" || kind == "generic") && words.size() == 1) {
        const auto prefix = prefix_of(words[0]);
        if (!prefix) return std::nullopt;
        return prefix_fec(kind == "ldp" ? kLdpIpv4 : kGenericIpv4, *prefix);
    }
    if (kind == "rsvp" && words.size() == 5) return rsvp_fec(words);
    if (kind == "pwid" && words.size() == 4) return pwid_fec(words);
    if (kind == "nil" && words.size() == 1) {
        const auto label = number(words[0], kMostLabel);
        if (!label) return std::nullopt;
        Fec out{.type = kNil, .value = {}};
        put(out.value, *label << 12U, 4);
        return out;
    }
    return std::nullopt;
}

std::string address_at(const Fec& fec, std::size_t at, std::size_t size) {
    return control::to_string(ip_address(std::span{fec.value}.subspan(at, size)));
}
std::string number_at(const Fec& fec, std::size_t at, std::size_t size) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < size; ++i) v = v << 8U | fec.value[at + i];
    return std::to_string(v);
}

std::string in_hex(const Fec& fec) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string out = "type " + std::to_string(fec.type) + ' ';
    for (const std::uint8_t octet : fec.value) {
        out += kDigits[octet >> 4U];
        out += kDigits[octet & 15U];
    }
    return out;
}

}  // namespace

Fec ldp_fec(const IpPrefix& prefix) { return prefix_fec(kLdpIpv4, prefix); }

Result<Fec> parse_fec(std::string_view text) {
    const auto words = words_of(text);
    if (auto fec = read_fec(words)) return *std::move(fec);
    return Error{ErrorKind::InvalidArgument, '"' + std::string{text} + "\" is no FEC: " + kForms,
                 "fec"};
}

std::string to_string(const Fec& fec) {
    if (fec.value.size() != fec_length(fec.type)) return in_hex(fec);
    const std::size_t size = fec.type == kRsvpIpv4 || fec.type == kLdpIpv4 ||
                                     fec.type == kGenericIpv4 || fec.type == kPwid128Ipv4
                                 ? 4
                                 : 16;
    switch (fec.type) {
        case kLdpIpv4:
        case kLdpIpv6:
            return "ldp " + address_at(fec, 0, size) + '/' + number_at(fec, size, 1);
        case kGenericIpv4:
        case kGenericIpv6:
            return "generic " + address_at(fec, 0, size) + '/' + number_at(fec, size, 1);
        case kRsvpIpv4:
        case kRsvpIpv6:
            return "rsvp " + address_at(fec, 0, size) + ' ' + number_at(fec, size + 2, 2) + ' ' +
                   address_at(fec, size + 4, size) + ' ' + address_at(fec, 2 * size + 4, size) +
                   ' ' + number_at(fec, 3 * size + 6, 2);
        case kPwid128Ipv4:
            return "pwid " + address_at(fec, 0, 4) + ' ' + address_at(fec, 4, 4) + ' ' +
                   number_at(fec, 8, 4) + ' ' + number_at(fec, 12, 2);
        case kNil:
            return "nil " + std::to_string(load_be32(fec.value.data()) >> 12U);
        default:
            return in_hex(fec);
    }
}

}  // namespace tocsin::control::lsp_ping
