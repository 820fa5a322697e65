#pragma once

#include "dataplane/base/types.hpp"
#include "overlay/micro_bfd.hpp"

#include <cstdint>
#include <optional>

namespace tocsin::overlay {

/// Which MAC address the packets of one micro-BFD session go to, RFC 7130 2.3: kMicroBfdMac, and
/// where that is wanted, once bfd.DetectMult packets were sent to it in state Up, the one that the
/// peer's packets come from. An address that changes begins anew with kMicroBfdMac, so that packets
/// never go to a station that is not there any more.
class MemberMac {
public:
    /// Of the session's headers, which are for kMicroBfdMac. `learns`: the peer's is wanted.
    void reset(bool learns) noexcept {
        learns_ = learns;
        peer_ = {};
        unicast_ = false;
    }
    /// bfd.SessionState changed. True: packets go to kMicroBfdMac again.
    [[nodiscard]] bool state_changed(bool up) noexcept {
        const bool was = unicast_;
        up_ = up;
        peer_ = {};
        unicast_ = false;
        return was;
    }
    /// A packet of the session was accepted that came from `source`; `sent` packets have left so
    /// far, whatever the number began with. The address that packets go to from now on; nullopt: as
    /// before. Call it after state_changed(), if the packet had that effect.
    [[nodiscard]] std::optional<MacAddress> heard(const MacAddress& source, std::uint32_t sent,
                                                  std::uint8_t detect_mult) noexcept {
        if (!learns_ || !up_ || !is_station(source)) return std::nullopt;
        if (source != peer_) {
            peer_ = source;
            since_ = sent;
            if (!unicast_) return std::nullopt;
            unicast_ = false;
            return kMicroBfdMac;
        }
        if (unicast_ || sent - since_ < detect_mult) return std::nullopt;
        unicast_ = true;
        return peer_;
    }
    [[nodiscard]] bool unicast() const noexcept { return unicast_; }

private:
    /// Neither a group nor zero.
    [[nodiscard]] static bool is_station(const MacAddress& mac) noexcept {
        return (mac[0] & 1U) == 0 && mac != MacAddress{};
    }

    MacAddress peer_{};  ///< of the last packet in state Up; zero: none
    bool learns_ = false;
    bool up_ = false;
    bool unicast_ = false;
    std::uint32_t since_ = 0;  ///< packets that had left when `peer_` was heard first
};

}  // namespace tocsin::overlay
