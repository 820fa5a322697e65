#include "control/net/route_table.hpp"

#include "control/base/address.hpp"

#include <algorithm>

namespace tocsin::control::net {

namespace {

/// The longest of the port's subnets that `remote` lies in. A link-local IPv6 peer is on every
/// link.
const IpPrefix* subnet_of(const StackPort& port, const IpAddress& remote) {
    const bool on_every_link = remote.is_v6() && is_link_local(remote);
    const IpPrefix* best = nullptr;
    for (const IpPrefix& p : port.addresses) {
        const bool connected =
            on_every_link ? p.address.is_v6() && is_link_local(p.address) : p.contains(remote);
        if (connected && (best == nullptr || p.length > best->length)) best = &p;
    }
    return best;
}

const StaticRoute* route_to(const StackPort& port, const IpAddress& remote) {
    if (is_link_local(remote)) return nullptr;
    const StaticRoute* best = nullptr;
    for (const StaticRoute& r : port.routes) {
        if (!r.to.contains(remote) || subnet_of(port, r.via) == nullptr) continue;
        if (best == nullptr || r.to.length > best->to.length) best = &r;
    }
    return best;
}

/// Whether one other station can have this address.
bool is_station(const StackPort& port, const IpAddress& remote) {
    return remote.family != AddressFamily::None && !is_unspecified(remote) &&
           !is_multicast(remote) && !is_loopback(remote) && !is_own(port, remote);
}

}  // namespace

bool is_own(const StackPort& port, const IpAddress& address) {
    return std::ranges::any_of(port.addresses,
                               [&](const IpPrefix& p) { return p.address == address; });
}

std::optional<IpAddress> next_hop(const StackPort& port, const IpAddress& remote) {
    if (!is_station(port, remote)) return std::nullopt;
    const IpPrefix* const subnet = subnet_of(port, remote);
    const StaticRoute* const route = route_to(port, remote);
    if (subnet != nullptr && (route == nullptr || subnet->length >= route->to.length)) {
        if (is_network_or_broadcast(*subnet, remote)) return std::nullopt;
        return remote;
    }
    if (route == nullptr) return std::nullopt;
    return route->via;
}

std::optional<IpAddress> local_for(const StackPort& port, const IpAddress& remote) {
    const auto hop = next_hop(port, remote);
    if (!hop) return std::nullopt;
    if (is_link_local(*hop) && !is_link_local(remote)) {
        const auto wider = std::ranges::find_if(port.addresses, [&](const IpPrefix& p) {
            return p.address.family == remote.family && !is_link_local(p.address);
        });
        if (wider == port.addresses.end()) return std::nullopt;
        return wider->address;
    }
    const IpPrefix* const subnet = subnet_of(port, *hop);
    if (subnet == nullptr || subnet->address.family != remote.family) return std::nullopt;
    return subnet->address;
}

}  // namespace tocsin::control::net
