#include "control/lsp_ping/message.hpp"

#include "dataplane/base/bytes.hpp"

#include <algorithm>

namespace tocsin::control::lsp_ping {

namespace {

using Octets = std::span<const std::uint8_t>;

constexpr std::size_t kTlvHeader = 4;

constexpr std::size_t padded(std::size_t length) noexcept { return (length + 3) / 4 * 4; }

void put16(std::vector<std::uint8_t>& to, std::size_t v) {
    to.push_back(static_cast<std::uint8_t>(v >> 8U));
    to.push_back(static_cast<std::uint8_t>(v));
}
void put32(std::vector<std::uint8_t>& to, std::uint32_t v) {
    put16(to, v >> 16U);
    put16(to, v & 0xffffU);
}
void put64(std::vector<std::uint8_t>& to, std::uint64_t v) {
    put32(to, static_cast<std::uint32_t>(v >> 32U));
    put32(to, static_cast<std::uint32_t>(v));
}

/// Length is of the value alone; zeros up to a multiple of four follow.
void put_tlv(std::vector<std::uint8_t>& to, std::uint16_t type, Octets value) {
    put16(to, type);
    put16(to, value.size());
    to.insert(to.end(), value.begin(), value.end());
    to.resize(to.size() + padded(value.size()) - value.size());
}

struct Tlv {
    std::uint16_t type = 0;
    Octets value;
    Octets whole;
};

/// Takes one off the front; false: it is longer than what is there.
bool take(Octets& from, Tlv& out) {
    if (from.size() < kTlvHeader) return false;
    out.type = load_be16(from.data());
    const std::size_t length = load_be16(&from[2]);
    if (length > from.size() - kTlvHeader) return false;
    out.value = from.subspan(kTlvHeader, length);
    // The last one's padding may be left out.
    const std::size_t all = std::min(kTlvHeader + padded(length), from.size());
    out.whole = from.first(all);
    from = from.subspan(all);
    return true;
}

bool read_fecs(Octets value, std::vector<Fec>& out) {
    while (!value.empty()) {
        Tlv sub;
        if (!take(value, sub)) return false;
        const std::size_t right = fec_length(sub.type);
        if (right != 0 && sub.value.size() != right) return false;
        out.push_back({.type = sub.type, .value = {sub.value.begin(), sub.value.end()}});
    }
    return !out.empty();
}

/// False: malformed.
bool read_tlv(const Tlv& tlv, Message& out) {
    switch (tlv.type) {
        case kTargetFecStack:
            return out.fecs.empty() && read_fecs(tlv.value, out.fecs);
        case kBfdDiscriminator:
            if (tlv.value.size() != 4 || out.discriminator != 0) return false;
            out.discriminator = load_be32(tlv.value.data());
            return out.discriminator != 0;
        case kReplyTos:
            return tlv.value.size() == 4;
        case kErroredTlvs:
            if (out.type != kEchoReply) return true;
            out.errored.assign(tlv.value.begin(), tlv.value.end());
            return true;
        case kPad:
            return !tlv.value.empty();  // its first octet says what is done with it
        default:
            break;
    }
    if (tlv.type < kFirstOptional && out.type == kEchoRequest) {
        out.errored.insert(out.errored.end(), tlv.whole.begin(), tlv.whole.end());
    }
    return true;
}

}  // namespace

std::string_view tlv_name(std::uint16_t type) noexcept {
    switch (type) {
        case kTargetFecStack:
            return "target_fec_stack";
        case kPad:
            return "pad";
        case kErroredTlvs:
            return "errored_tlvs";
        case kReplyTos:
            return "reply_tos";
        case kBfdDiscriminator:
            return "bfd_discriminator";
        case kReplyPath:
            return "reply_path";
        case kBfdReversePath:
            return "bfd_reverse_path";
        default:
            return {};
    }
}

std::vector<std::uint8_t> encode(const Message& m) {
    std::vector<std::uint8_t> out;
    put16(out, kVersion);
    put16(out, m.flags);
    out.insert(out.end(),
               {m.type, static_cast<std::uint8_t>(m.reply_mode), m.return_code, m.return_subcode});
    put32(out, m.handle);
    put32(out, m.sequence);
    put64(out, m.sent);
    put64(out, m.received);
    if (!m.fecs.empty()) {
        std::vector<std::uint8_t> stack;
        for (const Fec& fec : m.fecs) put_tlv(stack, fec.type, fec.value);
        put_tlv(out, kTargetFecStack, stack);
    }
    if (m.discriminator != 0) {
        std::vector<std::uint8_t> value;
        put32(value, m.discriminator);
        put_tlv(out, kBfdDiscriminator, value);
    }
    if (!m.errored.empty()) put_tlv(out, kErroredTlvs, m.errored);
    return out;
}

Fault decode(std::span<const std::uint8_t> octets, Message& out) {
    out = {};
    if (octets.size() < kHeaderLength) return Fault::TooShort;
    if (load_be16(octets.data()) != kVersion) return Fault::Version;
    out.flags = load_be16(&octets[2]);
    out.type = octets[4];
    const std::uint8_t mode = octets[5];
    out.reply_mode = static_cast<ReplyMode>(mode);
    out.return_code = octets[6];
    out.return_subcode = octets[7];
    out.handle = load_be32(&octets[8]);
    out.sequence = load_be32(&octets[12]);
    out.sent = load_be64(&octets[16]);
    out.received = load_be64(&octets[24]);
    if (out.type != kEchoRequest && out.type != kEchoReply) return Fault::Type;
    if (mode < 1 || mode > 4) return Fault::Malformed;
    Octets rest = octets.subspan(kHeaderLength);
    while (!rest.empty()) {
        Tlv tlv;
        if (!take(rest, tlv) || !read_tlv(tlv, out)) return Fault::Malformed;
    }
    if (out.type == kEchoReply) return Fault::None;
    if (!out.errored.empty()) return Fault::NotUnderstood;
    return out.fecs.empty() ? Fault::Malformed : Fault::None;
}

std::uint64_t ntp_time(std::uint64_t unix_ns) noexcept {
    constexpr std::uint64_t kNanoseconds = 1'000'000'000;
    constexpr std::uint64_t kSeconds1900To1970 = 2'208'988'800;
    const std::uint64_t seconds = unix_ns / kNanoseconds + kSeconds1900To1970;
    return seconds << 32U | (unix_ns % kNanoseconds << 32U) / kNanoseconds;
}

}  // namespace tocsin::control::lsp_ping
