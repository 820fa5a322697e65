#pragma once

#include "dataplane/base/ip.hpp"

namespace tocsin::overlay {

/// Our addresses of the LAG that a port is a member of, for micro-BFD alone: the LAG is an
/// interface of its own, and its members have no other use for its addresses.
struct MemberAddresses {
    IpAddress v4;  ///< family None: none
    IpAddress v6;  ///< likewise

    /// `a` has a family.
    [[nodiscard]] constexpr bool contains(const IpAddress& a) const noexcept {
        return a == (a.is_v4() ? v4 : v6);
    }
    friend constexpr bool operator==(const MemberAddresses&, const MemberAddresses&) = default;
};

}  // namespace tocsin::overlay
