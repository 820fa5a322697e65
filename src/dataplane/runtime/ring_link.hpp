#pragma once

#include "dataplane/message/link.hpp"

#include <cstdint>
#include <memory>

struct rte_ring;

namespace tocsin::runtime {

/// The four rings between control and one worker, elements by value, single producer and consumer.
struct LinkRings {
    rte_ring* commands = nullptr;  ///< control -> worker, message::Command
    rte_ring* events = nullptr;    ///< worker -> control, message::Event
    rte_ring* frames = nullptr;    ///< control -> worker, message::Frame
    rte_ring* punted = nullptr;    ///< worker -> control, message::Frame
};

/// message::WorkerLink over rte_ring.
class RingLink final : public message::WorkerLink {
public:
    static constexpr unsigned kCommands = 4096;
    static constexpr unsigned kEvents = 16384;
    static constexpr unsigned kFrames = 512;  ///< each way

    /// Memory that create() takes, in octets, rounded up.
    [[nodiscard]] static std::uint64_t memory_needed() noexcept;

    /// `stats` outlives the link. nullptr when there is no memory.
    [[nodiscard]] static std::unique_ptr<RingLink> create(unsigned index, int socket,
                                                          const message::WorkerStats& stats);
    RingLink(const RingLink&) = delete;
    RingLink& operator=(const RingLink&) = delete;
    ~RingLink() override;

    [[nodiscard]] const LinkRings& rings() const noexcept { return rings_; }
    /// Frees the rings. From then on nothing can be sent and nothing arrives.
    void close() noexcept;

    [[nodiscard]] bool send(const message::Command& command) noexcept override;
    [[nodiscard]] std::size_t receive(std::span<message::Event> out) noexcept override;
    [[nodiscard]] bool send_frame(const message::Frame& frame) noexcept override;
    [[nodiscard]] bool receive_frame(message::Frame& out) noexcept override;
    [[nodiscard]] const message::WorkerStats& stats() const noexcept override { return stats_; }

private:
    explicit RingLink(const message::WorkerStats& stats) : stats_{stats} {}

    LinkRings rings_;
    const message::WorkerStats& stats_;
};

}  // namespace tocsin::runtime
