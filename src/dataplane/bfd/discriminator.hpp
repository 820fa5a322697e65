#pragma once

#include "dataplane/base/types.hpp"

#include <bit>
#include <cstdint>

namespace tocsin::bfd {

/// Local discriminators without a table, RFC 5880 6.8.1: a keyed bijection of (slot, worker,
/// generation) over 32 bits, so that values look random on the wire, never repeat among live
/// sessions, and invert in a few instructions. The generation grows each time a slot is reused, so
/// that packets of the session before do not find the new one.
class DiscriminatorCodec {
public:
    struct Parts {
        Slot slot;
        WorkerId worker;
        std::uint32_t generation = 0;
        friend constexpr bool operator==(Parts, Parts) = default;
    };

    /// `key` is random per start. `slots` >= 1 and `workers` >= 1; the product of both, rounded up
    /// to powers of two, is at most 2^28 so that at least 16 generations remain.
    constexpr DiscriminatorCodec(std::uint64_t key, std::uint32_t slots,
                                 std::uint32_t workers) noexcept
        : xor_{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32U),
               mix(static_cast<std::uint32_t>(key ^ (key >> 29U)))},
          slot_bits_{bits(slots)},
          worker_bits_{bits(workers)} {}

    /// The discriminator of a slot in its `generation` (taken modulo what fits). Never zero: when
    /// the bijection gives zero the result is `std::nullopt`-like Discriminator{0} and the caller
    /// moves on to the next generation; see next_generation().
    [[nodiscard]] constexpr Discriminator encode(Parts p) const noexcept {
        std::uint32_t x = p.slot.value | static_cast<std::uint32_t>(p.worker.value) << slot_bits_ |
                          shift_left(p.generation, slot_bits_ + worker_bits_);
        for (int i = 0; i < 3; ++i) x = mix(x ^ xor_[i]);
        return {x};
    }

    [[nodiscard]] constexpr Parts decode(Discriminator d) const noexcept {
        std::uint32_t x = d.value;
        for (int i = 2; i >= 0; --i) x = unmix(x) ^ xor_[i];
        return {.slot = {x & mask(slot_bits_)},
                .worker = {static_cast<std::uint16_t>(x >> slot_bits_ & mask(worker_bits_))},
                .generation = shift_right(x, slot_bits_ + worker_bits_)};
    }

    /// The generation after `p.generation`, skipping the one whose discriminator would be zero.
    [[nodiscard]] constexpr std::uint32_t next_generation(Parts p) const noexcept {
        const std::uint32_t limit = mask(32U - slot_bits_ - worker_bits_);
        do {
            p.generation = (p.generation + 1U) & limit;
        } while (encode(p).value == 0);
        return p.generation;
    }

private:
    static constexpr std::uint32_t kMultiplier = 0x9e3779b1U;  // odd, hence invertible modulo 2^32
    static constexpr std::uint32_t kInverse = [] {
        std::uint32_t inverse = kMultiplier;
        for (int i = 0; i < 5; ++i) inverse *= 2U - kMultiplier * inverse;
        return inverse;
    }();
    static_assert(kMultiplier * kInverse == 1U);

    static constexpr std::uint32_t mix(std::uint32_t x) noexcept {
        x *= kMultiplier;
        return x ^ x >> 16U;
    }
    static constexpr std::uint32_t unmix(std::uint32_t x) noexcept {
        return (x ^ x >> 16U) * kInverse;
    }
    static constexpr unsigned bits(std::uint32_t n) noexcept {
        return static_cast<unsigned>(std::bit_width(n - 1U));
    }
    static constexpr std::uint32_t mask(unsigned n) noexcept {
        return n >= 32U ? ~0U : (1U << n) - 1U;
    }
    static constexpr std::uint32_t shift_left(std::uint32_t v, unsigned n) noexcept {
        return n >= 32U ? 0U : v << n;
    }
    static constexpr std::uint32_t shift_right(std::uint32_t v, unsigned n) noexcept {
        return n >= 32U ? 0U : v >> n;
    }

    std::uint32_t xor_[3];
    unsigned slot_bits_;
    unsigned worker_bits_;
};

}  // namespace tocsin::bfd
