#pragma once

#include "control/lsp_ping/responder.hpp"
#include "dataplane/base/counter.hpp"

#include <array>
#include <cstddef>

namespace tocsin::control::lsp {

/// Control: wo, any thread: ro.
struct Counters {
    std::array<Counter, lsp_ping::kOutcomeNames.size()> received;  ///< requests, by outcome
    Counter requests_sent;
    Counter replies_egress;      ///< with return code 3
    Counter replies_other_code;  ///< the data plane disagrees, RFC 8029 4.6
    Counter replies_dropped;     ///< of no request that is outstanding, or malformed
    Counter sessions;            ///< of egresses, that there are now
    Counter sessions_created;
    Counter sessions_ended;  ///< Down for too long, or removed by the ingress
};

}  // namespace tocsin::control::lsp
