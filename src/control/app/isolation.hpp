#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::app {

/// CPUs of a list as the kernel writes it, such as "1-3,5"; what cannot be read is left out.
[[nodiscard]] std::vector<unsigned> parse_cpu_list(std::string_view text);

/// Those of `cpus` that the kernel's scheduler also gives to others: not in its list of isolated
/// ones (isolcpus=, isolated cpuset partitions). A thread that polls there waits its turn.
[[nodiscard]] std::vector<unsigned> not_isolated(
    const std::vector<unsigned>& cpus,
    const std::string& list = "/sys/devices/system/cpu/isolated");

}  // namespace tocsin::control::app
