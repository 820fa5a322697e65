#include "dataplane/runtime/device.hpp"

#include "dataplane/message/worker_stats.hpp"
#include "overlay/local_addresses.hpp"

#include <linux/capability.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tocsin::runtime {

namespace {

constexpr unsigned kCapBpf = 39;  // linux/capability.h of older kernels lacks the name

bool is_hex(std::string_view s) {
    return !s.empty() &&
           std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// "3b:00.0" or "0000:3b:00.0" in any case as DPDK writes it; empty when it is neither.
std::string pci_address(std::string_view text) {
    std::string out{text};
    if (std::count(out.begin(), out.end(), ':') == 1) out.insert(0, "0000:");
    if (out.size() != 12 || out[4] != ':' || out[7] != ':' || out[10] != '.') return {};
    const std::string_view s = out;
    if (!is_hex(s.substr(0, 4)) || !is_hex(s.substr(5, 2)) || !is_hex(s.substr(8, 2)) ||
        s[11] < '0' || s[11] > '7') {
        return {};
    }
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string argument(std::string_view args, std::string_view key) {
    while (!args.empty()) {
        const std::size_t comma = args.find(',');
        const std::string_view item = args.substr(0, comma);
        if (item.size() > key.size() && item.substr(0, key.size()) == key &&
            item[key.size()] == '=') {
            return std::string{item.substr(key.size() + 1)};
        }
        if (comma == std::string_view::npos) break;
        args.remove_prefix(comma + 1);
    }
    return {};
}

std::uint64_t effective_capabilities() {
    std::ifstream status{"/proc/self/status"};
    std::string line;
    while (std::getline(status, line)) {
        if (line.rfind("CapEff:", 0) == 0) return std::strtoull(line.c_str() + 7, nullptr, 16);
    }
    return ~std::uint64_t{0};  // not known: let the driver say
}

struct Capability {
    unsigned bit;
    std::string_view name;
};

std::vector<Capability> capabilities_of(const std::string& driver) {
    if (driver == "net_af_packet") return {{CAP_NET_RAW, "CAP_NET_RAW"}};
    if (driver == "net_af_xdp") {
        return {
            {CAP_NET_RAW, "CAP_NET_RAW"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {kCapBpf, "CAP_BPF"}};
    }
    if (driver == "net_tap") return {{CAP_NET_ADMIN, "CAP_NET_ADMIN"}};
    return {};
}

std::string missing_capability(const Device& device) {
    const std::uint64_t have = effective_capabilities();
    for (const Capability& c : capabilities_of(device.driver)) {
        if ((have >> c.bit & 1U) != 0) continue;
        // Before CAP_BPF existed, and still, CAP_SYS_ADMIN includes it.
        if (c.bit == kCapBpf && (have >> CAP_SYS_ADMIN & 1U) != 0) continue;
        return std::string{c.name};
    }
    return {};
}

std::string kernel_driver(const std::string& pci) {
    std::error_code none;
    const auto link =
        std::filesystem::read_symlink("/sys/bus/pci/devices/" + pci + "/driver", none);
    return none ? std::string{} : link.filename().string();
}

std::string check_one(const Device& device, const std::string& text) {
    if (device.name.empty()) {
        return "no device given; a PCI address such as 0000:3b:00.0 or a DPDK device such as "
               "net_af_packet0,iface=eth1";
    }
    if (device.pci) {
        std::error_code ignored;
        if (!std::filesystem::exists("/sys/bus/pci/devices/" + device.name, ignored)) {
            return "there is no PCI device " + device.name +
                   "; dpdk-devbind.py --status lists them";
        }
        return {};
    }
    if (device.attaches_to_interface()) {
        if (device.interface.empty()) {
            return "\"" + text + "\" names no interface; add iface=NAME";
        }
        if (if_nametoindex(device.interface.c_str()) == 0) {
            return "there is no network interface " + device.interface +
                   " in this network namespace; ip link lists them";
        }
    }
    if (const std::string cap = missing_capability(device); !cap.empty()) {
        return device.driver + " needs " + cap +
               ": run as root or give the process that capability (AmbientCapabilities= in its "
               "systemd unit)";
    }
    if (device.driver == "net_tap" && access("/dev/net/tun", R_OK | W_OK) != 0) {
        return "net_tap needs /dev/net/tun, which cannot be opened; modprobe tun, or give the "
               "container that device";
    }
    return {};
}

}  // namespace

bool Device::attaches_to_interface() const noexcept {
    return driver == "net_af_packet" || driver == "net_af_xdp";
}

Device parse_device(std::string_view text) {
    Device out;
    const std::size_t comma = text.find(',');
    out.name = text.substr(0, comma);
    if (comma != std::string_view::npos) out.args = text.substr(comma + 1);
    if (std::string pci = pci_address(out.name); !pci.empty()) {
        out.pci = true;
        out.name = std::move(pci);
        return out;
    }
    out.driver = out.name.substr(0, out.name.find_last_not_of("0123456789") + 1);
    if (out.driver == "eth_af_packet") out.driver = "net_af_packet";  // DPDK's old aliases
    if (out.driver == "eth_af_xdp") out.driver = "net_af_xdp";
    if (out.driver == "eth_tap") out.driver = "net_tap";
    out.interface = argument(out.args, "iface");
    return out;
}

std::optional<std::vector<Device>> check_devices(const std::vector<PortConfig>& ports,
                                                 StartError& error) {
    if (ports.empty()) {
        error = {"no port is configured; there must be at least one", "port"};
        return std::nullopt;
    }
    const auto devices = static_cast<std::size_t>(
        std::ranges::count_if(ports, [](const PortConfig& p) { return p.parent.empty(); }));
    if (devices > message::kMaxPorts || ports.size() - devices > message::kMaxVlanPorts) {
        error = {"at most " + std::to_string(message::kMaxPorts) + " ports with a device, and " +
                     std::to_string(message::kMaxVlanPorts) + " on VLANs of them",
                 "port"};
        return std::nullopt;
    }
    std::vector<Device> out;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const std::string path = "port[" + std::to_string(i) + "]";
        const std::size_t derived = ports[i].add_link_local ? 1 : 0;
        if (ports[i].addresses.size() + derived > overlay::LocalAddresses::kCapacity) {
            error = {"at most " + std::to_string(overlay::LocalAddresses::kCapacity - derived) +
                         " addresses on one port",
                     path + ".addresses"};
            return std::nullopt;
        }
        if (!ports[i].parent.empty()) {
            out.emplace_back();
            continue;
        }
        Device device = parse_device(ports[i].device);
        error = {check_one(device, ports[i].device), path + ".device"};
        if (!error.message.empty()) return std::nullopt;
        for (std::size_t j = 0; j < i; ++j) {
            const bool same_interface = device.attaches_to_interface() &&
                                        out[j].attaches_to_interface() &&
                                        out[j].interface == device.interface;
            if (!ports[j].parent.empty() || (out[j].name != device.name && !same_interface)) {
                continue;
            }
            error.message = (same_interface ? "interface " + device.interface : device.name) +
                            " is already used by port[" + std::to_string(j) + "] (" +
                            ports[j].name + "); one port per device";
            return std::nullopt;
        }
        out.push_back(std::move(device));
    }
    error = {};
    return out;
}

std::string why_not_opened(const Device& device) {
    if (!device.pci) {
        return "DPDK could not open " + device.name +
               (device.args.empty() ? std::string{} : " (" + device.args + ")") +
               "; check the driver's name and its arguments";
    }
    const std::string bound = kernel_driver(device.name);
    if (bound == "vfio-pci" || bound == "uio_pci_generic" || bound == "igb_uio") {
        return "no DPDK driver could take " + device.name + ", which is bound to " + bound +
               (geteuid() == 0 ? std::string{"; see EAL's messages on stderr"}
                               : std::string{"; run as root or give access to /dev/vfio"});
    }
    return "no DPDK driver could take " + device.name + ", which is " +
           (bound.empty() ? std::string{"bound to no kernel driver"}
                          : "bound to the kernel driver " + bound) +
           "; dpdk-devbind.py --bind=vfio-pci " + device.name;
}

}  // namespace tocsin::runtime
