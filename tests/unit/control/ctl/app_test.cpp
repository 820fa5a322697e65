#include "control/ctl/app.hpp"

#include "fake_daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

class Tocsinctl : public testing::Test {
protected:
    /// Against the fake daemon.
    ExitCode run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--socket", daemon_.socket()});
        return run_alone(std::move(arguments));
    }
    ExitCode run_alone(std::vector<std::string> arguments) {
        out_.str("");
        err_.str("");
        return ctl::run(std::move(arguments), {.out = out_, .err = err_, .stop = stop_});
    }
    [[nodiscard]] std::string out() const { return out_.str(); }
    [[nodiscard]] std::string err() const { return err_.str(); }
    [[nodiscard]] static long lines(const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    }

    FakeDaemon daemon_;
    Stop stop_;
    std::ostringstream out_;
    std::ostringstream err_;
};

TEST_F(Tocsinctl, ExplainsItsExitCodesInItsHelp) {
    EXPECT_EQ(run_alone({"--help"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("3 daemon not reachable"));
    EXPECT_EQ(err(), "");
}

TEST_F(Tocsinctl, NamesWhatIsWrongWithACommandLine) {
    const auto says = [this](const std::vector<std::string>& arguments, const char* what) {
        EXPECT_EQ(run(arguments), ExitCode::InvalidArgument) << err();
        EXPECT_THAT(err(), HasSubstr(what));
    };
    says({"-o", "xml", "stats"}, "\"xml\" is not one of table json jsonl");
    says({"session", "lst"}, "there is no command \"lst\", write one of list, show");
    says({"session"}, "a command is missing, write one of list, show");
    says({"sesion", "list"}, "there is no command");
    says({"session", "set", "7", "--mult", "3"}, "there is no option --mult");
    says({"session", "set", "7"}, "nothing to change");
    says({"session", "set", "7", "--passive", "--active"}, "--active");
    says({"session", "add", "192.0.2.2", "--detect-mult", "-1"}, "1..255");
    says({"session", "add", "192.0.2.2", "--dscp", "cs6"}, "0..63");
}

TEST_F(Tocsinctl, RefusesASocketThatNobodyCanListenOn) {
    for (const char* const socket : {"/run/tocsin/api.sock", "unix:", "unix:relative", "",
                                     "tcp:127.0.0.1:50051", "http://x"}) {
        EXPECT_EQ(run_alone({"--socket", socket, "stats"}), ExitCode::InvalidArgument) << socket;
        EXPECT_THAT(err(), HasSubstr("write unix:/ABSOLUTE/PATH")) << socket;
    }
    EXPECT_EQ(run_alone({"--socket", "unix:/" + std::string(107, 'a'), "stats"}),
              ExitCode::InvalidArgument);
}

TEST_F(Tocsinctl, FailsWhenItsOutputIsLost) {
    out_.setstate(std::ios::badbit);
    EXPECT_EQ(run({"stats"}), ExitCode::Failure);
    EXPECT_THAT(err(), HasSubstr("could not be written"));
}

TEST_F(Tocsinctl, RefusesWrongUsageInOneSentence) {
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                  {"sesion"},
                                                  {"session"},
                                                  {"session", "show"},
                                                  {"session", "add"},
                                                  {"session", "list", "--colour"},
                                                  {"-o", "xml", "stats"},
                                                  {"--timeout", "5", "stats"},
                                                  {"session", "list", "--state", "sideways"},
                                                  {"session", "list", "--remote", "rr1"},
                                                  {"session", "add", "192.0.2.2", "--tx", "50"},
                                                  {"session", "show", "id:x"},
                                                  {"session", "add", "192.0.2.2", "--rx", "4295s"},
                                                  {"session", "set", "1", "--detect-mult", "x"}}) {
        EXPECT_EQ(run(wrong), ExitCode::InvalidArgument) << testing::PrintToString(wrong);
        EXPECT_EQ(out(), "");
        EXPECT_EQ(lines(err()), 1) << err();
        EXPECT_THAT(err(), testing::StartsWith("tocsinctl: "));
    }
}

