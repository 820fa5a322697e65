#include "control/net/route_table.hpp"

#include <algorithm>

namespace tocsin::control::net {

namespace {

bool is_own(const StackPort& port, const IpAddress& address) {
    return std::ranges::any_of(port.addresses,
                               [&](const IpPrefix& p) { return p.address == address; });
}

/// The longest of the port's subnets that `remote` lies in. A link-local peer is on every link.
const IpPrefix* subnet_of(const StackPort& port, const IpAddress& remote) {
    const IpPrefix* best = nullptr;
    for (const IpPrefix& p : port.addresses) {
        const bool connected = remote.is_v6() && is_link_local(remote)
                                   ? p.address.is_v6() && is_link_local(p.address)
                                   : p.contains(remote);
        if (connected && (best == nullptr || p.length > best->length)) best = &p;
    }
    return best;
}

const StaticRoute* route_to(const StackPort& port, const IpAddress& remote) {
    const StaticRoute* best = nullptr;
    for (const StaticRoute& r : port.routes) {
        if (r.to.contains(remote) && (best == nullptr || r.to.length > best->to.length)) best = &r;
    }
    return best;
}

}  // namespace

std::optional<IpAddress> next_hop(const StackPort& port, const IpAddress& remote) {
    if (is_own(port, remote)) return std::nullopt;
    const IpPrefix* const subnet = subnet_of(port, remote);
    const StaticRoute* const route = route_to(port, remote);
    if (subnet != nullptr && (route == nullptr || subnet->length >= route->to.length)) return remote;
    if (route == nullptr) return std::nullopt;
    return route->via;
}

std::optional<IpAddress> local_for(const StackPort& port, const IpAddress& remote) {
    const auto hop = next_hop(port, remote);
    if (!hop) return std::nullopt;
    const IpPrefix* const subnet = subnet_of(port, *hop);
    if (subnet == nullptr || subnet->address.family != remote.family) return std::nullopt;
    return subnet->address;
}

}  // namespace tocsin::control::net
