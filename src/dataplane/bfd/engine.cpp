#include "dataplane/bfd/engine.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "dataplane/base/bytes.hpp"

namespace tocsin::bfd {

/// Where each array starts in the engine's memory.
struct Engine::Layout {
    std::size_t hot = 0;
    std::size_t cold = 0;
    std::size_t heads = 0;
    std::size_t occupied = 0;
    std::size_t chunks = 0;
    std::size_t buckets = 0;
    std::size_t events = 0;
    std::size_t deleted = 0;
    std::size_t end = 0;
    std::uint32_t wheel_capacity = 0;
    std::uint32_t chunk_count = 0;
    std::uint32_t bucket_count = 0;

    explicit Layout(std::uint32_t slots) noexcept {
        wheel_capacity = kWheelEntriesPerSlot * slots + 4096;
        chunk_count = TimingWheel::chunks_needed(wheel_capacity);
        bucket_count = KeyTable::buckets_needed(slots);
        hot = take<SessionHot>(slots);
        cold = take<SessionCold>(slots);
        heads = take<std::uint32_t>(TimingWheel::kTicks);
        occupied = take<std::uint64_t>(TimingWheel::kTicks / 64);
        chunks = take<TimingWheel::Chunk>(chunk_count);
        buckets = take<std::uint32_t>(bucket_count);
        events = take<Slot>(slots);
        deleted = take<SessionHandle>(slots);
    }

