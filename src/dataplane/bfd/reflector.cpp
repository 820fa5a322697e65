#include "dataplane/bfd/reflector.hpp"

#include "dataplane/base/bytes.hpp"

#include <algorithm>

namespace tocsin::bfd {

namespace {

bool any_contains(std::span<const IpPrefix> prefixes, const IpAddress& address) noexcept {
    return std::ranges::any_of(prefixes, [&](const IpPrefix& p) { return p.contains(address); });
}

/// Of a chain that nobody has told of: nothing is accepted.
const AuthKeys& keys_of(std::span<const AuthKeys* const> chains, std::uint16_t chain) noexcept {
    static constexpr AuthKeys kNoKeys;
    const AuthKeys* const keys = chain > chains.size() ? nullptr : chains[chain - 1U];
    return keys != nullptr ? *keys : kNoKeys;
}

}  // namespace

std::size_t ReflectorTable::index_of(Discriminator discriminator) const noexcept {
    std::size_t i = 0;
    while (i < size_ && discriminators_[i] != discriminator) ++i;
    return i;
}

bool ReflectorTable::set(const ReflectorEntity& entity) noexcept {
    if (entity.discriminator.value == 0) return false;
    const std::size_t at = index_of(entity.discriminator);
    if (at == kCapacity) return false;
    if (at == size_) {
        ++size_;
        sources_[at] = {};
    }
    discriminators_[at] = entity.discriminator;
    entities_[at] = entity;
    return true;
}

bool ReflectorTable::set_sources(Discriminator discriminator, std::span<const IpPrefix> allow,
                                 std::span<const IpPrefix> deny) noexcept {
    const std::size_t at = index_of(discriminator);
    if (at == size_) return false;
    if (allow.size() + deny.size() > kPrefixes - prefixes_used_) {
        sources_[at] = {.none = true};
        return false;
    }
    sources_[at] = {.first = static_cast<std::uint16_t>(prefixes_used_),
                    .allow = static_cast<std::uint16_t>(allow.size()),
                    .deny = static_cast<std::uint16_t>(deny.size())};
    const auto to = prefixes_.begin() + static_cast<std::ptrdiff_t>(prefixes_used_);
    std::ranges::copy(deny, std::ranges::copy(allow, to).out);
    prefixes_used_ += allow.size() + deny.size();
    return true;
}

void ReflectorTable::remove(Discriminator discriminator) noexcept {
    const std::size_t at = index_of(discriminator);
    if (at == size_) return;
    --size_;
    discriminators_[at] = discriminators_[size_];
    entities_[at] = entities_[size_];
    sources_[at] = sources_[size_];
}

const ReflectorEntity* ReflectorTable::find(Discriminator discriminator) const noexcept {
    const std::size_t at = index_of(discriminator);
    return at == size_ ? nullptr : &entities_[at];
}

bool ReflectorTable::admits(const ReflectorEntity& entity, const IpAddress& source) const noexcept {
    const Sources& s = sources_[static_cast<std::size_t>(&entity - entities_.data())];
    if (s.none) return false;
    const std::span prefixes{&prefixes_[s.first], std::size_t{s.allow} + s.deny};
    if (any_contains(prefixes.subspan(s.allow), source)) return false;
    return s.allow == 0 || any_contains(prefixes.first(s.allow), source);
}

Reflection reflect(std::span<std::uint8_t> payload, const IpAddress& source,
                   const ReflectorTable& table, std::span<const AuthKeys* const> chains) noexcept {
    ControlPacket request;
    const DropReason fault = decode(payload, request);
    if (fault != DropReason::None) return {fault};
    if (!request.demand) return {DropReason::ReflectorDemandClear};
    const ReflectorEntity* const entity = table.find(request.your_discriminator);
    if (entity == nullptr) return {DropReason::YourDiscriminatorUnknown};
    if (!table.admits(*entity, source)) return {DropReason::ReflectorDenied, entity};
    if (request.authentication_present != (entity->key_chain != 0)) {
        return {entity->key_chain != 0 ? DropReason::AuthMissing : DropReason::AuthUnexpected,
                entity};
    }

    ControlPacket response;
    response.diag = entity->in_service ? Diag::None : Diag::AdministrativelyDown;
    response.state = entity->in_service ? SessionState::Up : SessionState::AdminDown;
    response.final = request.poll;
    response.detect_mult = request.detect_mult;
    response.my_discriminator = request.your_discriminator;
    response.your_discriminator = request.my_discriminator;
    response.desired_min_tx_interval = request.desired_min_tx_interval;
    response.required_min_rx_interval = entity->required_min_rx_interval;
    response.required_min_echo_rx_interval = entity->required_min_echo_rx_interval;
    if (entity->key_chain == 0) {
        encode(response, payload.first<kControlPacketLength>());
        return {DropReason::None, entity};
    }
    const AuthKeys& keys = keys_of(chains, entity->key_chain);
    AuthSequence any;  // none is known: none is refused
    const auto packet = payload.first(request.length);
    const DropReason forged = verify(keys, packet, any);
    if (forged != DropReason::None) return {forged, entity};
    const SignedPacket out = sign_alike(keys, encode(response), packet);
    std::ranges::copy(out.span(), payload.begin());  // of the length of the request
    return {DropReason::None, entity};
}

}  // namespace tocsin::bfd
