#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/bytes.hpp"

namespace tocsin::overlay {

/// Sum of 16-bit words, RFC 1071, not folded; an odd last octet counts as the high half of a word.
[[nodiscard]] inline std::uint64_t sum_words(std::span<const std::uint8_t> octets,
                                             std::uint64_t sum = 0) noexcept {
    std::size_t i = 0;
    for (; i + 4 <= octets.size(); i += 4) sum += load_be32(&octets[i]);
    if (i + 2 <= octets.size()) {
        sum += load_be16(&octets[i]);
        i += 2;
    }
    if (i < octets.size()) sum += static_cast<std::uint64_t>(octets[i]) << 8U;
    return sum;
}

/// Down to 16 bits in ones' complement arithmetic.
[[nodiscard]] constexpr std::uint16_t fold_sum(std::uint64_t sum) noexcept {
    while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(sum);
}

/// Pseudo header of UDP or ICMPv6: `addresses` are source and destination as they stand in the IP
/// header (8 or 32 octets), `length` that of the upper-layer packet, RFC 768 and RFC 8200 8.1.
[[nodiscard]] inline std::uint64_t pseudo_header_sum(std::span<const std::uint8_t> addresses,
                                                     std::uint8_t protocol,
                                                     std::uint32_t length) noexcept {
    return sum_words(addresses) + protocol + length;
}

}  // namespace tocsin::overlay
