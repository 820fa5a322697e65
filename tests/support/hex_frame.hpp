#pragma once

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

}  // namespace tocsin::test
