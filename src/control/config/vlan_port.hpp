#pragma once

#include "control/config/schema.hpp"
#include "control/config/toml_reader.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tocsin::control::config {

inline constexpr std::int64_t kMostVlan = 4094;  ///< IEEE 802.1Q; 4095 is reserved

/// `parent`, `vlan` and `vlan_priority`, and faults for the keys that are the parent's to have.
/// True: the port is one on a VLAN.
[[nodiscard]] bool read_vlan_port(TableReader& in, Port& out);

/// That parents are there and have devices, and that no two ports have the same VLAN of one.
/// `fault` is called with a key path and what is wrong.
void check_vlan_ports(const std::vector<Port>& ports,
                      const std::function<void(const std::string&, std::string)>& fault);

}  // namespace tocsin::control::config
