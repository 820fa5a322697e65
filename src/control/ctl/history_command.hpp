#pragma once

#include "control/ctl/context.hpp"

#include <string>

namespace tocsin::control::ctl {

struct HistoryOptions {
    std::string selector;
    std::string port;
    std::string local;
    bool down = false;   ///< only what led to the last Down
    std::string pcapng;  ///< file to write instead; "-": standard output; empty: none
};

[[nodiscard]] ExitCode session_history(const Context& context, const HistoryOptions& options);

}  // namespace tocsin::control::ctl
