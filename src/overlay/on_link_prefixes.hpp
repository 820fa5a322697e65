#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tocsin::overlay {

/// The subnets of a port: a small fixed set, without heap.
class OnLinkPrefixes {
public:
    static constexpr std::size_t kCapacity = 64;  ///< both families together

    /// False when full, without a family, or with a length beyond the family's.
    bool add(const IpPrefix& prefix) noexcept {
        const unsigned most = prefix.address.is_v4() ? 32 : 128;
        if (prefix.address.family == AddressFamily::None || prefix.length > most) return false;
        if (size_ == kCapacity) return false;
        prefixes_[size_++] = prefix;
        return true;
    }

    /// Whether the four octets are the address of a station in one of the subnets, not the subnet's
    /// own or its broadcast address.
    [[nodiscard]] bool has_station_v4(const std::uint8_t* octets) const noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            const IpPrefix& p = prefixes_[i];
            if (!p.address.is_v4()) continue;
            const std::uint32_t mask = p.length == 0 ? 0 : ~std::uint32_t{0} << (32U - p.length);
            const std::uint32_t host = load_be32(octets) & ~mask;
            if (((load_be32(octets) ^ load_be32(p.address.octets.data())) & mask) != 0) continue;
            if (p.length >= 31 || (host != 0 && host != ~mask)) return true;
        }
        return false;
    }
    /// The same for sixteen octets; the subnet's own address is the routers' anycast, RFC 4291
    /// 2.6.1.
    [[nodiscard]] bool has_station_v6(const std::uint8_t* octets) const noexcept {
        IpAddress a;
        a.family = AddressFamily::V6;
        std::memcpy(a.octets.data(), octets, a.octets.size());
        for (std::size_t i = 0; i < size_; ++i) {
            const IpPrefix& p = prefixes_[i];
            if (p.address.is_v6() && p.contains(a) && (p.length >= 127 || !is_network(p, a))) {
                return true;
            }
        }
        return false;
    }

private:
    /// Nothing but zeros behind the prefix.
    [[nodiscard]] static bool is_network(const IpPrefix& p, const IpAddress& a) noexcept {
        for (unsigned bit = p.length; bit < 128; ++bit) {
            if ((a.octets[bit / 8] >> (7U - bit % 8U) & 1U) != 0) return false;
        }
        return true;
    }

    std::size_t size_ = 0;
    std::array<IpPrefix, kCapacity> prefixes_{};
};

}  // namespace tocsin::overlay
