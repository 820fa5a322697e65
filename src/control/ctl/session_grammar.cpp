#include "control/ctl/session_grammar.hpp"

#include "control/ctl/history_command.hpp"
#include "control/ctl/option.hpp"
#include "control/ctl/session_add_from.hpp"
#include "control/ctl/session_commands.hpp"
#include "control/ctl/session_options.hpp"

namespace tocsin::control::ctl {

namespace {

void add_selector(CommandLine& line, CLI::App& command, int most) {
    command
        .add_option("session", line.select.selectors,
                    "Id, name, discriminator (0x...) or address of the peer; id:, name:, discr: or "
                    "peer: in front decides in doubt")
        ->required()
        ->expected(1, most);
    command.add_option("--port", line.select.port, "Port, when the address alone is ambiguous");
    command.add_option("--local", line.select.local, "Our address, when the peer's is ambiguous");
}

/// Sessions by name, or all that a filter chooses, --port among them.
void add_delete(CommandLine& line, CLI::App& command, int most) {
    add_selector(line, command, most);
    command.get_option("session")->required(false);
    command.add_option("--state", line.list.states,
                       "All in this state: up, init, down or admin-down; may be repeated");
    command.add_option("--remote", line.list.remote,
                       "All whose peer has this address or is in this prefix");
    command.add_option("--name", line.list.name, "All whose name contains this");
    command.add_flag("--all", line.list.all, "Every session that was added here");
    for (const char* const filter : {"--state", "--remote", "--name", "--all"}) {
        command.get_option(filter)->excludes("session");
    }
}

void add_new(CommandLine& line, CLI::App& command) {
    CLI::Option* const remote =
        command.add_option("remote", line.spec.remote, "Address of the peer");
    command
        .add_option("--from", line.from,
                    "Sessions of a file, or of standard input (-): a JSON object on each line, "
                    "as `session list -o jsonl` writes them, or the fields of `spec` alone")
        ->excludes(remote);
    add_identity(command, line.spec);
    add_parameters(command, line.spec);
    command.add_flag("--admin-down", line.spec.admin_down, "Start in AdminDown");
}

}  // namespace

void add_session_commands(CommandLine& line, CLI::App& app) {
    CLI::App& group = *app.add_subcommand("session", "List and change sessions");
    group.require_subcommand(1);
    CLI::App& list = *line.add(group, "list", "Sessions in a table",
                               [&line](auto& c) { return session_list(c, line.list); });
    line.add_filter(list);
    list.add_flag("--all", line.list.all, "Every page, not only the first 1000 sessions");
    constexpr int kMany = 10'000;
    add_selector(line,
                 *line.add(group, "show", "Everything about a session",
                           [&line](auto& c) { return session_show(c, line.select); }),
                 kMany);
    CLI::App& history = *line.add(group, "history",
                                  "The last packets of a session, and those before it last left Up",
                                  [&line](auto& c) {
                                      line.history.selector = line.select.selectors.front();
                                      line.history.port = line.select.port;
                                      line.history.local = line.select.local;
                                      return session_history(c, line.history);
                                  });
    add_selector(line, history, 1);
    history.add_flag("--down", line.history.down, "Only what led to the last Down");
    history
        .add_option("--pcapng", line.history.pcapng,
                    "Write a capture file for Wireshark instead; - is standard output")
        ->check(file_name());
    add_new(line, *line.add(group, "add", "Start a session, or those of a file", [&line](auto& c) {
        if (!line.from.empty() && line.spec != SpecOptions{}) {
            return c.fail(
                ExitCode::InvalidArgument,
                "with --from all of a session stands in its line: leave out the other options");
        }
        if (!line.from.empty()) return session_add_from(c, line.from);
        if (!line.spec.remote.empty()) return session_add(c, line.spec);
        return c.fail(ExitCode::InvalidArgument,
                      "remote is required, or --from FILE, see tocsinctl session add --help");
    }));
    CLI::App& set =
        *line.add(group, "set", "Change a session that stays Up (timers by a Poll Sequence)",
                  [&line](auto& c) { return session_set(c, line.select, line.spec); });
    add_selector(line, set, 1);
    add_parameters(set, line.spec);
    add_delete(line,
               *line.add(group, "delete", "Delete sessions that were added here",
                         [&line](auto& c) {
                             if (!line.select.selectors.empty())
                                 return session_delete(c, line.select);
                             line.list.port = line.select.port;
                             return session_delete_matching(c, line.list);
                         }),
               kMany);
    add_selector(line,
                 *line.add(group, "poll", "Ask peers for an answer: verifies in Demand mode",
                           [&line](auto& c) { return session_poll(c, line.select); }),
                 kMany);
    add_selector(line,
                 *line.add(group, "admin-down", "Take sessions AdminDown, the peers are told",
                           [&line](auto& c) { return session_admin(c, line.select, true); }),
                 kMany);
    add_selector(line,
                 *line.add(group, "admin-up", "Enable sessions again",
                           [&line](auto& c) { return session_admin(c, line.select, false); }),
                 kMany);
    add_selector(
        line,
        *line.add(group, "clear-dampening",
                  "Tell clients of sessions that are Up but dampened, forget their penalty",
                  [&line](auto& c) { return session_clear_dampening(c, line.select); }),
        kMany);
}

}  // namespace tocsin::control::ctl
