#pragma once

#include "control/ctl/context.hpp"
#include "control/ctl/daemon_commands.hpp"
#include "control/ctl/exit_code.hpp"
#include "control/ctl/history_command.hpp"
#include "control/ctl/lag_commands.hpp"
#include "control/ctl/session_commands.hpp"
#include "control/ctl/watch_command.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

using Command = std::function<ExitCode(const Context&)>;

/// The options of all commands, which live here while the chosen one runs, and that command.
struct CommandLine {
    ListOptions list{};
    SelectOptions select{};
    SpecOptions spec{};
    HistoryOptions history{};
    std::string from{};
    WatchOptions watch{};
    LagOptions lag{};
    NeighborOptions neighbor{};
    std::string file{};
    std::vector<std::string> reflectors{};
    Command command{};

    /// Adds a command to `parent`; whoever writes it chooses `run_it`.
    CLI::App* add(CLI::App& parent, const char* name, const char* help, Command run_it);
    /// --state, --port, --remote and --name, of which `list` gets the values.
    void add_filter(CLI::App& target);
};

}  // namespace tocsin::control::ctl
