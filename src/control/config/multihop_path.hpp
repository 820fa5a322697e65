#pragma once

#include "control/config/schema.hpp"

#include <vector>

namespace tocsin::control::config {

/// A port that leads to a peer which may be several hops away.
struct MultihopPath {
    const Port* port = nullptr;
    IpAddress local;  ///< its address towards the next hop; family None: it has none of wider scope
};

/// The ports whose subnets or static routes match `remote` longest, as net::next_hop() then finds
/// the way: one, or several that are equally good; none. Only `only` is looked at when given.
[[nodiscard]] std::vector<MultihopPath> multihop_paths(const std::vector<Port>& ports,
                                                       const IpAddress& remote,
                                                       const Port* only = nullptr);

}  // namespace tocsin::control::config
