#pragma once

#include "control/base/address.hpp"
#include "control/session/manager.hpp"
#include "support/engine_dataplane.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace tocsin::control::session {

using namespace std::chrono_literals;

inline IpAddress ip(std::string_view text) { return parse_address(text).value(); }

/// Next hops whose MACs a test gives; connected without gateways.
class FakeNextHops final : public NextHops {
public:
    std::optional<IpAddress> next_hop(PortId, const IpAddress& remote) const override {
        return remote;
    }
    std::optional<IpAddress> local_for(PortId, const IpAddress& remote) const override {
        return ip(remote.is_v4() ? "10.0.0.1" : "fe80::1");
    }
    void track(PortId, const IpAddress& hop) override { ++tracked[hop]; }
    void untrack(PortId, const IpAddress& hop) override { --tracked[hop]; }
    std::optional<MacAddress> mac(PortId, const IpAddress& hop) const override {
        if (!resolve_all && !macs.contains(hop)) return std::nullopt;
        const auto it = macs.find(hop);
        return it == macs.end() ? MacAddress{2, 0, 0, 0, 0, 2} : it->second;
    }
    void confirm(PortId, const IpAddress& hop, Nanoseconds before) override {
        confirmed.push_back(hop);
        confirmed_before = before;
    }
    void doubt(PortId, const IpAddress& hop) override { doubted.push_back(hop); }

    std::map<IpAddress, int> tracked;
    std::map<IpAddress, MacAddress> macs;
    std::vector<IpAddress> confirmed;
    Nanoseconds confirmed_before{};
    std::vector<IpAddress> doubted;
    bool resolve_all = true;
};

inline config::Session spec(std::string_view remote, std::string_view port = "p0",
                            std::string_view name = {}) {
    config::Session s;
    s.name = name;
    s.remote = ip(remote);
    s.local = ip(s.remote.is_v4() ? "10.0.0.1" : "2001:db8::1");
    s.port = port;
    s.parameters.desired_min_tx_interval = 50ms;
    s.parameters.required_min_rx_interval = 50ms;
    return s;
}

/// What Manager::update() takes to change parameters alone.
inline config::Session with(const bfd::SessionParameters& parameters) {
    config::Session s;
    s.parameters = parameters;
    return s;
}

inline std::vector<SessionPort> two_ports() {
    return {{.id = {0}, .name = "p0", .mac = {2, 0, 0, 0, 0, 1}},
            {.id = {1}, .name = "p1", .mac = {2, 0, 0, 0, 0, 9}}};
}

/// What watchers got.
class RecordingWatch final : public WatchSink {
public:
    std::size_t room() const override { return room_left; }
    void deliver(WatchItem item) override {
        --room_left;
        items.push_back(std::move(item));
    }
    std::vector<WatchItem> items;
    std::size_t room_left = 1U << 20U;
};

/// A manager over real engines in virtual time, with peers that answer.
class ManagerFixture : public testing::Test {
protected:
    explicit ManagerFixture(test::EngineDataplane::Setup setup = {},
                            std::uint32_t max_sessions = 64)
        : dataplane{std::move(setup)},
          manager{two_ports(), dataplane, next_hops,
                  Manager::Settings{.max_sessions = max_sessions,
                                    .seed = 5,
                                    .authentication = true,
                                    .history = true}} {}

    void run(Nanoseconds time) {
        for (Nanoseconds t{0}; t < time; t += 1ms) {
            dataplane.advance(1ms);
            static_cast<void>(manager.poll());
        }
    }
    SessionId add(const config::Session& s, Origin origin = Origin::Api) {
        auto ids = manager.add({&s, 1}, origin, "sessions");
        EXPECT_TRUE(ids.ok()) << ids.error().text();
        return ids.ok() ? ids.value().front() : SessionId{};
    }
    ErrorKind add_error(const config::Session& s, Origin origin = Origin::Api) {
        const auto ids = manager.add({&s, 1}, origin, "sessions");
        EXPECT_FALSE(ids.ok());
        return ids.ok() ? ErrorKind::Internal : ids.error().kind;
    }
    /// Added here and at the other end, and Up.
    SessionId up(std::string_view remote, Origin origin = Origin::Api) {
        const config::Session s = spec(remote);
        dataplane.add_peer({0}, s.local, s.remote, s.parameters);
        const SessionId id = add(s, origin);
        run(3s);
        EXPECT_EQ(state(id), bfd::SessionState::Up);
        return id;
    }
    bfd::SessionState state(SessionId id) { return manager.view(id).value().status.session_state; }

    test::EngineDataplane dataplane;
    FakeNextHops next_hops;
    Manager manager;
};

/// Room for four sessions each.
class TwoWorkers : public ManagerFixture {
protected:
    TwoWorkers() : ManagerFixture{{.workers = 2, .slots = 4}, 8} {}
};

}  // namespace tocsin::control::session
