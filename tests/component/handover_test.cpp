// Two workers whose queues are crossed: every packet arrives at the worker that does not own its
// session.

#include "component/harness.hpp"
#include "dataplane/runtime/lcores.hpp"

#include <thread>

namespace tocsin::component {
namespace {

using bfd::SessionState;
using bfd::Status;

TEST(Handover, TakesEveryPacketToTheWorkerOfItsSession) {
    const std::vector<unsigned> allowed = runtime::allowed_cpus();
    if (allowed.size() < 2) GTEST_SKIP() << "needs two CPUs";
    runtime::Config config = small_config();
    config.workers = {allowed.end()[-2], allowed.back()};
    runtime::StartError error;
    const auto runtime = start_wired(config, {1, 0}, error);
    ASSERT_NE(runtime, nullptr) << error.where << ": " << error.message;
    ASSERT_EQ(runtime->workers(), 2U);
    EXPECT_EQ(runtime->slots_per_worker(), 32U);
    Control control{*runtime};

    // Both ends on worker 0, both on worker 1, one on each: with and without Your Discriminator.
    struct Pair {
        std::uint16_t west_worker;
        std::uint16_t east_worker;
        bool v6_only;
    };
    const auto bring_up = [&](Pair p, std::uint32_t slot) {
        const auto west = control.handle(p.west_worker, slot);
        const auto east = control.handle(p.east_worker, slot + 1);
        const IpAddress a = p.v6_only ? v6(1) : v4(1);
        const IpAddress b = p.v6_only ? v6(2) : v4(2);
        EXPECT_EQ(control.status(p.west_worker, control.single_hop(0, west, a, b, 50ms)),
                  Status::Ok);
        EXPECT_EQ(control.status(p.east_worker, control.single_hop(1, east, b, a, 50ms)),
                  Status::Ok);
        EXPECT_TRUE(control.wait_state(west, SessionState::Up));
        EXPECT_TRUE(control.wait_state(east, SessionState::Up));
        return std::pair{west, east};
    };
    const auto same = bring_up({0, 0, false}, 0);
    const auto apart = bring_up({1, 0, true}, 4);
    // The first packet of an end may come before the other end is there.
    const std::uint64_t nobody = control.drops(DropReason::NoSession);
    const auto control_packets = [&](std::uint16_t w) {
        return runtime->worker({w}).stats().rx_control.get();
    };
    const std::uint64_t before[2] = {control_packets(0), control_packets(1)};
    EXPECT_TRUE(control.wait([&] {
        return control_packets(0) > before[0] + 20 && control_packets(1) > before[1] + 10;
    }));
    for (const auto& s : {same.first, same.second, apart.first, apart.second}) {
        EXPECT_EQ(control.downs(s), 0U);
    }
    EXPECT_EQ(control.drops(DropReason::NoSession), nobody);
    EXPECT_EQ(control.drops(DropReason::YourDiscriminatorUnknown), 0U);
    EXPECT_EQ(control.drops(DropReason::HandoverRingFull), 0U);

    // A packet that no worker has a session for is counted once, by the last one asked.
    EXPECT_EQ(control.status(0, message::DeleteSession{same.second, true}), Status::Ok);
    EXPECT_TRUE(control.wait([&] { return control.drops(DropReason::NoSession) > nobody; }));
    runtime->stop();
    EXPECT_FALSE(runtime->worker({0}).send({})) << "links of a stopped dataplane take nothing";
}

}  // namespace
}  // namespace tocsin::component
