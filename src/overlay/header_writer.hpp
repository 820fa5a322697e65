#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/header_template.hpp"
#include "overlay/headers.hpp"
#include "overlay/vlan.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

/// An IP header and the UDP header behind it, as headers of sessions are made of.
struct IpUdp {
    IpAddress source;  ///< same family as `destination`
    IpAddress destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t ttl = 255;
    std::uint8_t dscp = 0;  ///< 0..63
};

/// Writes headers one behind the other. Lengths, IP and UDP checksums are left to finish(). What
/// does not fit makes the whole template empty.
class HeaderWriter {
public:
    void ethernet(const MacAddress& destination, const MacAddress& source, const VlanTags& tags,
                  std::uint16_t type) noexcept {
        const auto at = take(kEthernetLength + tags.size * kVlanTagLength);
        if (at.empty()) return;
        std::ranges::copy(destination, at.begin());
        std::ranges::copy(source, at.begin() + 6);
        std::size_t where = kEtherTypeOffset;
        for (std::size_t i = 0; i < tags.size; ++i, where += kVlanTagLength) {
            store_be16(&at[where], tags.tags[i].tpid);
            store_be16(&at[where + 2], tags.tags[i].tci);
        }
        store_be16(&at[where], type);
    }
    /// The IP and UDP headers in front of the Control packet.
    void datagram(const IpUdp& h) noexcept {
        t_.ip_offset = t_.length;
        t_.udp_offset = ip_udp(h);
    }
    /// Those of a tunnel over UDP; `checksum`: the UDP checksum is not left at zero.
    void tunnel(const IpUdp& h, bool checksum) noexcept {
        t_.outer_udp_offset = ip_udp(h);
        if (fits_ && checksum) {
            store_be16(&t_.octets[t_.outer_udp_offset + kUdpChecksumOffset], 0xffff);
        }
    }
    /// Octets for the caller to fill, zero; empty when they do not fit.
    [[nodiscard]] std::span<std::uint8_t> take(std::size_t octets) noexcept {
        fits_ = fits_ && t_.length + octets <= HeaderTemplate::kCapacity;
        if (!fits_) return {};
        const auto at = std::span{t_.octets}.subspan(t_.length, octets);
        t_.length = static_cast<std::uint8_t>(t_.length + octets);
        return at;
    }
    /// The template with all lengths and IP checksums for `payload_length` octets of payload.
    [[nodiscard]] HeaderTemplate finish() const noexcept;

private:
    /// Where the UDP header begins.
    std::uint8_t ip_udp(const IpUdp& h) noexcept;

    HeaderTemplate t_;
    bool fits_ = true;
};

}  // namespace tocsin::overlay
