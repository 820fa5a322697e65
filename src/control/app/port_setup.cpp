#include "control/app/port_setup.hpp"

#include <algorithm>

namespace tocsin::control::app {

IpPrefix link_local_address(const MacAddress& mac) {
    IpPrefix out{.address = {.family = AddressFamily::V6}, .length = 64};
    auto& o = out.address.octets;
    o[0] = 0xfe;
    o[1] = 0x80;
    std::copy(mac.begin(), mac.begin() + 3, o.begin() + 8);
    o[8] ^= 2U;
    o[11] = 0xff;
    o[12] = 0xfe;
    std::copy(mac.begin() + 3, mac.end(), o.begin() + 13);
    return out;
}

bool lists_link_local(const config::Port& port) {
    return std::ranges::any_of(port.addresses, [](const IpPrefix& p) {
        return p.address.is_v6() && is_link_local(p.address);
    });
}

PortSetup set_up_ports(const config::Config& config,
                       const std::vector<message::PortStatus>& status) {
    PortSetup out;
    out.specs.profiles = config.profiles;
    out.specs.tunnels = config.tunnels;
    for (const message::PortStatus& s : status) {
        const auto found = std::ranges::find(config.ports, s.name, &config::Port::name);
        if (found == config.ports.end()) continue;
        config::Port port = *found;
        const auto parent = std::ranges::find(config.ports, port.parent, &config::Port::name);
        if (parent != config.ports.end()) port.echo_source = parent->echo_source;
        if (!lists_link_local(port)) port.addresses.push_back(link_local_address(s.mac));
        out.sessions.push_back({.id = s.id,
                                .name = s.name,
                                .mac = s.mac,
                                .point_to_point = port.point_to_point,
                                .link_up = s.link_up,
                                .mtu = s.mtu,
                                .echo_source = port.echo_source,
                                .tags = config::vlan_tags(port)});
        net::StackPort& stack = out.stack.emplace_back();
        stack.id = s.id;
        stack.name = s.name;
        stack.mac = s.mac;
        stack.mtu = s.mtu;
        stack.addresses = port.addresses;
        for (const config::Route& r : port.routes) stack.routes.push_back({r.to, r.via});
        out.specs.ids.push_back(s.id);
        out.specs.ports.push_back(std::move(port));
    }
    return out;
}

}  // namespace tocsin::control::app
