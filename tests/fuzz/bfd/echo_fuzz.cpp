#include "engine_fixture.hpp"
#include "octet_reader.hpp"
#include "overlay/classify.hpp"
#include "overlay/echo.hpp"
#include "wire.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace {

using namespace std::chrono_literals;
using namespace tocsin;
using namespace tocsin::overlay;
using namespace tocsin::test;

constexpr MacAddress kOwnMac{2, 0, 0, 0, 0, 0x0b};
constexpr MacAddress kRouterMac{2, 0, 0, 0, 0, 0x0a};
constexpr std::uint16_t kSourcePort = 50'001;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kMostFlying = 32;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

bool is_v4(View frame) { return number(frame, 12, 2) == 0x0800; }
std::size_t ttl_of(View frame) { return kEthernet + (is_v4(frame) ? 8 : 7); }

/// An engine behind a port, as a worker has them: a session with Echo beside its Control packets
/// and an unaffiliated one. A router returns what they send, or something like it. Which of them
/// count is decided once more here.
class Script {
public:
    explicit Script(View octets) : in_{octets} {
        const std::uint8_t setting = in_.octet();
        const bool v6 = (setting & 0x80U) != 0;
        ip_hint_ = static_cast<ChecksumHint>(setting % 3);
        udp_hint_ = static_cast<ChecksumHint>(setting / 3 % 3);
        own_ = ip(v6 ? "2001:db8::2" : "192.0.2.2");
        router_ = ip(v6 ? "2001:db8::1" : "192.0.2.1");
        port_.mac = kOwnMac;
        for (const char* a : {"192.0.2.2", "2001:db8::2", "fe80::b"}) port_.addresses.add(ip(a));

        key_.family = own_.family;
        key_.port = port_.port;
        key_.local = own_.octets;
        key_.remote = router_.octets;
        bfd::SessionParameters p = fast_parameters();
        p.desired_min_echo_tx_interval = 50ms;
        require(box_.add(beside_, key_, p) == bfd::Status::Ok, "add");
        SessionKey looped;
        looped.type = SessionType::Echo;
        looped.family = own_.family;
        looped.port = port_.port;
        looped.instance = kSourcePort;
        require(box_.add(alone_, looped, fast_parameters()) == bfd::Status::Ok, "add");
        peer_.says.required_min_echo_rx_interval = 50ms;
        peer_.bring_up();
    }

    void run() {
        observe();
        while (!in_.empty()) {
            one();
            observe();
        }
    }

private:
    void one() {
        const std::uint8_t what = in_.octet();
        switch (what % 8U) {
            case 0:  // a while as it should be
                for (int i = 0; i <= what / 8; ++i) {
                    box_.run_for(20ms);
                    observe();
                    while (!flying_.empty()) arrive(back(0));
                    if (i % 4 == 0) peer_.send_final();
                }
                return;
            case 1:
                box_.run_for(5ms * (1 + what / 8));
                return;
            case 2:
            case 3:  // one comes back, perhaps changed
                if (flying_.empty()) return;
                return arrive(mutated(back(what / 8U % flying_.size())));
            case 4: {  // again, or late
                if (flying_.empty()) return;
                Octets frame = flying_[what / 8U % flying_.size()];
                require(reflect_echo(frame, kEthernet, kRouterMac), "a router reflects");
                const Octets again = frame;
                arrive(frame);
                return arrive(again);
            }
            case 5:
                return from_peer(what / 8U);
            default: {
                const std::size_t length = in_.octet();
                Octets frame;
                while (frame.size() < length && !in_.empty()) frame.push_back(in_.octet());
                if (what / 8U % 2U != 0) repair_udp(frame);
                return arrive(frame);
            }
        }
    }

    void from_peer(unsigned how) {
        peer_.says.state = static_cast<bfd::SessionState>(how % 4U);
        peer_.says.required_min_echo_rx_interval = (how & 4U) != 0 ? 0ms : 50ms + how / 8U * 50ms;
        peer_.says.final = (how & 8U) != 0;
        peer_.send();
        peer_.says.final = false;
    }

