#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/received_packet.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/bfd/congestion.hpp"
#include "dataplane/bfd/discriminator.hpp"
#include "dataplane/bfd/engine_sink.hpp"
#include "dataplane/bfd/hot_lines.hpp"
#include "dataplane/bfd/key_table.hpp"
#include "dataplane/bfd/packet_history.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/session.hpp"
#include "dataplane/bfd/session_event.hpp"
#include "dataplane/bfd/slot_queue.hpp"
#include "dataplane/bfd/timing_wheel.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

struct EngineConfig {
    std::uint32_t slots = 0;  ///< capacity; at least 1
    WorkerId worker;          ///< the worker part of our discriminators
    DiscriminatorCodec discriminators;
    /// Octets behind each hot line that are the owner's, who may write to them at any time; a
    /// multiple of 64. Slot n's begin sizeof(SessionHot) + n * HotLines::spacing() into the memory.
    std::uint32_t beside_hot = 0;
    std::uint64_t seed = 0;  ///< of jitter and of the key hash; random in production
    /// Packets of different sessions leave together, at instants within their jitter that
    /// sessions share, so that a worker that sleeps between them is woken up less often.
    bool gather = false;
    /// Chains of keys that sessions may be authenticated with, numbered from 1. 0: none may.
    std::uint16_t key_chains = 0;
    /// Room for Echo packets of our own at every session.
    bool echo = false;
    EchoSecret echo_secret{};  ///< of what these are authenticated with; random in production
    /// Room for the congestion control of every session, RFC 5880 7.
    bool congestion_control = false;
    /// Records of packets that each session keeps, live and once more of its last Down; 0, or
    /// 4..PacketHistory::kMost.
    std::uint8_t history = 0;
};

/// The BFD sessions of one worker: RFC 5880 as a function of time and packets. No heap: all memory
/// is given at construction. Time never goes backwards between calls.
class Engine {
public:
    /// Octets that the constructor needs, alignment 64.
    [[nodiscard]] static std::size_t memory_needed(const EngineConfig& config) noexcept;

    /// `memory` is at least memory_needed() octets, aligned to 64, and outlives the engine.
    Engine(const EngineConfig& config, std::span<std::byte> memory, Instant now) noexcept;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Where Your Discriminator of the 24 octets at `payload` leads, for on_steady_packet(); starts
    /// loading what that one will touch. Call it for a whole burst first. kNowhere: not to us.
    [[nodiscard]] Slot locate(const std::uint8_t* payload) const noexcept;
    static constexpr Slot kNowhere{~std::uint32_t{0}};

    /// The steady state alone, all checks of which were made when the packet was new: true when it
    /// is the last accepted one of `slot` (from locate()) again, and is done with. False: nothing
    /// happened, on_packet() has to judge it.
    [[nodiscard]] bool on_steady_packet(Slot slot, const ReceivedPacket& packet,
                                        Instant now) noexcept;

    /// RFC 5880 6.8.6. None: accepted. A Final leaves through `sink` before this returns.
    template <EngineSink Sink>
    DropReason on_packet(const ReceivedPacket& packet, Instant now, Sink& sink) noexcept;

    /// An Echo packet that came back, RFC 5880 6.8.8: matches only what we sent and have not seen
    /// yet. Your Discriminator is of no concern; what a Control packet in it says goes to
    /// on_packet().
    [[nodiscard]] DropReason on_echo(const ReceivedPacket& packet, Instant now) noexcept;

    /// Carries out what is due by `now`: periodic packets and detection. Call it after every packet
    /// that arrived before `now` was given to on_packet(), or a dead-looking session may have been
    /// heard. At most `budget` entries; false = there was more, call again (with packets in
    /// between). `loop_gap`: how long this worker or another one whose packets it needs had stood
    /// still just before, for the events of Downs found now.
    template <EngineSink Sink>
    bool advance(Instant now, Nanoseconds loop_gap, std::uint32_t budget, Sink& sink) noexcept;

