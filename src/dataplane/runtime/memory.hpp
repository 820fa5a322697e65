#pragma once

#include "dataplane/runtime/runtime.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::runtime {

/// How DPDK's memory is taken.
struct MemoryPlan {
    bool huge = false;
    std::uint32_t megabytes = 0;  ///< of the whole dataplane; reserved at once without huge pages
    std::string description;      ///< for people: which kind and why
};

/// Huge pages that the kernel has free, in octets.
[[nodiscard]] std::uint64_t free_huge_bytes();
/// Memory that new mappings can get without swapping, in octets; 0 = not known.
[[nodiscard]] std::uint64_t available_bytes();

/// `need` is what the dataplane takes, in octets. nullopt: `error` says why.
[[nodiscard]] std::optional<MemoryPlan> plan_memory(HugePages huge_pages, std::uint32_t memory_mb,
                                                    std::uint64_t need, std::uint64_t free_huge,
                                                    std::uint64_t available, StartError& error);

}  // namespace tocsin::runtime
