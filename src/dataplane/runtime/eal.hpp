#pragma once

#include "dataplane/runtime/device.hpp"
#include "dataplane/runtime/lcores.hpp"
#include "dataplane/runtime/memory.hpp"
#include "dataplane/runtime/runtime.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::runtime {

/// Everything that is decided before EAL starts.
struct Plan {
    LcorePlan lcores;
    MemoryPlan memory;
    std::vector<Device> devices;   ///< index = Config::ports
    std::uint32_t slots = 0;       ///< per worker
    std::vector<std::string> eal;  ///< argv of rte_eal_init
};

/// All of the configuration that can be judged without EAL. nullopt: `error` says why.
[[nodiscard]] std::optional<Plan> make_plan(const Config& config, StartError& error);

/// DPDK's Environment Abstraction Layer: at most one in the life of a process.
class Eal {
public:
    Eal(const Eal&) = delete;
    Eal& operator=(const Eal&) = delete;
    ~Eal();

    /// The calling thread becomes the main lcore. nullptr: `error` says why.
    [[nodiscard]] static std::unique_ptr<Eal> start(const Plan& plan, StartError& error);

private:
    Eal() = default;
};

/// The rest of Runtime::start(). Apart, so that a test can make devices in between.
[[nodiscard]] std::unique_ptr<Runtime> start_on(std::unique_ptr<Eal> eal, const Plan& plan,
                                                const Config& config, StartError& error);

}  // namespace tocsin::runtime
