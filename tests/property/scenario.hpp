#pragma once

#include "invariants.hpp"
#include "key_rollover.hpp"
#include "simulation/simulation.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace tocsin::property {

/// Two ends with clocks of their own, drawn from the seed, and what all scenarios need of them.
struct Scenario {
    Invariants invariants;
    simulation::Simulation sim;
    std::optional<KeyRollover> rollover;
    bool demand = false;  ///< parameters() may ask for Demand mode
    bool echo = false;    ///< and for Echo

    explicit Scenario(std::uint64_t seed, std::int64_t drift_ppm = 200)
        : sim{seed, invariants, {end(seed, 0, drift_ppm), end(seed, 1, drift_ppm)}} {
        if (!random().chance(0.4)) return;
        rollover.emplace(sim);
        rollover->begin(Nanoseconds{random().between(3'000'000'000, 9'000'000'000)});
    }
    Scenario(const Scenario&) = delete;
    Scenario& operator=(const Scenario&) = delete;

    simulation::Random& random() { return sim.random; }

    /// Parameters such as people use: 10 to 300 ms, sometimes slower than a second, 3 to 5 times.
    bfd::SessionParameters parameters() {
        bfd::SessionParameters p;
        p.desired_min_tx_interval = interval();
        p.required_min_rx_interval = interval();
        p.detect_mult = static_cast<std::uint8_t>(random().between(3, 5));
        p.key_chain = chain();
        if (sim.node(0).config().type == SessionType::MultiHop) {
            p.congestion_doublings = static_cast<std::uint8_t>(random().between(0, 4)) & 0xfU;
        }
        if (demand && random().chance(0.5)) {
            p.demand_mode = true;
            p.demand_poll_interval = interval();
        }
        if (echo && sim.node(0).config().type == SessionType::SingleHop) {
            if (random().chance(0.7)) p.required_min_echo_rx_interval = echo_interval();
            if (random().chance(0.7)) p.desired_min_echo_tx_interval = echo_interval();
        }
        return p;
    }
    /// Of all sessions: some scenarios are authenticated, with keys that roll over all the time.
    [[nodiscard]] std::uint16_t chain() const {
        return rollover ? KeyRollover::kChain : std::uint16_t{0};
    }
    /// `time`, unless Sequence Numbers may have been lost or begun anew: then they count as unknown
    /// after twice the Detection Time only, which is 25 s at most.
    [[nodiscard]] Nanoseconds relearned(Nanoseconds time) const {
        return rollover ? time + std::chrono::seconds{30} : time;
    }
    /// Long enough for three of them to cover a round trip of 160 ms.
    WireInterval echo_interval() {
        return WireInterval{static_cast<std::uint32_t>(random().between(100'000, 300'000))};
    }
    WireInterval interval() {
        if (random().chance(0.05)) {
            return WireInterval{static_cast<std::uint32_t>(random().between(1'000'000, 2'500'000))};
        }
        return WireInterval{static_cast<std::uint32_t>(random().between(10'000, 300'000))};
    }

    /// Session `index` at both ends; the second end may be passive.
    void add(simulation::Index index, bool second_passive = false) {
        for (int e : {0, 1}) {
            bfd::SessionParameters p = parameters();
            p.passive = e == 1 && second_passive;
            sim.command(e, [&](simulation::Node& n) { (void)n.add(index, p, false); });
        }
    }
    void impair(const simulation::Impairment& impairment) {
        for (int e : {0, 1}) sim.wire(e).impairment = impairment;
    }
    bool comes_up(Nanoseconds within, simulation::Index sessions = 1) {
        return sim.run_until_true(within,
                                  [&] { return sim.all_are(bfd::SessionState::Up, sessions); });
    }
    /// Silence that an end takes for a failure, at most, of session `index`.
    Nanoseconds detection(int e, simulation::Index index = 0) {
        return sim.node(e).snapshot(index).detection_time;
    }
    unsigned downs() { return invariants.downs(0).all() + invariants.downs(1).all(); }

private:
    static AddressFamily family(simulation::Random& random) {
        return random.chance(0.5) ? AddressFamily::V4 : AddressFamily::V6;
    }
    /// In whole frames: of the type, or of one of the encapsulations.
    static simulation::Carriage::Kind carriage(simulation::Random& random, AddressFamily family,
                                               SessionType type) {
        constexpr std::array kTypes{SessionType::Micro, SessionType::Vxlan, SessionType::Geneve,
                                    SessionType::Vccv};
        simulation::Carriage::Kind out{.type = type, .family = family};
        const auto which = static_cast<std::size_t>(random.between(0, kTypes.size()));
        if (which < kTypes.size()) out.type = kTypes[which];
        out.inner = Scenario::family(random);
        out.ethernet = random.chance(0.7);
        out.tags = static_cast<unsigned>(random.between(0, 2));
        out.outer_checksum = random.chance(0.5);
        out.channel = static_cast<overlay::ControlChannel>(random.between(1, 4));
        out.ip = random.chance(0.5);
        return out;
    }
    static simulation::Node::Config end(std::uint64_t seed, std::uint64_t number,
                                        std::int64_t drift_ppm) {
        simulation::Node::Config config;
        simulation::Random both{seed ^ 0x746f6373696eU};
        config.family = family(both);
        config.type = both.chance(0.5) ? SessionType::SingleHop : SessionType::MultiHop;
        if (both.chance(0.6)) config.carriage = carriage(both, config.family, config.type);
        if (config.carriage) config.type = config.carriage->type;
        simulation::Random random{both.next() + number};
        config.clock.parts_per_million = random.between(-drift_ppm, drift_ppm);
        // Some clocks are seconds away from the point where the engine's 32-bit ticks wrap.
        const std::int64_t wrap = std::int64_t{1} << (32U + bfd::kTickShift);
        const std::int64_t near =
            random.between(1, 8) * wrap - random.between(0, 20) * 1'000'000'000;
        const std::int64_t far = random.between(1'000'000'000, wrap);
        config.clock.offset = Nanoseconds{random.chance(0.5) ? near : far};
        return config;
    }
};

}  // namespace tocsin::property