  private:
    template <class T>
    std::size_t take(std::size_t n) noexcept {
        const std::size_t at = end;
        end += (n * sizeof(T) + 63) / 64 * 64;
        return at;
    }
};

namespace {

template <class T>
std::span<T> array_at(std::span<std::byte> memory, std::size_t offset, std::size_t n) noexcept {
    auto* const first = reinterpret_cast<T*>(memory.data() + offset);
    std::uninitialized_default_construct_n(first, n);
    return {first, n};
}

std::array<std::uint8_t, 16> address(const std::uint8_t* octets, AddressFamily family) noexcept {
    std::array<std::uint8_t, 16> out{};
    std::memcpy(out.data(), octets, family == AddressFamily::V4 ? 4 : 16);
    return out;
}

constexpr std::array<std::uint8_t, 16> kNoAddress{};

}  // namespace

std::size_t Engine::memory_needed(const EngineConfig& config) noexcept {
    return Layout{config.slots}.end;
}

Engine::Engine(const EngineConfig& config, std::span<std::byte> memory, Instant now) noexcept
    : Engine{config, Layout{config.slots}, memory, now} {}

Engine::Engine(const EngineConfig& config, const Layout& layout, std::span<std::byte> memory,
               Instant now) noexcept
    : config_{config},
      advanced_to_{now},
      random_state_{fold(config.seed ^ 0xa0761d6478bd642fU, 0xe7037ed1a0b428dbU) | 1U},
      secret_{fold(config.seed ^ 0x8ebc6af09c88c6e3U, 0x589965cc75374cc3U)},
      hot_{array_at<SessionHot>(memory, layout.hot, config.slots)},
      cold_{array_at<SessionCold>(memory, layout.cold, config.slots)},
      wheel_{array_at<std::uint32_t>(memory, layout.heads, TimingWheel::kTicks),
             array_at<std::uint64_t>(memory, layout.occupied, TimingWheel::kTicks / 64),
             array_at<TimingWheel::Chunk>(memory, layout.chunks, layout.chunk_count),
             layout.wheel_capacity, tick_at(now)},
      keys_{array_at<std::uint32_t>(memory, layout.buckets, layout.bucket_count), secret_},
      events_{array_at<Slot>(memory, layout.events, config.slots)},
      deleted_{array_at<SessionHandle>(memory, layout.deleted, config.slots)} {}

std::uint32_t Engine::random() noexcept {  // xorshift64*
    random_state_ ^= random_state_ >> 12U;
    random_state_ ^= random_state_ << 25U;
    random_state_ ^= random_state_ >> 27U;
    return static_cast<std::uint32_t>((random_state_ * 0x2545f4914f6cdd1dU) >> 32U);
}

void Engine::prefetch(const ReceivedPacket& packet) const noexcept {
    const Discriminator yours{load_be32(packet.payload + kYourDiscriminatorOffset)};
    const std::uint32_t slot = config_.discriminators.decode(yours).slot.value;
    if (slot < hot_.size()) __builtin_prefetch(&hot_[slot], 1);
}

SessionHot* Engine::session_at(SessionHandle session) noexcept {
    if (session.slot.value >= hot_.size()) return nullptr;
    SessionHot& hot = hot_[session.slot.value];
    if (!hot.has(kInUse) || cold_[session.slot.value].local_discr != session.local_discr) {
        return nullptr;
    }
    return &hot;
}

/// Step "if the Your Discriminator field ..." of RFC 5880 6.8.6: by discriminator, else by key.
SessionHot* Engine::session_of(const ReceivedPacket& packet, const ControlPacket& control,
                               DropReason& reason) noexcept {
    if (control.your_discriminator.value != 0) {
        const DiscriminatorCodec::Parts parts =
            config_.discriminators.decode(control.your_discriminator);
        reason = DropReason::YourDiscriminatorUnknown;
        if (parts.worker != config_.worker) return nullptr;
        return session_at({parts.slot, control.your_discriminator});
    }
    SessionKey key;
    key.type = packet.type;
    key.family = packet.family;
    key.domain = packet.domain;
    key.instance = packet.instance;
    if (packet.type == SessionType::SingleHop) key.port = packet.port;
    if (!packet.point_to_point) {
        key.local = address(packet.destination, packet.family);
        key.remote = address(packet.source, packet.family);
    }
    Slot slot;
    if (!keys_.find(key, [this](Slot s) -> const SessionKey& { return cold_[s.value].key; }, slot)) {
        reason = DropReason::NoSession;
        return nullptr;
    }
    return &hot_[slot.value];
}

/// What the encapsulation asks of a packet once its session is known, RFC 5881 5 and 6, RFC 5883.
DropReason Engine::check_arrival(const SessionCold& cold,
                                 const ReceivedPacket& packet) const noexcept {
    const SessionKey& key = cold.key;
    if (key.type != packet.type || key.family != packet.family || key.domain != packet.domain ||
        key.instance != packet.instance) {
        return DropReason::SessionType;
    }
    const bool any_source = key.remote == kNoAddress;
    if (key.type == SessionType::SingleHop && key.port != packet.port &&
        !(any_source && packet.point_to_point)) {
        return DropReason::WrongPort;
    }
    if (packet.ttl < cold.parameters.min_ttl) return DropReason::TtlTooLow;
    if (cold.parameters.match_source && !any_source &&
        key.remote != address(packet.source, packet.family)) {
        return DropReason::SourceMismatch;
    }
    return DropReason::None;
}

/// Where the packet came from, as far as the steady state does not compare it otherwise.
std::uint16_t Engine::source_tag(const ReceivedPacket& packet) const noexcept {
    std::uint64_t words[2]{};
    if (packet.family == AddressFamily::V4) {
        std::memcpy(words, packet.source, 4);
    } else {
        std::memcpy(words, packet.source, 16);
    }
    const std::uint64_t network = static_cast<std::uint64_t>(packet.instance) << 32U |
                                  static_cast<std::uint64_t>(packet.domain) << 8U |
                                  static_cast<std::uint64_t>(packet.family);
    const std::uint64_t source = fold(words[0] ^ secret_, words[1] ^ ~secret_);
    return static_cast<std::uint16_t>(fold(source ^ network, secret_ ^ 0x2d358dccaa6c78a5U) >> 32U);
}

/// RFC 5881 6: another source address is reported, never adopted as destination.
void Engine::note_source(Slot slot, const ReceivedPacket& packet, Instant now) noexcept {
    SessionCold& cold = cold_[slot.value];
    std::array<std::uint8_t, 16> seen = address(packet.source, packet.family);
    if (seen == cold.key.remote) seen = kNoAddress;
    if (seen != cold.source) {
        // At most one report a second. The old tag stays, so that the next packet comes here again.
        const Tick tick = tick_at(now);
        if ((tick - cold.source_event) * kTickLength < Nanoseconds{kSlowInterval}) return;
        cold.source = seen;
        cold.source_event = tick;
        raise_event(slot, EventCause::Source);
    }
    hot_[slot.value].source_tag = source_tag(packet);
}

ControlOctets Engine::payload(Slot slot, bool poll, bool final) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    return encode({.diag = cold.local_diag,
                   .state = hot.session_state,
                   .poll = poll,
                   .final = final,
                   .control_plane_independent = cold.parameters.control_plane_independent,
                   .detect_mult = cold.parameters.detect_mult,
                   .my_discriminator = cold.local_discr,
                   .your_discriminator = hot.remote_discr(),
                   .desired_min_tx_interval = cold.desired_min_tx_interval,
                   .required_min_rx_interval = cold.parameters.required_min_rx_interval,
                   .required_min_echo_rx_interval = cold.parameters.required_min_echo_rx_interval});
}

