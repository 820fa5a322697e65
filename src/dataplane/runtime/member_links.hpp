#pragma once

#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/message/worker_stats.hpp"
#include "dataplane/runtime/packet_templates.hpp"
#include "overlay/member_mac.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tocsin::runtime {

/// The micro-BFD sessions of one worker: there is at most one for each port and family, RFC 7130
/// 2.1. Keeps the destination MAC address in their packets right.
class MemberLinks {
public:
    /// A session begins in `slot`; its headers, for overlay::kMicroBfdMac, are in the template.
    void begin(Slot slot, const SessionKey& key, bool learns_mac,
               PacketTemplates& templates) noexcept {
        const bool member = key.type == SessionType::Micro && key.port.value < message::kMaxPorts;
        templates.set_member(slot, member ? number(key.port, key.family) : std::uint8_t{0});
        if (!member) return;
        Link& link = links_[templates.member(slot) - 1U];
        link = {.slot = slot, .mac = {}, .in_use = true};
        link.mac.reset(learns_mac);
    }
    /// The session in `slot`, which is one of a member link, has new headers.
    void restart(Slot slot, bool learns_mac, PacketTemplates& templates) noexcept {
        if (Link* const link = find(slot, templates)) link->mac.reset(learns_mac);
    }
    /// Likewise, of bfd.SessionState, before a packet tells of it.
    void state_changed(Slot slot, bool up, PacketTemplates& templates) noexcept {
        Link* const link = find(slot, templates);
        if (link == nullptr || !link->mac.state_changed(up)) return;
        templates.set_destination_mac(slot, overlay::kMicroBfdMac);
    }
    /// The session of a port and family accepted a packet that came from `source`. `facts(slot)`:
    /// the packets that it has sent, and bfd.DetectMult.
    template <class Facts>
    void heard(PortId port, AddressFamily family, const MacAddress& source, Facts facts,
               PacketTemplates& templates) noexcept {
        if (port.value >= message::kMaxPorts) return;
        Link& link = links_[number(port, family) - 1U];
        if (!link.in_use) return;
        const auto [sent, detect_mult] = facts(link.slot);
        const auto mac = link.mac.heard(source, static_cast<std::uint32_t>(sent), detect_mult);
        if (mac) templates.set_destination_mac(link.slot, *mac);
    }

private:
    struct Link {
        Slot slot;
        overlay::MemberMac mac;
        bool in_use = false;
    };

    /// 1 and up.
    [[nodiscard]] static std::uint8_t number(PortId port, AddressFamily family) noexcept {
        return static_cast<std::uint8_t>(1U + 2U * port.value +
                                         (family == AddressFamily::V6 ? 1U : 0U));
    }
    /// nullptr: another session has come in its place, this one only tells its peer of its end.
    [[nodiscard]] Link* find(Slot slot, const PacketTemplates& templates) noexcept {
        Link& link = links_[templates.member(slot) - 1U];
        return link.slot == slot ? &link : nullptr;
    }

    static_assert(2 * message::kMaxPorts < 256, "a number fits an octet");
    std::array<Link, 2 * message::kMaxPorts> links_{};
};

}  // namespace tocsin::runtime
