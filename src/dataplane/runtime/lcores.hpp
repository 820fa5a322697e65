#pragma once

#include "dataplane/runtime/runtime.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tocsin::runtime {

/// Which CPUs run what. lcore ids equal CPU numbers as far as DPDK's limit on ids allows.
struct LcorePlan {
    struct Worker {
        unsigned cpu = 0;
        unsigned lcore = 0;
    };
    std::vector<Worker> workers;
    unsigned main_lcore = 0;
    std::vector<unsigned> main_cpus;  ///< control's: none of a worker's, as long as one is left

    /// Value of EAL's --lcores.
    [[nodiscard]] std::string argument() const;
};

/// CPUs of the calling thread's affinity mask, ascending.
[[nodiscard]] std::vector<unsigned> allowed_cpus();

/// `wanted` as in Config::workers; `allowed` is not empty. nullopt: `error` says why.
[[nodiscard]] std::optional<LcorePlan> plan_lcores(const std::vector<unsigned>& wanted,
                                                   const std::vector<unsigned>& allowed,
                                                   StartError& error);

}  // namespace tocsin::runtime