    /// No call of advance() before this instant would do anything. At most `limit`.
    [[nodiscard]] Instant next_due(Instant limit) const noexcept;

    /// Starts in Down (or AdminDown). On a point-to-point port the key has zeros for addresses and
    /// packets of any source belong to the session, RFC 5881 6.
    template <EngineSink Sink>
    Status add(SessionHandle session, const SessionKey& key, const SessionParameters& parameters,
               bool admin_down, Instant now, Sink& sink) noexcept;

    /// Changed intervals start a Poll Sequence, RFC 5880 6.8.3. Of an LSP whose peer was known
    /// beforehand and is forgotten (RFC 7726 2.3): it is known again, whatever else changes.
    template <EngineSink Sink>
    Status set_parameters(SessionHandle session, const SessionParameters& parameters, Instant now,
                          Sink& sink) noexcept;

    /// A Poll Sequence begins if the session is Up: in Demand mode connectivity is verified, RFC
    /// 5880 6.6.
    Status start_poll(SessionHandle session, Instant now) noexcept;

    /// RFC 5880 6.8.16. Enabling an enabled session changes nothing; disabling a disabled one only
    /// its diagnostic.
    template <EngineSink Sink>
    Status set_admin(SessionHandle session, bool down, Diag diag, Instant now, Sink& sink) noexcept;

    /// Down at once with `diag`, unless AdminDown or already Down.
    template <EngineSink Sink>
    Status signal_path_down(SessionHandle session, Diag diag, Instant now, Sink& sink) noexcept;

    /// RFC 5880 6.8.17: shown to the peer while Up; None clears it. Only the two concatenated codes
    /// and None are taken, and only while Up; else nothing changes.
    template <EngineSink Sink>
    Status set_concatenated_diag(SessionHandle session, Diag diag, Instant now,
                                 Sink& sink) noexcept;

    /// The headers of this session became known: a packet that could not leave is sent now.
    Status headers_changed(SessionHandle session, Instant now) noexcept;

    /// AdminDown until heard or a Detection Time has passed, then gone: next_deleted() tells. With
    /// `immediate` the slot is free on return and nothing is sent. The key is free on return either
    /// way: adding it again ends the lingering.
    template <EngineSink Sink>
    Status remove(SessionHandle session, bool immediate, Instant now, Sink& sink) noexcept;

    /// The keys of chain `number`, 1..key_chains, from now on; they stay where they are until
    /// others come in their place. nullptr: none, nothing is accepted and nothing sent. The type
    /// stays the same for as long as a session uses it.
    Status set_keys(std::uint16_t number, const AuthKeys* keys) noexcept;

    /// All that set_keys() has told of, by number less one; nullptr: none.
    [[nodiscard]] std::span<const AuthKeys* const> keys() const noexcept { return chains_; }

    [[nodiscard]] Status snapshot(SessionHandle session, SessionSnapshot& out) const noexcept;
    /// What history_record() has of a session.
    [[nodiscard]] Status history(SessionHandle session, HistorySummary& out) const noexcept;
    /// A record of the live or the frozen ring, in no order of time; `index` is below its size.
    /// Runs in progress end with the packet before `now`.
    [[nodiscard]] PacketRecord history_record(Slot slot, bool frozen, std::size_t index,
                                              Instant now) const noexcept;

    /// Control packets of the session in `slot` that have left; its bfd.DetectMult.
    [[nodiscard]] std::uint64_t packets_sent(Slot slot) const noexcept;
    [[nodiscard]] std::uint8_t detect_mult(Slot slot) const noexcept {
        return cold_[slot.value].parameters.detect_mult;
    }

    /// The oldest session with something to report; false when there is none.
    [[nodiscard]] bool next_event(SessionEvent& out) noexcept;
    /// A session whose lingering deletion ended; false when there is none.
    [[nodiscard]] bool next_deleted(SessionHandle& out) noexcept;

