// Two engines wired back to back in one process, in virtual time: thousands of sessions come Up,
// the wire is cut and healed, and the protocol's promises are checked. No root, no network, no
// DPDK.

#include "dataplane/bfd/engine.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tocsin::Instant;
using tocsin::Nanoseconds;
using tocsin::ReceivedPacket;
using tocsin::SessionKey;
using tocsin::Slot;
using tocsin::bfd::ControlPayload;
using tocsin::bfd::Diag;
using tocsin::bfd::SessionHandle;
using tocsin::bfd::SessionState;

constexpr Nanoseconds kTurn = 64us;    // of virtual time per turn of the loop
constexpr Nanoseconds kDelay = 192us;  // of the wire
constexpr auto kInterval = tocsin::WireInterval{50'000};
constexpr std::uint8_t kDetectMult = 3;
constexpr Nanoseconds kDetectionTime = kDetectMult * Nanoseconds{kInterval};
constexpr Nanoseconds kLateDetection = 1ms;  // allowed
constexpr std::uint32_t kBudget = 4096;

using Octets = std::array<std::uint8_t, tocsin::bfd::kControlPacketLength>;

struct Frame {
    Instant arrives;
    Slot slot;
    Octets octets;
};

/// One direction: nothing is lost unless it is cut.
struct Wire {
    std::deque<Frame> frames;
    bool cut = false;
    std::uint64_t carried = 0;
};

struct Gaps {
    Nanoseconds shortest = Nanoseconds::max();
    Nanoseconds longest{};
};

/// An engine, its packet templates and its end of the wire.
class Appliance {
public:
    Appliance(std::uint32_t sessions, std::uint64_t seed, Wire& out)
        : payloads_(sessions),
          sent_(sessions),
          heard_(sessions),
          out_{out},
          codec_{seed, sessions, 1} {
        const tocsin::bfd::EngineConfig config{
            .slots = sessions, .worker = {}, .discriminators = codec_, .seed = seed};
        const std::size_t size = tocsin::bfd::Engine::memory_needed(config);
        memory_.reset(static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64)));
        if (!memory_) std::abort();
        engine_ =
            std::make_unique<tocsin::bfd::Engine>(config, std::span{memory_.get(), size}, now);
    }

    /// Session `index` with addresses of `side` 1 or 2 here and the other one there.
    bool add(std::uint32_t index, std::uint8_t side) {
        SessionKey key;
        key.family = tocsin::AddressFamily::V4;
        address(key.local, index, side);
        address(key.remote, index, side == 1 ? 2 : 1);
        keys_.push_back(key);
        handles_.push_back(
            {{index}, codec_.encode({.slot = {index}, .worker = {}, .generation = 1})});
        const tocsin::bfd::SessionParameters parameters{.desired_min_tx_interval = kInterval,
                                                        .required_min_rx_interval = kInterval,
                                                        .detect_mult = kDetectMult};
        return engine_->add(handles_.back(), key, parameters, false, now, *this) ==
               tocsin::bfd::Status::Ok;
    }

    void receive(const Frame& frame) {
        const SessionKey& key = keys_[frame.slot.value];
        ReceivedPacket packet;
        packet.payload = frame.octets.data();
        packet.payload_length = tocsin::bfd::kControlPacketLength;
        packet.source = key.remote.data();
        packet.destination = key.local.data();
        packet.family = key.family;
        packet.ttl = 255;
        if (engine_->on_packet(packet, now, *this) == tocsin::DropReason::None) {
            heard_[frame.slot.value] = now;
        } else {
            ++dropped;
        }
    }

    void advance() {
        while (!engine_->advance(now, {}, kBudget, *this)) {
        }
        tocsin::bfd::SessionEvent event;
        while (engine_->next_event(event)) on_event(event);
    }

    [[nodiscard]] std::uint32_t up() const { return engine_->sessions_up(); }
    void measure_gaps(bool on) {
        measuring_ = on;
        if (on) std::ranges::fill(sent_, Instant{});
    }

    // EngineSink
    void set_payload(Slot slot, ControlPayload payload) noexcept {
        std::ranges::copy(payload, payloads_[slot.value].begin());
    }
    bool transmit(Slot slot) noexcept {
        if (measuring_) note_gap(slot);
        return put(slot, payloads_[slot.value]);
    }
    bool transmit_once(Slot slot, ControlPayload payload) noexcept {
        Octets octets;
        std::ranges::copy(payload, octets.begin());
        return put(slot, octets);
    }
    void state_changed(Slot, SessionState, SessionState) noexcept {}
    void late_tx(Nanoseconds) noexcept {}
    void late_detection(Nanoseconds) noexcept {}

    Instant now{};
    std::uint64_t dropped = 0;
    std::uint32_t false_downs = 0;  ///< while no cut was announced
    bool cut_announced = false;
    Gaps gaps;
    Gaps detection;  ///< from the last packet to the verdict

