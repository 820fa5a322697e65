#pragma once

#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace tocsin::bfd {

/// 64 bits from `a` and `b` through a full multiplication.
[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// Keyed, so that a stranger cannot choose addresses that collide.
[[nodiscard]] inline std::uint64_t hash(const SessionKey& key, std::uint64_t secret) noexcept {
    std::uint64_t words[6]{};
    std::memcpy(words, &key, sizeof key);
    std::uint64_t h = secret ^ 0x9e3779b97f4a7c15U;
    for (int i = 0; i < 6; i += 2) {
        h = fold(words[i] ^ h, words[i + 1] ^ std::rotl(secret, 17 + i) ^ 0xd1b54a32d192ed03U);
    }
    return h;
}

/// SessionKey -> slot by open addressing with linear probing. Keys stay with the owner, who says
/// which key a slot has. Fixed capacity, at most half full.
class KeyTable {
public:
    [[nodiscard]] static constexpr std::uint32_t buckets_needed(std::uint32_t slots) noexcept {
        return std::bit_ceil(slots < 8 ? 16U : slots * 2U);
    }

    /// `buckets` has buckets_needed(slots) members.
    KeyTable(std::span<std::uint32_t> buckets, std::uint64_t secret) noexcept
        : buckets_{buckets},
          mask_{static_cast<std::uint32_t>(buckets.size()) - 1},
          secret_{secret} {
        for (auto& b : buckets_) b = 0;
    }

    void prefetch(const SessionKey& key) const noexcept {
        __builtin_prefetch(&buckets_[home(key)]);
    }

    /// `key_of(slot)` gives the key of an inserted slot. Slots are found by equality of whole keys.
    template <class KeyOf>
    [[nodiscard]] bool find(const SessionKey& key, KeyOf&& key_of, Slot& out) const noexcept {
        for (std::uint32_t i = home(key); buckets_[i] != 0; i = (i + 1) & mask_) {
            if (key_of(Slot{buckets_[i] - 1}) == key) {
                out = {buckets_[i] - 1};
                return true;
            }
        }
        return false;
    }

    /// The key is not in the table and there is room.
    void insert(const SessionKey& key, Slot slot) noexcept {
        std::uint32_t i = home(key);
        while (buckets_[i] != 0) i = (i + 1) & mask_;
        buckets_[i] = slot.value + 1;
    }

    /// Closes the gap, so that no marks of deleted entries slow later look-ups.
    template <class KeyOf>
    void erase(const SessionKey& key, Slot slot, KeyOf&& key_of) noexcept {
        std::uint32_t hole = home(key);
        while (buckets_[hole] != slot.value + 1) {
            if (buckets_[hole] == 0) return;
            hole = (hole + 1) & mask_;
        }
        for (std::uint32_t i = (hole + 1) & mask_; buckets_[i] != 0; i = (i + 1) & mask_) {
            const std::uint32_t wanted = home(key_of(Slot{buckets_[i] - 1}));
            // Move back unless its home lies cyclically in (hole, i].
            if (((i - wanted) & mask_) >= ((i - hole) & mask_)) {
                buckets_[hole] = buckets_[i];
                hole = i;
            }
        }
        buckets_[hole] = 0;
    }

private:
    [[nodiscard]] std::uint32_t home(const SessionKey& key) const noexcept {
        return static_cast<std::uint32_t>(hash(key, secret_)) & mask_;
    }

    std::span<std::uint32_t> buckets_;
    std::uint32_t mask_;
    std::uint64_t secret_;
};

}  // namespace tocsin::bfd
