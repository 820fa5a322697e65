// A whole worker of the daemon over in-memory ports, both ends of every session on it, in a time of
// its own: what one transmitted and one received packet cost in the steady state, and a change of
// state.

#include "micro/cycles.hpp"
#include "micro/floor.hpp"
#include "micro/rig.hpp"
#include "support/auth_keys.hpp"
#include "support/encap.hpp"

#include <rte_cycles.h>

#include <memory>
#include <string>

namespace tocsin::perf {

namespace {

/// The rig of so many sessions, all Up; the one before is given up.
Rig* rig_of(benchmark::State& state, std::uint32_t sessions, const std::string& auth = "none",
            const std::string& encap = "none") {
    static std::unique_ptr<Rig> rig;
    const bfd::AuthKeys& keys = auth_keys(auth);
    if (rig == nullptr || rig->sessions() != sessions || &rig->keys() != &keys ||
        rig->encap() != encap) {
        rig.reset();
        // As many packets in a tick; ten times as long, for a tenth of them, where each is signed.
        const WireInterval interval = interval_for(sessions) * (auth == "none" ? 1 : 10);
        rig = std::make_unique<Rig>(sessions, interval, keys, encap);
        if (!rig->bring_up()) {
            state.SkipWithError("not every session came Up");
            rig.reset();
        }
    }
    return rig.get();
}

/// Of one transmitted and one received packet, and of each of the two.
struct Spent {
    Costs pair;
    Costs transmit;
    Costs receive;
    Costs floor;
};

Spent hold(benchmark::State& state, Rig& rig) {
    const message::WorkerStats& s = rig.stats();
    const std::uint64_t downs = s.transitions_down.get();
    static std::unique_ptr<Floor> floor;
    static std::uint32_t floor_sessions = 0;
    if (floor_sessions != rig.sessions()) {
        floor.reset();
        floor = std::make_unique<Floor>(rig.sessions());
        floor_sessions = rig.sessions();
    }
    Spent spent;
    for (auto _ : state) {
        floor->round(spent.floor);
        const std::uint64_t rx = s.rx_cycles.get();
        const std::uint64_t tx = s.tx_cycles.get();
        const std::uint64_t sent = s.tx_control.get();
        const std::uint64_t received = s.rx_control.get();
        const std::uint64_t start = rte_rdtsc_precise();
        for (int i = 0; i < 64; ++i) rig.turn();
        spent.pair.add(rte_rdtsc_precise() - start, s.tx_control.get() - sent);
        spent.transmit.add(s.tx_cycles.get() - tx, s.tx_control.get() - sent);
        spent.receive.add(s.rx_cycles.get() - rx, s.rx_control.get() - received);
    }
    if (s.transitions_down.get() != downs) state.SkipWithError("a session went Down");
    return spent;
}

void pair(benchmark::State& state, std::uint32_t sessions) {
    Rig* const rig = rig_of(state, sessions);
    if (rig == nullptr) return;
    const Spent spent = hold(state, *rig);
    report(state, spent.pair, &spent.floor);
}

/// The same with authentication, to be held against it: what the two digests cost is the
/// difference.
void pair_with(benchmark::State& state, std::uint32_t sessions, const std::string& auth) {
    Rig* const rig = rig_of(state, sessions, auth);
    if (rig == nullptr) return;
    const Spent spent = hold(state, *rig);
    report(state, spent.pair, &spent.floor);
}

/// The same in another encapsulation, to be held against pair.
void pair_in(benchmark::State& state, std::uint32_t sessions, const std::string& encap) {
    Rig* const rig = rig_of(state, sessions, "none", encap);
    if (rig == nullptr) return;
    const Spent spent = hold(state, *rig);
    report(state, spent.pair, &spent.floor);
}

void transmit(benchmark::State& state, std::uint32_t sessions) {
    Rig* const rig = rig_of(state, sessions);
    if (rig == nullptr) return;
    const Spent spent = hold(state, *rig);
    report(state, spent.transmit, &spent.floor);
}

void receive(benchmark::State& state, std::uint32_t sessions) {
    Rig* const rig = rig_of(state, sessions);
    if (rig == nullptr) return;
    const Spent spent = hold(state, *rig);
    report(state, spent.receive, &spent.floor);
}

/// Every session AdminDown and Up again: all packets and events of it, for one change of state.
void slow_path(benchmark::State& state, std::uint32_t sessions) {
    Rig* const rig = rig_of(state, sessions);
    if (rig == nullptr) return;
    const message::WorkerStats& s = rig->stats();
    const auto changes = [&s] { return s.transitions_up.get() + s.transitions_down.get(); };
    const std::uint64_t before = changes();
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        const std::uint64_t start = rte_rdtsc_precise();
        for (const bool down : {true, false}) {
            // The even sessions, one end of each path.
            for (std::uint32_t i = 0; i < sessions; i += 2) {
                message::SetAdmin c;
                c.session = rig->handle(i);
                c.down = down;
                rig->send({message::RequestId{i}, c});
            }
            while (s.sessions_up.get() != (down ? 0 : sessions)) {
                rig->turn();
                rig->take_events();
            }
        }
        cycles += rte_rdtsc_precise() - start;
    }
    report(state, sessions, cycles, changes() - before);
}

}  // namespace

void register_worker(std::uint32_t sessions) {
    const std::string n = std::to_string(sessions);
    // Long enough that every session has sent several packets.
    const double seconds = sessions >= 1'000'000 ? 4.0 : 1.5;
    benchmark::RegisterBenchmark(("pair/" + n).c_str(), pair, sessions)->MinTime(seconds);
    benchmark::RegisterBenchmark(("transmit/" + n).c_str(), transmit, sessions)->MinTime(seconds);
    benchmark::RegisterBenchmark(("receive/" + n).c_str(), receive, sessions)->MinTime(seconds);
    benchmark::RegisterBenchmark(("slow_path/" + n).c_str(), slow_path, sessions)->Iterations(2);
    for (const std::string& word : encap_words()) {
        if (word == "none" || word == "multihop") continue;
        benchmark::RegisterBenchmark(("pair_" + word + '/' + n).c_str(), pair_in, sessions, word)
            ->MinTime(seconds);
    }
    for (const std::string& word : auth_words()) {
        if (word == "none") continue;
        benchmark::RegisterBenchmark(("pair_" + word + '/' + n).c_str(), pair_with, sessions, word)
            ->MinTime(seconds);
    }
}

}  // namespace tocsin::perf
