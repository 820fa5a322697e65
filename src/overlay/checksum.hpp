#pragma once

#include "dataplane/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tocsin::overlay {

// The Internet checksum, RFC 1071. It does not care in which order the octets of a word stand, so
// sums here are of words as they lie in memory: nothing is swapped until a number has to be added.

/// Adds the 16-bit words of `octets` to `sum`, not folded; an odd last octet is the first of a word
/// whose second is zero. Cannot overflow for anything that fits a packet.
[[nodiscard]] inline std::uint64_t sum_words(std::span<const std::uint8_t> octets,
                                             std::uint64_t sum = 0) noexcept {
    const std::uint8_t* p = octets.data();
    std::size_t n = octets.size();
    for (; n >= 4; n -= 4, p += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, p, sizeof word);
        sum += word;
    }
    if (n != 0) {
        std::uint32_t word = 0;
        std::memcpy(&word, p, n);
        sum += word;
    }
    return sum;
}

/// Down to 16 bits in ones' complement arithmetic. 0xffff over data with a right checksum in it.
[[nodiscard]] constexpr std::uint16_t fold_sum(std::uint64_t sum) noexcept {
    sum = (sum & 0xffffffffU) + (sum >> 32U);
    sum = (sum & 0xffffffffU) + (sum >> 32U);
    sum = (sum & 0xffffU) + (sum >> 16U);
    sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>((sum & 0xffffU) + (sum >> 16U));
}
static_assert(fold_sum(0xffffffffffffffffU) == 0xffff && fold_sum(0x1ffffU) == 1);

/// What the pseudo header of UDP or ICMPv6 adds to a sum: `addresses` are source and destination as
/// they stand in the IP header (8 or 32 octets), `length` that of the upper-layer packet, RFC 768
/// and RFC 8200 8.1.
[[nodiscard]] inline std::uint64_t pseudo_header_sum(std::span<const std::uint8_t> addresses,
                                                     std::uint8_t protocol,
                                                     std::uint16_t length) noexcept {
    std::uint8_t numbers[4];
    store_be16(&numbers[0], protocol);
    store_be16(&numbers[2], length);
    return sum_words(numbers, sum_words(addresses));
}

/// The 16 bits of a checksum field, to be compared with a folded sum.
[[nodiscard]] inline std::uint16_t load_checksum(const std::uint8_t* field) noexcept {
    std::uint16_t v = 0;
    std::memcpy(&v, field, sizeof v);
    return v;
}

/// Writes the checksum that `sum`, taken with the field zero, asks for.
inline void store_checksum(std::uint8_t* field, std::uint64_t sum) noexcept {
    const auto v = static_cast<std::uint16_t>(~fold_sum(sum));
    std::memcpy(field, &v, sizeof v);
}

}  // namespace tocsin::overlay
