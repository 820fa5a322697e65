#include "dataplane/bfd/reflector.hpp"

#include "dataplane/base/bytes.hpp"

#include <algorithm>

namespace tocsin::bfd {

bool ReflectorTable::set(const ReflectorEntity& entity) noexcept {
    if (entity.discriminator.value == 0) return false;
    const auto end = entities_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto known = std::find_if(entities_.begin(), end, [&](const ReflectorEntity& e) {
        return e.discriminator == entity.discriminator;
    });
    if (known == end) {
        if (size_ == kCapacity) return false;
        ++size_;
    }
    *known = entity;
    return true;
}

void ReflectorTable::remove(Discriminator discriminator) noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
        if (entities_[i].discriminator != discriminator) continue;
        entities_[i] = entities_[--size_];
        return;
    }
}

const ReflectorEntity* ReflectorTable::find(Discriminator discriminator) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
        if (entities_[i].discriminator == discriminator) return &entities_[i];
    }
    return nullptr;
}

DropReason reflect(std::span<std::uint8_t> payload, const ReflectorTable& table) noexcept {
    ControlPacket request;
    const DropReason fault = decode(payload, request);
    if (fault != DropReason::None) return fault;
    if (!request.demand) return DropReason::ReflectorDemandClear;
    const ReflectorEntity* const entity = table.find(request.your_discriminator);
    if (entity == nullptr) return DropReason::YourDiscriminatorUnknown;
    if (request.authentication_present) return DropReason::AuthUnexpected;

    ControlPacket response;
    response.diag = entity->in_service ? Diag::None : Diag::AdministrativelyDown;
    response.state = entity->in_service ? SessionState::Up : SessionState::AdminDown;
    response.final = request.poll;
    response.detect_mult = request.detect_mult;
    response.my_discriminator = request.your_discriminator;
    response.your_discriminator = request.my_discriminator;
    response.desired_min_tx_interval = request.desired_min_tx_interval;
    response.required_min_rx_interval = entity->required_min_rx_interval;
    std::ranges::copy(encode(response), payload.begin());
    return DropReason::None;
}

}  // namespace tocsin::bfd
