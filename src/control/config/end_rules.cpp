#include "control/config/end_rules.hpp"

#include "control/config/address_rules.hpp"
#include "control/config/references.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

std::optional<IpAddress> checked(RuleContext& in, std::string_view member,
                                 const std::string& given) {
    if (given.empty()) return std::nullopt;
    std::string why;
    const auto address = read_address(given, why);
    if (!address) {
        in.add(member, std::move(why));
        return std::nullopt;
    }
    const auto fault = not_a_host(*address);
    if (!fault) return address;
    in.add(member, given + ' ' + *fault + ": BFD needs the unicast address of one system");
    return std::nullopt;
}

}  // namespace

Ends read_ends(RuleContext& in) {
    Ends out{.remote = checked(in, "remote", in.draft.remote), .local = {}};
    if (in.draft.remote.empty()) {
        in.add("remote", "is missing: write the peer's address, such as remote = \"192.0.2.2\"");
    }
    if (!in.draft.local.empty()) out.local = checked(in, "local", in.draft.local);
    if (out.remote) in.session.remote = *out.remote;
    if (out.local) in.session.local = *out.local;
    if (out.remote && out.local && out.remote->family != out.local->family) {
        in.add("local", in.draft.local + " and remote " + in.draft.remote +
                            " are of different families: both must be IPv4 or both IPv6");
        out.local.reset();
    }
    return out;
}

const Port* named_port(RuleContext& in) {
    std::string why;
    const Port* const port = port_named(in.ports, in.draft.port, why);
    if (port == nullptr) in.add("port", std::move(why));
    return port;
}

bool refuse_own(RuleContext& in, const Port& port, const IpAddress& remote) {
    if (std::ranges::find(port.addresses, remote, &IpPrefix::address) == port.addresses.end()) {
        return false;
    }
    in.add(
        "remote",
        in.draft.remote + " is our own address on port " + port.name + ": write the peer's address",
        true);
    return true;
}

std::string names_of(const std::vector<const Port*>& ports) {
    std::string out;
    for (const Port* port : ports) {
        if (!out.empty()) out += ", ";
        out += port->name;
    }
    return out;
}

}  // namespace tocsin::control::config