    /// Takes out what has left, as a router sends it back.
    Octets back(std::size_t index) {
        Octets frame = flying_[index];
        flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(index));
        require(reflect_echo(frame, kEthernet, kRouterMac), "a router reflects what we send");
        return frame;
    }

    static Octets whole(HeaderTemplate t, View payload) {
        t.payload_length = static_cast<std::uint8_t>(payload.size());
        Octets frame = join({View{t.octets}.first(t.length), payload});
        set_lengths(frame, t);
        finish_udp_checksum(frame, t);
        return frame;
    }

    /// Some octets changed, cut or made longer; the checksums right or left as they are.
    Octets mutated(Octets frame) {
        const std::uint8_t how = in_.octet();
        for (unsigned n = how % 4U; n > 0; --n) {
            const std::size_t at = in_.octet() % frame.size();
            frame[at] ^= in_.octet();
        }
        if ((how & 4U) != 0) frame[ttl_of(frame)] = static_cast<std::uint8_t>(253 + how / 64U);
        if ((how & 8U) != 0) frame.resize(in_.octet());
        if ((how & 16U) != 0) repair_udp(frame);
        return frame;
    }

    void arrive(const Octets& frame) {
        const Classified c = classify(frame, port_, ip_hint_, udp_hint_);
        if (c.verdict == Verdict::Echo) deliver(c);
    }

    /// As Worker::deliver_echo().
    void deliver(const Classified& c) {
        const View payload{c.packet.payload, c.packet.payload_length};
        const bfd::SessionSnapshot beside = box_.snapshot(beside_);
        const bfd::SessionSnapshot alone = box_.snapshot(alone_);
        const bool control = payload[0] >> 5U == bfd::kVersion;
        const auto sent = std::ranges::find(outstanding_, Octets{payload.begin(), payload.end()});
        const bool expected = sent != outstanding_.end() && c.packet.family == key_.family &&
                              c.packet.ttl >= 254 && beside.echo_tx_interval > 0ms;
        const DropReason reason = control ? box_.receive(c.packet) : box_.receive_echo(c.packet);
        const bool accepted = reason == DropReason::None;
        if (control) {
            require(!accepted ||
                        (c.packet.ttl == 254 && number(payload, 4, 4) == alone_.local_discr.value),
                    "only what we sent ourselves and a router forwarded once, RFC 9747 2");
            require(accepted || box_.snapshot(alone_).rx_packets == alone.rx_packets,
                    "what was dropped does not count");
            require(box_.snapshot(beside_).rx_packets == beside.rx_packets,
                    "a Control packet to the Echo port is not for a session of its own port");
        } else {
            require(accepted == expected, "what was sent comes back once and in order");
            if (accepted) outstanding_.erase(outstanding_.begin(), std::next(sent));
        }
        require(box_.snapshot(beside_).echo_rx_packets - beside.echo_rx_packets ==
                    (!control && accepted ? 1U : 0U),
                "what has come back");
    }

    /// What has left since, and what is waited for.
    void observe() {
        const HeaderTemplate t = echo_headers({.source_mac = kOwnMac,
                                               .destination_mac = kRouterMac,
                                               .source = own_,
                                               .destination = own_,
                                               .source_port = kSourcePort});
        for (const SentEcho& e : box_.take_echoes()) {
            outstanding_.emplace_back(e.octets.begin(), e.octets.end());
            flying_.push_back(whole(t, e.octets));
        }
        for (const Sent& s : box_.take_sent()) {
            if (s.slot == alone_.slot) flying_.push_back(whole(t, s.whole));
        }
        while (flying_.size() > kMostFlying) flying_.pop_front();
        // Once it has stopped, what was on its way is void.
        if (box_.snapshot(beside_).echo_tx_interval == 0ms) outstanding_.clear();
        static_cast<void>(box_.events());
    }

    OctetReader in_;
    PortContext port_;
    ChecksumHint ip_hint_{};
    ChecksumHint udp_hint_{};
    IpAddress own_;
    IpAddress router_;
    SessionKey key_;
    EngineBox box_{{.slots = 2, .echo = true, .history = 8}};
    bfd::SessionHandle beside_ = box_.handle(0);  ///< has Echo beside its Control packets
    bfd::SessionHandle alone_ = box_.handle(1);   ///< unaffiliated
    Peer peer_{box_, beside_, key_};
    std::deque<Octets> flying_;       ///< frames that a router may still send back
    std::deque<Octets> outstanding_;  ///< payloads that have left and not come back, oldest first
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLongest = 1000;  // octets; longer ones tell nothing new
    if (size <= kLongest) Script{{data, size}}.run();
    return 0;
}
