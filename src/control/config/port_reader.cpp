#include "control/config/port_reader.hpp"

#include "control/config/port_address_reader.hpp"
#include "control/config/value_reader.hpp"
#include "control/config/value_rules.hpp"
#include "control/config/vlan_port.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

constexpr std::int64_t kFewestDescriptors = 64;
constexpr std::int64_t kMostDescriptors = 32'768;

bool is_device(std::string_view device) {
    // A bus address (0000:3b:00.0, 3b:00.0, vmbus:...) has a colon before any argument.
    return device.substr(0, device.find(',')).find(':') != device.npos ||
           device.starts_with("net_") || device.starts_with("eth_") ||
           device.starts_with("virtio_user");
}

void read_device(TableReader& in, Port& out) {
    const auto device = in.get_string("device");
    if (!in.has("device")) {
        in.fault("device",
                 "is missing: write a PCI address such as \"0000:3b:00.0\" or a vdev such "
                 "as \"net_af_packet0,iface=eth1\"");
    }
    if (!device) return;
    out.device = *device;
    if (is_device(*device)) return;
    std::string message = in_quotes(*device) + " is neither a PCI address nor a vdev";
    if (!device->empty() && device->size() < 16 && device->find_first_of(", /") == device->npos) {
        message +=
            ": for the kernel's interface of that name write \"net_af_xdp0,iface=" + *device +
            "\" or \"net_af_packet0,iface=" + *device + '"';
    } else {
        message += ": write for instance \"0000:3b:00.0\" or \"net_af_packet0,iface=eth1\"";
    }
    in.fault("device", std::move(message));
}

/// What only a port with a device has.
void read_device_keys(TableReader& in, Port& port) {
    read_device(in, port);
    if (const auto mode = in.get_string("mode"); mode && *mode != "whole") {
        in.fault("mode",
                 *mode == "shared"
                     ? "\"shared\" is not offered yet by this version: write \"whole\", and "
                       "tocsin owns the port"
                     : in_quotes(*mode) + " is not accepted: write \"whole\"");
    }
    if (const auto exception = in.get_string("exception"); exception && *exception != "none") {
        in.fault("exception", *exception == "tap"
                                  ? "\"tap\" is not offered yet by this version: write \"none\""
                                  : in_quotes(*exception) + " is not accepted: write \"none\"");
    }
    read_echo_source(in, port);
    port.rx_checksum =
        in.get_choice<RxChecksum>("rx_checksum", {{"auto", RxChecksum::Auto},
                                                  {"verify", RxChecksum::Verify},
                                                  {"accept_partial", RxChecksum::AcceptPartial},
                                                  {"ignore", RxChecksum::Ignore}})
            .value_or(port.rx_checksum);
    const auto descriptors = [&](const char* key, std::uint16_t otherwise) {
        return static_cast<std::uint16_t>(
            in.get_integer(key, kFewestDescriptors, kMostDescriptors).value_or(otherwise));
    };
    port.rx_descriptors = descriptors("rx_descriptors", port.rx_descriptors);
    port.tx_descriptors = descriptors("tx_descriptors", port.tx_descriptors);
}

}  // namespace

void read_port(TableReader& in, Draft& draft) {
    Port port;
    port.name = read_name(in, "sessions refer to a port by its name", kLongestPortName);
    if (!read_vlan_port(in, port)) read_device_keys(in, port);
    if (!read_port_addresses(in, port)) draft.addresses_are_doubtful = true;
    port.point_to_point = in.get_bool("point_to_point").value_or(port.point_to_point);
    port.mpls = in.get_bool("mpls").value_or(port.mpls);
    port.tunnels_without_checksum =
        in.get_bool("tunnels_without_checksum").value_or(port.tunnels_without_checksum);
    port.open_vswitch_vxlan = in.get_bool("open_vswitch_vxlan").value_or(port.open_vswitch_vxlan);
    for (TableReader& route : in.get_tables("route")) read_route(route, port.routes);
    in.finish();
    draft.config.ports.push_back(std::move(port));
}

}  // namespace tocsin::control::config
