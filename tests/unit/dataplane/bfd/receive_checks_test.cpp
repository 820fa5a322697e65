// Which packets an Up session takes, in which order they are judged, and that nothing comes of the
// others.

#include "one_session.hpp"

#include <functional>
#include <string>

namespace tocsin::test {
namespace {

/// A fault that makes a good packet one to discard. `octets` is the packet, `peer` how it arrives.
struct Fault {
    const char* name;
    DropReason reason;
    std::function<void(std::vector<std::uint8_t>& octets, Peer& peer)> apply;
};

using Octets = std::vector<std::uint8_t>;

/// In the order of RFC 5880 6.8.6; the encapsulation's checks come once the session is known.
const std::vector<Fault>& faults() {
    static const std::vector<Fault> kFaults{
        {"Version", DropReason::Version,
         [](Octets& o, Peer&) { o[0] = static_cast<std::uint8_t>((o[0] & 0x1fU) | 0x40U); }},
        {"LengthTooShort", DropReason::LengthTooShort, [](Octets& o, Peer&) { o[3] = 23; }},
        {"LengthBeyondPayload", DropReason::LengthBeyondPayload,
         [](Octets& o, Peer&) { o[3] = 200; }},
        {"DetectMultZero", DropReason::DetectMultZero, [](Octets& o, Peer&) { o[2] = 0; }},
        {"Multipoint", DropReason::Multipoint, [](Octets& o, Peer&) { o[1] |= 0x01U; }},
        {"MyDiscriminatorZero", DropReason::MyDiscriminatorZero,
         [](Octets& o, Peer&) { std::fill_n(o.begin() + 4, 4, std::uint8_t{0}); }},
        {"YourDiscriminatorUnknown", DropReason::YourDiscriminatorUnknown,
         [](Octets& o, Peer&) { o[11] ^= 0x01U; }},
        {"YourDiscriminatorZeroState", DropReason::YourDiscriminatorZeroState,
         [](Octets& o, Peer&) { std::fill_n(o.begin() + 8, 4, std::uint8_t{0}); }},
        {"SessionType", DropReason::SessionType,
         [](Octets&, Peer& p) { p.type = SessionType::MultiHop; }},
        {"WrongPort", DropReason::WrongPort, [](Octets&, Peer& p) { p.port = {1}; }},
        {"TtlTooLow", DropReason::TtlTooLow,
         [](Octets& o, Peer& p) {
             p.ttl = 254;
             o[0] ^= 0x01U;  // not the last packet again: single hop's TTL is overlay's to enforce
         }},
        {"SourceMismatch", DropReason::SourceMismatch, [](Octets&, Peer& p) { p.source[3] = 99; }},
        {"AuthUnexpected", DropReason::AuthUnexpected,
         [](Octets& o, Peer&) {
             o[1] |= bfd::kAuthenticationBit;
             if (o[3] == 24) o[3] = 26;
             o.resize(std::max<std::size_t>(o.size(), 26));
         }},
    };
    return kFaults;
}

class ReceiveChecks : public OneSession, public testing::WithParamInterface<Fault> {
protected:
    void up_matching_source() {
        SessionParameters p = fast_parameters();
        p.match_source = true;
        add_and_bring_up(p);
    }
    /// The peer's present packet with faults, as Octets.
    DropReason send_with(std::initializer_list<const Fault*> applied, std::uint8_t flags = 0) {
        Peer bad = peer;
        const bfd::ControlOctets octets = bfd::encode(bad.says);
        Octets payload{octets.begin(), octets.end()};
        payload[1] = static_cast<std::uint8_t>(payload[1] | flags);
        for (const Fault* f : applied) f->apply(payload, bad);
        return bad.send_octets(payload);
    }
};

// req: RFC5880-6.8.6-03 RFC5880-6.8.6-04 RFC5880-6.8.6-06 RFC5880-6.8.6-08 RFC5880-6.8.6-09
// req: RFC5880-6.8.6-10 RFC5880-6.8.6-12 RFC5880-6.8.6-13 RFC5880-6.8.6-17 RFC5880-6.8.4-10
// req: RFC5880-4.1-13 RFC5881-5-07 RFC5880-6.8.6-02
TEST_P(ReceiveChecks, ADiscardedPacketHasNoEffect) {
    ASSERT_NO_FATAL_FAILURE(up_matching_source());
    peer.send();
    const Instant deadline = box.now() + 300ms;
    const SessionSnapshot before = snapshot();
    box.run_for(150ms);
    forget();

    // Everything about it would matter: another state, new intervals, Poll, Demand.
    peer.says.state = SessionState::Init;
    peer.says.desired_min_tx_interval = 9s;
    peer.says.required_min_rx_interval = 9s;
    peer.says.demand = true;
    EXPECT_EQ(send_with({&GetParam()}, bfd::kPollBit), GetParam().reason);

    const SessionSnapshot after = snapshot();
    EXPECT_EQ(after.session_state, SessionState::Up);
    EXPECT_EQ(after.remote_session_state, SessionState::Up);
    EXPECT_EQ(after.remote_discr, before.remote_discr);
    EXPECT_EQ(after.remote_min_rx_interval, before.remote_min_rx_interval);
    EXPECT_EQ(after.detection_time, before.detection_time);
    EXPECT_EQ(after.remote_demand_mode, false);
    EXPECT_EQ(after.rx_packets, before.rx_packets);
    EXPECT_EQ(after.last_rx, before.last_rx);
    EXPECT_TRUE(box.sink.sent.empty()) << "no Final";
    EXPECT_TRUE(box.events().empty());
    box.run_until(deadline - 1ns);
    EXPECT_EQ(state(), SessionState::Up);
    box.run_until(deadline + bfd::kTickLength);
    EXPECT_EQ(state(), SessionState::Down) << "the discarded packet must not refresh detection";
}

// req: RFC5880-6.8.6-02
TEST_P(ReceiveChecks, ADiscardedFinalDoesNotEndAPollSequence) {
    ASSERT_NO_FATAL_FAILURE(up_matching_source());
    SessionParameters p = fast_parameters();
    p.match_source = true;
    p.required_min_rx_interval = 200ms;
    change(p);
    ASSERT_TRUE(next_periodic().packet.poll);
    EXPECT_EQ(send_with({&GetParam()}, bfd::kFinalBit), GetParam().reason);
    EXPECT_TRUE(snapshot().poll_in_progress);
    EXPECT_TRUE(next_periodic().packet.poll);
}

// req: RFC5880-6.8.6-01
TEST_P(ReceiveChecks, OfTwoFaultsTheEarlierRuleDecides) {
    ASSERT_NO_FATAL_FAILURE(up_matching_source());
    const Fault& first = GetParam();
    bool later = false;
    for (const Fault& second : faults()) {
        if (second.reason == first.reason) {
            later = true;
            continue;
        }
        if (!later) continue;
        // These exclude each other.
        if (first.reason == DropReason::LengthTooShort &&
            second.reason == DropReason::LengthBeyondPayload) {
            continue;
        }
        if (first.reason == DropReason::YourDiscriminatorUnknown &&
            second.reason == DropReason::YourDiscriminatorZeroState) {
            continue;
        }
        EXPECT_EQ(send_with({&first, &second}), first.reason) << second.name;
        EXPECT_EQ(send_with({&second, &first}), first.reason) << second.name;
    }
}

INSTANTIATE_TEST_SUITE_P(Fault, ReceiveChecks, testing::ValuesIn(faults()),
                         [](const auto& fault) { return std::string{fault.param.name}; });

class Receive : public OneSession {
protected:
    /// The peer's present packet, and octets behind it up to `size`.
    Octets octets(std::size_t size = bfd::kControlPacketLength, std::uint8_t behind = 0) const {
        const bfd::ControlOctets packet = bfd::encode(peer.says);
        Octets out(size, behind);
        std::copy(packet.begin(), packet.end(), out.begin());
        return out;
    }
};

// req: RFC5880-6.8.6-04 RFC5880-6.8.6-05
TEST_F(Receive, RefusesEveryLengthThatIsTooShort) {
    add_and_bring_up();
    for (const int length : {0, 1, 23}) {
        Octets o = octets();
        o[3] = static_cast<std::uint8_t>(length);
        EXPECT_EQ(peer.send_octets(o), DropReason::LengthTooShort);
    }
    for (const int length : {24, 25}) {
        Octets o = octets(52);
        o[1] |= bfd::kAuthenticationBit;
        o[3] = static_cast<std::uint8_t>(length);
        EXPECT_EQ(peer.send_octets(o), DropReason::LengthTooShort)
            << "not by the authentication rule";
    }
}

// req: RFC5880-4.1-25
TEST_F(Receive, ReadsNoAuthenticationSectionBeyondLength) {
    add_and_bring_up();
    Octets o = octets(26);
    o[1] |= bfd::kAuthenticationBit;
    o[3] = 26;
    o[24] = 4;
    o[25] = 28;
    EXPECT_EQ(peer.send_octets(o), DropReason::AuthUnexpected);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.6-07 RFC5880-6-01
TEST_F(Receive, IgnoresOctetsBehindLength) {
    add_and_bring_up();
    box.run_for(200ms);
    Octets o = octets(100, 0xff);
    EXPECT_EQ(peer.send_octets(o), DropReason::None);
    EXPECT_EQ(snapshot().last_rx, box.now());
    box.run_for(200ms);
    o[2] = 4;  // not the last packet again
    EXPECT_EQ(peer.send_octets(o), DropReason::None);
    EXPECT_EQ(snapshot().last_rx, box.now());
}

// The fast path compares 24 octets; Length may promise more than a later payload holds.
// req: RFC5880-6.8.6-06
TEST_F(Receive, RefusesALengthBeyondThePayloadAlsoWhenThePacketIsTheLastOneAgain) {
    add_and_bring_up();
    Octets o = octets(40);
    o[3] = 40;
    EXPECT_EQ(peer.send_octets(o), DropReason::None);
    EXPECT_EQ(peer.send_octets(o), DropReason::None);
    o.resize(24);
    EXPECT_EQ(peer.send_octets(o), DropReason::LengthBeyondPayload);
}

// req: RFC5880-4.1-05 RFC5880-6-01
TEST_F(Receive, TakesReservedDiagnosticsAndReportsThem) {
    add_and_bring_up();
    for (const int diag : {9, 31}) {
        box.run_for(200ms);
        peer.says.diag = static_cast<Diag>(diag);
        EXPECT_EQ(peer.send(), DropReason::None);
        EXPECT_EQ(snapshot().last_rx, box.now());
        EXPECT_EQ(static_cast<int>(snapshot().remote_diag), diag);
        EXPECT_EQ(state(), SessionState::Up);
    }
}

// req: RFC5880-6-01
TEST_F(Receive, MakesNoChecksOfItsOwn) {
    add_and_bring_up();
    peer.says.control_plane_independent = true;
    peer.says.required_min_echo_rx_interval = WireInterval{0xffffffffU};
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_TRUE(snapshot().remote_control_plane_independent);
    peer.says.desired_min_tx_interval = WireInterval{1};
    peer.says.required_min_rx_interval = WireInterval{1};
    peer.says.detect_mult = 255;
    EXPECT_EQ(peer.send(), DropReason::None);
    bfd::ControlPacket both = peer.says;
    both.poll = both.final = true;
    EXPECT_EQ(peer.send(both), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.6-43 RFC5880-6.8.1-16 RFC5880-6.8.6-22 RFC5880-6.8.6-23 RFC5880-6.8.6-20
TEST_F(Receive, StoresWhatThePeerSays) {
    add_and_bring_up();
    for (const bool demand : {true, false, true}) {
        peer.says.demand = demand;
        peer.says.my_discriminator.value += 1;
        peer.says.required_min_rx_interval += 1ms;
        peer.says.desired_min_tx_interval += 2ms;
        peer.says.detect_mult = static_cast<std::uint8_t>(peer.says.detect_mult + 1);
        ASSERT_EQ(peer.send(), DropReason::None);
        const SessionSnapshot s = snapshot();
        EXPECT_EQ(s.remote_demand_mode, demand);
        EXPECT_EQ(s.remote_discr, peer.says.my_discriminator);
        EXPECT_EQ(s.remote_min_rx_interval, peer.says.required_min_rx_interval);
        EXPECT_EQ(s.remote_desired_min_tx_interval, peer.says.desired_min_tx_interval);
        EXPECT_EQ(s.remote_detect_mult, peer.says.detect_mult);
        EXPECT_EQ(s.last_rx, box.now());
        box.run_for(10ms);
    }
}

TEST_F(Receive, CountsPacketsAlsoBeyondOneOctet) {
    add_and_bring_up();
    const SessionSnapshot before = snapshot();
    const std::uint64_t steady = box.engine().steady_packets();
    for (int i = 0; i < 1000; ++i) peer.send();
    for (int i = 0; i < 300; ++i) peer.send_poll();
    EXPECT_EQ(snapshot().rx_packets, before.rx_packets + 1300);
    EXPECT_EQ(snapshot().tx_packets, before.tx_packets + 300) << "Finals";
    EXPECT_GE(box.engine().steady_packets(), steady + 999);
}

}  // namespace
}  // namespace tocsin::test
