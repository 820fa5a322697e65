#pragma once

#include "dataplane/runtime/runtime.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::runtime {

/// A port's device string, taken apart.
struct Device {
    bool pci = false;
    std::string name;       ///< DPDK's name: "0000:3b:00.0" or "net_af_packet0"
    std::string args;       ///< behind the first comma
    std::string driver;     ///< of a vdev: the name without its number
    std::string interface;  ///< value of iface=, if any

    /// Frames come from and go to a kernel interface that exists without us.
    [[nodiscard]] bool attaches_to_interface() const noexcept;
};

/// "[0000:]3b:00.0[,args]" or "net_af_packet0[,args]".
[[nodiscard]] Device parse_device(std::string_view text);

/// Everything about the ports that can be known before EAL is started, because EAL can be started
/// only once: form, duplicates, interfaces, PCI devices and capabilities. nullopt: `error` says
/// why.
[[nodiscard]] std::optional<std::vector<Device>> check_devices(const std::vector<PortConfig>& ports,
                                                               StartError& error);

/// After a driver refused a device: what a person would look at next.
[[nodiscard]] std::string why_not_opened(const Device& device);

}  // namespace tocsin::runtime