private:
    static void address(std::array<std::uint8_t, 16>& out, std::uint32_t index, std::uint8_t side) {
        const std::uint32_t host = 10U << 24U | index << 2U | side;
        for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(host >> (24U - 8U * i));
    }

    static void widen(Gaps& gaps, Nanoseconds value) {
        gaps.shortest = std::min(gaps.shortest, value);
        gaps.longest = std::max(gaps.longest, value);
    }

    void note_gap(Slot slot) {
        Instant& last = sent_[slot.value];
        if (last != Instant{}) widen(gaps, now - last);
        last = now;
    }

    bool put(Slot slot, const Octets& octets) noexcept {
        if (!out_.cut) {
            out_.frames.push_back({now + kDelay, slot, octets});
            ++out_.carried;
        }
        return true;
    }

    void on_event(const tocsin::bfd::SessionEvent& event) {
        const bool down = event.now.session_state == SessionState::Down &&
                          event.reported_state == SessionState::Up;
        if (!down) return;
        if (!cut_announced) {
            ++false_downs;
        } else if (event.now.local_diag == Diag::ControlDetectionTimeExpired) {
            widen(detection, event.now.last_state_change - heard_[event.now.session.slot.value]);
        }
    }

    struct Free {
        void operator()(std::byte* p) const noexcept { std::free(p); }
    };

    std::vector<Octets> payloads_;
    std::vector<Instant> sent_;
    std::vector<Instant> heard_;
    std::vector<SessionKey> keys_;
    std::vector<SessionHandle> handles_;
    Wire& out_;
    tocsin::bfd::DiscriminatorCodec codec_;
    std::unique_ptr<std::byte, Free> memory_;
    std::unique_ptr<tocsin::bfd::Engine> engine_;
    bool measuring_ = false;
};

double milliseconds(Nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); }

class Lab {
public:
    explicit Lab(std::uint32_t sessions)
        : sessions_{sessions},
          left_{sessions, 0x1d0c, to_right_},
          right_{sessions, 0x2e0d, to_left_} {}

    bool run() {
        std::printf("%u sessions between two engines, %.0f ms x %u, virtual time\n", sessions_,
                    milliseconds(kInterval), unsigned{kDetectMult});
        bool added = true;
        for (std::uint32_t i = 0; i < sessions_; ++i) {
            added = left_.add(i, 1) && right_.add(i, 2) && added;
        }
        check(added, "all sessions were added on both sides");
        bring_up("came Up");
        hold();
        cut();
        set_cut(false);
        bring_up("came Up again after the wire was healed");
        check(left_.dropped + right_.dropped == 0, "no packet was refused");
        return good_;
    }

private:
    void turn() {
        now_ += kTurn;
        left_.now = right_.now = now_;
        deliver(to_left_, left_);
        deliver(to_right_, right_);
        left_.advance();
        right_.advance();
    }

    void deliver(Wire& wire, Appliance& to) {
        for (; !wire.frames.empty() && wire.frames.front().arrives <= now_;
             wire.frames.pop_front()) {
            if (!wire.cut) to.receive(wire.frames.front());
        }
    }

    template <class Done>
    bool until(Nanoseconds longest, Done done) {
        for (const Instant end = now_ + longest; now_ < end;) {
            turn();
            if (done()) return true;
        }
        return false;
    }

