#include "control/config/link_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/address_rules.hpp"
#include "control/config/end_rules.hpp"

#include <algorithm>

namespace tocsin::control::config {

namespace {

/// The listed address of `port` from which `remote` is reached without a router.
const IpPrefix* address_towards(const Port& port, const IpAddress& remote) {
    const auto reaches = [&](const IpPrefix& own) {
        return is_ipv6_link_local(remote) ? is_ipv6_link_local(own.address) : own.contains(remote);
    };
    const auto found = std::ranges::find_if(port.addresses, reaches);
    return found == port.addresses.end() ? nullptr : &*found;
}

/// Every port answers for a link-local address, listed or derived from its MAC.
bool on_link(const Port& port, const IpAddress& remote) {
    return is_ipv6_link_local(remote) || address_towards(port, remote) != nullptr;
}

std::string addresses_of(const Port& port) {
    std::string out;
    for (const IpPrefix& own : port.addresses) {
        if (!out.empty()) out += ", ";
        out += to_string(own);
    }
    return out.empty() ? "none" : out;
}

/// The only port with `remote` on its link; nullptr: there is none or several, which is a fault.
const Port* port_towards(RuleContext& in, const IpAddress& remote) {
    std::vector<const Port*> candidates;
    for (const Port& port : in.ports) {
        if (on_link(port, remote)) candidates.push_back(&port);
    }
    if (candidates.size() == 1) return candidates.front();
    if (candidates.empty()) {
        in.add("remote",
               in.draft.remote +
                   " is in no subnet of any port: give a port an address in the peer's "
                   "subnet",
               true);
    } else {
        in.add("port",
               "is missing, and " + in.draft.remote + " can be reached through several (" +
                   names_of(candidates) + "): name one of them",
               true);
    }
    return nullptr;
}

void check_remote_on(RuleContext& in, const Port& port, const IpAddress& remote) {
    if (refuse_own(in, port, remote)) return;
    if (is_ipv6_link_local(remote)) return;
    const IpPrefix* const own = address_towards(port, remote);
    if (own == nullptr) {
        in.add("remote",
               in.draft.remote + " is in no subnet of port " + port.name + " (" +
                   addresses_of(port) + "): a single-hop peer shares a subnet with the port",
               true);
    } else if (is_network_or_broadcast(*own, remote)) {
        in.add("remote",
               in.draft.remote + " is the " +
                   (remote == network_address(*own) ? "network" : "broadcast") + " address of " +
                   to_string(*own) + ": write the peer's own address",
               true);
    }
}

void check_local_on(RuleContext& in, const Port& port, const IpAddress& remote,
                    const IpAddress& local) {
    const auto own = std::ranges::find(port.addresses, local, &IpPrefix::address);
    if (own == port.addresses.end()) {
        in.add("local",
               in.draft.local + " is not an address of port " + port.name + " (" +
                   addresses_of(port) + "): write one of them or leave local out",
               true);
    } else if (is_ipv6_link_local(remote) != is_ipv6_link_local(local)) {
        in.add("local",
               in.draft.local + " and remote " + in.draft.remote +
                   " must both be link-local or neither",
               true);
    } else if (!is_ipv6_link_local(remote) && !own->contains(remote) &&
               address_towards(port, remote) != nullptr) {
        in.add("local",
               in.draft.local + " is not in the subnet of remote " + in.draft.remote + ": use " +
                   to_string(address_towards(port, remote)->address) + " or leave local out",
               true);
    }
}

}  // namespace

void check_link(RuleContext& in) {
    const Ends ends = read_ends(in);
    const Port* port = nullptr;
    if (!in.draft.port.empty()) {
        port = named_port(in);
    } else if (ends.remote) {
        port = port_towards(in, *ends.remote);
    }
    if (port == nullptr || !ends.remote) return;
    in.session.port = port->name;
    check_remote_on(in, *port, *ends.remote);
    if (ends.local) return check_local_on(in, *port, *ends.remote, *ends.local);
    if (!in.draft.local.empty()) return;
    const IpPrefix* const own = address_towards(*port, *ends.remote);
    if (own != nullptr) in.session.local = own->address;
}

}  // namespace tocsin::control::config
