#include "control/config/port_address_reader.hpp"

#include "control/base/address.hpp"
#include "control/config/address_rules.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

bool read_port_addresses(TableReader& in, Port& out) {
    const auto texts = in.get_strings("addresses");
    if (!texts) return !in.has("addresses");
    bool good = true;
    for (std::size_t i = 0; i < texts->size(); ++i) {
        if (!(*texts)[i]) {
            good = false;
            continue;
        }
        const std::string& text = *(*texts)[i];
        const auto prefix = parse_prefix(text);
        std::optional<std::string> why;
        if (!prefix) {
            const auto bare = parse_address(text);
            why = bare ? in_quotes(text) + " has no prefix length: write for instance \"" + text +
                             (bare->is_v4() ? "/24\"" : "/64\"")
                       : in_quotes(text) + " is not ADDRESS/LENGTH, such as \"192.0.2.1/24\"";
        } else if (auto fault = not_a_host(prefix->address)) {
            why = text + ' ' + *fault + ": a port needs unicast addresses";
        } else if (prefix->length == 0) {
            why = text +
                  " has the length 0, which makes every address a neighbour: write the "
                  "length of the link's subnet";
        } else if (is_network_or_broadcast(*prefix, prefix->address)) {
            why = text + " is the " +
                  (prefix->address == network_address(*prefix) ? "network" : "broadcast") +
                  " address of its subnet: write the port's own address";
        }
        if (why) {
            in.fault_at("addresses[" + std::to_string(i) + ']', std::move(*why));
            good = false;
        } else {
            out.addresses.push_back(*prefix);
        }
    }
    return good;
}

void read_route(TableReader& in, std::vector<Route>& out) {
    Route route;
    const auto missing = [&](const char* key, std::string_view example) {
        if (in.has(key)) return;
        in.fault(key, "is missing: write for instance " + std::string{key} + " = \"" +
                          std::string{example} + '"');
    };
    const auto to = in.get_string("to");
    missing("to", "0.0.0.0/0");
    const auto prefix = to ? parse_prefix(*to) : std::nullopt;
    if (to && !prefix) {
        in.fault("to", in_quotes(*to) + " is not NETWORK/LENGTH, such as \"198.51.100.0/24\"");
    } else if (prefix) {
        route.to = *prefix;
        if (prefix->address != network_address(*prefix)) {
            const IpPrefix network{.address = network_address(*prefix), .length = prefix->length};
            in.fault("to",
                     *to + " has bits set behind its length: write \"" + to_string(network) + '"');
        }
    }
    const auto via = in.get_string("via");
    missing("via", "192.0.2.254");
    std::string why;
    const auto gateway = via ? read_address(*via, why) : std::nullopt;
    if (via && !gateway) in.fault("via", std::move(why));
    if (gateway) {
        route.via = *gateway;
        if (const auto fault = not_a_host(*gateway)) {
            in.fault("via", *via + ' ' + *fault + ": a gateway needs a unicast address");
            route.via = {};
        }
    }
    in.finish();
    out.push_back(route);  // keeps the index; validate() skips what is empty
}

void read_echo_source(TableReader& in, Port& out) {
    const auto texts = in.get_strings("echo_source").value_or(Elements<std::string>{});
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!texts[i]) continue;
        const std::string key = "echo_source[" + std::to_string(i) + ']';
        std::string why;
        const auto address = read_address(*texts[i], why);
        if (!address) {
            in.fault_at(key, std::move(why));
        } else if (auto fault = not_a_host(*address)) {
            in.fault_at(key, *texts[i] + ' ' + *fault + ": Echo needs a unicast source");
        } else if (is_ipv6_link_local(*address)) {
            in.fault_at(key, *texts[i] +
                                 " is link-local, which routers answer with redirects: write a "
                                 "global address (RFC 5881 4)");
        } else if (std::ranges::find(out.echo_source, address->family, &IpAddress::family) !=
                   out.echo_source.end()) {
            in.fault_at(key,
                        "is the second of its family: one IPv4 and one IPv6 address are "
                        "accepted");
        } else {
            out.echo_source.push_back(*address);
        }
    }
}

}  // namespace tocsin::control::config