/// RFC 5880 6.8.7, the three cases in which nothing periodic is sent.
bool Engine::may_send_periodic(const SessionHot& hot, const SessionCold& cold) const noexcept {
    if (hot.has(kPassive) && hot.remote_discr().value == 0) return false;
    if (hot.remote_min_rx_interval() == WireInterval{0}) return false;
    return !hot.remote_demand_active() || sends_poll(cold.poll);
}

/// Draws the gap after a packet that left at `sent`.
void Engine::schedule_from(Slot slot, Tick sent) noexcept {
    SessionHot& hot = hot_[slot.value];
    hot.last_tx = sent;
    const Nanoseconds gap = jittered(hot.tx_interval, hot.has(kDetectMultOne), random());
    hot.next_tx = sent + static_cast<Tick>(gap / kTickLength);
    arm_tx(slot);
}

/// An entry that is moved to an earlier tick leaves one behind that is dropped when its tick comes.
/// Each session may do so seven times until one of its own entries fires, while there is room.
bool Engine::may_move_earlier(SessionHot& hot) noexcept {
    if ((hot.flags & kEarlyMoves) == kEarlyMoves) return false;
    if (wheel_.size() + kEntriesPerSession * hot_.size() >= wheel_.capacity()) return false;
    hot.flags = static_cast<std::uint16_t>(hot.flags + kOneEarlyMove);
    return true;
}

/// Sees to it that an entry fires at next_tx or before; one that fires before is put off then.
void Engine::arm_tx(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (hot.has(kTxArmed)) {
        if (!earlier(hot.next_tx, hot.tx_armed) || !may_move_earlier(hot)) return;
    }
    hot.set(kTxArmed);
    hot.tx_armed = wheel_.insert(hot.next_tx, slot.value);
    if (earlier(hot.next_tx, hot.tx_armed)) hot.next_tx = hot.tx_armed;  // already past
}

/// Sees to it that an entry fires at `deadline` or before. `wait` is roughly how far away that is: what
/// lies beyond the order of ticks is looked at again at the wheel's horizon.
void Engine::arm_detection(Slot slot, Instant deadline, Nanoseconds wait) noexcept {
    SessionHot& hot = hot_[slot.value];
    const Tick tick = wait < std::chrono::hours{30} ? tick_after(deadline) : wheel_.horizon();
    if (hot.has(kDetectArmed)) {
        if (!earlier(tick, hot.detect_armed) || !may_move_earlier(hot)) return;
    }
    hot.set(kDetectArmed);
    hot.detect_armed = wheel_.insert(tick, slot.value | kDetectEntry);
}

/// The transmit interval in force, RFC 5880 6.8.2 and 6.8.3; 0 when nothing periodic may be sent.
WireInterval Engine::tx_interval_in_force(Slot slot) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    if (!may_send_periodic(hot, cold)) return WireInterval{0};
    return std::max(cold.tx_in_force, hot.remote_min_rx_interval());
}

/// Follows a change of the transmit interval: the next packet moves with it, counted from the last one.
void Engine::update_tx_interval(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    const WireInterval interval = tx_interval_in_force(slot);
    if (interval == hot.tx_interval) return;
    const bool resumed = hot.tx_interval == WireInterval{0};
    hot.tx_interval = interval;
    if (interval == WireInterval{0}) return;  // the entry in the wheel ends by itself
    // Ticks wrap: a silence of many hours must not look like a departure in the future.
    if (resumed && since(hot.last_tx, now) > interval) hot.last_tx = tick_at(now - interval);
    schedule_from(slot, hot.last_tx);
}

void Engine::update_detection(Slot slot) noexcept {
    const SessionHot& hot = hot_[slot.value];
    const Nanoseconds detection = hot.detection_time();
    if (detection > Nanoseconds{0} && !hot.has(kLingering)) {
        arm_detection(slot, hot.last_rx + detection, detection);
    }
}

void Engine::set_poll(Slot slot, Poll poll, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    if (sends_poll(poll) != sends_poll(cold.poll)) hot.set(kPayloadStale);
    if (poll == Poll::Active && cold.poll == Poll::Requested) cold.poll_since = tick_at(now);
    if (poll == Poll::Separating) {
        cold.poll_since = tick_at(now);
        hot.clear(kSteady);  // the next packet matters even if it is the last one again
    }
    cold.poll = poll;
    hot.clear(kPollAttention);
    if (poll == Poll::Requested || poll == Poll::Separating) hot.set(kPollAttention);
}

