// How received packets come to their worker, on devices of this machine with two queues.

#include "dataplane/runtime/steering.hpp"

#include "component/harness.hpp"
#include "dataplane/runtime/eal.hpp"
#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/port.hpp"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <iostream>

namespace tocsin::runtime {
namespace {

TEST(Decide, NeedsNothingForOneWorker) {
    EXPECT_EQ(decide({.driver = "net_x", .flow_rules_refused = {}}).method, "one queue");
}

TEST(Decide, HandsOverInSoftwareWhenThereIsOneQueue) {
    const Steering s =
        decide({.driver = "net_af_packet", .workers = 3, .rx_queues = 1, .flow_rules_refused = {}});
    EXPECT_EQ(s.method, "software hand-over");
    EXPECT_NE(s.reason.find("net_af_packet has 1 receive queue for 3 workers"), std::string::npos)
        << s.reason;
}

TEST(Decide, TakesRulesBeforeHashesBeforeSoftware) {
    SteeringFacts f{.driver = "net_x",
                    .workers = 2,
                    .rx_queues = 2,
                    .rss = RTE_ETH_RSS_NONFRAG_IPV4_UDP,
                    .flow_rules = {3784, 4784, 4789},
                    .flow_rules_refused = {}};
    EXPECT_EQ(decide(f).method, "rte_flow");
    EXPECT_EQ(decide(f).reason, "rules spread UDP to 3784, 4784 and 4789 over 2 queues");
    f.flow_rules.clear();
    f.flow_rules_refused = "no such action";
    EXPECT_EQ(decide(f).method, "rss");
    EXPECT_NE(decide(f).reason.find("addresses and UDP ports"), std::string::npos);
    EXPECT_NE(decide(f).reason.find("refused by net_x (no such action)"), std::string::npos);
    f.rss = RTE_ETH_RSS_IPV4;
    EXPECT_EQ(decide(f).reason.find("UDP ports"), std::string::npos);
    f.rss = 0;
    EXPECT_EQ(decide(f).method, "software hand-over");
}

TEST(Decide, SaysSoWhenSomeWorkersHaveNoQueue) {
    const Steering s = decide({.driver = "net_x",
                               .workers = 8,
                               .rx_queues = 4,
                               .rss = RTE_ETH_RSS_IPV4,
                               .flow_rules_refused = "no"});
    EXPECT_NE(s.reason.find("8 workers"), std::string::npos) << s.reason;
}

/// One EAL, and ports that are opened as for two workers.
class Devices : public testing::Test {
protected:
    static void SetUpTestSuite() {
        if (::geteuid() == 0) own_network_ = ::unshare(CLONE_NEWNET) == 0;
        Config config = component::small_config();
        config.ports = {ring()};
        StartError error;
        const auto plan = make_plan(config, error);
        ASSERT_TRUE(plan) << error.message;
        eal_ = Eal::start(*plan, error).release();
        ASSERT_NE(eal_, nullptr) << error.message;
        for (unsigned i = 0; i < 2; ++i) pools_.push_back(make_pool(i, 8192, SOCKET_ID_ANY));
        std::array<rte_ring*, 2> rings{};
        for (unsigned q = 0; q < 2; ++q) {
            const std::string name = "steering" + std::to_string(q);
            rings[q] =
                rte_ring_create(name.c_str(), 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
        }
        ASSERT_GE(rte_eth_from_rings("steering", rings.data(), 2, rings.data(), 2, 0), 0);
    }
    static void TearDownTestSuite() {
        pools_.clear();
        delete eal_;
    }
    static PortConfig ring() { return port("net_ring_steering"); }
    static PortConfig port(const char* device) {
        PortConfig out;
        out.name = "p";
        out.device = device;
        return out;
    }
    static message::PortStatus started(const PortConfig& config) {
        std::string why;
        const auto port = Port::open(config, parse_device(config.device), pools_, why);
        EXPECT_NE(port, nullptr) << why;
        if (port == nullptr) return {};
        EXPECT_TRUE(port->start(why)) << why;
        return port->status();
    }

    static inline Eal* eal_ = nullptr;
    static inline std::vector<Pool> pools_;
    static inline bool own_network_ = false;
};

TEST_F(Devices, OfRingsCanNeitherHashNorMatchAndAreReadAsTheyAre) {
    const message::PortStatus p = started(ring());
    EXPECT_EQ(p.rx_queues, 2U);
    EXPECT_EQ(p.tx_queues, 2U);
    EXPECT_EQ(p.steering, "software hand-over") << p.steering_reason;
    EXPECT_NE(p.steering_reason.find("net_ring"), std::string::npos) << p.steering_reason;
    EXPECT_NE(p.steering_reason.find("2 queues"), std::string::npos) << p.steering_reason;
}

TEST_F(Devices, OfTapSpreadPacketsInOneOfTheHardwaresWays) {
    if (!own_network_) GTEST_SKIP() << "needs root for a TAP device";
    if (::access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/net/tun";
    const message::PortStatus p = started(port("net_tap0,iface=tocsinsteer0"));
    EXPECT_EQ(p.rx_queues, 2U);
    EXPECT_TRUE(p.steering == "rte_flow" || p.steering == "rss") << p.steering;
    std::cout << p.steering << ": " << p.steering_reason << '\n';
}

TEST_F(Devices, OfAfPacketHaveAsManyQueuesAsTheyAreGiven) {
    if (!own_network_) GTEST_SKIP() << "needs root for a packet socket";
    const message::PortStatus one = started(port("net_af_packet0,iface=lo"));
    EXPECT_EQ(one.rx_queues, 1U);
    EXPECT_EQ(one.steering, "software hand-over");
    EXPECT_NE(one.steering_reason.find("net_af_packet has 1 receive queue"), std::string::npos)
        << one.steering_reason;
    const message::PortStatus two = started(port("net_af_packet1,iface=lo,qpairs=2"));
    EXPECT_EQ(two.rx_queues, 2U);
    EXPECT_EQ(two.steering, "software hand-over") << two.steering_reason;
    EXPECT_NE(two.steering_reason.find("2 queues"), std::string::npos) << two.steering_reason;
}

}  // namespace
}  // namespace tocsin::runtime
