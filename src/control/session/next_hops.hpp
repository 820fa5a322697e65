#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <optional>

namespace tocsin::control::session {

/// What sessions ask of the neighbour tables; net::Stack answers it (see there for the terms).
class NextHops {
public:
    virtual ~NextHops() = default;

    [[nodiscard]] virtual std::optional<IpAddress> next_hop(PortId port,
                                                            const IpAddress& remote) const = 0;
    [[nodiscard]] virtual std::optional<IpAddress> local_for(PortId port,
                                                             const IpAddress& remote) const = 0;
    virtual void track(PortId port, const IpAddress& next_hop) = 0;
    virtual void untrack(PortId port, const IpAddress& next_hop) = 0;
    [[nodiscard]] virtual std::optional<MacAddress> mac(PortId port,
                                                        const IpAddress& next_hop) const = 0;
    virtual void confirm(PortId port, const IpAddress& next_hop, Nanoseconds before) = 0;
    virtual void doubt(PortId port, const IpAddress& next_hop) = 0;
};

}  // namespace tocsin::control::session
