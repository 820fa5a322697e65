#include "control/ctl/daemon_grammar.hpp"

#include "control/ctl/config_commands.hpp"
#include "control/ctl/daemon_commands.hpp"
#include "control/ctl/reflector_commands.hpp"
#include "control/ctl/unsolicited_commands.hpp"
#include "control/ctl/watch_command.hpp"

namespace tocsin::control::ctl {

namespace {

void add_watch(CommandLine& line, CLI::App& app) {
    CLI::App& command =
        *line.add(app, "watch", "Follow state changes, one line each", [&line](auto& c) {
            line.watch.filter = line.list;
            return watch(c, line.watch);
        });
    line.add_filter(command);
    command.add_flag("--state-only", line.watch.state_only, "Only changes of the state");
    command.add_flag("--no-snapshot", line.watch.no_snapshot, "Only what comes next");
    command.add_flag("--admin-down-is-failure", line.watch.admin_down_is_failure,
                     "Tell an AdminDown as a failure of the path: for who has no other means "
                     "to see whether the peer lives");
    command.add_flag("--no-reconnect", line.watch.no_reconnect,
                     "End with 3 when tocsind goes away");
}

void add_lists(CommandLine& line, CLI::App& app) {
    const auto lister = [&](const char* noun, const char* about, const char* help, auto run_it) {
        CLI::App& group = *app.add_subcommand(noun, about);
        group.require_subcommand(1);
        return line.add(group, "list", help, run_it);
    };
    lister("worker", "Workers", "Load, loop gaps and lateness of each worker", worker_list);
    lister("port", "Ports", "Link, addresses and counters of each port", port_list);
    CLI::App& neighbors = *lister("neighbor", "Neighbours", "MAC addresses of next hops",
                                  [&line](auto& c) { return neighbor_list(c, line.neighbor); });
    neighbors.add_option("--port", line.neighbor.port, "Only those on this port");
    neighbors.add_flag("--all", line.neighbor.all, "Every page, not only the first 1000");
    lister("key-chain", "Key chains", "Keys and their lifetimes, without their secrets",
           key_chain_list);
    lister("unsolicited", "Sessions that peers ask for (RFC 9468)",
           "Policies, what they let in and what they refused", unsolicited_list);
    line.add(app, "stats", "Sums over all sessions and workers", stats);
    line.add(app, "version", "Version of this program and of tocsind",
             [](auto& c) { return version(c, TOCSIN_VERSION); });
}

void add_reflectors(CommandLine& line, CLI::App& app) {
    CLI::App& group = *app.add_subcommand("reflector", "Reflectors of S-BFD (RFC 7880)");
    group.require_subcommand(1);
    line.add(group, "list", "All of them, with their counters", reflector_list);
    const auto chosen = [&](const char* name, const char* help, auto run_it) {
        line.add(group, name, help, run_it)
            ->add_option("reflector", line.reflectors,
                         "Discriminator (a number, or the IPv4 address that stands for it) or name")
            ->required();
    };
    chosen("show", "Some of them", [&line](auto& c) { return reflector_show(c, line.reflectors); });
    chosen("admin-down", "Take entities out of service: requests are answered with AdminDown",
           [&line](auto& c) { return reflector_admin(c, line.reflectors, true); });
    chosen("admin-up", "Take them back in service",
           [&line](auto& c) { return reflector_admin(c, line.reflectors, false); });
}

void add_config(CommandLine& line, CLI::App& app) {
    CLI::App& group = *app.add_subcommand("config", "Configuration files");
    group.require_subcommand(1);
    CLI::App& check = *line.add(group, "check", "Validate a file on this machine; needs no daemon",
                                [&line](auto& c) { return config_check(c, line.file); });
    check.add_option("file", line.file, "TOML file")->required();
    line.add(app, "reload", "Have tocsind read its file again and apply the difference", reload);
}

}  // namespace

void add_daemon_commands(CommandLine& line, CLI::App& app) {
    add_watch(line, app);
    add_lists(line, app);
    add_reflectors(line, app);
    add_config(line, app);
}

}  // namespace tocsin::control::ctl
