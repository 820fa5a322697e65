#pragma once

#include "control/lsp_ping/fec.hpp"
#include "dataplane/base/ip.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// A FEC that ends with us: its ingresses may have sessions, RFC 5884 6.
struct LspEgress {
    lsp_ping::Fec fec;
    std::optional<std::uint32_t> label;  ///< that we gave out for it; requests come under no other
    std::string local;                   ///< our address in the sessions, text
    std::vector<std::int64_t> return_labels;  ///< of the way back; empty: by IP routing
    std::string profile;                      ///< of the sessions; empty: defaults
    std::uint32_t max_sessions = 4;           ///< RFC 7726 4
    /// After Up, how long a session that is not Up again stays, RFC 7726 2.3.
    std::chrono::microseconds removal_delay{std::chrono::seconds{30}};
    /// How long one that was never Up stays.
    std::chrono::microseconds max_down_time{std::chrono::seconds{120}};
    friend bool operator==(const LspEgress&, const LspEgress&) = default;
};

/// What we do about Echo requests of LSP Ping. Takes effect with a reload.
struct LspPing {
    std::vector<IpPrefix> allow;  ///< sources of requests; none: all are dropped
    std::uint32_t requests_per_second = 10;
    std::vector<LspEgress> egress;
    friend bool operator==(const LspPing&, const LspPing&) = default;
};

}  // namespace tocsin::control::config
