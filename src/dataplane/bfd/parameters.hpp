#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"

#include <cstdint>

namespace tocsin::bfd {

/// What an operator decides about a session; control has validated it.
struct SessionParameters {
    WireInterval desired_min_tx_interval{1'000'000};  ///< at least 1; used while Up, RFC 5880 6.8.3
    WireInterval required_min_rx_interval{1'000'000};  ///< 0 = send no periodic packets to me
    WireInterval required_min_echo_rx_interval{0};     ///< 0 = Echo is not looped
    /// Echo packets of our own, while Up and as far as the peer allows, RFC 5880 6.8.9; 0 = none.
    /// Single hop only.
    WireInterval desired_min_echo_tx_interval{0};
    /// In Demand mode: from one verification by a Poll Sequence to the next, RFC 5880 6.6; 0 = only
    /// when asked for. At most an hour.
    WireInterval demand_poll_interval{0};
    std::uint8_t detect_mult = 3;           ///< 1..255
    std::uint8_t min_ttl = 255;             ///< lowest accepted TTL or Hop Limit
    bool passive : 1 {};                    ///< silent until a packet was received, RFC 5880 6.1
    bool match_source : 1 {};               ///< drop packets whose source is not the remote address
    bool control_plane_independent : 1 {};  ///< the C bit, RFC 5880 4.1
    bool demand_mode : 1 {};                ///< bfd.DemandMode
    /// Congestion doubles the intervals so often at most, RFC 5880 7; 0 = never, most 4. Multihop
    /// only.
    std::uint8_t congestion_doublings : 4 {};
    std::uint16_t key_chain = 0;  ///< number of the keys it is authenticated with; 0 = none

    friend constexpr bool operator==(const SessionParameters&, const SessionParameters&) = default;
};

}  // namespace tocsin::bfd
