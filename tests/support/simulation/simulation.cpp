#include "simulation/simulation.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::simulation {

namespace {

constexpr Nanoseconds kNoHurry = std::chrono::seconds{1};

std::size_t at_end(int end) { return static_cast<std::size_t>(end); }

}  // namespace

Simulation::Simulation(std::uint64_t seed, Observer& observer,
                       const std::array<Node::Config, 2>& ends)
    : random{seed}, observer_{observer}, configs_{ends} {
    for (int end : {0, 1}) {
        configs_[at_end(end)].number = static_cast<std::uint8_t>(end);
        restart(end);
    }
}

void Simulation::restart(int end) {
    Node::Config& config = configs_[at_end(end)];
    config.seed = random.next();
    if (nodes_[at_end(end)]) config.keys = node(end).config().keys;
    nodes_[at_end(end)] = std::make_unique<Node>(config, now_, observer_);
    inbox_[at_end(end)].clear();
    inbox_to_[at_end(end)].clear();
    stalled_until_[at_end(end)] = now_;
    due_[at_end(end)] = now_;
}

void Simulation::at(TrueTime at, std::function<void()> action) {
    actions_.push({at, order_++, std::move(action)});
}

void Simulation::stall(int end, Nanoseconds time) {
    if (!is_stalled(end)) stalled_since_[at_end(end)] = now_;
    stalled_until_[at_end(end)] = std::max(stalled_until_[at_end(end)], now_ + time);
}

void Simulation::command(int end, const std::function<void(Node&)>& give) {
    node(end).set_time(now_);
    give(node(end));
    send_outbox(end);
    due_[at_end(end)] = node(end).due(now_ + kNoHurry);
}

void Simulation::send_outbox(int end) {
    Node& from = node(end);
    for (const Node::Departure& departure : from.outbox) {
        send(end, departure.index, departure.packet, departure.echo, false);
    }
    from.outbox.clear();
}

void Simulation::send(int end, Index index, const Packet& packet, bool echo, bool looped) {
    wire(end).send(packet, echo, now_, random, [&](const Arrival& arrival) {
        packets_.push({arrival.at, order_++, 1 - end, index, arrival.packet, echo, looped});
    });
}

void Simulation::wake(int end) {
    const std::size_t e = at_end(end);
    const Nanoseconds gap = now_ > stalled_since_[e] && stalled_until_[e] == now_
                                ? now_ - stalled_since_[e]
                                : Nanoseconds{0};
    node(end).set_time(now_);
    node(end).step(inbox_[e], inbox_to_[e], gap);
    inbox_[e].clear();
    inbox_to_[e].clear();
    send_outbox(end);
    due_[e] = node(end).due(now_ + kNoHurry);
}

bool Simulation::step(TrueTime until) {
    TrueTime next = until;
    bool anything = false;
    const auto consider = [&](TrueTime t) {
        if (t > next) return;
        next = t;
        anything = true;
    };
    for (int end : {0, 1}) {
        const bool waiting = !inbox_[at_end(end)].empty();
        const TrueTime due = waiting ? now_ : due_[at_end(end)];
        consider(std::max(due, stalled_until_[at_end(end)]));
    }
    if (!packets_.empty()) consider(packets_.top().at);
    if (!actions_.empty()) consider(actions_.top().at);
    now_ = std::max(now_, next);
    if (!anything) return false;

    std::array<bool, 2> arrived{};
    while (!packets_.empty() && packets_.top().at <= now_) {
        const OnTheWay packet = packets_.top();
        packets_.pop();
        if (packet.echo) {
            // Looped below what may stand still, RFC 5880 6.4.
            if (!packet.looped) {
                send(packet.to, packet.index, packet.packet, true, true);
            } else {
                node(packet.to).set_time(now_);
                node(packet.to).looped(packet.index, packet.packet);
            }
            continue;
        }
        arrived[at_end(packet.to)] = true;
        inbox_[at_end(packet.to)].push_back(packet.packet);
        inbox_to_[at_end(packet.to)].push_back(packet.index);
    }
    for (int end : {0, 1}) {
        if (is_stalled(end)) continue;
        if (arrived[at_end(end)] || due_[at_end(end)] <= now_ || !inbox_[at_end(end)].empty()) {
            wake(end);
        }
    }
    while (!actions_.empty() && actions_.top().at <= now_) {
        const auto run = actions_.top().run;
        actions_.pop();
        run();
    }
    return true;
}

void Simulation::run_until(TrueTime until) {
    while (step(until)) {
    }
}

bool Simulation::run_until_true(Nanoseconds longest, const std::function<bool()>& done) {
    const TrueTime until = now_ + longest;
    while (!done()) {
        if (!step(until)) return done();
    }
    return true;
}

bool Simulation::all_are(bfd::SessionState state, Index sessions) {
    for (int end : {0, 1}) {
        for (Index i = 0; i < sessions; ++i) {
            if (!node(end).has(i) || node(end).state(i) != state) return false;
        }
    }
    return true;
}

}  // namespace tocsin::simulation
