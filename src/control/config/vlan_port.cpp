#include "control/config/vlan_port.hpp"

#include "control/config/nearest.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

/// What describes a device.
constexpr std::array<std::string_view, 6> kOfDevice{
    "device", "mode", "exception", "rx_checksum", "rx_descriptors", "tx_descriptors"};

std::string vlan_text(const Port& port) {
    std::string out;
    for (const std::uint16_t vlan : port.vlan) {
        out += (out.empty() ? "" : ", ") + std::to_string(vlan);
    }
    return '[' + out + ']';
}

void read_vlan(TableReader& in, Port& out) {
    const auto vlans = in.get_integers("vlan");
    if (!in.has("vlan")) {
        in.fault("vlan",
                 "is missing: write for instance vlan = [100], or vlan = [200, 100] for a VLAN "
                 "within another");
    }
    if (!vlans) return;
    if (vlans->empty() || vlans->size() > overlay::VlanTags::kMost) {
        in.fault("vlan", "has " + std::to_string(vlans->size()) +
                             " identifiers: one, or two with the outermost first, are accepted");
        return;
    }
    for (std::size_t i = 0; i < vlans->size(); ++i) {
        const auto& vlan = (*vlans)[i];
        if (!vlan) continue;
        if (*vlan < 1 || *vlan > kMostVlan) {
            in.fault_at("vlan[" + std::to_string(i) + ']',
                        std::to_string(*vlan) + " is out of range: 1.." +
                            std::to_string(kMostVlan) + " are accepted");
        } else {
            out.vlan.push_back(static_cast<std::uint16_t>(*vlan));
        }
    }
    if (out.vlan.size() != vlans->size()) out.vlan.clear();
}

}  // namespace

overlay::VlanTags vlan_tags(const Port& port) noexcept {
    overlay::VlanTags out;
    for (const std::uint16_t vlan : port.vlan) {
        out.tags[out.size++].tci = overlay::tci(port.vlan_priority, vlan);
    }
    if (out.size == 2) out.tags[0].tpid = overlay::kEtherTypeQinq;
    return out;
}

bool read_vlan_port(TableReader& in, Port& out) {
    const auto parent = in.get_string("parent");
    if (!in.has("parent")) {
        for (const char* key : {"vlan", "vlan_priority"}) {
            if (!in.asks_for(key)) continue;
            in.fault(key,
                     "belongs to a port on a VLAN: write parent = \"NAME\" with the port whose "
                     "VLAN it is, and no device");
        }
        return false;
    }
    out.parent = parent.value_or("");
    if (parent && parent->empty()) {
        in.fault("parent", "\"\" is empty: write the name of a port that has a device");
    }
    read_vlan(in, out);
    out.vlan_priority = static_cast<std::uint8_t>(
        in.get_integer("vlan_priority", 0, 7).value_or(out.vlan_priority));
    for (const std::string_view key : kOfDevice) {
        if (!in.asks_for(std::string{key})) continue;
        in.fault(std::string{key}, "is not for a port on a VLAN: its parent has the device");
    }
    if (in.asks_for("echo_source")) {
        in.fault("echo_source",
                 "is not for a port on a VLAN: its Echo packets have its parent's echo_source");
    }
    return true;
}

void check_vlan_ports(const std::vector<Port>& ports,
                      const std::function<void(const std::string&, std::string)>& fault) {
    std::map<std::pair<std::string, std::vector<std::uint16_t>>, std::string> first;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const Port& port = ports[i];
        if (port.parent.empty()) continue;
        const std::string path = indexed("port", i);
        const auto parent = std::ranges::find(ports, port.parent, &Port::name);
        if (parent == ports.end()) {
            fault(path + ".parent", "there is no port " + in_quotes(port.parent));
            continue;
        }
        if (!parent->parent.empty()) {
            fault(path + ".parent",
                  in_quotes(port.parent) +
                      " is on a VLAN itself: write parent = " + in_quotes(parent->parent) +
                      " and both identifiers in vlan, the outermost first");
            continue;
        }
        if (port.vlan.empty()) continue;
        const auto [at, fresh] = first.try_emplace({port.parent, port.vlan}, path);
        if (!fresh) {
            fault(path + ".vlan", vlan_text(port) + " of " + in_quotes(port.parent) +
                                      " is already that of " + at->second);
        }
    }
}

}  // namespace tocsin::control::config