TEST_F(Tocsinctl, SaysWhatToDoWhenNoDaemonListens) {
    for (const char* command : {"stats", "watch", "reload"}) {
        EXPECT_EQ(run_alone({"--socket", "unix:/nonexistent/api.sock", command}),
                  ExitCode::Unreachable);
        EXPECT_EQ(out(), "");
        EXPECT_THAT(err(), HasSubstr("cannot reach tocsind at unix:/nonexistent/api.sock"));
        EXPECT_THAT(err(), HasSubstr("tocsind --config FILE"));
        EXPECT_EQ(lines(err()), 1);
    }
}

TEST_F(Tocsinctl, TakesTheSocketFromTheEnvironment) {
    setenv("TOCSIN_SOCKET", daemon_.socket().c_str(), 1);
    EXPECT_EQ(run_alone({"stats"}), ExitCode::Success);
    unsetenv("TOCSIN_SOCKET");
}

TEST_F(Tocsinctl, ListsTheFirstPageAndSaysThatThereIsMore) {
    EXPECT_EQ(run({"session", "list"}), ExitCode::Success);
    EXPECT_EQ(
        out(),
        "ID  NAME  PEER         LOCAL           PORT  STATE  REMOTE     TX  DETECT  UPTIME  DIAG\n"
        " 1  rr1   2001:db8::1  2001:db8::ffff  wan0  Up     Up      50 ms  150 ms       -  -\n"
        " 2  rr2   2001:db8::2  2001:db8::ffff  wan0  Down   Down    50 ms  150 ms       -  -\n");
    EXPECT_EQ(lines(out()), 3);
    EXPECT_THAT(
        out(),
        HasSubstr(" 1  rr1   2001:db8::1  2001:db8::ffff  wan0  Up     Up      50 ms  150 ms"));
    EXPECT_THAT(err(), HasSubstr("2 of 3 sessions, --all shows the rest"));
}

