#pragma once

#include "simulation/node.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>

namespace tocsin::property {

/// Watches both ends of a simulation and fails the test when something happens that must never
/// happen, whatever the wire does.
class Invariants : public simulation::Observer {
public:
    using Node = simulation::Node;
    using Index = simulation::Index;

    void added(Node& node, Index index, Instant now) override;
    void sent(Node& node, Index index, const simulation::Packet& packet, simulation::Sent kind,
              Instant now) override;
    void refused(Node& node, Slot slot, Instant now) override;
    void received(Node& node, const simulation::Packet& packet, DropReason reason,
                  Instant now) override;
    void state_changed(Node& node, Index index, SessionState was, SessionState is,
                       Instant now) override;
    void event(Node& node, const bfd::SessionEvent& event, Instant now) override;
    void deleted(Node& node, bfd::SessionHandle handle, Instant now) override;
    void commanded(Node& node, Index index, Instant now) override;
    void stepped(Node& node, Instant now) override;

    /// The end's engine was replaced.
    void forget(int end) { tracks_[static_cast<std::size_t>(end)].clear(); }

    /// Transitions Up -> Down of one end since the start, by cause.
    struct Downs {
        unsigned by_detection = 0;
        unsigned by_neighbor = 0;
        unsigned other = 0;
        [[nodiscard]] unsigned all() const { return by_detection + by_neighbor + other; }
    };
    [[nodiscard]] const Downs& downs(int end) const {
        return downs_[static_cast<std::size_t>(end)];
    }
    /// Time from the last accepted packet to the last Down by detection of this end.
    [[nodiscard]] Nanoseconds last_silence(int end) const {
        return silence_[static_cast<std::size_t>(end)];
    }
    std::uint64_t packets = 0;
    std::uint64_t signed_packets = 0;
    std::uint64_t periodic_gaps = 0;  ///< gaps of Up sessions that were compared

private:
    /// One session as seen from outside.
    struct Track {
        bfd::SessionHandle handle;
        Index index = 0;
        bfd::SessionSnapshot seen;        ///< after what happened last
        bfd::SessionSnapshot settled;     ///< after the last command or step
        bfd::SessionSnapshot reported;    ///< of the last event
        std::optional<Instant> accepted;  ///< last packet that was not discarded
        Instant detection_changed;
        Instant listening;                ///< Demand mode ended
        std::optional<Instant> sent;      ///< last packet, Finals excepted
        std::optional<Instant> periodic;  ///< last one on the schedule
        Instant interval_changed;
        WireInterval interval{};
        WireInterval shortest{};  ///< interval since the last periodic packet
        std::uint8_t detect_mult_then = 0;
        bfd::SessionState state_sent{};
        unsigned extras = 0;  ///< content changes since the last periodic packet
        bool all_up = false;  ///< Up and undisturbed since the last periodic packet
        std::optional<Instant> removed;
        Nanoseconds linger_least{};
        Nanoseconds linger_most{};
        std::optional<std::uint32_t> xmit_auth_seq;  ///< of the last packet with one
        std::uint32_t refused = 0;                   ///< transmissions since then
    };

    std::map<std::uint32_t, Track>& tracks(const Node& node) {
        return tracks_[node.config().number];
    }
    Track* track(Node& node, Index index);
    void look(Node& node, Track& track, Instant now);
    void check_periodic(Track& track, Node& node, Instant now);
    void check_reported(Node& node);
    void check_signature(Track& track, const bfd::AuthKeys& keys, const simulation::Packet& packet,
                         const bfd::ControlPacket& control);

    std::array<std::map<std::uint32_t, Track>, 2> tracks_;  ///< by slot
    std::array<Downs, 2> downs_{};
    std::array<Nanoseconds, 2> silence_{};
};

}  // namespace tocsin::property
