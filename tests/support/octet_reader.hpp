#pragma once

#include <cstdint>
#include <span>

namespace tocsin::test {

/// The input of a fuzzer taken octet by octet; zeros when it is used up.
class OctetReader {
public:
    explicit OctetReader(std::span<const std::uint8_t> octets) : octets_{octets} {}

    [[nodiscard]] bool empty() const { return octets_.empty(); }
    std::uint8_t octet() {
        if (octets_.empty()) return 0;
        const std::uint8_t o = octets_.front();
        octets_ = octets_.subspan(1);
        return o;
    }
    std::uint32_t word() {
        std::uint32_t w = 0;
        for (int i = 0; i < 4; ++i) w = w << 8U | octet();
        return w;
    }
    /// What is left; nothing is after it.
    std::span<const std::uint8_t> rest() {
        const auto all = octets_;
        octets_ = {};
        return all;
    }

private:
    std::span<const std::uint8_t> octets_;
};

}  // namespace tocsin::test