    [[nodiscard]] std::uint32_t sessions() const noexcept { return sessions_; }  ///< lingering too
    [[nodiscard]] std::uint32_t sessions_up() const noexcept { return sessions_up_; }
    /// What the shortest Detection Time allows: kWidestGrid doubled so often is as long as received
    /// packets should lie unseen. 0 without sessions that have a Detection Time.
    [[nodiscard]] unsigned leisure() const noexcept;
    /// Accepted packets that were equal to the one before.
    [[nodiscard]] std::uint64_t steady_packets() const noexcept { return steady_packets_; }

private:
    struct Layout;

    // Wheel entries: kind in the top bits, none of them for transmission; slot below.
    static constexpr std::uint32_t kDetectEntry = 1U << 31U;
    static constexpr std::uint32_t kEchoEntry = 1U << 30U;
    static constexpr std::uint32_t kSlotMask = kEchoEntry - 1;
    // Entries that a session may always have: transmission, detection, and one left behind when it
    // is deleted. What is above is for additions and for moves to an earlier tick.
    static constexpr std::uint32_t kEntriesPerSession = 3;
    [[nodiscard]] std::uint32_t entries_per_session() const noexcept {
        return kEntriesPerSession + (config_.echo ? 1U : 0U);
    }
    // Coming Up leaves one entry behind for up to a second; all may do so twice within it.
    static constexpr std::uint32_t kWheelEntriesPerSlot = 5;
    static constexpr std::chrono::seconds kLongestLinger{10};
    /// A peer that asks for an interval of an hour does not keep a slot for hours.
    static constexpr std::chrono::seconds kLongestHeardBy{60};
    // Sequence Numbers back from the last one sent that responses may still have: of 2.5 s at 10
    // ms.
    static constexpr std::uint32_t kLatestSent = 256;
    // Two seconds: what Finals are waited for; lost ones make a round trip look longer than it is.
    static constexpr Tick kLongestRoundTrip = 30'517;
    // Ticks keep their order over 39 hours: a longer standstill (a suspended machine) is caught up
    // with in steps, or everything in the wheel would look like the future.
    static constexpr std::chrono::hours kLongestStep{30};
    // Between two looks at a deadline that may not be judged yet.
    static constexpr Nanoseconds kLongestPause = std::chrono::milliseconds{100};
    // Longer than any Detection Time.
    static constexpr std::chrono::hours kLongestWait{1000};
    static constexpr Instant kNever = Instant::max();
    static constexpr std::uint8_t kLoopedOnceTtl = 254;  // sent with 255, RFC 9747 2

    Engine(const EngineConfig& config, const Layout& layout, std::span<std::byte> memory,
           Instant now) noexcept;

    [[nodiscard]] std::uint32_t random() noexcept;