/// The next packet differs from the last by more than P and F. A peer in Demand mode hears nothing
/// periodic: it is told by a Poll Sequence, RFC 5880 6.6.
void Engine::content_changed(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    hot.set(kPayloadStale);
    if (hot.remote_demand_active()) want_poll(slot, now);
}

/// A parameter changed that needs a Poll Sequence.
void Engine::want_poll(Slot slot, Instant now) noexcept {
    const Poll poll = cold_[slot.value].poll;
    const bool wait = poll == Poll::Idle && finals_under_way(slot, now);
    set_poll(slot, wait ? Poll::Separating : on_poll_wanted(poll), now);
}

/// Whether a Final that arrives now may answer the sequence before. Where the path is longer than the
/// interval several P are under way at once, each with its Final, and packets with F clear between them
/// separate nothing: only a round trip does (choice 2 of RFC 5880 6.8.3). The time from the first P to the
/// first Final is at least that.
bool Engine::finals_under_way(Slot slot, Instant now) const noexcept {
    const Tick left = cold_[slot.value].finals_until - tick_at(now);
    return left - 1U < kLongestRoundTrip;  // 0 and what lies back wrap
}

/// The peer has confirmed what we sent: it takes effect, RFC 5880 6.8.3.
void Engine::poll_ended(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    cold.tx_in_force = cold.desired_min_tx_interval;
    hot.rx_in_force = cold.parameters.required_min_rx_interval;
    update_tx_interval(slot, now);
    raise_event(slot, EventCause::Parameters);
}

/// A change of bfd.DesiredMinTxInterval, RFC 5880 6.8.3.
void Engine::set_desired_min_tx(Slot slot, WireInterval wanted, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    const bool up = hot.session_state == SessionState::Up;
    if (!up || wanted < cold.tx_in_force) cold.tx_in_force = wanted;
    if (wanted == cold.desired_min_tx_interval) return;
    cold.desired_min_tx_interval = wanted;
    hot.set(kPayloadStale);
    want_poll(slot, now);
}

/// Whether the same packet again would change nothing.
void Engine::update_steady(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    hot.clear(kSteady);
    const SessionState state = hot.session_state;
    if (state == SessionState::AdminDown || hot.has(kLingering)) return;
    if (on_receive(state, hot.remote_session_state()) != state) return;
    if (cold.poll == Poll::Separating || cold.parameters.match_source) return;
    if (load_be32(&hot.last_packet[kYourDiscriminatorOffset]) != cold.local_discr.value) return;
    if (hot.last_packet[kLengthOffset] != kControlPacketLength) return;  // a payload may be shorter
    if (!hot.has(kDetectArmed) && hot.detection_time() > Nanoseconds{0}) return;
    hot.set(kSteady);
}

/// A Detection Time without packets: bfd.RemoteDiscr and bfd.RemoteMinRxInterval return to their initial
/// values, RFC 5880 6.8.1 and 6.8.18. bfd.RemoteSessionState stays what was last reported.
void Engine::forget_peer(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    const std::uint8_t state = hot.last_packet[kStateOffset] & 0xc0U;
    hot.last_packet = {};
    hot.last_packet[kStateOffset] = state;
    store_be32(&hot.last_packet[kRequiredMinRxOffset], 1);
    hot.clear(kSteady);
    hot.set(kPayloadStale);
    raise_event(slot, EventCause::Parameters);
}

void Engine::raise_event(Slot slot, EventCause cause) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (hot.has(kLingering)) return;
    SessionCold& cold = cold_[slot.value];
    cold.causes = static_cast<std::uint8_t>(cold.causes | static_cast<std::uint8_t>(cause));
    if (hot.has(kEventPending)) return;
    hot.set(kEventPending);
    events_.push(slot);
}

void Engine::enter_state(Slot slot, SessionState state, Diag diag, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    const SessionState was = hot.session_state;
    hot.session_state = state;
    hot.clear(kSteady);
    cold.local_diag = diag;
    if (state == SessionState::Up && was != SessionState::Up) {
        ++cold.up_count;
        ++sessions_up_;
    } else if (was == SessionState::Up && state != SessionState::Up) {
        ++cold.down_count;
        --sessions_up_;
    }
    cold.last_state_change = now;
    if (cold.transitions++ == 0) cold.first_transition = now;
    raise_event(slot, EventCause::State);

    const bool up = state == SessionState::Up;
    set_poll(slot, on_abandoned(cold.poll), now);
    set_desired_min_tx(slot, desired_min_tx(cold.parameters.desired_min_tx_interval, up), now);
    if (!up) {  // only Up waits for a Poll Sequence, RFC 5880 6.8.3
        cold.tx_in_force = cold.desired_min_tx_interval;
        hot.rx_in_force = cold.parameters.required_min_rx_interval;
        update_detection(slot);
    }
    content_changed(slot, now);
    hot.tx_interval = tx_interval_in_force(slot);  // the packet that tells of the state schedules the next
}

