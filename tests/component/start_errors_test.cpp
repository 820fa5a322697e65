// Reasons not to start, each with the key that it is about.

#include "component/harness.hpp"
#include "dataplane/runtime/lcores.hpp"

#include <unistd.h>

namespace tocsin::component {
namespace {

runtime::PortConfig port(const std::string& name, const std::string& device) {
    runtime::PortConfig out;
    out.name = name;
    out.device = device;
    return out;
}

runtime::StartError refused(const runtime::Config& config) {
    runtime::StartError error;
    EXPECT_EQ(runtime::Runtime::start(config, error), nullptr);
    EXPECT_FALSE(error.message.empty());
    return error;
}

TEST(Start, RefusesACpuThatDoesNotExist) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0")};
    config.workers = {4'000'000};
    const auto error = refused(config);
    EXPECT_EQ(error.where, "dataplane.workers[0]");
    EXPECT_NE(error.message.find("4000000"), std::string::npos) << error.message;
}

TEST(Start, RefusesMoreSessionsThanDiscriminatorsCanNumber) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0")};
    config.workers = {runtime::allowed_cpus().front()};
    config.max_sessions = (1U << 28U) + 1;
    EXPECT_EQ(refused(config).where, "dataplane.max_sessions");
}

TEST(Start, RefusesHugePagesThatAreNotThere) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0")};
    config.huge_pages = runtime::HugePages::Require;
    config.max_sessions = 200'000'000;  // more than any machine of ours has set aside
    EXPECT_EQ(refused(config).where, "dataplane.huge_pages");
}

TEST(Start, RefusesTooLittleMemory) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0")};
    config.memory_mb = 8;
    EXPECT_EQ(refused(config).where, "dataplane.memory_mb");
}

TEST(Start, RefusesAnInterfaceThatIsNotThere) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0"), port("b", "net_af_packet0,iface=nothere0")};
    const auto error = refused(config);
    EXPECT_EQ(error.where, "port[1].device");
    EXPECT_NE(error.message.find("nothere0"), std::string::npos) << error.message;
}

TEST(Start, RefusesAPciDeviceThatIsNotThere) {
    runtime::Config config = small_config();
    config.ports = {port("a", "ffff:1f:1f.7")};
    const auto error = refused(config);
    EXPECT_EQ(error.where, "port[0].device");
    EXPECT_NE(error.message.find("ffff:1f:1f.7"), std::string::npos) << error.message;
}

TEST(Start, RefusesADeviceTwice) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0"), port("b", "net_null0,size=64")};
    const auto error = refused(config);
    EXPECT_EQ(error.where, "port[1].device");
    EXPECT_NE(error.message.find("port[0] (a)"), std::string::npos) << error.message;
}

TEST(Start, RefusesAnInterfaceTwice) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_af_packet0,iface=lo"), port("b", "net_af_packet1,iface=lo")};
    if (geteuid() != 0) GTEST_SKIP() << "needs CAP_NET_RAW";
    EXPECT_EQ(refused(config).where, "port[1].device");
}

TEST(Start, RefusesArgumentsThatWouldTakeEalOutOfOurHands) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0")};
    config.eal_args = {"--no-telemetry", "--proc-type=secondary"};
    EXPECT_EQ(refused(config).where, "dataplane.eal_args[1]");
}

TEST(Start, NeedsAPort) { EXPECT_EQ(refused(small_config()).where, "port"); }

// Last, because EAL starts here and can do so only once.
TEST(StartZ, NamesTheDeviceThatNoDriverKnowsAndStartsNoSecondTime) {
    runtime::Config config = small_config();
    config.ports = {port("a", "net_null0"), port("b", "net_nonsense0,x=1")};
    const auto error = refused(config);
    EXPECT_EQ(error.where, "port[1].device");
    EXPECT_NE(error.message.find("net_nonsense0"), std::string::npos) << error.message;

    config.ports.pop_back();
    const auto again = refused(config);
    EXPECT_EQ(again.where, "dataplane");
    EXPECT_NE(again.message.find("once"), std::string::npos) << again.message;
}

}  // namespace
}  // namespace tocsin::component
