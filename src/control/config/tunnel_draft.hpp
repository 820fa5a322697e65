#pragma once

#include <chrono>
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
    // Of LSPs and pseudowires.
    std::vector<std::int64_t> labels{};  ///< outermost first
    std::string fec{};
    std::optional<std::int64_t> instance{};
    std::optional<std::int64_t> inner_label_ttl{};
    std::optional<std::chrono::microseconds> lsp_ping_interval{};
    std::optional<std::int64_t> label_in{};
    std::optional<std::int64_t> cc_type{};
    std::optional<std::int64_t> cv_type{};
    std::optional<std::int64_t> local_cv_types{};   ///< as a mask
    std::optional<std::int64_t> remote_cv_types{};  ///< likewise
    std::optional<bool> status_signalled{};
    std::optional<bool> control_word{};
    friend bool operator==(const TunnelDraft&, const TunnelDraft&) = default;
};

/// Whether `member` of a session is one of these.
[[nodiscard]] constexpr bool is_tunnel_member(std::string_view member) noexcept {
    for (const std::string_view known : {"vni",
                                         "payload",
                                         "inner_src",
                                         "inner_dst",
                                         "inner_src_mac",
                                         "inner_dst_mac",
                                         "inner_vlan",
                                         "inner_priority",
                                         "ttl",
                                         "outer_checksum",
                                         "labels",
                                         "fec",
                                         "instance",
                                         "inner_label_ttl",
                                         "lsp_ping_interval",
                                         "label_in",
                                         "cc_type",
                                         "cv_type",
                                         "local_cv_types",
                                         "remote_cv_types",
                                         "status_signalled",
                                         "control_word"}) {
        if (member == known) return true;
    }
    return false;
}

}  // namespace tocsin::control::config
