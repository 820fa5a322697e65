#include "control/metrics/collector.hpp"

#include "control/metrics/server.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <set>
#include <sstream>

namespace tocsin::control::metrics {
namespace {

class CollectorTest : public testing::Test {
protected:
    CollectorTest() {
        sources.version = "0.0";
        sources.totals = &totals;
        sources.cycles_per_second = 2.6e9;
        sources.api = &api;
        sources.unsolicited = &unsolicited;
        sources.workers = {{.lcore = 3, .stats = &stats}};
        sources.loads = [this] { return loads; };
        sources.ports = [] {
            message::PortStatus p;
            p.name = "wan0";
            p.link_up = true;
            p.rx_missed = 4;
            return std::vector{p};
        };
    }
    std::string text() {
        std::ostringstream out;
        prometheus::TextSerializer{}.Serialize(out, Collector{sources}.Collect());
        return out.str();
    }
    void expect_line(const std::string& line) {
        EXPECT_NE(text().find(line + '\n'), std::string::npos) << line;
    }

    session::Totals totals;
    ApiCounters api;
    unsolicited::Counters unsolicited;
    message::WorkerStats stats;
    std::vector<load::WorkerLoad> loads{1};
    Sources sources;
};

TEST_F(CollectorTest, CountsSessionsByState) {
    totals.sessions[3].set(7);
    expect_line("tocsin_bfd_sessions{state=\"up\"} 7");
    expect_line("tocsin_bfd_sessions{state=\"admin_down\"} 0");
}

TEST_F(CollectorTest, GivesEveryDropReasonALabel) {
    stats.drops[static_cast<std::size_t>(DropReason::TtlNot255)].add(12);
    expect_line("tocsin_bfd_drops_total{lcore=\"3\",reason=\"ttl_not_255\"} 12");
    const std::string all = text();
    for (std::size_t i = 1; i < kDropReasons; ++i) {
        EXPECT_NE(all.find("reason=\"" + std::string{kDropReasonNames[i]} + '"'),
                  std::string::npos);
    }
}

TEST_F(CollectorTest, TellsDurationsInSecondsAndCumulatively) {
    stats.late_tx.record(1'500);      // 1.5 us
    stats.late_tx.record(1'500'000);  // 1.5 ms
    expect_line("tocsin_bfd_transmit_late_seconds_count{lcore=\"3\"} 2");
    expect_line("tocsin_bfd_transmit_late_seconds_bucket{lcore=\"3\",le=\"2e-06\"} 1");
    expect_line("tocsin_bfd_transmit_late_seconds_bucket{lcore=\"3\",le=\"+Inf\"} 2");
    stats.busy_ns.add(2'000'000'000);
    expect_line("tocsin_worker_busy_seconds_total{lcore=\"3\"} 2");
    stats.rx_cycles.add(148);
    stats.tx_cycles.add(222);
    stats.control_cycles.add(9);
    expect_line("tocsin_worker_receive_cycles_total{lcore=\"3\"} 148");
    expect_line("tocsin_worker_transmit_cycles_total{lcore=\"3\"} 222");
    expect_line("tocsin_worker_control_cycles_total{lcore=\"3\"} 9");
    expect_line("tocsin_clock_cycles_per_second 2600000000");
}

TEST_F(CollectorTest, TellsOfDemandAndOverload) {
    loads[0].share = 0.75;
    loads[0].overloaded = true;
    loads[0].alarms = 3;
    stats.backlog_turns.add(5);
    totals.waiting.set(2);
    expect_line("tocsin_worker_demand_ratio{lcore=\"3\"} 0.75");
    expect_line("tocsin_worker_overloaded{lcore=\"3\"} 1");
    expect_line("tocsin_worker_overloads_total{lcore=\"3\"} 3");
    expect_line("tocsin_worker_backlog_turns_total{lcore=\"3\"} 5");
    expect_line("tocsin_bfd_sessions_waiting 2");
}

TEST_F(CollectorTest, CountsPortsAndRequests) {
    stats.ports[0].rx_packets.add(5);
    api.count("GetSession", "NOT_FOUND");
    expect_line("tocsin_port_received_packets_total{port=\"wan0\"} 5");
    expect_line("tocsin_port_missed_packets_total{port=\"wan0\"} 4");
    expect_line("tocsin_port_link_up{port=\"wan0\"} 1");
    expect_line("tocsin_api_requests_total{method=\"GetSession\",code=\"NOT_FOUND\"} 1");
}

TEST_F(CollectorTest, TellsOfUnsolicitedSessions) {
    unsolicited::PortCounters& p = unsolicited.emplace_back();
    p.port = "wan0";
    p.limit.set(100);
    p.sessions.set(7);
    p.created.set(9);
    p.ended.set(2);
    p.refused[static_cast<std::size_t>(unsolicited::Refusal::Limit)].set(900);
    expect_line("tocsin_unsolicited_sessions{port=\"wan0\"} 7");
    expect_line("tocsin_unsolicited_sessions_limit{port=\"wan0\"} 100");
    expect_line("tocsin_unsolicited_created_total{port=\"wan0\"} 9");
    expect_line("tocsin_unsolicited_ended_total{port=\"wan0\"} 2");
    expect_line("tocsin_unsolicited_refused_total{port=\"wan0\",reason=\"limit\"} 900");
    expect_line("tocsin_unsolicited_refused_total{port=\"wan0\",reason=\"denied\"} 0");
}

TEST_F(CollectorTest, TellsOfLags) {
    sources.lags = [] {
        lag::LagView view;
        view.config.name = "lag1";
        view.config.minimum_links = 2;
        view.up = true;
        view.members_in_use = 2;
        view.downs = 3;
        view.taken_out = 5;
        for (const char* const port : {"m1", "m2", "m3"}) {
            lag::MemberView& member = view.members.emplace_back();
            member.port = port;
            member.in_use = member.port != "m3";
            member.confirmed = member.port == "m1";
            member.sessions.push_back({.family = AddressFamily::V4, .id = {7}});
        }
        return std::make_shared<const std::vector<lag::LagView>>(std::vector{view});
    };
    expect_line("tocsin_lag_up{lag=\"lag1\"} 1");
    expect_line("tocsin_lag_minimum_links{lag=\"lag1\"} 2");
    expect_line("tocsin_lag_members{lag=\"lag1\"} 3");
    expect_line("tocsin_lag_members_in_use{lag=\"lag1\"} 2");
    expect_line("tocsin_lag_members_confirmed{lag=\"lag1\"} 1");
    expect_line("tocsin_lag_sessions_never_heard{lag=\"lag1\"} 3");
    expect_line("tocsin_lag_down_total{lag=\"lag1\"} 3");
    expect_line("tocsin_lag_members_taken_out_total{lag=\"lag1\"} 5");
    expect_line("tocsin_lag_member_in_use{lag=\"lag1\",port=\"m3\"} 0");
}

TEST_F(CollectorTest, TellsOfLspPing) {
    lsp::Counters lsp;
    sources.lsp = &lsp;
    lsp.requests_sent.add(3);
    lsp.replies_other_code.add(2);
    lsp.received[static_cast<std::size_t>(lsp_ping::Outcome::RateLimit)].add(9);
    lsp.sessions.set(4);
    lsp.sessions_created.add(6);
    lsp.sessions_ended.add(2);
    expect_line("tocsin_lsp_ping_requests_sent_total 3");
    expect_line("tocsin_lsp_ping_replies_total{result=\"other_code\"} 2");
    expect_line("tocsin_lsp_ping_requests_received_total{outcome=\"rate_limit\"} 9");
    expect_line("tocsin_lsp_egress_sessions 4");
    expect_line("tocsin_lsp_egress_sessions_created_total 6");
    expect_line("tocsin_lsp_egress_sessions_ended_total 2");
}

TEST_F(CollectorTest, FollowsTheNamingRulesOfPrometheus) {
    const std::regex name{"tocsin(_[a-z0-9]+)+"};
    std::set<std::string> seen;
    for (const auto& f : Collector{sources}.Collect()) {
        EXPECT_TRUE(std::regex_match(f.name, name)) << f.name;
        EXPECT_TRUE(seen.insert(f.name).second) << f.name << " twice";
        EXPECT_FALSE(f.help.empty()) << f.name;
        EXPECT_EQ(f.name.ends_with("_total"), f.type == prometheus::MetricType::Counter) << f.name;
    }
}

TEST_F(CollectorTest, SaysWhatToDoWhenTheAddressIsTaken) {
    auto first = Server::start("127.0.0.1:0", sources);
    ASSERT_TRUE(first.ok());
    const auto second =
        Server::start("127.0.0.1:" + std::to_string(first.value()->port()), sources);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().where, "metrics.listen");
}

}  // namespace
}  // namespace tocsin::control::metrics
