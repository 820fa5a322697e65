#pragma once

// Part of engine.hpp: reception of Control packets, RFC 5880 6.8.6.

#include "dataplane/bfd/engine.hpp"

#include <bit>
#include <cstring>

namespace tocsin::bfd {

inline Slot Engine::locate(const std::uint8_t* payload) const noexcept {
    const Discriminator yours{load_be32(payload + kYourDiscriminatorOffset)};
    const DiscriminatorCodec::Parts parts = config_.discriminators.decode(yours);
    if (parts.slot.value >= hot_.size() || parts.worker != config_.worker) return kNowhere;
    __builtin_prefetch(&hot_[parts.slot.value], 1);
    return parts.slot;
}

/// As source_tag(), where what came in a tunnel has more to it than its source.
inline std::uint16_t Engine::tunnel_tag(const ReceivedPacket& packet) const noexcept {
    std::uint64_t words[4]{};
    const std::size_t size = packet.family == AddressFamily::V4 ? 4 : 16;
    std::memcpy(words, packet.source, size);
    std::memcpy(&words[2], packet.destination, size);
    // Each step goes into the next, or one field could make up for another.
    const std::uint64_t instance = std::uint64_t{packet.instance} << 32U | packet.link;
    const std::uint64_t family = static_cast<std::uint64_t>(packet.family) << 56U;
    std::uint64_t hash = fold(words[0] ^ secret_, words[1] ^ ~secret_);
    hash = fold(words[2] ^ hash, words[3] ^ std::rotl(secret_, 17));
    hash = fold(instance ^ hash, family ^ packet.domain ^ std::rotl(secret_, 31));
    return static_cast<std::uint16_t>(hash >> 48U);
}

/// Where the packet came from, as far as the steady state does not compare it otherwise: a keyed
/// hash, of which no two sources have the same but by a chance of 2^-16.
inline std::uint16_t Engine::source_tag(const ReceivedPacket& packet) const noexcept {
    std::uint64_t hash = 0;
    if (packet.port.value >= kPseudoPorts) [[unlikely]]
        return tunnel_tag(packet);
    if (packet.family == AddressFamily::V4) {
        std::uint32_t source = 0;
        std::memcpy(&source, packet.source, sizeof source);
        hash = (std::uint64_t{packet.instance} << 32U | source) * (secret_ | 1U);
    } else {
        std::uint64_t words[2];
        std::memcpy(words, packet.source, sizeof words);
        hash = fold(words[0] ^ secret_, words[1] ^ ~secret_ ^ packet.instance);
    }
    // The same station's single-hop session on the same port is another one, RFC 7130 2.2.
    const unsigned micro = packet.type == SessionType::Micro ? 0x8000U : 0U;
    return static_cast<std::uint16_t>(hash >> 48U ^ packet.domain ^ micro);
}

inline bool Engine::on_steady_packet(Slot slot, const ReceivedPacket& packet,
                                     Instant now) noexcept {
    if (slot.value >= hot_.size()) [[unlikely]]
        return false;
    SessionHot& hot = hot_[slot.value];
    std::array<std::uint64_t, 3> was;
    std::array<std::uint64_t, 3> is;
    static_assert(sizeof was == kControlPacketLength);
    std::memcpy(was.data(), hot.last_packet.data(), sizeof was);
    std::memcpy(is.data(), packet.payload, sizeof is);
    const bool multi_hop = packet.type == SessionType::MultiHop;
    const std::uint16_t kind = multi_hop ? kSteady | kMultiHop : kSteady;
    const bool same = ((was[0] ^ is[0]) | (was[1] ^ is[1]) | (was[2] ^ is[2])) == 0 &&
                      (hot.flags & (kSteady | kMultiHop)) == kind &&
                      hot.source_tag == source_tag(packet) &&
                      (multi_hop ? packet.ttl >= hot.arrival : packet.port.value == hot.arrival);
    if (!same) [[unlikely]]
        return false;
    hot.last_rx = now;
    ++steady_packets_;
    if (++hot.rx_packets == 0) [[unlikely]]
        ++cold_[slot.value].rx_packets;
    return true;
}

template <EngineSink Sink>
DropReason Engine::on_packet(const ReceivedPacket& packet, Instant now, Sink& sink) noexcept {
    // What comes back to us by way of the peer is not the peer's, whatever it contains.
    if (packet.type != SessionType::Echo && on_steady_packet(locate(packet.payload), packet, now)) {
        return DropReason::None;
    }
    return on_changed_packet(packet, now, sink);
}

template <EngineSink Sink>
DropReason Engine::on_changed_packet(const ReceivedPacket& packet, Instant now,
                                     Sink& sink) noexcept {
    ControlPacket control;
    DropReason reason = decode({packet.payload, packet.payload_length}, control);
    if (reason != DropReason::None) return reason;
    SessionHot* const found = session_of(packet, control, reason);
    if (found == nullptr) return reason;
    SessionHot& hot = *found;
    const Slot slot = slot_of(hot);
    SessionCold& cold = cold_[slot.value];
    reason = check_arrival(cold, packet);
    const bool lsp = cold.key.type == SessionType::Mpls;
    if (reason == DropReason::None && lsp) reason = check_lsp_peer(slot, packet, control);
    const bool looped = cold.key.type == SessionType::Echo;
    if (reason == DropReason::None && looped) reason = check_looped(cold, packet, control);
    const bool initiator = is_initiator(cold.key.type);
    if (reason == DropReason::None && initiator) reason = check_response(control);
    if (reason != DropReason::None) return note_dropped(slot, packet, reason, now);
    reason = authenticate(slot, control, packet, now);
    if (reason != DropReason::None) return note_dropped(slot, packet, reason, now);

    // From here on the packet is the last word on the remote variables. P and F are of the moment.
    ControlOctets octets;
    std::memcpy(octets.data(), packet.payload, octets.size());
    octets[kStateOffset] &= static_cast<std::uint8_t>(~(kPollBit | kFinalBit));
    if (looped) {  // the intervals in it mean nothing: ours is in force, RFC 9747 2
        store_be32(&octets[kDesiredMinTxOffset], 0);
        store_be32(&octets[kRequiredMinRxOffset], 1);
        store_be32(&octets[kRequiredMinEchoRxOffset], 0);
    }
    const Discriminator old_discr = hot.remote_discr();
    const bool news = octets != hot.last_packet;
    hot.last_packet = octets;
    if (lsp) note_lsp_arrival(slot, packet);
    if (!looped) note_source(slot, packet, now);
    const bool repeats = old_discr != control.my_discriminator && !initiator;
    if (repeats) hot.set(kPayloadStale);  // as Your Discriminator
    ease_unmeasured(slot, now);

    const Poll before = cold.poll;
    Poll after = before;
    if (control.final) {
        after = on_final(before);
    } else if (!finals_under_way(slot, now)) {
        after = on_final_clear(before);
    }
    if (after != before) {
        if (control.final) {
            // A single P that was answered leaves nothing behind.
            const bool single = after == Poll::Idle && hot.last_tx == cold.poll_since;
            const Tick round_trip = std::min(tick_at(now) - cold.poll_since, kLongestRoundTrip);
            cold.finals_until = tick_at(now) + (single ? 0 : round_trip);
        }
        set_poll(slot, after, now);
        if (after == Poll::Idle) poll_ended(slot, now);
    }
    update_tx_interval(slot, now);

    if (hot.session_state == SessionState::AdminDown) {
        note_dropped(slot, packet, DropReason::AdminDown, now);
        hot.last_rx = now;  // only so that the peer is forgotten in time, 6.8.1
        update_detection(slot, now);
        if (hot.has(kLingering) && control.state != SessionState::Up &&
            control.state != SessionState::Init) {
            const Tick told = tick_at(now);
            const Tick end = earlier(told, cold.linger.at_least) ? cold.linger.at_least : told;
            if (earlier(end, cold.linger.until)) cold.linger.until = end;
            arm_detection_at(slot, cold.linger.until);
        }
        keep_sequence(slot, now);
        if (news) raise_event(slot, EventCause::Parameters);
        return DropReason::AdminDown;
    }

    if (history_.enabled()) note_accepted(slot, packet, now);
    hot.last_rx = now;
    if (++hot.rx_packets == 0) ++cold.rx_packets;
    const SessionState was = hot.session_state;
    const SessionState next =
        initiator ? on_response(was, control.state) : on_receive(was, control.state);
    if (next != was) {
        const Diag diag = next == SessionState::Down ? Diag::NeighborSignaledSessionDown
                          : next == SessionState::Up ? Diag::None
                                                     : cold.local_diag;
        if (control.diag == Diag::ControlDetectionTimeExpired) judge_failure(slot);
        change_state(slot, next, diag, now, sink);
    } else if (repeats) {
        content_changed(slot, now);
        update_tx_interval(slot, now);
        send_content_change(slot, now, sink);
    }
    // Whether Demand mode and Echo are active depends on the states just reached, so once more.
    update_demand(slot, now);
    update_echo(slot, now);
    update_tx_interval(slot, now);
    update_detection(slot, now);
    keep_sequence(slot, now);
    if (control.poll && initiator) {
        // With the next request: one at once would be answered at once, and again.
        cold.owes_final = true;
        hot.set(kPayloadStale);
    } else if (control.poll) {
        const ControlOctets answer = payload(slot, false, true);
        const SignedPacket final = outgoing(slot, answer);
        const bool left = final.length != 0 && sink.transmit_once(slot, final.span());
        if (left && ++hot.tx_packets == 0) on_extra_turn(slot);
        note_once(slot, answer, left, now);
    }
    update_steady(slot);
    if (news) raise_event(slot, EventCause::Parameters);
    return DropReason::None;
}

}  // namespace tocsin::bfd
