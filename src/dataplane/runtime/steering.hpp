#pragma once

#include "dataplane/base/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::runtime {

/// How received packets come to the worker of their session. No device can tell a worker by the
/// discriminator, which is scrambled: the best that one can do is to spread BFD over the queues of
/// all workers; what arrives at another worker's queue is handed over in memory.
struct Steering {
    std::string method;  ///< "one queue", "rte_flow", "rss", "software hand-over"
    std::string reason;  ///< for people
};

/// What a device and its driver say; the rest of the decision is decide()'s.
struct SteeringFacts {
    std::string driver;
    std::uint16_t workers = 1;
    std::uint16_t rx_queues = 1;
    std::uint64_t rss = 0;                    ///< RTE_ETH_RSS_* that the device was configured with
    std::vector<std::uint16_t> flow_rules{};  ///< UDP ports that spread_by_flow_rules() spread
    std::string flow_rules_refused;           ///< why not, for people
};

[[nodiscard]] Steering decide(const SteeringFacts& facts);

/// Rules that spread UDP to the ports of BFD (3784, 4784) over queues 0 to `queues` - 1, and to
/// those of micro-BFD, S-BFD, VXLAN and Geneve as far as the device takes them. Which ones it took;
/// none: `refused` says why. The device has been started.
[[nodiscard]] std::vector<std::uint16_t> spread_by_flow_rules(PortId port, std::uint16_t queues,
                                                              std::uint64_t rss,
                                                              std::string& refused);

}  // namespace tocsin::runtime
