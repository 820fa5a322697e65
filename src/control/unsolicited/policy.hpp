#pragma once

#include "control/config/unsolicited.hpp"
#include "control/session/record.hpp"
#include "control/unsolicited/counters.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/bfd/packet.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace tocsin::control::unsolicited {

/// How long a session may take to come Up, at least; longer when its Detection Time is, RFC 9468 2.
inline constexpr Nanoseconds kPatience = std::chrono::seconds{10};
/// Longer Detection Times are refused, so that nobody keeps a session for hours with one packet.
/// 255 packets at the interval of a session that is not Up yet are less.
inline constexpr Nanoseconds kLongestDetectionTime = std::chrono::minutes{5};

/// Whether a host may have a session with our address `local` on a port with these subnets
/// (secondary and link-local ones included), RFC 9468 2 and 6.1. nullopt: it may.
[[nodiscard]] std::optional<Refusal> judge_source(const config::Unsolicited& policy,
                                                  const std::vector<IpPrefix>& subnets,
                                                  const IpAddress& source, const IpAddress& local);

/// Whether what the packet says permits a session, apart from its authentication.
[[nodiscard]] std::optional<Refusal> judge_packet(const config::Unsolicited& policy,
                                                  const bfd::ControlPacket& packet);

/// The Detection Time of a session with these parameters that received `packet`, RFC 5880 6.8.4.
[[nodiscard]] Nanoseconds detection_time(const bfd::SessionParameters& parameters,
                                         const bfd::ControlPacket& packet);

/// Whether an unsolicited session has to stop, RFC 9468 2: it went Down and its peer is not trying
/// anew, or has not come Up for `patience` since `since`. An operator's AdminDown is no reason.
[[nodiscard]] bool has_ended(const session::SessionRecord& record, Instant since,
                             Nanoseconds patience, Instant now);

}  // namespace tocsin::control::unsolicited
