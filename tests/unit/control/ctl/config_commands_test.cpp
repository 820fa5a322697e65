#include "control/ctl/config_commands.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;

class ConfigCommands : public Tocsinctl {};

TEST_F(ConfigCommands, WaitsLongerForAReloadUnlessItIsTold) {
    EXPECT_EQ(run({"reload"}), ExitCode::Success);
    EXPECT_GT(daemon_.config.patience, std::chrono::seconds{200});
    EXPECT_EQ(run({"--timeout", "20s", "reload"}), ExitCode::Success);
    EXPECT_LT(daemon_.config.patience, std::chrono::seconds{60});
    EXPECT_EQ(run({"--timeout", "", "reload"}), ExitCode::InvalidArgument);
}

TEST_F(ConfigCommands, ReportsAReload) {
    daemon_.config.answer.set_added(3);
    daemon_.config.answer.add_needs_restart("dataplane.workers");
    EXPECT_EQ(run({"reload"}), ExitCode::Success);
    EXPECT_EQ(out(),
              "sessions: 3 added, 0 removed, 0 changed, 0 unchanged\n"
              "takes effect at the next start: dataplane.workers\n");
    v1::ConfigFault& fault = *daemon_.config.answer.add_faults();
    fault.set_path("session[0].dscp");
    fault.set_line(7);
    fault.set_message("64 is out of range");
    EXPECT_EQ(run({"reload"}), ExitCode::InvalidArgument);
    EXPECT_EQ(out(), "line 7: session[0].dscp: 64 is out of range\n");
    EXPECT_THAT(err(), HasSubstr("nothing was changed"));
}

TEST_F(ConfigCommands, ChecksAFileWithoutADaemon) {
    const std::string path = "/tmp/tocsinctl-test-" + std::to_string(getpid()) + ".toml";
    std::ofstream{path} << "[[port]]\nname = \"a\"\ndevice = \"net_tap0\"\n";
    EXPECT_EQ(run_alone({"config", "check", path}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("valid"));
    std::ofstream{path} << "[[port]]\nname = \"a b\"\ndevice = \"eth0\"\n";
    EXPECT_EQ(run_alone({"config", "check", path}), ExitCode::InvalidArgument);
    EXPECT_EQ(lines(out()), 2);
    EXPECT_THAT(out(), testing::StartsWith(path + ":2: port[0].name: "));
    EXPECT_THAT(out(), HasSubstr('\n' + path + ":3: port[0].device: "));
    unlink(path.c_str());
}

}  // namespace
}  // namespace tocsin::control::ctl
