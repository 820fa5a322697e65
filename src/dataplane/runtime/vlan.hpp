#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/headers.hpp"
#include "overlay/vlan.hpp"

#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tocsin::runtime {

/// Which port of ours the tagged frames of a device belong to. Built once, then only read.
class VlanTable {
public:
    void add(const overlay::VlanTags& tags, PortId port) {
        if (tags.size == 0) return;
        const std::uint32_t key =
            key_of(tags.tags[0].tci, tags.size > 1 ? tags.tags[1].tci : std::uint16_t{0});
        const auto at = std::ranges::lower_bound(entries_, key, {}, &Entry::key);
        entries_.insert(at, {key, port});
    }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    /// For the TCI of the outer tag and of the one behind it, 0: there is none. Null: nobody's.
    [[nodiscard]] const PortId* find(std::uint16_t outer, std::uint16_t inner) const noexcept {
        const std::uint32_t key = key_of(outer, inner);
        const auto at = std::ranges::lower_bound(entries_, key, {}, &Entry::key);
        return at != entries_.end() && at->key == key ? &at->port : nullptr;
    }

private:
    struct Entry {
        std::uint32_t key;
        PortId port;
    };
    /// By VLAN identifier alone: priority and TPID say nothing of where a frame belongs.
    [[nodiscard]] static constexpr std::uint32_t key_of(std::uint16_t outer,
                                                        std::uint16_t inner) noexcept {
        return (std::uint32_t{outer} & overlay::kVlanMask) << 16U | (inner & overlay::kVlanMask);
    }

    std::vector<Entry> entries_;  ///< by key
};

/// Makes a tagged frame of a device one without tags of the port that its VLANs belong to, whether
/// the driver has taken the outer tag off or not. False, with the frame as it was: it has no tag,
/// or nobody's. A tag too many stays, for classify() to refuse.
inline bool untag(rte_mbuf& m, const VlanTable& table) noexcept {
    if (table.empty()) return false;
    const auto* const frame = rte_pktmbuf_mtod(&m, const std::uint8_t*);
    std::uint16_t tcis[overlay::VlanTags::kMost]{};
    std::uint16_t tags = 0;
    const bool stripped = (m.ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
    if (stripped) tcis[tags++] = m.vlan_tci;
    std::size_t at = overlay::kEtherTypeOffset;
    while (tags < overlay::VlanTags::kMost && at + overlay::kVlanTagLength + 2 <= m.data_len &&
           overlay::is_vlan_tag(load_be16(frame + at))) {
        tcis[tags++] = load_be16(frame + at + 2);
        at += overlay::kVlanTagLength;
    }
    const PortId* port = tags > 1 ? table.find(tcis[0], tcis[1]) : nullptr;
    if (port == nullptr && tags > 0) {
        port = table.find(tcis[0], 0);
        tags = 1;
    }
    if (port == nullptr) return false;
    const auto octets =
        static_cast<std::uint16_t>((tags - (stripped ? 1 : 0)) * overlay::kVlanTagLength);
    if (octets != 0) {
        auto* const data = rte_pktmbuf_mtod(&m, std::uint8_t*);
        std::memmove(data + octets, data, overlay::kEtherTypeOffset);
        rte_pktmbuf_adj(&m, octets);
    }
    m.ol_flags &= ~std::uint64_t{RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED};
    m.port = port->value;
    return true;
}

/// Puts tags in front of what follows the MAC addresses. The headroom that every mbuf has is room
/// enough.
inline void tag(rte_mbuf& m, const overlay::VlanTags& tags) noexcept {
    if (tags.size == 0) return;
    const auto octets = static_cast<std::uint16_t>(tags.size * overlay::kVlanTagLength);
    auto* const data = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_prepend(&m, octets));
    std::memmove(data, data + octets, overlay::kEtherTypeOffset);
    for (std::size_t i = 0; i < tags.size; ++i) {
        std::uint8_t* const at = data + overlay::kEtherTypeOffset + i * overlay::kVlanTagLength;
        store_be16(at, tags.tags[i].tpid);
        store_be16(at + 2, tags.tags[i].tci);
    }
}

}  // namespace tocsin::runtime
