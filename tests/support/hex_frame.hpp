#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::test {

using Bytes = std::vector<std::uint8_t>;

/// Octets in hexadecimal; blanks are skipped and "#" begins a comment up to the end of the line.
inline Bytes from_hex(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    Bytes out;
    bool comment = false;
    int high = -1;
    for (const char c : text) {
        if (c == '#') comment = true;
        if (c == '\n') comment = false;
        if (comment || c == ' ' || c == '\n') continue;
        const auto digit = kDigits.find(c);
        if (digit == kDigits.npos) throw std::invalid_argument{"not hexadecimal"};
        if (high < 0) {
            high = static_cast<int>(digit);
        } else {
            out.push_back(static_cast<std::uint8_t>(high * 16 + static_cast<int>(digit)));
            high = -1;
        }
    }
    if (high >= 0) throw std::invalid_argument{"half an octet"};
    return out;
}

/// A golden frame of tests/data/frames, by its name without ".hex".
inline Bytes golden(const std::string& name) {
    std::ifstream file{std::string{TOCSIN_TEST_DATA} + "/frames/" + name + ".hex"};
    if (!file) throw std::runtime_error{"no golden frame " + name};
    return from_hex(std::string{std::istreambuf_iterator<char>{file}, {}});
}

/// RFC 1071 as the RFC tells it, octet by octet, apart from the code under test.
inline std::uint16_t reference_sum(const Bytes& octets) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        sum += static_cast<std::uint32_t>(octets[i]) << (i % 2 == 0 ? 8U : 0U);
        if (sum > 0xffff) sum = (sum & 0xffff) + 1;
    }
    return static_cast<std::uint16_t>(sum);
}

inline void put16(Bytes& frame, std::size_t at, unsigned v) {
    frame.at(at) = static_cast<std::uint8_t>(v >> 8U);
    frame.at(at + 1) = static_cast<std::uint8_t>(v);
}
inline unsigned get16(const Bytes& frame, std::size_t at) {
    return frame.at(at) * 256U + frame.at(at + 1);
}

}  // namespace tocsin::test