    // engine_*.cpp: what needs no sink.
    [[nodiscard]] SessionHot* session_at(SessionHandle session) noexcept;
    [[nodiscard]] SessionHot* session_of(const ReceivedPacket& packet, const ControlPacket& control,
                                         DropReason& reason) noexcept;
    [[nodiscard]] DropReason check_arrival(const SessionCold& cold,
                                           const ReceivedPacket& packet) const noexcept;
    [[nodiscard]] std::uint16_t source_tag(const ReceivedPacket& packet) const noexcept;  // inline
    [[nodiscard]] std::uint16_t tunnel_tag(const ReceivedPacket& packet) const noexcept;  // inline
    [[nodiscard]] static DropReason check_looped(const SessionCold& cold,
                                                 const ReceivedPacket& packet,
                                                 const ControlPacket& control) noexcept;
    // engine_sbfd.cpp: what sets initiators of S-BFD apart, RFC 7880
    [[nodiscard]] bool initiates(Slot slot) const noexcept {
        return is_initiator(cold_[slot.value].key.type);
    }
    [[nodiscard]] static DropReason check_response(const ControlPacket& control) noexcept;
    [[nodiscard]] DropReason check_sequence_sent(
        Slot slot, std::span<const std::uint8_t> packet) const noexcept;
    void expect_responses(Slot slot) noexcept;
    void reschedule(Slot slot, Instant now) noexcept;
    [[nodiscard]] static DropReason check_lsp_arrival(const SessionCold& cold,
                                                      const ReceivedPacket& packet) noexcept;
    [[nodiscard]] DropReason check_lsp_peer(Slot slot, const ReceivedPacket& packet,
                                            const ControlPacket& control) const noexcept;
    void note_lsp_arrival(Slot slot, const ReceivedPacket& packet) noexcept;
    void note_source(Slot slot, const ReceivedPacket& packet, Instant now) noexcept;
    [[nodiscard]] ControlOctets payload(Slot slot, bool poll, bool final) const noexcept;
    [[nodiscard]] ControlOctets periodic_payload(Slot slot) const noexcept;
    // engine_auth.cpp
    void start_authentication(Slot slot) noexcept;
    [[nodiscard]] SignedPacket outgoing(Slot slot, const ControlOctets& packet) noexcept;
    [[nodiscard]] DropReason authenticate(Slot slot, const ControlPacket& control,
                                          const ReceivedPacket& packet, Instant now) noexcept;
    void keep_sequence(Slot slot, Instant now) noexcept;
    void fill_auth(Slot slot, SessionSnapshot& out) const noexcept;
    [[nodiscard]] const AuthKeys& keys_of(std::uint16_t chain) const noexcept;
    // engine_echo.cpp
    [[nodiscard]] static bool wants_echo(const SessionParameters& p) noexcept {
        return p.desired_min_echo_tx_interval > WireInterval{0};
    }
    [[nodiscard]] WireInterval required_min_rx(Slot slot) const noexcept;
    [[nodiscard]] static WireInterval required_min_echo_rx(const SessionCold& cold) noexcept;
    [[nodiscard]] WireInterval echo_interval(Slot slot) const noexcept;
    void update_echo(Slot slot, Instant now) noexcept;
    void arm_echo(Slot slot) noexcept;
    void forget_echo(Slot slot) noexcept;
    void fill_echo(Slot slot, SessionSnapshot& out) const noexcept;
    // engine_congestion.cpp; nothing without EngineConfig::congestion_control
    [[nodiscard]] static bool wants_congestion_control(const SessionKey& key,
                                                       const SessionParameters& p) noexcept {
        return (key.type == SessionType::MultiHop || is_initiator(key.type)) &&
               p.congestion_doublings != 0;
    }
    [[nodiscard]] bool has_congestion_control(Slot slot) const noexcept;
    [[nodiscard]] WireInterval expected_interval(Slot slot) const noexcept;
    [[nodiscard]] unsigned doublings_now(Slot slot) const noexcept;
    [[nodiscard]] WireInterval backed_off_tx(Slot slot) const noexcept;
    [[nodiscard]] WireInterval backed_off_rx(Slot slot) const noexcept;
    void set_turn(Slot slot, std::uint8_t packets, bool turned) noexcept;
    void on_extra_turn(Slot slot) noexcept;
    void on_periodic_turn(Slot slot, Instant now) noexcept;
    void begin_window(Slot slot, Instant now) noexcept;
    void update_window(Slot slot, Instant now) noexcept;
    void end_window(Slot slot) noexcept;
    [[nodiscard]] Nanoseconds window_time(Slot slot) const noexcept;
    void judge_loss(Slot slot, Instant now) noexcept;
    bool ease_unmeasured(Slot slot, Instant now) noexcept;
    void judge_failure(Slot slot) noexcept;
    void back_off(Slot slot) noexcept;
    void set_backoff_base(Slot slot) noexcept;
    void set_backed_off(Slot slot, Instant now) noexcept;
    void apply_backoff(Slot slot, Instant now) noexcept;
    void rebase_congestion(Slot slot, const SessionParameters& was) noexcept;
    void forget_congestion(Slot slot) noexcept;
    void note_standstill(Nanoseconds loop_gap) noexcept;  // inline
    [[nodiscard]] std::uint32_t packets_received(Slot slot) const noexcept;
    void fill_congestion(Slot slot, SessionSnapshot& out) const noexcept;
    // engine_history.cpp; nothing without EngineConfig::history
    [[nodiscard]] PacketTotals totals(Slot slot, Instant now) const noexcept;
    void note_accepted(Slot slot, const ReceivedPacket& packet, Instant now) noexcept;
    DropReason note_dropped(Slot slot, const ReceivedPacket& packet, DropReason reason,
                            Instant now) noexcept;
    void note_sending(Slot slot, const ControlOctets& octets, Instant now) noexcept;
    void note_periodic(Slot slot, Instant now) noexcept;
    void note_not_sent(Slot slot, Instant now) noexcept;
    void note_once(Slot slot, const ControlOctets& octets, bool left, Instant now) noexcept;
    DropReason note_echo(Slot slot, const ReceivedPacket& packet, DropReason reason,
                         Instant now) noexcept;
    void note_echo_sent(Slot slot, const EchoOctets& packet, bool left, Instant now) noexcept;
    void note_late(Slot slot, Nanoseconds by) noexcept;
    void note_pause(Slot slot, Instant now) noexcept;
    void note_down(Slot slot, SessionState to, Diag diag, Instant now) noexcept;
    void watch_runs(Slot slot, Nanoseconds late, Instant now) noexcept;
    void watch_silence(Slot slot, Instant now) noexcept;
    [[nodiscard]] DownEvidence evidence(Slot slot, Instant since) const noexcept;
    [[nodiscard]] bool may_send_periodic(const SessionHot& hot,
                                         const SessionCold& cold) const noexcept;
    void gather(SessionHot& hot) const noexcept {
        const Tick grid = shared_grid(hot.tx_interval, widest_grid(sessions_, leisure()));
        hot.next_tx =
            gathered(hot.next_tx, hot.last_tx, hot.tx_interval, hot.has(kDetectMultOne), grid);
    }
    void schedule_from(Slot slot, Tick sent) noexcept;
    [[nodiscard]] std::uint32_t wheel_room() const noexcept;
    [[nodiscard]] bool may_move_earlier(SessionHot& hot) noexcept;
    void arm_tx(Slot slot) noexcept;
    void cover_detection(Slot slot, Instant now, Nanoseconds gap) noexcept;
    void arm_detection(Slot slot, Instant deadline, Nanoseconds wait) noexcept;
    void arm_detection_at(Slot slot, Tick tick) noexcept;
    [[nodiscard]] WireInterval tx_interval_in_force(Slot slot) const noexcept;
    void update_tx_interval(Slot slot, Instant now) noexcept;
    void expect_first_poll(Slot slot, Instant now) noexcept;
    [[nodiscard]] Nanoseconds detection_time(Slot slot) const noexcept;
    [[nodiscard]] Instant deadline(Slot slot, Instant now) const noexcept;
    void update_detection(Slot slot, Instant now) noexcept;
    void watch(Slot slot, Instant now) noexcept;
    void count_leisure(Slot slot, unsigned now) noexcept;
    void set_poll(Slot slot, Poll poll, Instant now) noexcept;
    void content_changed(Slot slot, Instant now) noexcept;
    void want_poll(Slot slot, Instant now) noexcept;
    [[nodiscard]] bool finals_under_way(Slot slot, Instant now) const noexcept;
    void poll_ended(Slot slot, Instant now) noexcept;
    void set_desired_min_tx(Slot slot, WireInterval wanted, Instant now) noexcept;
    void set_required_min_rx(Slot slot, WireInterval wanted, Instant now) noexcept;
    void update_demand(Slot slot, Instant now) noexcept;
    void verify_demand(Slot slot, Instant now) noexcept;
    void separated(Slot slot, Instant now) noexcept;  // inline
    void update_steady(Slot slot) noexcept;
    void forget_peer(Slot slot) noexcept;
    void name_peer(Slot slot) noexcept;
    void note_parting(Slot slot) noexcept;
    void raise_event(Slot slot, EventCause cause) noexcept;
    void enter_state(Slot slot, SessionState state, Diag diag, Instant now) noexcept;
    void release(Slot slot) noexcept;
    void release_and_tell(Slot slot) noexcept;
    void fill(Slot slot, SessionSnapshot& out) const noexcept;
    [[nodiscard]] Slot slot_of(const SessionHot& hot) const noexcept { return hot_.slot_of(hot); }

