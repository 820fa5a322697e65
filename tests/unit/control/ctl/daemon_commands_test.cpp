#include "control/ctl/daemon_commands.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;

class DaemonCommands : public Tocsinctl {};

TEST_F(DaemonCommands, ListsWorkersPortsNeighboursAndStatistics) {
    EXPECT_EQ(run({"worker", "list"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 3);
    EXPECT_THAT(
        out(),
        HasSubstr(
            "  20000  20000     74%   26%     148     222     4   <0.1 ms  0.128 ms    2.048 ms"
            "    1.5 ms       0.256 ms "));
    EXPECT_THAT(out(), HasSubstr("   -       -       -     0         -"))
        << "a worker that was not looked at yet";
    EXPECT_THAT(out(), HasSubstr("  busy, late_tx\n"));
    EXPECT_EQ(run({"port", "list"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("rte_flow"));
    EXPECT_THAT(out(), HasSubstr("\nwan0: rules spread UDP\n"));
    EXPECT_THAT(out(), HasSubstr("25 Gb/s"));
    EXPECT_THAT(out(), HasSubstr("2001:db8::1/64"));
    EXPECT_EQ(run({"neighbor", "list"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("incomplete"));
    EXPECT_EQ(run({"stats"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("Dropped, bad_length"));
    for (const char* noun : {"worker", "port", "neighbor"}) {
        EXPECT_EQ(run({noun, "list", "-o", "json"}), ExitCode::Success);
        EXPECT_THAT(out(), testing::StartsWith("{\n"));
        EXPECT_EQ(run({noun, "list", "-o", "jsonl"}), ExitCode::Success);
        EXPECT_EQ(lines(out()), std::string_view{noun} == "worker" ? 2 : 1);
    }
}

TEST_F(DaemonCommands, ListsNeighboursByPages) {
    daemon_.daemon.pages_of_neighbors = 2;
    EXPECT_EQ(run({"neighbor", "list", "--port", "wan0"}), ExitCode::Success);
    EXPECT_EQ(daemon_.daemon.neighbors_of.port(), "wan0");
    EXPECT_THAT(out(), HasSubstr("192.0.2.2"));
    EXPECT_THAT(out(), testing::Not(HasSubstr("192.0.2.3")));
    EXPECT_THAT(err(), HasSubstr("the first 1 of 2 neighbours, --all shows the rest\n"));
    for (const char* format : {"table", "json", "jsonl"}) {
        EXPECT_EQ(run({"neighbor", "list", "--all", "-o", format}), ExitCode::Success);
        EXPECT_THAT(out(), HasSubstr("192.0.2.2"));
        EXPECT_THAT(out(), HasSubstr("192.0.2.3"));
        EXPECT_EQ(err(), "");
    }
}

TEST_F(DaemonCommands, ListsKeyChainsAndSaysWhichCannotSign) {
    EXPECT_EQ(run({"key-chain", "list"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 5);
    EXPECT_THAT(out(), HasSubstr("core         12    1  accepted  always         "
                                 "2026-07-02T00:00:00Z  always"));
    EXPECT_THAT(out(), HasSubstr("   2  signs "));
    EXPECT_THAT(out(), HasSubstr("2026-07-01T00:00:00Z  forever"));
    EXPECT_THAT(out(), HasSubstr("\nedge: no key may sign now, its sessions send nothing\n"));
    EXPECT_EQ(run({"key-chain", "list", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 2);
}

TEST_F(DaemonCommands, SaysItsVersionWithAndWithoutADaemon) {
    EXPECT_EQ(run({"version"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("tocsind   9.8.7 on DPDK 22.11"));
    EXPECT_EQ(run({"version", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 1);
    EXPECT_THAT(out(), testing::EndsWith("}}\n"));
    EXPECT_EQ(run_alone({"--socket", "unix:/nonexistent", "version"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("tocsinctl 0."));
    EXPECT_THAT(out(), HasSubstr("not reachable"));
}

}  // namespace
}  // namespace tocsin::control::ctl
