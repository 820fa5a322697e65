#pragma once

#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/unmatched_packet.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>

namespace tocsin::control::app {

/// Logs packets in tunnels that belong to no session, RFC 9521 4.1: each sender and VNI once in a
/// while.
class UnmatchedLog {
public:
    static constexpr Nanoseconds kAgain = std::chrono::minutes{10};
    /// That are remembered; while there are as many, others are not logged.
    static constexpr std::size_t kSenders = 256;

    explicit UnmatchedLog(const message::Dataplane& dataplane) : dataplane_{dataplane} {}

    /// True: it was logged.
    bool note(const message::UnmatchedPacket& packet);

private:
    using Sender = std::tuple<SessionType, IpAddress, std::uint32_t>;

    const message::Dataplane& dataplane_;
    std::map<Sender, Instant> quiet_until_;
};

}  // namespace tocsin::control::app