    // engine_transmit.hpp, engine_receive.hpp
    template <EngineSink Sink>
    void change_state(Slot slot, SessionState state, Diag diag, Instant now, Sink& sink) noexcept;
    template <EngineSink Sink>
    void send_between(Slot slot, Instant now, Sink& sink) noexcept;
    template <EngineSink Sink>
    void send_content_change(Slot slot, Instant now, Sink& sink) noexcept;
    template <EngineSink Sink>
    void on_tx_entry(Slot slot, Tick tick, Instant now, Sink& sink) noexcept;
    template <EngineSink Sink>
    void on_detect_entry(Slot slot, Tick tick, Instant now, Nanoseconds loop_gap,
                         Sink& sink) noexcept;
    template <EngineSink Sink>
    void on_echo_entry(Slot slot, Tick tick, Instant now, Nanoseconds loop_gap,
                       Sink& sink) noexcept;
    template <EngineSink Sink>
    bool advance_step(Instant now, Nanoseconds loop_gap, std::uint32_t budget, Sink& sink) noexcept;
    template <EngineSink Sink>
    void on_tx_entry_slow(Slot slot, Tick tick, Instant now, Sink& sink) noexcept;
    template <EngineSink Sink>
    bool send_periodic(Slot slot, Tick tick, Instant now, bool may_leave, Sink& sink) noexcept;
    template <EngineSink Sink>
    DropReason on_changed_packet(const ReceivedPacket& packet, Instant now, Sink& sink) noexcept;

