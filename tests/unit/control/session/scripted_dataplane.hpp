#pragma once

#include "dataplane/message/dataplane.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace tocsin::test {

/// A dataplane of one worker that does only what the test says: it keeps commands, and gives the
/// events that the test queues.
class ScriptedDataplane final : public message::Dataplane, public message::WorkerLink {
public:
    explicit ScriptedDataplane(std::uint32_t slots = 16) : slots_{slots}, codec_{99, slots, 1} {}

    std::size_t workers() const noexcept override { return 1; }
    message::WorkerLink& worker(WorkerId) noexcept override { return *this; }
    unsigned lcore(WorkerId) const noexcept override { return 1; }
    std::uint32_t slots_per_worker() const noexcept override { return slots_; }
    const bfd::DiscriminatorCodec& discriminators() const noexcept override { return codec_; }
    std::vector<message::PortStatus> ports() const override { return {}; }
    Instant now() const noexcept override { return time; }
    double cycles_per_second() const noexcept override { return 2e9; }
    std::chrono::system_clock::time_point wall(Instant t) const noexcept override {
        return std::chrono::system_clock::time_point{t.time_since_epoch()};
    }

    bool send(const message::Command& command) noexcept override {
        if (commands.size() >= ring) return false;
        commands.push_back(command);
        return true;
    }
    std::size_t receive(std::span<message::Event> out) noexcept override {
        const std::size_t n = std::min(out.size(), events.size());
        std::copy_n(events.begin(), n, out.begin());
        events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n));
        return n;
    }
    bool send_frame(const message::Frame&) noexcept override { return true; }
    bool receive_frame(message::Frame&) noexcept override { return false; }
    const message::WorkerStats& stats() const noexcept override { return stats_; }

    /// The oldest command, taken out of the ring.
    message::Command take() {
        const message::Command c = commands.front();
        commands.pop_front();
        return c;
    }
    void reply(const message::Command& c, bfd::Status status = bfd::Status::Ok) {
        events.push_back({.id = c.id, .body = message::Reply{status}});
    }
    void reply_to_all() {
        while (!commands.empty()) reply(take());
    }

    std::deque<message::Command> commands;
    std::deque<message::Event> events;
    std::size_t ring = 1024;
    Instant time{std::chrono::seconds{10}};

private:
    std::uint32_t slots_;
    bfd::DiscriminatorCodec codec_;
    message::WorkerStats stats_;
};

}  // namespace tocsin::test
