#pragma once

#include "control/base/result.hpp"
#include "control/ctl/context.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

struct ListOptions {
    std::vector<std::string> states;
    std::string port;
    std::string remote;  ///< address or prefix
    std::string name;    ///< part of it
    bool all = false;    ///< every page; else the first. Of a deletion: no filter is needed
};

/// How the command line names sessions.
struct SelectOptions {
    std::vector<std::string> selectors;
    std::string port;
    std::string local;
};

/// The members of a Tunnel as options.
struct TunnelOptions {
    std::optional<std::uint32_t> vni;
    std::string payload;  ///< "ethernet" or "ip"; empty = not given
    std::string inner_src;
    std::string inner_dst;
    std::string inner_src_mac;
    std::string inner_dst_mac;
    std::vector<std::uint32_t> inner_vlan;
    std::optional<std::uint32_t> inner_priority;
    std::optional<std::uint32_t> ttl;
    std::optional<bool> outer_checksum;
    std::vector<std::uint32_t> labels;  ///< outermost first
    std::string fec;
    std::optional<std::uint32_t> instance;
    std::optional<std::uint32_t> inner_label_ttl;
    std::string lsp_ping_interval;  ///< with a unit; empty = not given
    std::optional<std::uint32_t> label_in;
    std::optional<std::uint32_t> cc_type;
    std::optional<std::uint32_t> cv_type;
    std::optional<std::uint32_t> local_cv_types;
    std::optional<std::uint32_t> remote_cv_types;
    std::optional<bool> status_signalled;
    std::optional<bool> control_word;

    bool operator==(const TunnelOptions&) const = default;
};

/// The members of a SessionSpec as options.
struct SpecOptions {
    std::string name;
    std::string type;  ///< as session_type_name() writes it; empty = not given
    std::string remote;
    std::string local;
    std::string port;
    std::string profile;
    std::string desired_min_tx_interval;   ///< with a unit; empty = not given
    std::string required_min_rx_interval;  ///< likewise
    std::optional<std::uint32_t> detect_mult;
    std::optional<std::uint32_t> min_ttl;
    std::optional<std::uint32_t> dscp;
    std::optional<std::uint32_t> padded_pdu_size;
    std::string demand_poll_interval;           ///< likewise
    std::string desired_min_echo_tx_interval;   ///< likewise
    std::string required_min_echo_rx_interval;  ///< likewise
    std::optional<bool> passive;
    std::optional<bool> demand_mode;
    std::optional<bool> match_source;
    std::optional<bool> congestion_control;
    std::optional<bool> follow_link;
    std::string auth_type;  ///< as auth_type_name() writes it; empty = not given
    std::string key_chain;
    std::optional<bool> interval_alignment;
    std::string up_hold;    ///< with a unit; empty = not given
    std::string down_hold;  ///< likewise
    std::string dampening;  ///< as dampening_of() reads it; empty = not given
    bool admin_down = false;
    TunnelOptions tunnel;
    std::string remote_discriminator;  ///< as discriminator_of() reads it; empty = not given

    bool operator==(const SpecOptions&) const = default;
};

[[nodiscard]] ExitCode session_list(const Context& context, const ListOptions& options);
[[nodiscard]] ExitCode session_show(const Context& context, const SelectOptions& options);
[[nodiscard]] ExitCode session_add(const Context& context, const SpecOptions& options);
/// Deletes what the API added and the filter chooses; `all`: without a filter.
[[nodiscard]] ExitCode session_delete_matching(const Context& context, const ListOptions& options);
[[nodiscard]] ExitCode session_set(const Context& context, const SelectOptions& which,
                                   const SpecOptions& options);
[[nodiscard]] ExitCode session_delete(const Context& context, const SelectOptions& options);
[[nodiscard]] ExitCode session_poll(const Context& context, const SelectOptions& options);
[[nodiscard]] ExitCode session_admin(const Context& context, const SelectOptions& options,
                                     bool down);

[[nodiscard]] ExitCode session_clear_dampening(const Context& context,
                                               const SelectOptions& options);

/// A filter of --state, --port, --remote and --name; the sentence says what a word should have
/// been.
[[nodiscard]] Result<v1::SessionFilter> filter_of(const ListOptions& options);

}  // namespace tocsin::control::ctl
