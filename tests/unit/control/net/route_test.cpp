#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

class Routes : public StackFixture {
protected:
    std::optional<IpAddress> hop(const std::string& remote) {
        return stack->next_hop(kPort, ip(remote));
    }
    std::optional<IpAddress> local(const std::string& remote) {
        return stack->local_for(kPort, ip(remote));
    }
};

TEST_F(Routes, ConnectedPeersAreTheirOwnNextHop) {
    for (const char* const peer : {"192.0.2.2", "192.0.2.254", "2001:db8::2", "fe80::b"}) {
        EXPECT_EQ(hop(peer), ip(peer));
    }
    EXPECT_EQ(local("192.0.2.2"), ip("192.0.2.1"));
    EXPECT_EQ(local("2001:db8::2"), ip("2001:db8::1"));
    EXPECT_EQ(local("fe80::b"), ip("fe80::a"));
}

TEST_F(Routes, OthersAreReachedThroughAGateway) {
    EXPECT_EQ(hop("198.51.100.1"), ip("192.0.2.254"));
    EXPECT_EQ(local("198.51.100.1"), ip("192.0.2.1"));
    EXPECT_EQ(hop("2001:db8:f::1"), ip("2001:db8::fe"));
    EXPECT_EQ(local("2001:db8:f::1"), ip("2001:db8::1"));
}

TEST_F(Routes, WithoutARouteThereIsNoNextHop) {
    EXPECT_EQ(hop("2001:db8:e::1"), std::nullopt);
    EXPECT_EQ(local("2001:db8:e::1"), std::nullopt);
    EXPECT_EQ(stack->next_hop(PortId{9}, ip("192.0.2.2")), std::nullopt);
    EXPECT_EQ(stack->local_for(PortId{9}, ip("192.0.2.2")), std::nullopt);
}

TEST_F(Routes, WhatIsNoOtherStationHasNoNextHop) {
    for (const char* const remote :
         {"192.0.2.1", "2001:db8::1", "fe80::a", "0.0.0.0", "::", "127.0.0.1", "::1", "224.0.0.1",
          "ff02::1", "192.0.2.0", "192.0.2.255"}) {
        EXPECT_EQ(hop(remote), std::nullopt) << remote;
        EXPECT_EQ(local(remote), std::nullopt) << remote;
    }
    EXPECT_EQ(stack->next_hop(kPort, IpAddress{}), std::nullopt);
}

TEST_F(Routes, TheLongestPrefixWins) {
    StackPort port = default_port();
    port.addresses.push_back(prefix("192.0.2.129/25"));
    port.routes.push_back({.to = prefix("198.51.100.0/24"), .via = ip("192.0.2.130")});
    port.routes.push_back({.to = prefix("198.51.0.0/16"), .via = ip("192.0.2.131")});
    port.routes.push_back({.to = prefix("192.0.2.64/26"), .via = ip("192.0.2.132")});
    port.routes.push_back({.to = prefix("192.0.2.0/24"), .via = ip("192.0.2.133")});
    make(port);
    EXPECT_EQ(hop("198.51.100.1"), ip("192.0.2.130"));
    EXPECT_EQ(hop("198.51.101.1"), ip("192.0.2.131"));
    EXPECT_EQ(hop("198.52.0.1"), ip("192.0.2.254"));
    EXPECT_EQ(hop("192.0.2.65"), ip("192.0.2.132")) << "longer than the subnet";
    EXPECT_EQ(hop("192.0.2.2"), ip("192.0.2.2")) << "the subnet wins over a route of its length";
    EXPECT_EQ(local("192.0.2.2"), ip("192.0.2.1"));
    EXPECT_EQ(local("192.0.2.200"), ip("192.0.2.129"));
    EXPECT_EQ(local("198.51.100.1"), ip("192.0.2.129"));
}

TEST_F(Routes, LinkLocalPeersAreNeverBehindAGateway) {
    StackPort port = default_port();
    port.addresses = {prefix("192.0.2.1/24"), prefix("2001:db8::1/64")};
    port.routes.push_back({.to = prefix("::/0"), .via = ip("2001:db8::fe")});
    make(port);
    EXPECT_EQ(hop("fe80::b"), std::nullopt) << "without a link-local address of ours";
    EXPECT_EQ(local("fe80::b"), std::nullopt);
    EXPECT_EQ(hop("169.254.1.1"), std::nullopt);
    port.addresses.push_back(prefix("fe80::a/128"));
    port.addresses.push_back(prefix("169.254.1.2/30"));
    make(port);
    EXPECT_EQ(hop("fe80::1:2:3:4"), ip("fe80::1:2:3:4")) << "whatever our prefix length says";
    EXPECT_EQ(local("fe80::1:2:3:4"), ip("fe80::a"));
    EXPECT_EQ(hop("169.254.1.1"), ip("169.254.1.1"));
    EXPECT_EQ(hop("169.254.9.1"), std::nullopt);
}

TEST_F(Routes, AGatewayMustBeConnected) {
    StackPort port = default_port();
    port.routes = {{.to = prefix("198.51.100.0/24"), .via = ip("203.0.113.1")},
                   {.to = prefix("198.51.0.0/16"), .via = ip("192.0.2.9")}};
    make(port);
    EXPECT_EQ(hop("198.51.100.1"), ip("192.0.2.9"));
    EXPECT_EQ(hop("203.0.113.1"), std::nullopt);
}

TEST_F(Routes, BehindALinkLocalGatewayAnAddressOfWiderScopeSpeaks) {
    StackPort port = default_port();
    port.addresses = {prefix("fe80::a/64"), prefix("2001:db8::1/64")};
    port.routes = {{.to = prefix("::/0"), .via = ip("fe80::1")}};
    make(port);
    EXPECT_EQ(hop("2001:db8:5::1"), ip("fe80::1"));
    EXPECT_EQ(local("2001:db8:5::1"), ip("2001:db8::1"));
    port.addresses = {prefix("fe80::a/64")};
    make(port);
    EXPECT_EQ(local("2001:db8:5::1"), std::nullopt);
}

TEST_F(Routes, PointToPointPrefixesHaveNoNetworkOrBroadcastAddress) {
    StackPort port = default_port();
    port.addresses = {prefix("10.0.0.0/31"), prefix("10.0.1.1/32"), prefix("2001:db8:7::/127")};
    port.routes = {};
    make(port);
    EXPECT_EQ(hop("10.0.0.1"), ip("10.0.0.1"));
    EXPECT_EQ(local("10.0.0.1"), ip("10.0.0.0"));
    EXPECT_EQ(hop("10.0.1.2"), std::nullopt);
    EXPECT_EQ(hop("2001:db8:7::1"), ip("2001:db8:7::1"));
}

TEST_F(Routes, AGatewayIsResolvedInPlaceOfThePeer) {
    settle();
    const auto gateway = hop("198.51.100.1").value();
    stack->track(kPort, gateway, now);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_TRUE(is_arp_request(sent[0], "192.0.2.254"));
    receive(arp({.operation = 2, .sender = "192.0.2.254", .target_mac = kOwn, .to = kOwn}));
    EXPECT_EQ(stack->mac(kPort, gateway), kPeer);
}

}  // namespace
}  // namespace tocsin::test