TEST_F(Tocsinctl, ListsEveryPage) {
    EXPECT_EQ(run({"session", "list", "--all"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 4);
    EXPECT_EQ(err(), "");
    EXPECT_EQ(run({"session", "list", "--all", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 3);
}

TEST_F(Tocsinctl, PassesTheFilterOn) {
    EXPECT_EQ(run({"session", "list", "--state", "up", "--state", "admin-down", "--port", "wan0",
                   "--remote", "2001:db8::/64", "--name", "rr"}),
              ExitCode::Success);
    const v1::SessionFilter& filter = daemon_.sessions.list.filter();
    EXPECT_EQ(filter.states_size(), 2);
    EXPECT_EQ(filter.states(1), v1::SESSION_STATE_ADMIN_DOWN);
    EXPECT_EQ(filter.port(), "wan0");
    EXPECT_EQ(filter.remote(), "2001:db8::/64");
    EXPECT_EQ(filter.name_contains(), "rr");
}

TEST_F(Tocsinctl, WritesJsonWithTheNamesOfTheProtoAndWithZeros) {
    EXPECT_EQ(run({"session", "show", "1", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 1);
    EXPECT_THAT(out(), HasSubstr("\"detection_time_us\":\"150000\""));
    EXPECT_THAT(out(), HasSubstr("\"state\":\"SESSION_STATE_UP\""));
    EXPECT_THAT(out(), HasSubstr("\"poll_in_progress\":false"));
}

TEST_F(Tocsinctl, ShowsASession) {
    EXPECT_EQ(run({"session", "show", "rr1"}), ExitCode::Success);
    EXPECT_EQ(daemon_.sessions.get.session().name(), "rr1");
    EXPECT_THAT(out(), HasSubstr("Local discriminator       0x8f21c0de\n"));
    EXPECT_THAT(out(), HasSubstr("Detection time            150 ms\n"));
}

TEST_F(Tocsinctl, AddsASessionFromOptions) {
    EXPECT_EQ(run({"session", "add", "192.0.2.2", "--port", "wan0", "--tx", "50ms", "--rx", "0us",
                   "--detect-mult", "5", "--passive", "--no-follow-link", "--admin-down"}),
              ExitCode::Success);
    const v1::SessionSpec& spec = daemon_.sessions.add.sessions(0);
    EXPECT_EQ(spec.remote(), "192.0.2.2");
    EXPECT_EQ(spec.desired_min_tx_interval_us(), 50'000U);
    EXPECT_TRUE(spec.has_required_min_rx_interval_us());
    EXPECT_EQ(spec.required_min_rx_interval_us(), 0U);
    EXPECT_EQ(spec.detect_mult(), 5U);
    EXPECT_TRUE(spec.passive());
    EXPECT_TRUE(spec.has_follow_link());
    EXPECT_FALSE(spec.follow_link());
    EXPECT_FALSE(spec.has_match_source());
    EXPECT_FALSE(spec.has_dscp());
    EXPECT_TRUE(spec.admin_down());
}

TEST_F(Tocsinctl, ChangesOnlyWhatIsGiven) {
    EXPECT_EQ(run({"session", "set", "192.0.2.2", "--port", "wan0", "--rx", "7ms", "--active"}),
              ExitCode::Success);
    EXPECT_EQ(daemon_.sessions.update.session().peer().port(), "wan0");
    const v1::SessionSpec& spec = daemon_.sessions.update.spec();
    EXPECT_EQ(spec.required_min_rx_interval_us(), 7'000U);
    EXPECT_FALSE(spec.has_desired_min_tx_interval_us());
    EXPECT_TRUE(spec.has_passive());
    EXPECT_FALSE(spec.passive());
}

TEST_F(Tocsinctl, TakesSessionsAdminDownAndUp) {
    EXPECT_EQ(run({"session", "admin-down", "1", "rr2"}), ExitCode::Success);
    EXPECT_TRUE(daemon_.sessions.admin.admin_down());
    EXPECT_EQ(daemon_.sessions.admin.sessions_size(), 2);
    EXPECT_EQ(run({"session", "admin-up", "0x5"}), ExitCode::Success);
    EXPECT_FALSE(daemon_.sessions.admin.admin_down());
    EXPECT_EQ(daemon_.sessions.admin.sessions(0).local_discr(), 5U);
}

TEST_F(Tocsinctl, DeletesSessions) {
    EXPECT_EQ(run({"session", "delete", "1", "2"}), ExitCode::Success);
    EXPECT_EQ(out(), "2 sessions deleted\n");
}

TEST_F(Tocsinctl, DeletesWhatAFilterChooses) {
    EXPECT_EQ(run({"session", "delete", "--port", "wan0", "--remote", "10.0.0.0/8"}),
              ExitCode::Success)
        << err();
    EXPECT_EQ(daemon_.sessions.matching.filter().port(), "wan0");
    EXPECT_EQ(daemon_.sessions.matching.filter().remote(), "10.0.0.0/8");
    EXPECT_EQ(out(), "7 sessions deleted\n");
    EXPECT_THAT(err(), HasSubstr("2 more match, but belong to the configuration file"));
    EXPECT_EQ(run({"session", "delete", "--all"}), ExitCode::Success);
    EXPECT_TRUE(daemon_.sessions.matching.has_filter());
    EXPECT_EQ(daemon_.sessions.matching.filter().ByteSizeLong(), 0U);
    EXPECT_EQ(run({"session", "delete"}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("--all"));
    EXPECT_EQ(run({"session", "delete", "7", "--all"}), ExitCode::InvalidArgument);
}

class AddsFromAFile : public Tocsinctl {
protected:
    ExitCode add(const std::string& text) {
        std::ofstream{path_} << text;
        return run({"session", "add", "--from", path_});
    }
    const std::string path_ = testing::TempDir() + "tocsinctl-add.jsonl";
};

TEST_F(AddsFromAFile, TakesSpecsAndWhatAListWrote) {
    EXPECT_EQ(add("{\"remote\": \"10.0.0.3\", \"detect_mult\": 5}\n\n"
                  "{\"id\": \"7\", \"spec\": {\"remote\": \"10.0.0.4\", \"name\": \"a\"}, "
                  "\"status\": {\"state\": \"SESSION_STATE_UP\"}}\n"),
              ExitCode::Success)
        << err();
    ASSERT_EQ(daemon_.sessions.bulk.size(), 2U);
    EXPECT_EQ(daemon_.sessions.bulk[0].detect_mult(), 5U);
    EXPECT_EQ(daemon_.sessions.bulk[1].remote(), "10.0.0.4");
    EXPECT_EQ(daemon_.sessions.bulk[1].name(), "a");
    EXPECT_EQ(out(), "2 sessions added\n");
}

TEST_F(AddsFromAFile, NamesTheLineOfEachMistakeAndAddsTheRest) {
    std::string text;
    for (int i = 0; i < 2500; ++i) {
        text += i == 2100 ? "{\"remote\": \"10.0.0.9\"}\n" : "{\"remote\": \"10.0.1.1\"}\n";
    }
    text += "nonsense\n{\"remot\": \"10.0.0.3\"}\n";
    EXPECT_EQ(add(text), ExitCode::InvalidArgument) << "that of the first to be refused";
    EXPECT_EQ(daemon_.sessions.bulk.size(), 2499U);
    EXPECT_THAT(err(), HasSubstr(path_ + ":2101: remote: is there\n"));
    EXPECT_THAT(err(), HasSubstr(path_ + ":2501: is not a session in JSON"));
    EXPECT_THAT(err(),
                HasSubstr(path_ + ":2502: there is no field \"remot\", did you mean \"remote\"?"));
    EXPECT_EQ(out(), "2499 sessions added, 3 refused\n");
}

TEST_F(AddsFromAFile, StopsSendingWhenThereIsNoRoomAndShowsOnlySoManyFaults) {
    daemon_.sessions.bulk_room = 1500;
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "{\"remote\": \"10.0.1.1\"}\n";
    EXPECT_EQ(add(text), ExitCode::LimitReached);
    EXPECT_EQ(daemon_.sessions.bulk.size(), 1500U);
    EXPECT_THAT(err(), HasSubstr(":1501: no room\n" + path_ + ": 399 more for the same reason\n"));
    EXPECT_THAT(err(), HasSubstr("lines from 5001 on were not sent\n"));
    EXPECT_THAT(out(), HasSubstr("1500 sessions added"));
}

TEST_F(AddsFromAFile, ShowsOnlySoManyReasons) {
    std::string text;
    for (int i = 0; i < 50; ++i) text += "{\"x" + std::to_string(i / 2) + "\": 1}\n";
    EXPECT_EQ(add(text), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr(":39: there is no field \"x19\", write one of \"name\", "));
    EXPECT_THAT(err(), Not(HasSubstr("x20")));
    EXPECT_THAT(err(), HasSubstr("and 10 more were refused\n"));
    EXPECT_EQ(out(), "0 sessions added, 50 refused\n");
}

TEST_F(AddsFromAFile, SaysHowManyWereAddedWhenTheDaemonGoesAway) {
    daemon_.sessions.bulk_requests = 2;
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "{\"remote\": \"10.0.1.1\"}\n";
    EXPECT_EQ(add(text), ExitCode::Unreachable);
    EXPECT_THAT(err(), HasSubstr("2000 sessions were added before; the same command again"));
}

TEST_F(AddsFromAFile, MissesNoAnswerWhenTheStreamEndsAsIfAllWereWell) {
    daemon_.sessions.bulk_requests = 1;
    daemon_.sessions.bulk_end = grpc::Status::OK;
    std::string text;
    for (int i = 0; i < 1500; ++i) text += "{\"remote\": \"10.0.1.1\"}\n";
    EXPECT_EQ(add(text), ExitCode::Failure);
    EXPECT_THAT(err(), HasSubstr(path_ + ":1001: tocsind ended the stream without an answer"));
}

TEST_F(AddsFromAFile, LeavesOutALineThatIsMuchTooLong) {
    EXPECT_EQ(add("{\"remote\": \"10.0.0.3\", \"name\": \"" + std::string(20U << 20U, 'x') +
                  "\"}\n{\"remote\": \"10.0.0.4\"}\r\n{\"remote\": \"10.0.0.5\"}"),
              ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr(path_ + ":1: is longer than 16000 characters"));
    ASSERT_EQ(daemon_.sessions.bulk.size(), 2U) << err();
    EXPECT_EQ(daemon_.sessions.bulk[1].remote(), "10.0.0.5");
}

TEST_F(AddsFromAFile, QuotesNoControlCharactersOfALine) {
    EXPECT_EQ(add(std::string{"{\"remote\": \x1b[31m\0}\n", 19}), ExitCode::InvalidArgument);
    EXPECT_EQ(err().find('\x1b'), std::string::npos) << err();
    EXPECT_EQ(err().find('\0'), std::string::npos);
}

TEST_F(AddsFromAFile, NeedsEitherAFileOrARemote) {
    EXPECT_EQ(run({"session", "add", "--from", "/nowhere/at/all"}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("/nowhere/at/all cannot be opened: No such file"));
    EXPECT_EQ(run({"session", "add"}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("remote is required, or --from FILE"));
    EXPECT_EQ(run({"session", "add", "10.0.0.3", "--from", path_}), ExitCode::InvalidArgument);
    EXPECT_EQ(run({"session", "add", "--tx", "50ms", "--from", path_}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("leave out the other options"));
    EXPECT_EQ(run({"session", "add", "--from", testing::TempDir()}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("is a directory"));
}

TEST_F(Tocsinctl, ExitsWithTheCauseAndTheDaemonsSentence) {
    const std::vector<std::pair<grpc::StatusCode, ExitCode>> causes{
        {grpc::StatusCode::NOT_FOUND, ExitCode::NotFound},
        {grpc::StatusCode::ALREADY_EXISTS, ExitCode::AlreadyExists},
        {grpc::StatusCode::RESOURCE_EXHAUSTED, ExitCode::LimitReached},
        {grpc::StatusCode::FAILED_PRECONDITION, ExitCode::FailedPrecondition},
        {grpc::StatusCode::INVALID_ARGUMENT, ExitCode::InvalidArgument},
        {grpc::StatusCode::INTERNAL, ExitCode::Failure}};
    for (const auto& [status, code] : causes) {
        daemon_.sessions.refusal = grpc::Status{status, "remote: is taken"};
        EXPECT_EQ(run({"session", "add", "192.0.2.2"}), code);
        EXPECT_EQ(err(), "tocsinctl: remote: is taken\n");
    }
}

TEST_F(Tocsinctl, NamesTheArgumentThatAFaultOfTheDaemonIsAbout) {
    daemon_.sessions.refusal = {grpc::StatusCode::INVALID_ARGUMENT, "sessions[0].remote: is bad"};
    EXPECT_EQ(run({"session", "add", "10.0.0.3"}), ExitCode::InvalidArgument);
    EXPECT_EQ(err(), "tocsinctl: REMOTE: is bad\n");
    daemon_.sessions.refusal = {grpc::StatusCode::INVALID_ARGUMENT, "sessions[0].port: is bad"};
    EXPECT_EQ(run({"session", "add", "10.0.0.3"}), ExitCode::InvalidArgument);
    EXPECT_EQ(err(), "tocsinctl: --port: is bad\n");
}

TEST_F(Tocsinctl, ListsWorkersPortsNeighboursAndStatistics) {
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

TEST_F(Tocsinctl, SaysItsVersionWithAndWithoutADaemon) {
    EXPECT_EQ(run({"version"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("tocsind   9.8.7 on DPDK 22.11"));
    EXPECT_EQ(run({"version", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 1);
    EXPECT_THAT(out(), testing::EndsWith("\"}}\n"));
    EXPECT_EQ(run_alone({"--socket", "unix:/nonexistent", "version"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("tocsinctl 0."));
    EXPECT_THAT(out(), HasSubstr("not reachable"));
}

TEST_F(Tocsinctl, WaitsLongerForAReloadUnlessItIsTold) {
    EXPECT_EQ(run({"reload"}), ExitCode::Success);
    EXPECT_GT(daemon_.config.patience, std::chrono::seconds{200});
    EXPECT_EQ(run({"--timeout", "20s", "reload"}), ExitCode::Success);
    EXPECT_LT(daemon_.config.patience, std::chrono::seconds{60});
    EXPECT_EQ(run({"--timeout", "", "reload"}), ExitCode::InvalidArgument);
}

TEST_F(Tocsinctl, ReportsAReload) {
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

TEST_F(Tocsinctl, ChecksAFileWithoutADaemon) {
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

v1::WatchEvent event(v1::WatchKind kind, v1::SessionState state, v1::SessionState previous = {}) {
    v1::WatchEvent out;
    out.set_kind(kind);
    if (kind != v1::WATCH_KIND_SNAPSHOT_END)
        *out.mutable_session() = FakeSessions::session(1, state);
    out.set_previous_state(previous);
    if (previous != v1::SESSION_STATE_UNSPECIFIED && previous != state) out.set_transitions(1);
    return out;
}

class Watching : public Tocsinctl {
protected:
    Watching() {
        v1::WatchEvent down =
            event(v1::WATCH_KIND_CHANGED, v1::SESSION_STATE_DOWN, v1::SESSION_STATE_UP);
        down.mutable_session()->mutable_status()->set_diag(1);
        down.mutable_session()->mutable_status()->set_diag_name("Control Detection Time Expired");
        down.set_last_change_us(1'795'255'338'000'042);
        down.set_last_rx_us(1'795'255'337'848'842);
        daemon_.watch.events = {
            event(v1::WATCH_KIND_SNAPSHOT, v1::SESSION_STATE_UP),
            event(v1::WATCH_KIND_SNAPSHOT_END, {}),
            event(v1::WATCH_KIND_CHANGED, v1::SESSION_STATE_UP, v1::SESSION_STATE_UP), down};
    }
};

TEST_F(Watching, PrintsTheSnapshotAndALineForEachEvent) {
    daemon_.watch.end_after_events = true;
    EXPECT_EQ(run({"watch", "--no-reconnect"}), ExitCode::Unreachable);
    EXPECT_EQ(lines(out()), 3);
    EXPECT_THAT(out(), HasSubstr("2001:db8::1%wan0 (rr1)  is Up\n"));
    EXPECT_THAT(out(), HasSubstr("timers changed: tx 50 ms, detection 150 ms\n"));
    EXPECT_THAT(out(),
                HasSubstr("2026-11-21T10:02:18.000042Z  2001:db8::1%wan0 (rr1)  Up -> Down  "
                          "diag=Control Detection Time Expired  last_packet=151.2 ms before\n"));
}

TEST_F(Watching, LeavesOutWhatIsNotAChangeOfState) {
    daemon_.watch.end_after_events = true;
    EXPECT_EQ(run({"watch", "--no-reconnect", "--state-only"}), ExitCode::Unreachable);
    EXPECT_THAT(out(), Not(HasSubstr("timers changed")));
    EXPECT_THAT(out(), HasSubstr("Up -> Down"));
}

TEST_F(Watching, WritesOneJsonObjectPerLine) {
    daemon_.watch.end_after_events = true;
    EXPECT_EQ(run({"watch", "--no-reconnect", "-o", "jsonl"}), ExitCode::Unreachable);
    EXPECT_EQ(lines(out()), 4);
    EXPECT_THAT(out(), HasSubstr("\"previous_state\":\"SESSION_STATE_UP\""));
}

TEST_F(Watching, PassesTheFilterOn) {
    daemon_.watch.end_after_events = true;
    EXPECT_EQ(run({"watch", "--no-reconnect", "--no-snapshot", "--port", "wan0"}),
              ExitCode::Unreachable);
    EXPECT_TRUE(daemon_.watch.last_request.skip_snapshot());
    EXPECT_EQ(daemon_.watch.last_request.filter().port(), "wan0");
}

TEST_F(Watching, EndsWithSuccessWhenItIsInterrupted) {
    std::thread interrupt{[this] {
        daemon_.watch.wait_for_watcher();
        stop_.request();
    }};
    EXPECT_EQ(run({"watch"}), ExitCode::Success);
    EXPECT_EQ(err(), "");
    interrupt.join();
}

TEST_F(Watching, SaysThatTheDaemonIsGoneAndWaitsForIt) {
    daemon_.watch.end_after_events = true;
    class StopAtMessage : public std::stringbuf {
    public:
        explicit StopAtMessage(Stop& stop) : stop_{stop} {}

    private:
        std::streamsize xsputn(const char* text, std::streamsize size) override {
            const auto written = std::stringbuf::xsputn(text, size);
            if (str().find("waiting for it") != std::string::npos) stop_.request();
            return written;
        }
        Stop& stop_;
    };
    std::vector<std::string> arguments{"--socket", daemon_.socket(), "watch"};
    for (const bool before_the_first_event : {false, true}) {
        SCOPED_TRACE(before_the_first_event);
        if (before_the_first_event) {
            daemon_.watch.events.clear();
            arguments.emplace_back("--no-snapshot");
        }
        Stop stop;
        StopAtMessage buffer{stop};
        std::ostream err{&buffer};
        EXPECT_EQ(ctl::run(arguments, {.out = out_, .err = err, .stop = stop}), ExitCode::Success);
        EXPECT_THAT(buffer.str(), HasSubstr("lost tocsind at unix:"));
    }
}

}  // namespace
}  // namespace tocsin::control::ctl
