#pragma once

#include "control/lsp_ping/fec.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/label_stack.hpp"
#include "overlay/vccv.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace tocsin::control::config {

// CV types of BFD, RFC 5885 3; bits, so that they can be announced together.
inline constexpr std::uint8_t kCvIpUdp = 0x04;        ///< over IP and UDP, detects faults
inline constexpr std::uint8_t kCvIpUdpStatus = 0x08;  ///< and tells the status of circuits
inline constexpr std::uint8_t kCvAch = 0x10;          ///< without IP, detects faults
inline constexpr std::uint8_t kCvAchStatus = 0x20;    ///< and tells the status of circuits

[[nodiscard]] constexpr bool has_labels(SessionType type) noexcept {
    return type == SessionType::Mpls || type == SessionType::Vccv;
}
[[nodiscard]] constexpr bool is_over_ip(std::uint8_t cv_type) noexcept {
    return cv_type == kCvIpUdp || cv_type == kCvIpUdpStatus;
}
/// Whether diagnostics tell of circuits, RFC 5885 3.3.
[[nodiscard]] constexpr bool tells_status(std::uint8_t cv_type) noexcept {
    return cv_type == kCvIpUdpStatus || cv_type == kCvAchStatus;
}

/// The one CV type of what both ends have announced, RFC 5885 3.3 and 4; nullopt: none.
/// `control_word`: the pseudowire has the channel header. `status_is_signalled`: a control protocol
/// tells the status of circuits.
[[nodiscard]] std::optional<std::uint8_t> select_cv_type(std::uint8_t local, std::uint8_t remote,
                                                         bool control_word,
                                                         bool status_is_signalled) noexcept;

inline constexpr std::chrono::seconds kDefaultLspPingInterval{60};

/// What the packets of an LSP or a pseudowire travel under, and what it is.
struct Labels {
    overlay::LabelStack stack;   ///< outermost first; of a pseudowire its own is the last
    std::uint32_t label_in = 0;  ///< pseudowire: with which the peer's packets arrive
    overlay::ControlChannel channel = overlay::ControlChannel::Ach;
    std::uint8_t cv_type = kCvAch;
    bool control_word = true;
    lsp_ping::Fec fec;           ///< of an LSP
    std::uint16_t instance = 0;  ///< tells sessions of one FEC apart, RFC 7726 2.1
    std::chrono::microseconds lsp_ping_interval{kDefaultLspPingInterval};  ///< 0: no requests
    /// Of an egress session: what the ingress said of itself, RFC 5884 6; 0: we are the ingress.
    Discriminator remote_discr;
    bool routed = false;  ///< packets leave by way of IP routing, RFC 5884 7; of an egress
    friend bool operator==(const Labels&, const Labels&) = default;
};

/// An address of 127.0.0.0/8 or ::ffff:127.0.0.0/104 that looks random and is the same for the same
/// `seed`: constant for the life of a session, whoever asks for it again. RFC 5884 7.
[[nodiscard]] IpAddress loopback_of(AddressFamily family, std::uint64_t seed) noexcept;

/// A number for the session of an LSP between two systems, to make such addresses of.
[[nodiscard]] std::uint64_t lsp_seed(const IpAddress& local, const IpAddress& remote,
                                     const Labels& labels) noexcept;

/// What tells LSPs and pseudowires apart. Of `key` instance, link, family and addresses are filled
/// in. `inner_src` and `inner_dst`: where their packets come from, which is another session's when
/// it changes (RFC 5884 7), and go to; family None: there is no IP.
void fill_label_key(SessionKey& key, const IpAddress& local, const IpAddress& remote,
                    const IpAddress& inner_src, const IpAddress& inner_dst,
                    const Labels& labels) noexcept;

}  // namespace tocsin::control::config