void Engine::release(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    const auto key_of = [this](Slot s) -> const SessionKey& { return cold_[s.value].key; };
    keys_.erase(cold_[slot.value].key, slot, key_of);
    if (hot.session_state == SessionState::Up) --sessions_up_;
    --sessions_;
    const std::uint16_t queued = hot.flags & kEventPending;
    hot = SessionHot{};
    hot.flags = queued;  // still in the event queue
    cold_[slot.value] = SessionCold{};
}

Instant Engine::next_due(Instant limit) const noexcept {
    limit = std::min(limit, advanced_to_ + kLongestStep);
    const Tick beyond = tick_at(limit) + 1;
    const Tick due = wheel_.next_due(beyond);
    return due == beyond ? limit : limit - since(due, limit);
}

Status Engine::headers_changed(SessionHandle session, Instant now) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr) return Status::NoSuchSession;
    if (hot->has(kTxFailed) && hot->tx_interval != WireInterval{0}) {
        hot->next_tx = tick_at(now);
        arm_tx(session.slot);
    }
    return Status::Ok;
}

Status Engine::snapshot(SessionHandle session, SessionSnapshot& out) const noexcept {
    if (session.slot.value >= hot_.size() || !hot_[session.slot.value].has(kInUse) ||
        cold_[session.slot.value].local_discr != session.local_discr) {
        return Status::NoSuchSession;
    }
    fill(session.slot, out);
    return Status::Ok;
}

void Engine::fill(Slot slot, SessionSnapshot& out) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    out.session = {slot, cold.local_discr};
    out.session_state = hot.session_state;
    out.remote_session_state = hot.remote_session_state();
    out.local_diag = cold.local_diag;
    out.remote_diag = static_cast<Diag>(hot.last_packet[0] & 0x1fU);
    out.remote_discr = hot.remote_discr();
    out.desired_min_tx_interval = cold.desired_min_tx_interval;
    out.required_min_rx_interval = cold.parameters.required_min_rx_interval;
    out.remote_min_rx_interval = hot.remote_min_rx_interval();
    out.remote_desired_min_tx_interval = hot.remote_desired_min_tx_interval();
    out.tx_interval = hot.tx_interval;
    out.detection_time = hot.detection_time();
    out.detect_mult = cold.parameters.detect_mult;
    out.remote_detect_mult = hot.remote_detect_mult();
    out.remote_demand_mode = hot.remote_demand_mode();
    out.remote_control_plane_independent =
        (hot.last_packet[kStateOffset] & kControlPlaneIndependentBit) != 0;
    out.poll_in_progress = sends_poll(cold.poll) || cold.poll == Poll::Separating;
    out.rx_packets = cold.rx_packets + hot.rx_packets;
    out.tx_packets = cold.tx_packets + hot.tx_packets;
    out.up_count = cold.up_count;
    out.down_count = cold.down_count;
    out.last_rx = hot.last_rx;
    out.last_state_change = cold.last_state_change;
}

bool Engine::next_event(SessionEvent& out) noexcept {
    while (!events_.empty()) {
        const Slot slot = events_.pop();
        SessionHot& hot = hot_[slot.value];
        SessionCold& cold = cold_[slot.value];
        hot.clear(kEventPending);
        if (!hot.has(kInUse) || cold.causes == 0) continue;  // the slot was given up meanwhile
        fill(slot, out.now);
        out.reported_state = cold.reported_state;
        out.causes = cold.causes;
        out.transitions = cold.transitions;
        out.first_at = cold.first_transition;
        out.last_at = cold.last_state_change;
        out.loop_gap = std::chrono::microseconds{cold.loop_gap_us};
        out.source = {};
        if (cold.source != kNoAddress) {
            out.source.family = cold.key.family;
            out.source.octets = cold.source;
        }
        cold.reported_state = hot.session_state;
        cold.causes = 0;
        cold.transitions = 0;
        cold.loop_gap_us = 0;
        return true;
    }
    return false;
}

bool Engine::next_deleted(SessionHandle& out) noexcept {
    if (deleted_.empty()) return false;
    out = deleted_.pop();
    return true;
}

}  // namespace tocsin::bfd
