#include "control/ctl/watch_command.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

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
        down.mutable_session()->mutable_status()->set_remote_state(v1::SESSION_STATE_UP);
        down.mutable_session()->mutable_status()->set_initiator(v1::INITIATOR_DETECTION_TIME);
        down.mutable_session()->mutable_status()->set_indication(v1::INDICATION_PATH_FAILURE);
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
                          "diag=Control Detection Time Expired  by=detection_time  remote=Up  "
                          "indication=path_failure  last_packet=151.2 ms before\n"));
}

TEST_F(Watching, ShowsADownThatIsOver) {
    v1::WatchEvent back = event(v1::WATCH_KIND_CHANGED, v1::SESSION_STATE_UP, v1::SESSION_STATE_UP);
    back.mutable_session()->mutable_status()->set_indication(v1::INDICATION_UP);
    back.set_transitions(4);
    back.set_downs(2);
    back.set_first_change_us(1'795'255'338'000'042);
    back.set_last_change_us(1'795'255'338'150'042);
    back.mutable_interruption()->set_indication(v1::INDICATION_PATH_FAILURE);
    back.mutable_interruption()->set_diag(1);
    back.mutable_interruption()->set_diag_name("Control Detection Time Expired");
    daemon_.watch.events = {back};
    daemon_.watch.end_after_events = true;
    EXPECT_EQ(run({"watch", "--no-reconnect", "--state-only"}), ExitCode::Unreachable);
    EXPECT_THAT(out(), HasSubstr("Up -> Up  was not Up in between, 2 times, within 150 ms  "
                                 "diag=Control Detection Time Expired  indication=path_failure  "
                                 "indication=up  (4 changes merged)\n"));
}

TEST_F(Watching, SaysWhatTheHistoryShowsOfADown) {
    daemon_.watch.events.back().mutable_evidence()->set_sent(3);
    daemon_.watch.end_after_events = true;
    EXPECT_EQ(run({"watch", "--no-reconnect"}), ExitCode::Unreachable);
    EXPECT_THAT(out(), HasSubstr("last_packet=151.2 ms before  (at least 3 of ours left since)\n"));
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
