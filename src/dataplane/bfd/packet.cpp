#include "dataplane/bfd/packet.hpp"

#include "dataplane/base/bytes.hpp"

#include <cstring>

namespace tocsin::bfd {

namespace {

constexpr std::uint8_t bit(bool on, std::uint8_t mask) noexcept { return on ? mask : 0; }

/// Two numbers, one behind the other.
void store_be32_pair(std::uint8_t* to, std::uint32_t first, std::uint32_t second) noexcept {
    const std::uint64_t both = __builtin_bswap64(std::uint64_t{first} << 32U | second);
    std::memcpy(to, &both, sizeof both);
}

}  // namespace

void encode(const ControlPacket& packet,
            std::span<std::uint8_t, kControlPacketLength> to) noexcept {
    const unsigned version_diag = kVersion << 5U | (static_cast<unsigned>(packet.diag) & 0x1fU);
    const unsigned bits = static_cast<unsigned>(packet.state) << 6U | bit(packet.poll, kPollBit) |
                          bit(packet.final, kFinalBit) |
                          bit(packet.control_plane_independent, kControlPlaneIndependentBit) |
                          bit(packet.authentication_present, kAuthenticationBit) |
                          bit(packet.demand, kDemandBit) | bit(packet.multipoint, kMultipointBit);
    const std::uint32_t first =
        version_diag << 24U | bits << 16U | std::uint32_t{packet.detect_mult} << 8U | packet.length;
    // In as few stores as there are loads of who copies or sums it up at once: what is loaded has
    // not to wait for several stores.
    store_be32_pair(to.data(), first, packet.my_discriminator.value);
    store_be32_pair(&to[kYourDiscriminatorOffset], packet.your_discriminator.value,
                    packet.desired_min_tx_interval.count());
    store_be32_pair(&to[kRequiredMinRxOffset], packet.required_min_rx_interval.count(),
                    packet.required_min_echo_rx_interval.count());
}

ControlOctets encode(const ControlPacket& packet) noexcept {
    ControlOctets out{};
    encode(packet, out);
    return out;
}

DropReason decode(std::span<const std::uint8_t> payload, ControlPacket& out) noexcept {
    if (payload.size() < kControlPacketLength) return DropReason::PayloadTooShort;
    const std::uint8_t* p = payload.data();
    if (p[0] >> 5U != kVersion) return DropReason::Version;

    const std::uint8_t bits = p[kStateOffset];
    const std::uint8_t length = p[kLengthOffset];
    const bool authentication = (bits & kAuthenticationBit) != 0;
    if (length < (authentication ? 26 : 24)) return DropReason::LengthTooShort;
    if (length > payload.size()) return DropReason::LengthBeyondPayload;
    if (p[kDetectMultOffset] == 0) return DropReason::DetectMultZero;
    if ((bits & kMultipointBit) != 0) return DropReason::Multipoint;

    out.my_discriminator = {load_be32(p + kMyDiscriminatorOffset)};
    if (out.my_discriminator.value == 0) return DropReason::MyDiscriminatorZero;
    out.your_discriminator = {load_be32(p + kYourDiscriminatorOffset)};
    out.state = static_cast<SessionState>(bits >> 6U);
    if (out.your_discriminator.value == 0 && out.state != SessionState::Down &&
        out.state != SessionState::AdminDown) {
        return DropReason::YourDiscriminatorZeroState;
    }

    out.diag = static_cast<Diag>(p[0] & 0x1fU);
    out.poll = (bits & kPollBit) != 0;
    out.final = (bits & kFinalBit) != 0;
    out.control_plane_independent = (bits & kControlPlaneIndependentBit) != 0;
    out.authentication_present = authentication;
    out.demand = (bits & kDemandBit) != 0;
    out.multipoint = false;
    out.detect_mult = p[kDetectMultOffset];
    out.length = length;
    out.desired_min_tx_interval = WireInterval{load_be32(p + kDesiredMinTxOffset)};
    out.required_min_rx_interval = WireInterval{load_be32(p + kRequiredMinRxOffset)};
    out.required_min_echo_rx_interval = WireInterval{load_be32(p + kRequiredMinEchoRxOffset)};
    return DropReason::None;
}

}  // namespace tocsin::bfd
