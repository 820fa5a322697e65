#pragma once

#include "engine_fixture.hpp"

#include <gtest/gtest.h>

namespace tocsin::bfd {

inline void PrintTo(SessionState s, std::ostream* out) { *out << name(s); }
inline void PrintTo(Diag d, std::ostream* out) { *out << name(d) << ' ' << static_cast<int>(d); }
inline void PrintTo(Status s, std::ostream* out) { *out << "Status " << static_cast<int>(s); }

}  // namespace tocsin::bfd

namespace tocsin {

inline void PrintTo(DropReason r, std::ostream* out) { *out << name(r); }

}  // namespace tocsin

namespace tocsin::test {

using namespace std::chrono_literals;
using bfd::Diag;
using bfd::SessionEvent;
using bfd::SessionParameters;
using bfd::SessionSnapshot;
using bfd::SessionState;
using bfd::Status;

/// What holds for every packet that any test of the suite makes the engine send.
inline void expect_well_formed(const std::vector<Sent>& packets, bool demand_mode = false) {
    for (const Sent& s : packets) {
        ASSERT_EQ(s.octets[0] >> 5U, 1) << "version";
        ASSERT_LE(s.octets[0] & 0x1fU, 8U) << "only assigned diagnostics are sent";
        ASSERT_EQ(s.octets[1] & bfd::kMultipointBit, 0) << "M";
        ASSERT_EQ(s.octets[1] & bfd::kAuthenticationBit, 0)
            << "A without an Authentication Section";
        ASSERT_EQ(s.octets[1] & (demand_mode ? 0U : unsigned{bfd::kDemandBit}), 0U)
            << "D without Demand mode";
        ASSERT_FALSE(s.packet.poll && s.packet.final) << "P and F together";
        ASSERT_NE(s.packet.detect_mult, 0);
        ASSERT_EQ(s.octets[3], 24);
        ASSERT_NE(s.packet.my_discriminator.value, 0U);
        ASSERT_NE(s.packet.desired_min_tx_interval.count(), 0U);
        if (s.packet.state != SessionState::Up) {
            ASSERT_GE(s.packet.desired_min_tx_interval, 1s) << "slow while not Up";
        }
    }
}

/// One engine with one session to one hand-driven peer.
class OneSession : public testing::Test {
protected:
    OneSession() : OneSession(v4_key()) {}
    explicit OneSession(const SessionKey& k, const EngineBox::Setup& setup = {})
        : box{setup}, key{k}, session{box.handle(0)}, peer{box, session, k} {}

    void TearDown() override { expect_well_formed(box.sink.sent, demand_mode); }

    void add(const SessionParameters& p = fast_parameters(), bool admin_down = false) {
        ASSERT_EQ(box.add(session, key, p, admin_down), Status::Ok);
    }
    /// Up on both sides, past the Poll Sequence that goes with it, nothing recorded.
    void add_and_bring_up(const SessionParameters& p = fast_parameters()) {
        add(p);
        peer.bring_up();
        settle();
        ASSERT_EQ(state(), SessionState::Up);
    }
    /// Lets a Poll Sequence end, then forgets what was recorded.
    void settle() {
        for (int i = 0; i < 30 && snapshot().poll_in_progress; ++i) {
            box.run_for(50ms);
            const bool polled = !box.sink.sent.empty() && box.sink.sent.back().packet.poll;
            polled ? peer.send_final() : peer.send();
        }
        ASSERT_FALSE(snapshot().poll_in_progress);
        forget();
    }
    void forget() {
        expect_well_formed(box.sink.sent, demand_mode);
        box.sink.sent.clear();
        box.sink.echoes.clear();
        box.sink.state_changes.clear();
        box.sink.late_detections.clear();
        box.sink.late_transmissions.clear();
        static_cast<void>(box.events());
    }
    /// Takes a new session to `wanted` with what leads there, with the peer's present parameters.
    void drive_to(SessionState wanted) {
        add(fast_parameters(), wanted == SessionState::AdminDown);
        if (wanted == SessionState::Init) peer.send(SessionState::Down);
        if (wanted == SessionState::Up) peer.bring_up();
        ASSERT_EQ(state(), wanted);
        forget();
    }
    void change(const SessionParameters& p) {
        ASSERT_EQ(box.set_parameters(session, p), Status::Ok);
    }

    [[nodiscard]] SessionSnapshot snapshot() const { return box.snapshot(session); }
    [[nodiscard]] SessionState state() const { return snapshot().session_state; }
    [[nodiscard]] Diag diag() const { return snapshot().local_diag; }
    [[nodiscard]] const Sent& last_sent() const {
        static const Sent kNothing{};
        EXPECT_FALSE(box.sink.sent.empty()) << "nothing was sent";
        return box.sink.sent.empty() ? kNothing : box.sink.sent.back();
    }
    /// Runs until the next periodic packet and returns it; fails when none leaves within `limit`.
    Sent next_periodic(Nanoseconds limit = 2s) {
        const std::size_t before = box.sink.sent.size();
        const Instant end = box.now() + limit;
        while (box.now() <= end) {
            for (std::size_t i = before; i < box.sink.sent.size(); ++i) {
                if (box.sink.sent[i].periodic) return box.sink.sent[i];
            }
            const Instant due = box.engine().next_due(end + 2 * bfd::kTickLength);
            box.run_until(due);
        }
        ADD_FAILURE() << "no periodic packet";
        return {};
    }
    [[nodiscard]] std::size_t count_periodic() const {
        return static_cast<std::size_t>(std::count_if(box.sink.sent.begin(), box.sink.sent.end(),
                                                      [](const Sent& s) { return s.periodic; }));
    }
    /// Gaps between the periodic packets on record.
    [[nodiscard]] std::vector<Nanoseconds> periodic_gaps() const {
        std::vector<Nanoseconds> gaps;
        const Sent* before = nullptr;
        for (const Sent& s : box.sink.sent) {
            if (!s.periodic) continue;
            if (before != nullptr) gaps.push_back(s.at - before->at);
            before = &s;
        }
        return gaps;
    }

    bool demand_mode = false;  ///< D may be sent
    EngineBox box;
    SessionKey key;
    bfd::SessionHandle session;
    Peer peer;
};

}  // namespace tocsin::test
