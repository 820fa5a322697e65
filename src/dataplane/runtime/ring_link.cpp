#include "dataplane/runtime/ring_link.hpp"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <string>

namespace tocsin::runtime {

namespace {

template <class Element>
rte_ring* make_ring(const char* kind, unsigned index, unsigned count, int socket) {
    const std::string name = std::string{"tocsin_"} + kind + std::to_string(index);
    return rte_ring_create_elem(name.c_str(), sizeof(Element), count, socket,
                                RING_F_SP_ENQ | RING_F_SC_DEQ);
}

}  // namespace

std::uint64_t RingLink::memory_needed() noexcept {
    return std::uint64_t{kCommands} * sizeof(message::Command) +
           std::uint64_t{kEvents} * sizeof(message::Event) +
           2 * std::uint64_t{kFrames} * sizeof(message::Frame) + 4 * 4096UL;
}

std::unique_ptr<RingLink> RingLink::create(unsigned index, int socket,
                                           const message::WorkerStats& stats) {
    std::unique_ptr<RingLink> link{new RingLink{stats}};
    LinkRings& r = link->rings_;
    r.commands = make_ring<message::Command>("commands", index, kCommands, socket);
    r.events = make_ring<message::Event>("events", index, kEvents, socket);
    r.frames = make_ring<message::Frame>("frames", index, kFrames, socket);
    r.punted = make_ring<message::Frame>("punted", index, kFrames, socket);
    if (r.commands == nullptr || r.events == nullptr || r.frames == nullptr ||
        r.punted == nullptr) {
        return nullptr;
    }
    return link;
}

RingLink::~RingLink() { close(); }

void RingLink::close() noexcept {
    rte_ring_free(rings_.commands);
    rte_ring_free(rings_.events);
    rte_ring_free(rings_.frames);
    rte_ring_free(rings_.punted);
    rings_ = {};
}

bool RingLink::send(const message::Command& command) noexcept {
    return rings_.commands != nullptr &&
           rte_ring_sp_enqueue_elem(rings_.commands, const_cast<message::Command*>(&command),
                                    sizeof command) == 0;
}

std::size_t RingLink::receive(std::span<message::Event> out) noexcept {
    if (rings_.events == nullptr || out.empty()) return 0;
    return rte_ring_sc_dequeue_burst_elem(rings_.events, out.data(), sizeof(message::Event),
                                          static_cast<unsigned>(out.size()), nullptr);
}

bool RingLink::send_frame(const message::Frame& frame) noexcept {
    return rings_.frames != nullptr &&
           rte_ring_sp_enqueue_elem(rings_.frames, const_cast<message::Frame*>(&frame),
                                    sizeof frame) == 0;
}

bool RingLink::receive_frame(message::Frame& out) noexcept {
    return rings_.punted != nullptr &&
           rte_ring_sc_dequeue_elem(rings_.punted, &out, sizeof out) == 0;
}

}  // namespace tocsin::runtime
