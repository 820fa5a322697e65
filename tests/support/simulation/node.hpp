#pragma once

#include "dataplane/bfd/engine.hpp"
#include "simulation/carriage.hpp"
#include "simulation/clock.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tocsin::simulation {

/// Which session of the pair of ends: session `i` of one end talks to session `i` of the other.
using Index = std::uint32_t;

enum class Sent : std::uint8_t { Periodic, Extra, Final };

/// A Control packet on its way, with its Authentication Section if there is one.
using Packet = bfd::SignedPacket;

class Node;

/// Sees all that happens at the ends. Times are those of the end's own clock.
class Observer {
public:
    using SessionState = bfd::SessionState;

    virtual ~Observer() = default;
    virtual void added(Node&, Index, Instant) {}
    virtual void sent(Node&, Index, const Packet&, Sent, Instant) {}
    /// A transmission was due and `can_send` was false.
    virtual void refused(Node&, Slot, Instant) {}
    virtual void received(Node&, const Packet&, DropReason, Instant) {}
    virtual void state_changed(Node&, Index, SessionState, SessionState, Instant) {}
    virtual void event(Node&, const bfd::SessionEvent&, Instant) {}
    virtual void deleted(Node&, bfd::SessionHandle, Instant) {}
    /// After a command, events and deletions drained.
    virtual void commanded(Node&, Index, Instant) {}
    /// After each call of advance(), events and deletions drained.
    virtual void stepped(Node&, Instant) {}
};

/// One end: an engine with its clock, playing the worker's part. What it sends goes to `outbox`.
class Node {
public:
    static constexpr std::uint16_t kChains = 2;

    struct Departure {
        Index index;
        Packet packet;
        bool echo = false;  ///< an Echo packet, which the peer loops
    };
    struct Config {
        std::uint32_t slots = 4;
        std::uint64_t seed = 1;
        std::uint8_t number = 0;  ///< of this end, 0 or 1: makes its addresses
        DriftingClock clock;
        SessionType type = SessionType::SingleHop;
        AddressFamily family = AddressFamily::V4;
        /// In whole frames of this kind, whose type and family are those above; or by themselves.
        std::optional<Carriage::Kind> carriage{};
        std::array<bfd::AuthKeys, kChains> keys{};  ///< of chain 1 and on, in force from the start
    };

    Node(const Config& config, TrueTime now, Observer& observer);

    // Commands, as control gives them. `index` is below `slots`.
    bfd::Status add(Index index, const bfd::SessionParameters& parameters, bool admin_down);
    bfd::Status set_parameters(Index index, const bfd::SessionParameters& parameters);
    bfd::Status set_admin(Index index, bool down);
    bfd::Status signal_path_down(Index index, bfd::Diag diag);
    bfd::Status remove(Index index, bool immediate);
    /// `chain` is 1..kChains.
    void set_keys(std::uint16_t chain, const bfd::AuthKeys& keys);

    void set_time(TrueTime now) { now_ = config_.clock.at(now); }
    /// Judges what has arrived, then what is due; tells the observer.
    void step(std::span<const Packet> arrived, std::span<const Index> to, Nanoseconds gap);
    /// An Echo packet that has come back.
    void looped(Index index, const Packet& packet);
    /// When step() has something to do; at most `limit`.
    [[nodiscard]] TrueTime due(TrueTime limit) const;

    [[nodiscard]] bool has(Index index) const { return present_[index]; }
    [[nodiscard]] bfd::SessionHandle handle(Index index) const { return handles_[index]; }
    [[nodiscard]] bfd::SessionSnapshot snapshot(Index index) const;
    [[nodiscard]] bfd::SessionState state(Index index) const {
        return snapshot(index).session_state;
    }
    [[nodiscard]] Index index_of(bfd::SessionHandle handle) const {
        return slot_index_[handle.slot.value];
    }
    /// How long this end had stood still before the step that is being done.
    [[nodiscard]] Nanoseconds gap() const { return gap_; }
    /// The packet that the engine is judging, or nullptr.
    [[nodiscard]] const Packet* judging() const { return judging_; }
    [[nodiscard]] const bfd::Engine& engine() const { return *engine_; }
    [[nodiscard]] const Config& config() const { return config_; }
    /// That the session in a slot is authenticated with; type None without.
    [[nodiscard]] bfd::AuthKeys keys_of(Slot slot) const;
    [[nodiscard]] std::uint16_t chain_of(Index index) const {
        return chains_[handles_[index].slot.value];
    }
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] ReceivedPacket packet(Index index, const Packet& octets) const;

    // EngineSink
    void set_payload(Slot slot, bfd::ControlPayload payload) noexcept;
    bool transmit(Slot slot) noexcept;
    bool transmit_once(Slot slot, bfd::ControlPayload payload) noexcept;
    bool transmit_echo(Slot slot, const bfd::EchoOctets& octets) noexcept;
    void state_changed(Slot slot, bfd::SessionState was, bfd::SessionState is) noexcept;
    void late_tx(Nanoseconds) noexcept {}
    void late_detection(Nanoseconds) noexcept {}

    std::vector<Departure> outbox;
    bool can_send = true;  ///< false: every transmission is refused, as without a next hop

private:
    [[nodiscard]] SessionKey key(Index index) const;
    bool send(Slot slot, const Packet& packet, Sent kind) noexcept;
    void drain();
    bfd::Status commanded(Index index, bfd::Status status);

    Config config_;
    Observer& observer_;
    Instant now_;
    Nanoseconds gap_{0};
    const Packet* judging_ = nullptr;
    std::optional<Carriage> carriage_;
    bfd::DiscriminatorCodec codec_;
    struct Aligned {
        alignas(64) std::array<std::byte, 64> octets;
    };
    std::vector<Aligned> memory_;
    std::unique_ptr<bfd::Engine> engine_;
    std::deque<bfd::AuthKeys> keys_;                       ///< whatever the engine was given
    std::vector<std::uint16_t> chains_;                    ///< by slot: 0 or that of its session
    std::vector<bfd::SessionHandle> handles_;              ///< by index
    std::vector<bool> present_;                            ///< by index: added and not removed
    std::vector<Index> slot_index_;                        ///< by slot
    std::vector<std::uint32_t> generations_;               ///< by slot
    std::deque<Slot> free_;                                ///< slots, the longest unused one first
    std::vector<Packet> payloads_;                         ///< by slot
    std::vector<std::array<std::uint8_t, 16>> addresses_;  ///< by index: ours, then the peer's
};

}  // namespace tocsin::simulation
