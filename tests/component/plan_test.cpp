// What is decided before EAL starts.

#include "dataplane/runtime/device.hpp"
#include "dataplane/runtime/lcores.hpp"
#include "dataplane/runtime/memory.hpp"
#include "dataplane/runtime/token_bucket.hpp"
#include "dataplane/runtime/worker.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tocsin::runtime {
namespace {

using namespace std::chrono_literals;

TEST(PlanLcores, GivesControlTheFirstCpuAndWorkersTheOthers) {
    StartError error;
    const auto plan = plan_lcores({}, {0, 1, 2}, error);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->argument(), "0@(0),1@1,2@2");
    EXPECT_EQ(plan->main_lcore, 0U);
}

TEST(PlanLcores, GivesControlEveryCpuThatNoWorkerHas) {
    StartError error;
    const auto plan = plan_lcores({0, 2}, {0, 1, 2, 3}, error);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->argument(), "1@(1,3),0@0,2@2");
}

TEST(PlanLcores, SharesTheOnlyCpuWithoutSharingAnLcore) {
    StartError error;
    const auto plan = plan_lcores({}, {5}, error);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->argument(), "0@(5),5@5");
}

TEST(PlanLcores, NumbersCpusBeyondDpdksLimitAnew) {
    StartError error;
    const auto plan = plan_lcores({1, 900}, {0, 1, 900}, error);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->argument(), "2@(0),1@1,0@900");
}

TEST(PlanLcores, NamesTheWorkerThatCannotBe) {
    StartError error;
    EXPECT_FALSE(plan_lcores({1, 999'999}, {0, 1}, error));
    EXPECT_EQ(error.where, "dataplane.workers[1]");
    EXPECT_NE(error.message.find("does not exist"), std::string::npos) << error.message;
    EXPECT_FALSE(plan_lcores({0}, {1, 2}, error));
    EXPECT_EQ(error.where, "dataplane.workers[0]");
    EXPECT_NE(error.message.find("1,2"), std::string::npos) << error.message;
    EXPECT_FALSE(plan_lcores({1, 2, 1}, {0, 1, 2}, error));
    EXPECT_EQ(error.where, "dataplane.workers[2]");
}

constexpr std::uint64_t kMiB = 1024 * 1024;

TEST(PlanMemory, TakesHugePagesOnlyIfEnoughAreFree) {
    StartError error;
    auto plan = plan_memory(HugePages::Auto, 0, 100 * kMiB, 128 * kMiB, 1000 * kMiB, error);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->huge);
    plan = plan_memory(HugePages::Auto, 0, 100 * kMiB, 64 * kMiB, 1000 * kMiB, error);
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->huge);
    EXPECT_EQ(plan->megabytes, 100U);
    plan = plan_memory(HugePages::Off, 300, 100 * kMiB, 128 * kMiB, 1000 * kMiB, error);
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->huge);
    EXPECT_EQ(plan->megabytes, 300U);
}

TEST(PlanMemory, SaysWhichSettingIsTooSmall) {
    StartError error;
    EXPECT_FALSE(plan_memory(HugePages::Require, 0, 100 * kMiB, 0, 1000 * kMiB, error));
    EXPECT_EQ(error.where, "dataplane.huge_pages");
    EXPECT_NE(error.message.find("vm.nr_hugepages=50"), std::string::npos) << error.message;
    EXPECT_FALSE(plan_memory(HugePages::Off, 99, 100 * kMiB, 0, 1000 * kMiB, error));
    EXPECT_EQ(error.where, "dataplane.memory_mb");
    EXPECT_FALSE(plan_memory(HugePages::Off, 0, 100 * kMiB, 0, 99 * kMiB, error));
    EXPECT_EQ(error.where, "dataplane.max_sessions");
}

TEST(ParseDevice, KnowsPciAddressesInEveryForm) {
    EXPECT_EQ(parse_device("0000:3B:00.0").name, "0000:3b:00.0");
    EXPECT_EQ(parse_device("3b:00.1").name, "0000:3b:00.1");
    EXPECT_TRUE(parse_device("3b:00.1").pci);
    EXPECT_EQ(parse_device("3b:00.1,rx_vec=1").args, "rx_vec=1");
    EXPECT_FALSE(parse_device("3b:00.9").pci);
    EXPECT_FALSE(parse_device("net_ring0").pci);
}

TEST(ParseDevice, FindsDriverAndInterfaceOfAVirtualDevice) {
    const Device d = parse_device("net_af_packet12,blocksz=4096,iface=eth1,qpairs=2");
    EXPECT_EQ(d.name, "net_af_packet12");
    EXPECT_EQ(d.driver, "net_af_packet");
    EXPECT_EQ(d.interface, "eth1");
    EXPECT_TRUE(d.attaches_to_interface());
    EXPECT_FALSE(parse_device("net_tap0,iface=x").attaches_to_interface());
}

TEST(WorkerMemory, IsBelow400OctetsForEachOfAMillionSessions) {
    const bfd::EngineConfig engine{
        .slots = 1'000'000, .worker = {}, .discriminators = {1, 1'000'000, 1}};
    EXPECT_LT(Worker::memory_needed(engine), 400'000'000U);
}

TEST(TokenBucket, AdmitsABurstAndThenTheRate) {
    const Instant start{1s};
    TokenBucket bucket{1000, 3, start};
    EXPECT_TRUE(bucket.take(start));
    EXPECT_TRUE(bucket.take(start));
    EXPECT_TRUE(bucket.take(start));
    EXPECT_FALSE(bucket.take(start));
    EXPECT_FALSE(bucket.take(start + 999us));
    EXPECT_TRUE(bucket.take(start + 1ms));
    EXPECT_FALSE(bucket.take(start + 1ms));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(start + 1h));
    EXPECT_FALSE(bucket.take(start + 1h)) << "no more than a burst is saved up";
}

TEST(TokenBucket, AdmitsAPartOfWhatIsTooMuchAndNothingWhileItIsShut) {
    const Instant start{1s};
    TokenBucket bucket{1000, 3, start};
    EXPECT_EQ(bucket.take_up_to(2, start), 2);
    EXPECT_EQ(bucket.take_up_to(2, start), 1);
    EXPECT_EQ(bucket.take_up_to(2, start), 0);
    EXPECT_EQ(bucket.take_up_to(2, start + 1ms), 1);
    bucket.shut_until(start + 20ms);
    EXPECT_EQ(bucket.take_up_to(2, start + 20ms), 0);
    EXPECT_EQ(bucket.take_up_to(2, start + 21ms), 1);
    EXPECT_EQ(bucket.take_up_to(9, start + 1h), 3);
}

}  // namespace
}  // namespace tocsin::runtime
