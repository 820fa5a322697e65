#include "control/unsolicited/policy.hpp"

#include "control/base/address.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace tocsin::control::unsolicited {
namespace {

using namespace std::chrono_literals;
using bfd::Diag;
using bfd::SessionState;

IpAddress host(std::string_view text) { return parse_address(text).value(); }
IpPrefix net(std::string_view text) { return parse_prefix(text).value(); }

/// The port has a secondary prefix and a link-local address.
const std::vector<IpPrefix> kSubnets{net("10.0.0.1/24"), net("198.51.100.1/25"),
                                     net("2001:db8::1/64"), net("fe80::1/64")};

config::Unsolicited all_allowed() {
    config::Unsolicited p;
    p.enabled = true;
    p.allow = {net("0.0.0.0/0"), net("::/0")};
    return p;
}

std::optional<Refusal> judge(std::string_view source, std::string_view local,
                             const config::Unsolicited& policy = all_allowed()) {
    return judge_source(policy, kSubnets, host(source), host(local));
}

// req: RFC9468-2-14 RFC9468-2-15 RFC9468-2-16
TEST(UnsolicitedPolicy, TheSourceBelongsToASubnetOfThePort) {
    EXPECT_EQ(judge("10.0.0.7", "10.0.0.1"), std::nullopt);
    EXPECT_EQ(judge("198.51.100.7", "198.51.100.1"), std::nullopt);  // secondary
    EXPECT_EQ(judge("2001:db8::7", "2001:db8::1"), std::nullopt);
    EXPECT_EQ(judge("fe80::7", "fe80::1"), std::nullopt);
    EXPECT_EQ(judge("fe80:0:0:1::7", "fe80::1"), std::nullopt);
    EXPECT_EQ(judge("10.0.1.5", "10.0.0.1"), Refusal::Subnet);
    EXPECT_EQ(judge("198.51.100.200", "198.51.100.1"), Refusal::Subnet);
    EXPECT_EQ(judge("2001:db8:1::7", "2001:db8::1"), Refusal::Subnet);
}

TEST(UnsolicitedPolicy, NetworkBroadcastAndMixedScopesAreNoPeers) {
    EXPECT_EQ(judge("10.0.0.0", "10.0.0.1"), Refusal::Subnet);
    EXPECT_EQ(judge("10.0.0.255", "10.0.0.1"), Refusal::Subnet);
    EXPECT_EQ(judge("fe80::7", "2001:db8::1"), Refusal::Subnet);
    EXPECT_EQ(judge("2001:db8::7", "fe80::1"), Refusal::Subnet);
}

// req: RFC9468-6.1-03 RFC9468-2-11
TEST(UnsolicitedPolicy, DenyComesBeforeAllow) {
    config::Unsolicited p;
    p.allow = {net("10.0.0.0/28"), net("10.0.0.99/32")};
    p.deny = {net("10.0.0.8/29")};
    EXPECT_EQ(judge("10.0.0.2", "10.0.0.1", p), std::nullopt);
    EXPECT_EQ(judge("10.0.0.99", "10.0.0.1", p), std::nullopt);
    EXPECT_EQ(judge("10.0.0.98", "10.0.0.1", p), Refusal::NotAllowed);
    EXPECT_EQ(judge("10.0.0.9", "10.0.0.1", p), Refusal::Denied);
    EXPECT_EQ(judge("2001:db8::7", "2001:db8::1", p), Refusal::NotAllowed);
}

TEST(UnsolicitedPolicy, APeerThatIsAdminDownGetsNone) {
    const config::Unsolicited p = all_allowed();
    EXPECT_EQ(judge_packet(p, {.state = SessionState::Down,
                               .detect_mult = 3,
                               .my_discriminator = {7},
                               .your_discriminator = {}}),
              std::nullopt);
    EXPECT_EQ(judge_packet(p, {.state = SessionState::AdminDown,
                               .detect_mult = 3,
                               .my_discriminator = {7},
                               .your_discriminator = {}}),
              Refusal::PeerAdminDown);
}

TEST(UnsolicitedPolicy, NobodyKeepsASessionForHoursWithOnePacket) {
    const config::Unsolicited p = all_allowed();
    bfd::ControlPacket packet{.state = SessionState::Down,
                              .detect_mult = 255,
                              .my_discriminator = {7},
                              .your_discriminator = {}};
    packet.desired_min_tx_interval = 1s;
    EXPECT_EQ(judge_packet(p, packet), std::nullopt);
    packet.desired_min_tx_interval = 2s;
    EXPECT_EQ(judge_packet(p, packet), Refusal::DetectionTime);
}

session::SessionRecord record(SessionState state, Diag diag, SessionState remote) {
    session::SessionRecord out;
    out.status.session_state = state;
    out.status.local_diag = diag;
    out.status.remote_session_state = remote;
    out.status.last_state_change = Instant{100s};
    return out;
}

// req: RFC9468-2-19
TEST(UnsolicitedPolicy, ASessionHasAtLeastItsDetectionTimeToComeUp) {
    auto r = record(SessionState::Down, Diag::None, SessionState::Down);
    EXPECT_FALSE(has_ended(r, Instant{100s}, 10s, Instant{110s}));
    EXPECT_TRUE(has_ended(r, Instant{100s}, 10s, Instant{111s}));
    EXPECT_FALSE(has_ended(r, Instant{100s}, 30s, Instant{111s}));  // of the first packet
    r.status.detection_time = 60s;
    EXPECT_FALSE(has_ended(r, Instant{100s}, 10s, Instant{160s}));
    EXPECT_TRUE(has_ended(r, Instant{100s}, 10s, Instant{161s}));
}

// req: RFC9468-2-20
TEST(UnsolicitedPolicy, OneThatWentDownEndsUnlessItsPeerTriesAnew) {
    const Instant now{100s + 1ms};
    const auto ended = [&](SessionState state, Diag diag, SessionState remote) {
        return has_ended(record(state, diag, remote), Instant{50s}, 10s, now);
    };
    EXPECT_TRUE(ended(SessionState::Down, Diag::ControlDetectionTimeExpired, SessionState::Down));
    EXPECT_TRUE(ended(SessionState::Down, Diag::PathDown, SessionState::Up));
    EXPECT_TRUE(
        ended(SessionState::Down, Diag::NeighborSignaledSessionDown, SessionState::AdminDown));
    EXPECT_FALSE(ended(SessionState::Down, Diag::NeighborSignaledSessionDown, SessionState::Down));
    EXPECT_FALSE(ended(SessionState::Init, Diag::None, SessionState::Down));
    EXPECT_FALSE(ended(SessionState::Up, Diag::None, SessionState::Up));
}

TEST(UnsolicitedPolicy, AnOperatorsAdminDownKeepsIt) {
    auto r = record(SessionState::AdminDown, Diag::AdministrativelyDown, SessionState::Down);
    r.admin_down = true;
    EXPECT_FALSE(has_ended(r, Instant{100s}, 10s, Instant{9999s}));
    r.admin_down = false;
    r.status.session_state = SessionState::Down;
    EXPECT_FALSE(has_ended(r, Instant{9999s}, 10s, Instant{10'000s}));
}

}  // namespace
}  // namespace tocsin::control::unsolicited
