#pragma once

#include "simulation/node.hpp"
#include "simulation/random.hpp"
#include "simulation/wire.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

namespace tocsin::simulation {

/// Two ends joined by a wire, in virtual time: the next thing that happens is found and done,
/// nothing waits. All chance comes from `random`.
class Simulation {
public:
    Simulation(std::uint64_t seed, Observer& observer, const std::array<Node::Config, 2>& ends);

    /// Runs everything that happens up to and including `until`.
    void run_until(TrueTime until);
    void run_for(Nanoseconds time) { run_until(now_ + time); }
    /// Runs until `done()` is true after something happened, at most `longest`. True: it became
    /// true.
    bool run_until_true(Nanoseconds longest, const std::function<bool()>& done);

    /// `action` happens at `at`, after the packets that arrive then.
    void at(TrueTime at, std::function<void()> action);

    /// The end does nothing for this long: packets wait, then it judges all of them first.
    void stall(int end, Nanoseconds time);
    /// A new engine without sessions in place of the old one, which says nothing any more. It has
    /// the keys of the old one.
    void restart(int end);

    [[nodiscard]] Node& node(int end) { return *nodes_[static_cast<std::size_t>(end)]; }
    /// From `end` to the other one.
    [[nodiscard]] Wire& wire(int end) { return wires_[static_cast<std::size_t>(end)]; }
    [[nodiscard]] TrueTime now() const { return now_; }
    [[nodiscard]] bool is_stalled(int end) const {
        return stalled_until_[static_cast<std::size_t>(end)] > now_;
    }
    /// Commands change what is due: sends what a command left in the outbox.
    void command(int end, const std::function<void(Node&)>& give);
    [[nodiscard]] bool all_are(bfd::SessionState state, Index sessions);

    Random random;

private:
    struct OnTheWay {
        TrueTime at;
        std::uint64_t order;
        int to;
        Index index;
        Packet packet;
        bool echo;    ///< goes back where it came from
        bool looped;  ///< and is on its way there
        bool operator>(const OnTheWay& o) const { return at != o.at ? at > o.at : order > o.order; }
    };
    struct Action {
        TrueTime at;
        std::uint64_t order;
        std::function<void()> run;
        bool operator>(const Action& o) const { return at != o.at ? at > o.at : order > o.order; }
    };

    /// Does the next thing that happens, if any does by `until`.
    bool step(TrueTime until);
    void wake(int end);
    void send_outbox(int end);
    void send(int end, Index index, const Packet& packet, bool echo, bool looped);

    Observer& observer_;
    std::array<Node::Config, 2> configs_;
    TrueTime now_{0};
    std::uint64_t order_ = 0;
    std::array<std::unique_ptr<Node>, 2> nodes_;
    std::array<Wire, 2> wires_;
    std::array<TrueTime, 2> stalled_until_{};
    std::array<TrueTime, 2> stalled_since_{};
    std::array<TrueTime, 2> due_{};
    std::array<std::vector<Packet>, 2> inbox_;
    std::array<std::vector<Index>, 2> inbox_to_;
    std::priority_queue<OnTheWay, std::vector<OnTheWay>, std::greater<>> packets_;
    std::priority_queue<Action, std::vector<Action>, std::greater<>> actions_;
};

}  // namespace tocsin::simulation
