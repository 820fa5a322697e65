#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/ip.hpp"

namespace tocsin::overlay {

/// The addresses that a port answers for: a small fixed set, without heap.
class LocalAddresses {
  public:
    static constexpr std::size_t kCapacity = 64;

    /// False when full. Adding one twice is harmless.
    constexpr bool add(const IpAddress& a) noexcept {
        if (contains(a)) return true;
        if (size_ == kCapacity) return false;
        addresses_[size_++] = a;
        return true;
    }
    [[nodiscard]] constexpr bool contains(const IpAddress& a) const noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            if (addresses_[i] == a) return true;
        }
        return false;
    }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  private:
    std::array<IpAddress, kCapacity> addresses_{};
    std::size_t size_ = 0;
};

}  // namespace tocsin::overlay
