#include "control/config/multihop_path.hpp"

#include "control/base/address.hpp"
#include "control/config/address_rules.hpp"

#include <algorithm>
#include <optional>

namespace tocsin::control::config {

namespace {

/// The longest of the port's subnets with `address`; every port has the link-local one.
const IpPrefix* subnet_with(const Port& port, const IpAddress& address) {
    const IpPrefix* best = nullptr;
    for (const IpPrefix& own : port.addresses) {
        if (!own.contains(address)) continue;
        if (best == nullptr || own.length > best->length) best = &own;
    }
    return best;
}

IpAddress first_of_wider_scope(const Port& port, AddressFamily family) {
    const auto found = std::ranges::find_if(port.addresses, [&](const IpPrefix& own) {
        return own.address.family == family && !is_link_local(own.address);
    });
    return found == port.addresses.end() ? IpAddress{} : found->address;
}

struct Match {
    unsigned length = 0;
    IpAddress local;
};

std::optional<Match> match(const Port& port, const IpAddress& remote) {
    const IpPrefix* const subnet = subnet_with(port, remote);
    const Route* route = nullptr;
    for (const Route& r : port.routes) {
        if (is_link_local(remote)) break;
        const bool usable = is_ipv6_link_local(r.via) || subnet_with(port, r.via) != nullptr;
        if (!usable || !r.to.contains(remote)) continue;
        if (route == nullptr || r.to.length > route->to.length) route = &r;
    }
    if (subnet != nullptr && (route == nullptr || subnet->length >= route->to.length)) {
        if (is_network_or_broadcast(*subnet, remote)) return std::nullopt;
        return Match{subnet->length, subnet->address};
    }
    if (route == nullptr) return std::nullopt;
    const IpPrefix* const towards = subnet_with(port, route->via);
    const bool wide = towards != nullptr && !is_link_local(towards->address);
    return Match{route->to.length,
                 wide ? towards->address : first_of_wider_scope(port, remote.family)};
}

}  // namespace

std::vector<MultihopPath> multihop_paths(const std::vector<Port>& ports, const IpAddress& remote,
                                         const Port* only) {
    std::vector<MultihopPath> out;
    unsigned longest = 0;
    for (const Port& port : ports) {
        if (only != nullptr && &port != only) continue;
        const auto found = match(port, remote);
        if (!found || (!out.empty() && found->length < longest)) continue;
        if (found->length > longest) out.clear();
        longest = found->length;
        out.push_back({.port = &port, .local = found->local});
    }
    return out;
}

}  // namespace tocsin::control::config
