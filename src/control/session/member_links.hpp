#pragma once

#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/worker_stats.hpp"
#include "overlay/member_addresses.hpp"

#include <array>
#include <vector>

namespace tocsin::control::session {

/// Tells every worker which addresses of ours micro-BFD packets go to on the ports that are members
/// of a LAG. Any worker may be the one that receives them. Control thread only.
class MemberLinks {
public:
    explicit MemberLinks(message::Dataplane& dataplane)
        : dataplane_{dataplane}, told_(dataplane.workers()) {}

    /// A session of the member link `port` has the address `local` of ours; one of each family.
    void add(PortId port, const IpAddress& local) { set(port, local.family, local); }
    void remove(PortId port, const IpAddress& local) { set(port, local.family, {}); }
    /// Tells those that do not know, as far as their rings have room.
    void pump();

private:
    using Members = std::array<overlay::MemberAddresses, message::kMaxPorts>;  ///< by port

    void set(PortId port, AddressFamily family, const IpAddress& to) {
        if (port.value >= message::kMaxPorts) return;
        overlay::MemberAddresses& member = members_[port.value];
        (family == AddressFamily::V4 ? member.v4 : member.v6) = to;
        changed_ = true;
    }

    message::Dataplane& dataplane_;
    Members members_{};
    std::vector<Members> told_;  ///< by worker
    bool changed_ = false;       ///< somebody may not know
};

}  // namespace tocsin::control::session
