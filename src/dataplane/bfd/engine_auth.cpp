#include "dataplane/bfd/engine.hpp"

#include <cstring>

namespace tocsin::bfd {

Status Engine::set_keys(std::uint16_t number, const AuthKeys* keys) noexcept {
    if (number == 0 || number > chains_.size()) return Status::NoSuchKeyChain;
    chains_[number - 1U] = keys;
    return Status::Ok;
}

const AuthKeys& Engine::keys_of(std::uint16_t chain) const noexcept {
    static constexpr AuthKeys kNoKeys;
    const AuthKeys* const keys = chains_[chain - 1U];
    return keys != nullptr ? *keys : kNoKeys;
}

/// A session that was added. bfd.XmitAuthSeq begins anywhere, RFC 5880 6.8.1, where nobody without
/// this engine's secret can tell. Other keys do not begin it anew: the peer may not have noticed.
void Engine::start_authentication(Slot slot) noexcept {
    if (auth_.empty()) return;
    SessionAuth& auth = auth_[slot.value];
    auth = {};
    const std::uint64_t drawn = std::uint64_t{random()} << 32U | random();
    const std::uint64_t own = secret_ ^ cold_[slot.value].local_discr.value;
    auth.xmit_auth_seq = static_cast<std::uint32_t>(fold(own, drawn) >> 16U);
}

/// `packet` as it leaves. Length 0: the session is authenticated, but there is no key to sign with.
SignedPacket Engine::outgoing(Slot slot, const ControlOctets& packet) noexcept {
    const std::uint16_t chain = cold_[slot.value].parameters.key_chain;
    if (chain == 0) [[likely]] {
        SignedPacket out;
        std::memcpy(out.octets.data(), packet.data(), packet.size());
        out.length = kControlPacketLength;
        return out;
    }
    const AuthKeys& keys = keys_of(chain);
    SessionAuth& auth = auth_[slot.value];
    std::array<std::uint64_t, 3> words;
    static_assert(sizeof words == sizeof packet);
    std::memcpy(words.data(), packet.data(), sizeof words);
    const auto contents =
        static_cast<std::uint32_t>(fold(fold(words[0] ^ secret_, words[1] | 1U), words[2]));
    // Keyed: with other contents, 6.7.3 and 6.7.4. Meticulous: with each packet.
    if (is_meticulous(keys.type) || contents != auth.contents) ++auth.xmit_auth_seq;
    auth.contents = contents;
    return sign(keys, packet, auth.xmit_auth_seq);
}

/// Whether authentication lets a packet pass that everything else about it does, RFC 5880 6.8.6.
DropReason Engine::authenticate(Slot slot, const ControlPacket& control,
                                const ReceivedPacket& packet, Instant now) noexcept {
    const SessionCold& cold = cold_[slot.value];
    const std::uint16_t chain = cold.parameters.key_chain;
    if (chain == 0) {
        return control.authentication_present ? DropReason::AuthUnexpected : DropReason::None;
    }
    SessionAuth& auth = auth_[slot.value];
    DropReason reason = DropReason::AuthMissing;
    // D tells our own request from its response, whatever discriminator the entity has.
    const bool initiator = is_initiator(cold.key.type);
    const bool may_be_ours = initiator || cold.key.type == SessionType::Echo;
    if (control.authentication_present && !may_be_ours &&
        control.my_discriminator == cold.local_discr) {
        reason = DropReason::AuthReflected;  // both ends sign alike: the digest would be right
    } else if (control.authentication_present) {
        if (now >= auth.sequence_until) auth.received.known = false;
        const AuthKeys& keys = keys_of(chain);
        const std::span whole{packet.payload, control.length};
        AuthSequence received = auth.received;
        reason = verify(keys, whole, received);
        if (reason == DropReason::None && initiator && has_sequence(keys.type)) {
            reason = check_sequence_sent(slot, whole);
        }
        if (reason == DropReason::None) auth.received = received;
    }
    if (reason != DropReason::None) {
        ++auth.failures;
        auth.last_failure = reason;
    }
    return reason;
}

/// bfd.AuthSeqKnown returns to 0 when no packet came for twice the Detection Time, 6.8.1.
void Engine::keep_sequence(Slot slot, Instant now) noexcept {
    if (cold_[slot.value].parameters.key_chain == 0) return;
    auth_[slot.value].sequence_until = now + 2 * detection_time(slot);
}

void Engine::fill_auth(Slot slot, SessionSnapshot& out) const noexcept {
    const std::uint16_t chain = cold_[slot.value].parameters.key_chain;
    out.auth_type = AuthType::None;
    out.control_length = kControlPacketLength;
    if (chain == 0) return;
    const AuthKeys& keys = keys_of(chain);
    const SessionAuth& auth = auth_[slot.value];
    out.auth_type = keys.type;
    out.auth_can_sign = section_length(keys) != 0;
    out.control_length = static_cast<std::uint8_t>(kControlPacketLength + section_length(keys));
    out.auth_key_id = out.auth_can_sign ? keys.keys[keys.current].id : std::uint8_t{0};
    out.auth_seq_known = auth.received.known && advanced_to_ < auth.sequence_until;
    out.rcv_auth_seq = auth.received.rcv_auth_seq;
    out.xmit_auth_seq = auth.xmit_auth_seq;
    out.auth_failures = auth.failures;
    out.last_auth_failure = auth.last_failure;
}

}  // namespace tocsin::bfd
