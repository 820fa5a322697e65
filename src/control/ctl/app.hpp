#pragma once

#include "control/ctl/exit_code.hpp"
#include "control/ctl/stop.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

/// What surrounds the program.
struct Environment {
    std::ostream& out;
    std::ostream& err;
    Stop& stop;           ///< ends `watch`
    bool colour = false;  ///< `out` is a terminal that wants colours
};

/// tocsinctl: parses `arguments` (without the program's name) and runs the command.
[[nodiscard]] ExitCode run(std::vector<std::string> arguments, const Environment& environment);

}  // namespace tocsin::control::ctl
