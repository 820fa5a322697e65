#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tocsin::overlay {

/// The addresses that a port answers for: a small fixed set, without heap. Most ports have one or
/// two of a family, so a scan of words is the fastest search. A port that plays many stations, as a
/// traffic generator does, has a range of IPv4 addresses beside them.
class LocalAddresses {
public:
    static constexpr std::size_t kCapacity = 64;  ///< both families together

    /// From now on every address that equals `network` in its first `length` bits, 1..32, is ours
    /// too. One range; a second call replaces it. False: not IPv4, or `length` out of range.
    bool set_range(const IpAddress& network, unsigned length) noexcept {
        if (!network.is_v4() || length == 0 || length > 32) return false;
        range_mask_ = to_be32(~std::uint32_t{0} << (32U - length));
        range_ = word(network.octets.data()) & range_mask_;
        return true;
    }

    /// False when full, or `a` has no family. Adding one twice is harmless.
    bool add(const IpAddress& a) noexcept {
        if (a.family == AddressFamily::None) return false;
        if (contains(a)) return true;
        if (size() == kCapacity) return false;
        if (a.is_v4()) {
            v4_[v4_size_++] = word(a.octets.data());
        } else {
            v6_[v6_size_++] = halves(a.octets.data());
        }
        return true;
    }
    [[nodiscard]] bool contains(const IpAddress& a) const noexcept {
        return a.is_v4() ? contains_v4(a.octets.data()) : a.is_v6() && contains_v6(a.octets.data());
    }
    /// The same for four octets of a packet.
    [[nodiscard]] bool contains_v4(const std::uint8_t* octets) const noexcept {
        const std::uint32_t wanted = word(octets);
        for (std::size_t i = 0; i < v4_size_; ++i) {
            if (v4_[i] == wanted) return true;
        }
        return range_mask_ != 0 && (wanted & range_mask_) == range_;
    }
    /// The same for sixteen octets of a packet.
    [[nodiscard]] bool contains_v6(const std::uint8_t* octets) const noexcept {
        const Halves wanted = halves(octets);
        for (std::size_t i = 0; i < v6_size_; ++i) {
            if (v6_[i] == wanted) return true;
        }
        return false;
    }
    /// Whether the IPv6 group at `octets` is one that every node of these addresses listens to: all
    /// nodes, or the solicited-node group of one of them, RFC 4291 2.7.1.
    [[nodiscard]] bool listens_to(const std::uint8_t* octets) const noexcept {
        constexpr std::array<std::uint8_t, 16> kAllNodes{0xff, 2, 0, 0, 0, 0, 0, 0,
                                                         0,    0, 0, 0, 0, 0, 0, 1};
        constexpr std::array<std::uint8_t, 13> kSolicitedNode{0xff, 2, 0, 0, 0, 0,   0,
                                                              0,    0, 0, 0, 1, 0xff};
        if (std::memcmp(octets, kAllNodes.data(), kAllNodes.size()) == 0) return true;
        if (std::memcmp(octets, kSolicitedNode.data(), kSolicitedNode.size()) != 0) return false;
        for (std::size_t i = 0; i < v6_size_; ++i) {
            std::array<std::uint8_t, 16> own{};
            std::memcpy(own.data(), v6_[i].data(), own.size());
            if (std::memcmp(&own[13], &octets[13], 3) == 0) return true;
        }
        return false;
    }
    [[nodiscard]] std::size_t size() const noexcept { return v4_size_ + v6_size_; }

private:
    using Halves = std::array<std::uint64_t, 2>;  ///< as they lie in memory

    static std::uint32_t word(const std::uint8_t* octets) noexcept {
        std::uint32_t v = 0;
        std::memcpy(&v, octets, sizeof v);
        return v;
    }
    static Halves halves(const std::uint8_t* octets) noexcept {
        Halves v{};
        std::memcpy(v.data(), octets, sizeof v);
        return v;
    }

    static std::uint32_t to_be32(std::uint32_t v) noexcept {
        std::array<std::uint8_t, 4> octets{};
        store_be32(octets.data(), v);
        return word(octets.data());
    }

    std::size_t v4_size_ = 0;
    std::size_t v6_size_ = 0;
    std::uint32_t range_ = 0;       ///< as it lies in memory
    std::uint32_t range_mask_ = 0;  ///< likewise; 0 = no range
    std::array<std::uint32_t, kCapacity> v4_{};
    std::array<Halves, kCapacity> v6_{};
};

}  // namespace tocsin::overlay
