#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/received_packet.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/bfd/discriminator.hpp"
#include "dataplane/bfd/engine_sink.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/session_event.hpp"

namespace tocsin::bfd {

struct EngineConfig {
    std::uint32_t slots = 0;        ///< capacity; at least 1
    WorkerId worker;                ///< the worker part of our discriminators
    DiscriminatorCodec discriminators;
    std::uint64_t seed = 0;         ///< of jitter and of the key hash; random in production
};

/// The BFD sessions of one worker: RFC 5880 as a function of time and packets. No heap: all memory is
/// given at construction. Time never goes backwards between calls.
class Engine {
  public:
    /// Octets that the constructor needs, alignment 64.
    [[nodiscard]] static std::size_t memory_needed(const EngineConfig& config) noexcept;

    /// `memory` is at least memory_needed() octets, aligned to 64, and outlives the engine.
    Engine(const EngineConfig& config, std::span<std::byte> memory, Instant now) noexcept;

    /// Starts loading what on_packet() will touch; call it for a whole burst first.
    void prefetch(const ReceivedPacket& packet) const noexcept;

    /// RFC 5880 6.8.6. None: accepted. A Final leaves through `sink` before this returns.
    template <EngineSink Sink>
    DropReason on_packet(const ReceivedPacket& packet, Instant now, Sink& sink) noexcept;

    /// Carries out what is due by `now`: periodic packets and detection. Call it after every packet that
    /// arrived before `now` was given to on_packet(), or a dead-looking session may have been heard.
    /// At most `budget` entries; false = there was more, call again (with packets in between).
    /// `loop_gap`: how long this worker had stood still just before, for the events of Downs found now.
    template <EngineSink Sink>
    bool advance(Instant now, Nanoseconds loop_gap, std::uint32_t budget, Sink& sink) noexcept;

    /// No call of advance() before this instant would do anything. At most `limit`.
    [[nodiscard]] Instant next_due(Instant limit) const noexcept;

    /// Starts in Down (or AdminDown). `key.local` and `key.remote` are the addresses; on a
    /// point-to-point port the key has zeros there and these are given by `local` and `remote`.
    template <EngineSink Sink>
    Status add(SessionHandle session, const SessionKey& key, const SessionParameters& parameters,
               bool admin_down, Instant now, Sink& sink) noexcept;

    /// Changed intervals start a Poll Sequence, RFC 5880 6.8.3.
    template <EngineSink Sink>
    Status set_parameters(SessionHandle session, const SessionParameters& parameters, Instant now,
                          Sink& sink) noexcept;

    /// RFC 5880 6.8.16. Enabling an enabled session, or disabling a disabled one, changes nothing.
    template <EngineSink Sink>
    Status set_admin(SessionHandle session, bool down, Diag diag, Instant now, Sink& sink) noexcept;

    /// Down at once with `diag`, unless AdminDown or already Down.
    template <EngineSink Sink>
    Status signal_path_down(SessionHandle session, Diag diag, Instant now, Sink& sink) noexcept;

    /// RFC 5880 6.8.17; only while Up, else nothing changes.
    template <EngineSink Sink>
    Status set_concatenated_diag(SessionHandle session, Diag diag, Instant now, Sink& sink) noexcept;

    /// The headers of this session became known: tell the peer now rather than at the next interval.
    template <EngineSink Sink>
    Status headers_changed(SessionHandle session, Instant now, Sink& sink) noexcept;

    /// AdminDown until heard or a Detection Time has passed, then gone: next_deleted() tells. With
    /// `immediate` the slot is free on return.
    template <EngineSink Sink>
    Status remove(SessionHandle session, bool immediate, Instant now, Sink& sink) noexcept;

    [[nodiscard]] Status snapshot(SessionHandle session, SessionSnapshot& out) const noexcept;

    /// The oldest session with something to report; false when there is none.
    [[nodiscard]] bool next_event(SessionEvent& out) noexcept;
    /// A session whose lingering deletion ended; false when there is none.
    [[nodiscard]] bool next_deleted(SessionHandle& out) noexcept;

    [[nodiscard]] std::uint32_t sessions() const noexcept;     ///< lingering ones included
    [[nodiscard]] std::uint32_t sessions_up() const noexcept;
};

}  // namespace tocsin::bfd
