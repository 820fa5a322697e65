#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/engine.hpp"

#include <cstring>

namespace tocsin::bfd {

namespace {

std::array<std::uint8_t, 16> address(const std::uint8_t* octets, AddressFamily family) noexcept {
    std::array<std::uint8_t, 16> out{};
    std::memcpy(out.data(), octets, family == AddressFamily::V4 ? 4 : 16);
    return out;
}

/// Whether a packet with Your Discriminator zero belongs to a session of its addresses.
bool by_addresses(const ReceivedPacket& packet) noexcept {
    switch (packet.type) {
        case SessionType::MultiHop:
        case SessionType::Vxlan:
        case SessionType::Geneve:
            return true;
        case SessionType::SingleHop:
            return !packet.point_to_point;
        default:
            return false;
    }
}

}  // namespace

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
    if (packet.type == SessionType::Mpls) {  // bootstrapped, RFC 5884 5 and 6
        reason = DropReason::NoSession;
        return nullptr;
    }
    SessionKey key;
    key.type = packet.type;
    key.family = packet.family;
    key.domain = packet.domain;
    key.instance = packet.instance;
    key.link = packet.link;
    key.port = port_in_key(packet.type, packet.port);
    if (by_addresses(packet)) {
        key.local = address(packet.destination, packet.family);
        key.remote = address(packet.source, packet.family);
    }
    Slot slot;
    if (!keys_.find(
            key, [this](Slot s) -> const SessionKey& { return cold_[s.value].key; }, slot)) {
        reason = DropReason::NoSession;
        return nullptr;
    }
    return &hot_[slot.value];
}

/// Labels and addresses say nothing, and the TTL of a labelled packet does not, RFC 5884 5 and 7.
DropReason Engine::check_lsp_arrival(const SessionCold& cold,
                                     const ReceivedPacket& packet) noexcept {
    const bool routed = packet.type == SessionType::MultiHop;
    if (routed && packet.ttl < cold.parameters.min_ttl) return DropReason::TtlTooLow;
    const bool any_source = !cold.parameters.match_source || cold.key.remote == kNoAddress;
    return any_source || cold.key.remote == address(packet.source, packet.family)
               ? DropReason::None
               : DropReason::SourceMismatch;
}

/// While Up a packet of another discriminator or source than those it came up with is ignored, RFC
/// 5884 7.
DropReason Engine::check_lsp_peer(Slot slot, const ReceivedPacket& packet,
                                  const ControlPacket& control) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    if (hot.session_state != SessionState::Up) return DropReason::None;
    const SessionCold& cold = cold_[slot.value];
    const auto& known = cold.source == kNoAddress ? cold.key.remote : cold.source;
    const bool same = hot.remote_discr() == control.my_discriminator &&
                      known == address(packet.source, packet.family);
    return same ? DropReason::None : DropReason::PeerChanged;
}

/// Labelled or routed: what the next one is compared with in the steady state.
void Engine::note_lsp_arrival(Slot slot, const ReceivedPacket& packet) noexcept {
    SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    if (packet.type == SessionType::MultiHop) {
        hot.set(kMultiHop);
        hot.arrival = cold.parameters.min_ttl;
    } else {
        hot.clear(kMultiHop);
        hot.arrival = static_cast<std::uint8_t>(cold.key.port.value);
    }
}

/// What the encapsulation asks of a packet once its session is known, RFC 5881 5 and 6, RFC 5883.
DropReason Engine::check_arrival(const SessionCold& cold,
                                 const ReceivedPacket& packet) const noexcept {
    const SessionKey& key = cold.key;
    // The egress of an LSP may send by way of IP routing, RFC 5884 7.
    const bool lsp = key.type == SessionType::Mpls;
    const bool type_fits = key.type == packet.type || (lsp && packet.type == SessionType::MultiHop);
    if (!type_fits || key.family != packet.family || key.domain != packet.domain) {
        return DropReason::SessionType;
    }
    if (lsp) return check_lsp_arrival(cold, packet);
    if (key.instance != packet.instance || key.link != packet.link) {
        return key.type == SessionType::Echo ? DropReason::SessionType : DropReason::WrongInstance;
    }
    const bool any_source = key.remote == kNoAddress;
    const bool any_link = any_source && packet.point_to_point && key.type != SessionType::Micro;
    if (bound_to_port(key.type) && key.port != packet.port && !any_link) {
        return DropReason::WrongPort;
    }
    const bool looped = key.type == SessionType::Echo;  // has a rule of its own
    if (!looped && packet.ttl < cold.parameters.min_ttl) return DropReason::TtlTooLow;
    const bool tunnel = key.type == SessionType::Vxlan || key.type == SessionType::Geneve;
    if ((tunnel || is_initiator(key.type)) &&
        key.local != address(packet.destination, packet.family)) {
        return DropReason::DestinationMismatch;
    }
    if ((cold.parameters.match_source || tunnel) && (tunnel || !any_source) &&
        key.remote != address(packet.source, packet.family)) {
        return DropReason::SourceMismatch;
    }
    return DropReason::None;
}

/// What came back to us, RFC 9747 2: from exactly one hop away, and ours.
DropReason Engine::check_looped(const SessionCold& cold, const ReceivedPacket& packet,
                                const ControlPacket& control) noexcept {
    if (packet.ttl != kLoopedOnceTtl) return DropReason::EchoTtl;
    return control.my_discriminator == cold.local_discr ? DropReason::None
                                                        : DropReason::EchoNotOurs;
}

/// RFC 5881 6: another source address is reported, never adopted as destination.
void Engine::note_source(Slot slot, const ReceivedPacket& packet, Instant now) noexcept {
    SessionCold& cold = cold_[slot.value];
    if (hot_[slot.value].has(kLingering)) return;
    std::array<std::uint8_t, 16> seen = address(packet.source, packet.family);
    if (seen == cold.key.remote) seen = kNoAddress;
    if (seen != cold.source) {
        // At most one report a second. The old tag stays, so that the next packet comes here again.
        const Tick tick = tick_at(now);
        // An LSP comes up with just this source.
        const bool binding = cold.key.type == SessionType::Mpls &&
                             hot_[slot.value].session_state != SessionState::Up;
        if (!binding && (tick - cold.source_event) * kTickLength < Nanoseconds{kSlowInterval})
            return;
        cold.source = seen;
        cold.source_event = tick;
        raise_event(slot, EventCause::Source);
    }
    hot_[slot.value].source_tag = source_tag(packet);
}

}  // namespace tocsin::bfd
