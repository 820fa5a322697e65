#include "control/ctl/session_commands.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;

class SessionCommands : public Tocsinctl {};

TEST_F(SessionCommands, ListsTheFirstPageAndSaysThatThereIsMore) {
    EXPECT_EQ(run({"session", "list"}), ExitCode::Success);
    EXPECT_EQ(out(),
              "ID  NAME  PEER         LOCAL           PORT  TYPE  STATE  REMOTE     TX  DETECT  "
              "UPTIME  ORIGIN       ROLE     DIAG\n"
              " 1  rr1   2001:db8::1  2001:db8::ffff  wan0  -     Up     Up      50 ms  150 ms     "
              "  -  api          active   -\n"
              " 2  rr2   2001:db8::2  2001:db8::ffff  wan0  -     Down   Down    50 ms  150 ms     "
              "  -  unsolicited  passive  -\n");
    EXPECT_EQ(lines(out()), 3);
    EXPECT_THAT(
        out(),
        HasSubstr(
            " 1  rr1   2001:db8::1  2001:db8::ffff  wan0  -     Up     Up      50 ms  150 ms"));
    EXPECT_THAT(err(), HasSubstr("2 of 3 sessions, --all shows the rest"));
}

TEST_F(SessionCommands, ListsEveryPage) {
    EXPECT_EQ(run({"session", "list", "--all"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 4);
    EXPECT_EQ(err(), "");
    EXPECT_EQ(run({"session", "list", "--all", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 3);
}

TEST_F(SessionCommands, PassesTheFilterOn) {
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

TEST_F(SessionCommands, WritesJsonWithTheNamesOfTheProtoAndWithZeros) {
    EXPECT_EQ(run({"session", "show", "1", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 1);
    EXPECT_THAT(out(), HasSubstr("\"detection_time_us\":\"150000\""));
    EXPECT_THAT(out(), HasSubstr("\"state\":\"SESSION_STATE_UP\""));
    EXPECT_THAT(out(), HasSubstr("\"poll_in_progress\":false"));
}

TEST_F(SessionCommands, ShowsASession) {
    EXPECT_EQ(run({"session", "show", "rr1"}), ExitCode::Success);
    EXPECT_EQ(daemon_.sessions.get.session().name(), "rr1");
    EXPECT_THAT(out(), HasSubstr("Local discriminator       0x8f21c0de\n"));
    EXPECT_THAT(out(), HasSubstr("Detection time            150 ms\n"));
}

TEST_F(SessionCommands, AddsASessionFromOptions) {
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

TEST_F(SessionCommands, AddsAnLspFromOptions) {
    EXPECT_EQ(run({"session", "add", "203.0.113.2", "--type", "mpls", "--label", "16004", "--label",
                   "24001", "--fec", "ldp 203.0.113.0/24", "--instance", "2", "--inner-label-ttl",
                   "1", "--lsp-ping", "30s"}),
              ExitCode::Success);
    const v1::SessionSpec& spec = daemon_.sessions.add.sessions(0);
    EXPECT_EQ(spec.type(), v1::SESSION_TYPE_MPLS);
    ASSERT_EQ(spec.tunnel().labels_size(), 2);
    EXPECT_EQ(spec.tunnel().labels(1), 24001U);
    EXPECT_EQ(spec.tunnel().fec(), "ldp 203.0.113.0/24");
    EXPECT_EQ(spec.tunnel().instance(), 2U);
    EXPECT_EQ(spec.tunnel().inner_label_ttl(), 1U);
    EXPECT_EQ(spec.tunnel().lsp_ping_interval_us(), 30'000'000U);
    EXPECT_NE(run({"session", "add", "203.0.113.2", "--type", "mpls", "--lsp-ping", "30"}),
              ExitCode::Success);
    EXPECT_THAT(err(), HasSubstr("--lsp-ping"));
}

TEST_F(SessionCommands, AddsAPseudowireFromOptions) {
    EXPECT_EQ(
        run({"session", "add", "203.0.113.2", "--type", "vccv", "--label", "300", "--label-in",
             "301", "--cc-type", "3", "--cv-type", "4", "--no-control-word", "--status-signalled"}),
        ExitCode::Success);
    const v1::SessionSpec& spec = daemon_.sessions.add.sessions(0);
    EXPECT_EQ(spec.type(), v1::SESSION_TYPE_VCCV);
    EXPECT_EQ(spec.tunnel().label_in(), 301U);
    EXPECT_EQ(static_cast<int>(spec.tunnel().control_channel()), 3);
    EXPECT_EQ(spec.tunnel().cv_type(), 4U);
    EXPECT_TRUE(spec.tunnel().has_control_word());
    EXPECT_FALSE(spec.tunnel().control_word());
    EXPECT_TRUE(spec.tunnel().status_signalled());
    EXPECT_FALSE(spec.tunnel().has_local_cv_types());
}

TEST_F(SessionCommands, ChangesOnlyWhatIsGiven) {
    EXPECT_EQ(run({"session", "set", "192.0.2.2", "--port", "wan0", "--rx", "7ms", "--active"}),
              ExitCode::Success);
    EXPECT_EQ(daemon_.sessions.update.session().peer().port(), "wan0");
    const v1::SessionSpec& spec = daemon_.sessions.update.spec();
    EXPECT_EQ(spec.required_min_rx_interval_us(), 7'000U);
    EXPECT_FALSE(spec.has_desired_min_tx_interval_us());
    EXPECT_TRUE(spec.has_passive());
    EXPECT_FALSE(spec.passive());
}

TEST_F(SessionCommands, TakesSessionsAdminDownAndUp) {
    EXPECT_EQ(run({"session", "admin-down", "1", "rr2"}), ExitCode::Success);
    EXPECT_TRUE(daemon_.sessions.admin.admin_down());
    EXPECT_EQ(daemon_.sessions.admin.sessions_size(), 2);
    EXPECT_EQ(run({"session", "admin-up", "0x5"}), ExitCode::Success);
    EXPECT_FALSE(daemon_.sessions.admin.admin_down());
    EXPECT_EQ(daemon_.sessions.admin.sessions(0).local_discr(), 5U);
}

TEST_F(SessionCommands, DeletesSessions) {
    EXPECT_EQ(run({"session", "delete", "1", "2"}), ExitCode::Success);
    EXPECT_EQ(out(), "2 sessions deleted\n");
}

TEST_F(SessionCommands, DeletesWhatAFilterChooses) {
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

}  // namespace
}  // namespace tocsin::control::ctl