    // Bits of extras_: what a periodic packet asks for besides being sent.
    static constexpr std::uint8_t kGathers = 1;
    static constexpr std::uint8_t kWatches = 2;  ///< there are histories
    /// Periodic packets that leave later than this are noted.
    static constexpr Nanoseconds kLateDeparture = std::chrono::milliseconds{1};

    EngineConfig config_;
    std::uint8_t extras_;
    Instant advanced_to_;
    std::uint64_t random_state_;
    std::uint64_t secret_;
    std::uint32_t sessions_ = 0;
    std::uint32_t sessions_up_ = 0;
    std::array<std::uint32_t, kMostLeisure + 1> by_leisure_{};  ///< sessions with a Detection Time
    std::uint64_t steady_packets_ = 0;
    HotLines hot_;
    std::span<SessionCold> cold_;
    TimingWheel wheel_;
    std::uint32_t armed_ = 0;  ///< entries in the wheel that are valid
    KeyTable keys_;
    SlotQueue<Slot> events_;
    std::span<SessionAuth> auth_;              ///< by slot; empty without key chains
    std::span<const AuthKeys*> chains_;        ///< by number, less one
    std::span<SessionEcho> echo_;              ///< by slot; empty without EngineConfig::echo
    std::span<SessionCongestion> congestion_;  ///< by slot; empty without congestion control
    std::uint32_t stalled_ = 0;                ///< ticks that packets had to wait in all; wraps
    Nanoseconds last_gap_{};                   ///< of the call of advance() before
    PacketHistory history_;
    Slot first_deleted_ = kNowhere;  ///< released slots that next_deleted() has not told of yet
    Slot last_deleted_{};
};

}  // namespace tocsin::bfd

#include "dataplane/bfd/engine_command.hpp"
#include "dataplane/bfd/engine_echo.hpp"
#include "dataplane/bfd/engine_receive.hpp"
#include "dataplane/bfd/engine_transmit.hpp"
