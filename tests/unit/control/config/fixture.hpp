#pragma once

#include "control/base/address.hpp"
#include "control/config/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tocsin::control::config {

/// One port with an IPv4 and an IPv6 subnet, one profile. Tests append tables.
inline const std::string kPort =
    "[[port]]\n"
    "name = \"wan0\"\n"
    "device = \"net_tap0\"\n"
    "addresses = [\"192.0.2.1/24\", \"2001:db8::1/64\"]\n";
inline const std::string kProfile =
    "[[profile]]\n"
    "name = \"fast\"\n"
    "desired_min_tx_interval = \"50ms\"\n"
    "required_min_rx_interval = \"40ms\"\n"
    "detect_mult = 5\n";
inline const std::string kBase = kPort + kProfile;

inline IpAddress ip(std::string_view text) { return parse_address(text).value(); }

inline std::string all(const LoadResult& result) {
    std::string out;
    for (const Fault& fault : result.faults) out += text(fault, "file") + '\n';
    return out;
}

inline Config load(const std::string& toml) {
    LoadResult result = load_text(toml);
    EXPECT_TRUE(result.ok()) << all(result);
    return result.config.value_or(Config{});
}

/// Exactly one fault, at `path`, whose message has `words`.
inline void expect_fault(const std::string& toml, std::string_view path, std::string_view words) {
    const LoadResult result = load_text(toml);
    EXPECT_FALSE(result.config);
    ASSERT_EQ(result.faults.size(), 1U) << toml << all(result);
    EXPECT_EQ(result.faults[0].path, path);
    EXPECT_NE(result.faults[0].message.find(words), std::string::npos) << result.faults[0].message;
}

}  // namespace tocsin::control::config
