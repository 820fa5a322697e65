#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/message/command.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::perf {

/// One end of a path between two in-memory ports.
struct PathEnd {
    IpAddress near;
    IpAddress far;
    MacAddress mac{};  ///< of the port at this end
    MacAddress peer_mac{};
    PortId port;             ///< at this end
    std::uint32_t path = 0;  ///< its number, of all
    bool west = true;        ///< which of the two ends
};

/// Key and headers of a session of the encapsulation that `word` names, one of encap_words(): plain
/// single hop for "none".
void carry_in(const std::string& word, const PathEnd& end, message::AddSession& out);
/// Tunnels have IPv4 outside and inside and no tag.
[[nodiscard]] std::vector<std::string> encap_words();

}  // namespace tocsin::perf
