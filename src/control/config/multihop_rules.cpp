#include "control/config/multihop_rules.hpp"

#include "control/config/address_rules.hpp"
#include "control/config/demand_rules.hpp"
#include "control/config/echo_rules.hpp"
#include "control/config/end_rules.hpp"
#include "control/config/multihop_path.hpp"
#include "control/config/value_rules.hpp"

#include <algorithm>

namespace tocsin::control::config {

namespace {

void check_own(RuleContext& in, const IpAddress& local) {
    if (is_ipv6_link_local(local)) {
        return in.add("local", in.draft.local +
                                   " is link-local, which no router passes on: write an address "
                                   "of wider scope");
    }
    const bool ours = std::ranges::any_of(in.ports, [&](const Port& port) {
        return std::ranges::find(port.addresses, local, &IpPrefix::address) != port.addresses.end();
    });
    if (ours) return;
    in.add("local",
           in.draft.local + " is no address of any port: write one of ours or leave local out",
           true);
}

}  // namespace

void check_path(RuleContext& in) {
    const Ends ends = read_ends(in);
    const Port* named = nullptr;
    if (!in.draft.port.empty() && (named = named_port(in)) == nullptr) return;
    if (!ends.remote) return;
    const IpAddress& remote = *ends.remote;
    if (is_ipv6_link_local(remote)) {
        return in.add("remote", in.draft.remote +
                                    " is link-local, which no router passes on: write " +
                                    (is_tunnel(in.draft.type) ? "" : "a single_hop session, or ") +
                                    "another address of the peer");
    }
    const auto is_ours = [&](const Port& port) { return refuse_own(in, port, remote); };
    if (std::ranges::any_of(in.ports, is_ours)) return;
    const std::vector<MultihopPath> paths = multihop_paths(in.ports, remote, named);
    if (paths.empty()) {
        return in.add("remote",
                      in.draft.remote + " is in no subnet and behind no [[port.route]] of " +
                          (named == nullptr ? std::string{"any port"} : "port " + named->name) +
                          ": write a route that leads there",
                      true);
    }
    if (paths.size() > 1) {
        std::vector<const Port*> candidates;
        for (const MultihopPath& p : paths) candidates.push_back(p.port);
        return in.add("port",
                      "is missing, and " + in.draft.remote +
                          " is reached equally well through several (" + names_of(candidates) +
                          "): name one of them",
                      true);
    }
    const MultihopPath& path = paths.front();
    in.session.port = path.port->name;
    if (ends.local) return check_own(in, *ends.local);
    if (!in.draft.local.empty()) return;
    if (path.local.family == AddressFamily::None) {
        return in.add("local",
                      "is missing, and port " + path.port->name +
                          " has no address of this family: write one of ours",
                      true);
    }
    in.session.local = path.local;
}

void check_multihop_ttl(RuleContext& in) {
    in.session.parameters.min_ttl = kDefaultMultihopMinTtl;
    if (!in.draft.min_ttl) return;
    in.add("min_ttl", min_ttl_fault(*in.draft.min_ttl));
    in.session.parameters.min_ttl = static_cast<std::uint8_t>(*in.draft.min_ttl);
}

void check_multihop(RuleContext& in) {
    const bfd::SessionParameters& p = in.session.parameters;
    constexpr const char* kNotOverHops =
        "Echo is not used over several hops (RFC 5883 3): leave it out, or write \"0s\" "
        "against a profile's";
    if (p.desired_min_echo_tx_interval > WireInterval{0}) {
        in.add("desired_min_echo_tx_interval", kNotOverHops);
    }
    if (p.required_min_echo_rx_interval > WireInterval{0}) {
        in.add("required_min_echo_rx_interval", kNotOverHops);
    }
    check_demand(in);
    check_echo(in);
}

}  // namespace tocsin::control::config
