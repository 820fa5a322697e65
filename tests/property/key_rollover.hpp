#pragma once

#include "simulation/simulation.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace tocsin::property {

/// The keys of one chain at both ends of a simulation, rolled over again and again as operators do
/// it: both ends accept the next key, both sign with it, both let go of the last one, each at a
/// random time of its own within its third of a round.
class KeyRollover {
public:
    static constexpr std::uint16_t kChain = 1;

    /// Sets the first key of a random type at both ends. `sim` outlives this.
    explicit KeyRollover(simulation::Simulation& sim) : sim_{&sim} {
        type_ = static_cast<bfd::AuthType>(sim.random.between(1, 5));
        method_ = sim.random.chance(0.2) ? bfd::DigestMethod::FrrHmac : bfd::DigestMethod::Rfc5880;
        next_ = some_key();
        for (int e : {0, 1}) {
            bfd::AuthKeys keys{.type = type_, .method = method_, .count = 1, .current = 0};
            keys.keys[0] = next_;
            sim.command(e, [&](simulation::Node& n) { n.set_keys(kChain, keys); });
        }
    }

    /// From now on a round every `period`, for as long as the simulation runs.
    void begin(Nanoseconds period) {
        next_ = some_key();
        const Nanoseconds third = period / 3;
        for (int e : {0, 1}) {
            later(e, Nanoseconds{0}, third, &KeyRollover::accept_next);
            later(e, third, third, &KeyRollover::sign_with_next);
            later(e, 2 * third, third, &KeyRollover::drop_last);
        }
        sim_->at(sim_->now() + period, [this, period] {
            ++rounds;
            begin(period);
        });
    }

    [[nodiscard]] bfd::AuthType type() const { return type_; }
    unsigned rounds = 0;

private:
    using Keys = bfd::AuthKeys;

    /// The peer may still have to judge what was signed before, hence the pause at the end.
    void later(int end, Nanoseconds from, Nanoseconds within, void (KeyRollover::*change)(Keys&)) {
        const Nanoseconds at = from + Nanoseconds{sim_->random.between(0, within.count() / 2)};
        sim_->at(sim_->now() + at, [this, end, change] {
            sim_->command(end, [this, change](simulation::Node& n) {
                Keys keys = n.config().keys[kChain - 1];
                (this->*change)(keys);
                n.set_keys(kChain, keys);
            });
        });
    }
    void accept_next(Keys& keys) { keys.keys[keys.count++] = next_; }
    void sign_with_next(Keys& keys) { keys.current = static_cast<std::uint8_t>(keys.count - 1U); }
    void drop_last(Keys& keys) {
        keys.keys[0] = keys.keys[1];
        keys.keys[1] = {};
        keys.count = 1;
        keys.current = 0;
    }

    bfd::AuthKey some_key() {
        simulation::Random& random = sim_->random;
        bfd::AuthKey key;
        key.id = static_cast<std::uint8_t>(next_.id + 1 + random.below(254));
        key.length = static_cast<std::uint8_t>(1 + random.below(bfd::longest_secret(type_)));
        for (std::size_t i = 0; i < key.length; ++i) {
            key.secret[i] = static_cast<std::uint8_t>(random.next());
        }
        return key;
    }

    simulation::Simulation* sim_;
    bfd::AuthType type_;
    bfd::DigestMethod method_;
    bfd::AuthKey next_;
};

}  // namespace tocsin::property
