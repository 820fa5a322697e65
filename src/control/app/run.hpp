#pragma once

#include "control/app/options.hpp"
#include "control/base/result.hpp"
#include "control/config/schema.hpp"
#include "dataplane/message/dataplane.hpp"

#include <functional>
#include <memory>
#include <string>

namespace tocsin::control::app {

/// A dataplane that was started, and how to end it.
struct StartedDataplane {
    message::Dataplane* dataplane = nullptr;
    std::string dpdk_version;
    std::function<void()> stop;
};
using StartDataplane =
    std::function<Result<StartedDataplane>(const config::Config&, std::uint64_t seed)>;

/// The whole life of tocsind behind its command line: validates, starts, runs until a signal,
/// stops. Mistakes of the file go to stderr, one line each.
[[nodiscard]] Exit run(const Options& options, const StartDataplane& start_dataplane);

}  // namespace tocsin::control::app
