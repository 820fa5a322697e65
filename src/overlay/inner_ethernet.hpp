#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/datagram.hpp"
#include "overlay/vlan.hpp"

#include <cstdint>

namespace tocsin::overlay {

/// The Ethernet frame inside a tunnel.
struct InnerFrame {
    MacAddress destination{};
    MacAddress source{};
    VlanTags tags;
    AddressFamily family = AddressFamily::None;  ///< of the IP packet that follows
    Octets ip;
};

/// Takes an inner Ethernet header off. InnerEthernet: cut off, or more than two tags;
/// InnerProtocol: no IP follows.
[[nodiscard]] DropReason open_inner_ethernet(Octets frame, InnerFrame& out) noexcept;

/// 24 bits of inner addresses and tags for SessionKey: which frames belong together. 0 exactly when
/// both MAC addresses are zero and there is no tag. Not secret: both ends and any third can compute
/// it.
[[nodiscard]] std::uint32_t link_fingerprint(const MacAddress& own, const MacAddress& peer,
                                             const VlanTags& tags) noexcept;

}  // namespace tocsin::overlay
