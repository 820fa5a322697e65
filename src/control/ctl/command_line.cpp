#include "control/ctl/command_line.hpp"

#include <utility>

namespace tocsin::control::ctl {

CLI::App* CommandLine::add(CLI::App& parent, const char* name, const char* help, Command run_it) {
    CLI::App* const out = parent.add_subcommand(name, help);
    out->callback([this, chosen = std::move(run_it)] { command = chosen; });
    return out;
}

void CommandLine::add_filter(CLI::App& target) {
    target.add_option("--state", list.states, "up, init, down or admin-down; may be repeated");
    target.add_option("--port", list.port, "Only sessions of this port");
    target.add_option("--remote", list.remote, "Only peers with this address or in this prefix");
    target.add_option("--name", list.name, "Only names that contain this");
}

}  // namespace tocsin::control::ctl
