#pragma once

#include "control/base/address.hpp"
#include "control/net/stack.hpp"
#include "hex_frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::test {

using namespace std::chrono_literals;
using control::parse_address;
using control::net::NeighborState;
using control::net::Stack;
using control::net::StackPort;

inline constexpr MacAddress kOwn{2, 0, 0, 0, 0, 0x0a};
inline constexpr MacAddress kPeer{2, 0, 0, 0, 0, 0x0b};
inline constexpr MacAddress kOther{2, 0, 0, 0, 0, 0x0c};
inline constexpr MacAddress kAll{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
inline constexpr PortId kPort{1};

inline IpAddress ip(const std::string& text) { return parse_address(text).value(); }
inline IpPrefix prefix(const std::string& text) { return control::parse_prefix(text).value(); }

inline void append(Bytes& out, std::span<const std::uint8_t> more) {
    out.insert(out.end(), more.begin(), more.end());
}
inline void append16(Bytes& out, unsigned v) {
    out.push_back(static_cast<std::uint8_t>(v >> 8U));
    out.push_back(static_cast<std::uint8_t>(v));
}

inline Bytes ethernet(const MacAddress& to, const MacAddress& from, unsigned type) {
    Bytes out;
    append(out, to);
    append(out, from);
    append16(out, type);
    return out;
}

struct Arp {
    unsigned operation = 1;
    MacAddress sender_mac = kPeer;
    std::string sender = "192.0.2.2";
    MacAddress target_mac{};
    std::string target = "192.0.2.1";
    MacAddress to = kAll;
};

inline Bytes arp(const Arp& a) {
    Bytes out = ethernet(a.to, a.sender_mac, 0x0806);
    append(out, from_hex("0001 0800 06 04"));
    append16(out, a.operation);
    append(out, a.sender_mac);
    append(out, ip(a.sender).wire());
    append(out, a.target_mac);
    append(out, ip(a.target).wire());
    return out;
}

/// Writes the ICMPv6 checksum of a frame without tag, over its Payload Length.
inline void fix_icmpv6(Bytes& frame) {
    put16(frame, 56, 0);
    Bytes pseudo(frame.begin() + 22, frame.begin() + 54);
    append(pseudo, from_hex("0000"));
    append16(pseudo, get16(frame, 18));
    append(pseudo, from_hex("0000003a"));
    append(pseudo, std::span{frame}.subspan(54, get16(frame, 18)));
    put16(frame, 56, 0xffffU ^ reference_sum(pseudo));
}

struct Icmp6 {
    std::string source = "2001:db8::2";
    std::string destination = "2001:db8::1";
    Bytes message{};  ///< type, code, two octets of checksum, the rest
    MacAddress to = kOwn;
    MacAddress from = kPeer;
    std::uint8_t hop_limit = 255;
};

inline Bytes icmp6(const Icmp6& i) {
    Bytes out = ethernet(i.to, i.from, 0x86dd);
    append(out, from_hex("60000000"));
    append16(out, static_cast<unsigned>(i.message.size()));
    out.push_back(58);
    out.push_back(i.hop_limit);
    append(out, ip(i.source).wire());
    append(out, ip(i.destination).wire());
    append(out, i.message);
    fix_icmpv6(out);
    return out;
}

inline Bytes link_option(std::uint8_t type, const MacAddress& mac) {
    Bytes out{type, 1};
    append(out, mac);
    return out;
}

/// A solicitation for `target` with its source's MAC; without one from ::.
inline Bytes solicitation(const std::string& source, const std::string& destination,
                          const std::string& target, const MacAddress& from = kPeer) {
    Icmp6 i{.source = source, .destination = destination, .from = from};
    i.message = from_hex("87 00 0000 00000000");
    append(i.message, ip(target).wire());
    if (source != "::") append(i.message, link_option(1, from));
    const auto octets = ip(destination).octets;
    if (octets[0] == 0xff) i.to = {0x33, 0x33, octets[12], octets[13], octets[14], octets[15]};
    return icmp6(i);
}

inline constexpr unsigned kSolicited = 0x40;
inline constexpr unsigned kOverride = 0x20;

/// An advertisement of `target` from itself; `mac` in its option when given.
inline Bytes advertisement(const std::string& target, unsigned flags,
                           const std::optional<MacAddress>& mac,
                           const std::string& destination = "2001:db8::1") {
    Icmp6 i{.source = target, .destination = destination, .from = mac.value_or(kPeer)};
    i.message = from_hex("88 00 0000 00000000");
    i.message[4] = static_cast<std::uint8_t>(flags);
    append(i.message, ip(target).wire());
    if (mac) append(i.message, link_option(2, *mac));
    return icmp6(i);
}

/// A stack on one port, in virtual time, with all that it says written down.
class StackFixture : public testing::Test {
protected:
    struct Change {
        IpAddress address;
        std::optional<MacAddress> mac;
        friend bool operator==(const Change&, const Change&) = default;
    };
    struct Claimed {
        IpAddress address;
        MacAddress by;
        friend bool operator==(const Claimed&, const Claimed&) = default;
    };

    StackFixture() { make(default_port()); }

    static StackPort default_port() {
        return {
            .id = kPort,
            .name = "wan0",
            .mac = kOwn,
            .mtu = 1500,
            .addresses = {prefix("192.0.2.1/24"), prefix("2001:db8::1/64"), prefix("fe80::a/64")},
            .routes = {{.to = prefix("0.0.0.0/0"), .via = ip("192.0.2.254")},
                       {.to = prefix("2001:db8:f::/48"), .via = ip("2001:db8::fe")}}};
    }

    void make(StackPort port) {
        stack = std::make_unique<Stack>(
            std::vector{std::move(port)},
            [this](const message::Frame& f) {
                EXPECT_EQ(f.port, kPort);
                sent.emplace_back(f.octets.begin(), f.octets.begin() + f.length);
            },
            [this](PortId, const IpAddress& a, const std::optional<MacAddress>& m) {
                changes.push_back({a, m});
            },
            [this](PortId, const IpAddress& a, const MacAddress& m) {
                claimed.push_back({a, m});
            });
    }

    /// Link up, and past duplicate detection and announcements.
    void settle() {
        stack->on_link(kPort, true, now);
        run(4s);
        sent.clear();
    }

    void receive(const Bytes& octets, PortId port = kPort) {
        ASSERT_LE(octets.size(), message::Frame::kCapacity);
        const auto frame = std::make_unique<message::Frame>();
        frame->port = port;
        frame->length = static_cast<std::uint16_t>(octets.size());
        std::ranges::copy(octets, frame->octets.begin());
        stack->on_frame(*frame, now);
    }

    /// Time passes, in turns of 100 ms.
    void run(Nanoseconds time) {
        for (const Instant end = now + time; now < end;) {
            now += 100ms;
            stack->on_timer(now);
        }
    }

    NeighborState state(const std::string& address) {
        for (const auto& n : stack->neighbors(now)) {
            if (n.address == ip(address)) return n.state;
        }
        ADD_FAILURE() << address << " is not tracked";
        return NeighborState::Failed;
    }

    std::vector<Bytes> take_sent() { return std::exchange(sent, {}); }
    std::vector<Change> take_changes() { return std::exchange(changes, {}); }

    Instant now{1000s};
    std::vector<Bytes> sent;
    std::vector<Change> changes;
    std::vector<Claimed> claimed;
    std::unique_ptr<Stack> stack;
};

inline bool is_arp_request(const Bytes& f, const std::string& target) {
    return f.size() >= 42 && get16(f, 12) == 0x0806 && get16(f, 20) == 1 &&
           ip_address(std::span{f}.subspan(38, 4)) == ip(target);
}
/// 135 or 136 for `target`.
inline bool is_nd(const Bytes& f, unsigned type, const std::string& target) {
    return f.size() >= 78 && get16(f, 12) == 0x86dd && f[20] == 58 && f[54] == type &&
           ip_address(std::span{f}.subspan(62, 16)) == ip(target);
}
inline IpAddress source_v6(const Bytes& f) { return ip_address(std::span{f}.subspan(22, 16)); }
inline IpAddress destination_v6(const Bytes& f) { return ip_address(std::span{f}.subspan(38, 16)); }
inline MacAddress mac_to(const Bytes& f) {
    MacAddress out{};
    std::copy_n(f.begin(), 6, out.begin());
    return out;
}
inline std::ptrdiff_t count(const std::vector<Bytes>& frames, auto&& predicate) {
    return std::ranges::count_if(frames, predicate);
}

}  // namespace tocsin::test
