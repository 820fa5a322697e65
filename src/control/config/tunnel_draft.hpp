#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// What somebody wrote about the tunnel of a session; empty text, nullopt and an empty list mean
/// not given.
struct TunnelDraft {
    std::optional<std::int64_t> vni{};
    std::string payload{};  ///< "ethernet" or "ip"
    std::string inner_src{};
    std::string inner_dst{};
    std::string inner_src_mac{};
    std::string inner_dst_mac{};
    std::vector<std::int64_t> inner_vlan{};  ///< outermost first
    std::optional<std::int64_t> inner_priority{};
    std::optional<std::int64_t> ttl{};
    std::optional<bool> outer_checksum{};
    friend bool operator==(const TunnelDraft&, const TunnelDraft&) = default;
};

/// Whether `member` of a session is one of these.
[[nodiscard]] constexpr bool is_tunnel_member(std::string_view member) noexcept {
    for (const std::string_view known :
         {"vni", "payload", "inner_src", "inner_dst", "inner_src_mac", "inner_dst_mac",
          "inner_vlan", "inner_priority", "ttl", "outer_checksum"}) {
        if (member == known) return true;
    }
    return false;
}

}  // namespace tocsin::control::config