    void run_for(Nanoseconds span) {
        until(span, [] { return false; });
    }

    void set_cut(bool cut) { to_left_.cut = to_right_.cut = cut; }

    void bring_up(const char* what) {
        const Instant start = now_;
        const bool up =
            until(30s, [this] { return left_.up() == sessions_ && right_.up() == sessions_; });
        check(up, "%u of %u sessions %s within %.2f s", std::min(left_.up(), right_.up()),
              sessions_, what, milliseconds(now_ - start) / 1000);
        left_.cut_announced = right_.cut_announced = false;
        run_for(3s);  // the Poll Sequences of the faster timers end
    }

    void hold() {
        constexpr Nanoseconds kHeld = 10s;
        left_.measure_gaps(true);
        right_.measure_gaps(true);
        const std::uint64_t before = to_left_.carried + to_right_.carried;
        const auto started = std::chrono::steady_clock::now();
        run_for(kHeld);
        const double real =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        const auto packets = static_cast<double>(to_left_.carried + to_right_.carried - before);
        left_.measure_gaps(false);
        right_.measure_gaps(false);
        const Nanoseconds shortest = std::min(left_.gaps.shortest, right_.gaps.shortest);
        const Nanoseconds longest = std::max(left_.gaps.longest, right_.gaps.longest);
        check(left_.false_downs + right_.false_downs == 0, "no session went Down in %.0f s",
              milliseconds(kHeld) / 1000);
        check(shortest >= Nanoseconds{kInterval} * 3 / 4 - 1ms &&
                  longest <= Nanoseconds{kInterval} + 1ms,
              "gaps between packets lie between %.2f and %.2f ms (allowed: 75..100 %% of %.0f ms, "
              "1 ms each way)",
              milliseconds(shortest), milliseconds(longest), milliseconds(kInterval));
        std::printf(
            "        %.0f packets in %.2f s of real time: %.0f ns for each, sent and received\n",
            packets, real, real / packets * 1e9);
    }

    void cut() {
        left_.cut_announced = right_.cut_announced = true;
        set_cut(true);
        const Instant start = now_;
        const bool down = until(5s, [this] { return left_.up() == 0 && right_.up() == 0; });
        left_.advance();
        right_.advance();
        check(down, "the wire was cut: all sessions Down on both sides after %.2f ms",
              milliseconds(now_ - start));
        const Nanoseconds shortest = std::min(left_.detection.shortest, right_.detection.shortest);
        const Nanoseconds longest = std::max(left_.detection.longest, right_.detection.longest);
        check(shortest >= kDetectionTime && longest <= kDetectionTime + kLateDetection,
              "each %.2f to %.2f ms after its last packet (Detection Time %.0f ms)",
              milliseconds(shortest), milliseconds(longest), milliseconds(kDetectionTime));
    }

    template <class... Arguments>
    void check(bool holds, const char* format, Arguments... arguments) {
        std::array<char, 256> text{};
        if constexpr (sizeof...(arguments) == 0) {
            std::snprintf(text.data(), text.size(), "%s", format);
        } else {
            std::snprintf(text.data(), text.size(), format, arguments...);
        }
        std::printf("  %s  %s\n", holds ? "ok  " : "FAIL", text.data());
        std::fflush(stdout);
        good_ = good_ && holds;
    }

    std::uint32_t sessions_;
    Wire to_left_;
    Wire to_right_;
    Appliance left_;
    Appliance right_;
    Instant now_{};
    bool good_ = true;
};

}  // namespace

int main(int argc, char** argv) {
    constexpr unsigned long kMost = 1'000'000;
    const unsigned long sessions = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
    if (argc > 2 || sessions == 0 || sessions > kMost) {
        std::fprintf(stderr, "usage: in_memory_lab [SESSIONS], 1..%lu\n", kMost);
        return 2;
    }
    const bool good = Lab{static_cast<std::uint32_t>(sessions)}.run();
    std::puts(good ? "\nEverything happened as it should."
                   : "\nSomething did not happen; see FAIL above.");
    return good ? 0 : 1;
}
