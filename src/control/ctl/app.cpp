#include "control/ctl/app.hpp"

#include "control/base/duration.hpp"
#include "control/ctl/config_commands.hpp"
#include "control/ctl/daemon_commands.hpp"
#include "control/ctl/history_command.hpp"
#include "control/ctl/session_add_from.hpp"
#include "control/ctl/session_commands.hpp"
#include "control/ctl/unsolicited_commands.hpp"
#include "control/ctl/watch_command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <sstream>
#include <utility>

namespace tocsin::control::ctl {

namespace {

constexpr const char* kDefaultSocket = "unix:/run/tocsin/api.sock";

using Command = std::function<ExitCode(const Context&)>;

/// The grammar. Options live here while the chosen command runs.
class Grammar {
public:
    Grammar() {
        app_.name("tocsinctl");
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.footer(std::string{kExitCodeHelp});
        app_.add_option("-s,--socket", socket_, "Where tocsind listens, unix:PATH")
            ->envname("TOCSIN_SOCKET")
            ->capture_default_str();
        app_.add_option("--timeout", timeout_,
                        "How long to wait for an answer (us, ms, s); default: 5s, and 300s for "
                        "reload and for session delete with a filter");
        app_.add_option("-o,--output", format_,
                        "Table (default), JSON, or JSON with one line per element")
            ->check(one_of({"table", "json", "jsonl"}))
            ->option_text("table|json|jsonl");
        app_.set_version_flag("--version", std::string{"tocsinctl "} + TOCSIN_VERSION);
        add_session();
        add_watch();
        add_lists();
        add_config();
    }

    /// Throws CLI::Error.
    void parse(std::vector<std::string> arguments) {
        arguments_ = arguments;
        std::ranges::reverse(arguments);  // CLI11 wants it so
        app_.parse(std::move(arguments));
    }
    /// Prints help to `out`, which is success, and mistakes to `err`.
    ExitCode explain(const CLI::Error& error, std::ostream& out, std::ostream& err) {
        if (error.get_exit_code() == 0) {
            app_.exit(error, out, err);
            return ExitCode::Success;
        }
        err << "tocsinctl: " << what(error) << ", see " << path() << " --help\n";
        return ExitCode::InvalidArgument;
    }

    [[nodiscard]] const std::string& socket() const { return socket_; }
    /// A reload or a deletion of a million sessions is answered when all of it is done.
    [[nodiscard]] std::string timeout() const {
        if (timeout_) return *timeout_;
        const std::string command = path();
        const bool long_one = command == "tocsinctl reload" ||
                              (command == "tocsinctl session delete" && select_.selectors.empty());
        return long_one ? "300s" : "5s";
    }
    [[nodiscard]] Format format() const {
        if (format_ == "json") return Format::Json;
        return format_ == "jsonl" ? Format::JsonLines : Format::Table;
    }
    [[nodiscard]] const Command& command() const { return command_; }

private:
    /// A check of CLI11 with a message for people.
    static CLI::Validator one_of(std::vector<std::string> words) {
        return {[words = std::move(words)](std::string& given) {
                    if (std::ranges::find(words, given) != words.end()) return std::string{};
                    std::string out = '"' + given + "\" is not one of ";
                    for (const std::string& word : words) out += word + ' ';
                    out.pop_back();
                    return out;
                },
                ""};
    }
    static CLI::Validator number(unsigned lowest, unsigned highest) {
        return {
            [lowest, highest](std::string& given) {
                unsigned value = 0;
                const char* const last = given.data() + given.size();
                const auto [end, error] = std::from_chars(given.data(), last, value);
                if (error == std::errc{} && end == last && value >= lowest && value <= highest) {
                    return std::string{};
                }
                return '"' + given + "\" is not a number of " + std::to_string(lowest) + ".." +
                       std::to_string(highest);
            },
            ""};
    }

    /// The commands that were understood, the last one first.
    [[nodiscard]] std::vector<const CLI::App*> chosen() const {
        std::vector<const CLI::App*> out{&app_};
        for (;;) {
            const auto below = out.front()->get_subcommands();
            if (below.empty()) return out;
            out.insert(out.begin(), below.front());
        }
    }
    [[nodiscard]] std::string path() const {
        std::string out;
        for (const CLI::App* command : chosen()) {
            if (!out.empty()) out.insert(0, 1, ' ');
            out.insert(0, command->get_name());
        }
        return out;
    }
    /// The first argument that looks like an option and is none of the chosen commands'.
    [[nodiscard]] std::string unknown_option() const {
        for (const std::string& argument : arguments_) {
            if (argument == "--") break;
            if (!argument.starts_with('-') || argument.size() < 2) continue;
            if (argument.find_first_of("0123456789", 1) == 1) continue;  // a negative value
            std::string name = argument.substr(0, argument.find('='));
            const bool known = std::ranges::any_of(chosen(), [&](const CLI::App* command) {
                return command->get_option_no_throw(name) != nullptr;
            });
            if (!known) return name;
        }
        return {};
    }
    [[nodiscard]] std::string what(const CLI::Error& error) const {
        const std::string option = unknown_option();
        if (!option.empty()) return "there is no option " + option;
        const CLI::App* const last = chosen().front();
        const auto below = last->get_subcommands(nullptr);
        if (!below.empty()) {
            std::string names;
            for (const CLI::App* command : below) names += ", " + command->get_name();
            const auto word =
                std::ranges::find_if(arguments_.rbegin(), arguments_.rend(),
                                     [](const std::string& a) { return !a.starts_with('-'); });
            const bool given = word != arguments_.rend() && *word != last->get_name();
            return (given ? "there is no command \"" + *word + "\", write one of "
                          : "a command is missing, write one of ") +
                   names.substr(2);
        }
        return error.what();
    }

    CLI::App* add(CLI::App& parent, const char* name, const char* help, Command command) {
        CLI::App* const out = parent.add_subcommand(name, help);
        out->callback([this, chosen = std::move(command)] { command_ = chosen; });
        return out;
    }

    void add_filter(CLI::App& command) {
        command.add_option("--state", list_.states,
                           "up, init, down or admin-down; may be repeated");
        command.add_option("--port", list_.port, "Only sessions of this port");
        command.add_option("--remote", list_.remote,
                           "Only peers with this address or in this prefix");
        command.add_option("--name", list_.name, "Only names that contain this");
    }

    void add_selector(CLI::App& command, int most) {
        command
            .add_option(
                "session", select_.selectors,
                "Id, name, discriminator (0x...) or address of the peer; id:, name:, discr: or "
                "peer: in front decides in doubt")
            ->required()
            ->expected(1, most);
        command.add_option("--port", select_.port, "Port, when the address alone is ambiguous");
        command.add_option("--local", select_.local, "Our address, when the peer's is ambiguous");
    }

    /// A pair of flags, since one flag of CLI11 cannot tell "off" from "not given".
    static void add_switch(CLI::App& command, const std::string& on, const std::string& off,
                           std::optional<bool>& target, const std::string& help) {
        CLI::Option* const yes = command.add_flag_callback(
            on, [&target] { target = true; }, help);
        command
            .add_flag_callback(
                off, [&target] { target = false; }, "The contrary of " + on)
            ->excludes(yes);
    }

    void add_parameters(CLI::App& command) {
        command.add_option("--tx,--desired-min-tx-interval", spec_.desired_min_tx_interval,
                           "Our sending interval with its unit, such as 50ms");
        command.add_option("--rx,--required-min-rx-interval", spec_.required_min_rx_interval,
                           "The shortest interval that we accept");
        command.add_option("--detect-mult", spec_.detect_mult, "1..255")->check(number(1, 255));
        add_switch(command, "--demand", "--no-demand", spec_.demand_mode,
                   "The peer sends nothing periodic while both sides are Up");
        command.add_option("--demand-poll", spec_.demand_poll_interval,
                           "In Demand mode: from one verification to the next, such as 1s");
        command.add_option("--echo-tx", spec_.desired_min_echo_tx_interval,
                           "Interval of our Echo packets, such as 50ms; 0s for none");
        command.add_option(
            "--echo-rx", spec_.required_min_echo_rx_interval,
            "The shortest interval of Echo packets that the peer gets back; 0s: none");
        add_switch(command, "--passive", "--active", spec_.passive,
                   "Silent until the peer is heard");
        add_switch(command, "--match-source", "--no-match-source", spec_.match_source,
                   "Drop packets from another source address");
        command.add_option("--dscp", spec_.dscp, "0..63; default 48 (CS6)")->check(number(0, 63));
        add_switch(command, "--follow-link", "--no-follow-link", spec_.follow_link,
                   "Down at once when the port loses its link (default)");
        add_switch(command, "--interval-alignment", "--no-interval-alignment",
                   spec_.interval_alignment, "Only the common intervals of RFC 7419");
        command.add_option("--up-hold", spec_.up_hold,
                           "How long an Up lasts before clients are told of it, such as 5s");
        command.add_option("--down-hold", spec_.down_hold,
                           "How long a failure lasts before clients are told of it; 0s is wise");
        command.add_option("--dampening", spec_.dampening,
                           "on, off or half_life=5s,suppress=2000,reuse=1000,max_suppress=20s,"
                           "penalty=1000: hold the Up of a session that flaps back from clients");
        command
            .add_option("--min-ttl", spec_.min_ttl,
                        "Lowest accepted TTL of multihop, 1..255: 255 less the routers on the way")
            ->check(number(1, 255));
        command
            .add_option("--padded-pdu-size", spec_.padded_pdu_size,
                        "Octets of UDP payload, 24..65535, filled up with zeros; 0: no padding")
            ->check(number(0, 65535));
        command
            .add_option("--auth", spec_.auth_type,
                        "Authentication: none, simple_password, keyed_md5, meticulous_keyed_md5, "
                        "keyed_sha1, meticulous_keyed_sha1 or frr_hmac_sha1")
            ->check(one_of({"none", "simple_password", "keyed_md5", "meticulous_keyed_md5",
                            "keyed_sha1", "meticulous_keyed_sha1", "frr_hmac_sha1"}));
        command.add_option("--key-chain", spec_.key_chain, "Key chain of the configuration file")
            ->needs("--auth");
    }

    void add_session() {
        CLI::App& group = *app_.add_subcommand("session", "List and change sessions");
        group.require_subcommand(1);
        CLI::App& list = *add(group, "list", "Sessions in a table",
                              [this](auto& c) { return session_list(c, list_); });
        add_filter(list);
        list.add_flag("--all", list_.all, "Every page, not only the first 1000 sessions");
        constexpr int kMany = 10'000;
        add_selector(*add(group, "show", "Everything about a session",
                          [this](auto& c) { return session_show(c, select_); }),
                     kMany);
        CLI::App& history = *add(group, "history",
                                 "The last packets of a session, and those before it last left Up",
                                 [this](auto& c) {
                                     history_.selector = select_.selectors.front();
                                     history_.port = select_.port;
                                     history_.local = select_.local;
                                     return session_history(c, history_);
                                 });
        add_selector(history, 1);
        history.add_flag("--down", history_.down, "Only what led to the last Down");
        history.add_option("--pcapng", history_.pcapng,
                           "Write a capture file for Wireshark instead; - is standard output");
        add_new(*add(group, "add", "Start a session, or those of a file", [this](auto& c) {
            if (!from_.empty() && spec_ != SpecOptions{}) {
                return c.fail(
                    ExitCode::InvalidArgument,
                    "with --from all of a session stands in its line: leave out the other options");
            }
            if (!from_.empty()) return session_add_from(c, from_);
            if (!spec_.remote.empty()) return session_add(c, spec_);
            return c.fail(ExitCode::InvalidArgument,
                          "remote is required, or --from FILE, see tocsinctl session add --help");
        }));
        CLI::App& set =
            *add(group, "set", "Change a session that stays Up (timers by a Poll Sequence)",
                 [this](auto& c) { return session_set(c, select_, spec_); });
        add_selector(set, 1);
        add_parameters(set);
        add_delete(*add(group, "delete", "Delete sessions that were added here",
                        [this](auto& c) {
                            if (!select_.selectors.empty()) return session_delete(c, select_);
                            list_.port = select_.port;
                            return session_delete_matching(c, list_);
                        }),
                   kMany);
        add_selector(*add(group, "poll", "Ask peers for an answer: verifies in Demand mode",
                          [this](auto& c) { return session_poll(c, select_); }),
                     kMany);
        add_selector(*add(group, "admin-down", "Take sessions AdminDown, the peers are told",
                          [this](auto& c) { return session_admin(c, select_, true); }),
                     kMany);
        add_selector(*add(group, "admin-up", "Enable sessions again",
                          [this](auto& c) { return session_admin(c, select_, false); }),
                     kMany);
        add_selector(*add(group, "clear-dampening",
                          "Tell clients of sessions that are Up but dampened, forget their penalty",
                          [this](auto& c) { return session_clear_dampening(c, select_); }),
                     kMany);
    }

    /// Sessions by name, or all that a filter chooses, --port among them.
    void add_delete(CLI::App& command, int most) {
        add_selector(command, most);
        command.get_option("session")->required(false);
        command.add_option("--state", list_.states,
                           "All in this state: up, init, down or admin-down; may be repeated");
        command.add_option("--remote", list_.remote,
                           "All whose peer has this address or is in this prefix");
        command.add_option("--name", list_.name, "All whose name contains this");
        command.add_flag("--all", list_.all, "Every session that was added here");
        for (const char* const filter : {"--state", "--remote", "--name", "--all"}) {
            command.get_option(filter)->excludes("session");
        }
    }

    void add_new(CLI::App& command) {
        CLI::Option* const remote =
            command.add_option("remote", spec_.remote, "Address of the peer");
        command
            .add_option("--from", from_,
                        "Sessions of a file, or of standard input (-): a JSON object on each line, "
                        "as `session list -o jsonl` writes them, or the fields of `spec` alone")
            ->excludes(remote);
        command
            .add_option("--type", spec_.type,
                        "single_hop (default), multihop: a peer that routers lie before, or echo: "
                        "a router that needs no BFD")
            ->check(one_of({"single_hop", "multihop", "echo"}));
        command.add_option(
            "--local", spec_.local,
            "Our address; default: the port's in that subnet, or towards the router");
        command.add_option("--port", spec_.port,
                           "Port; default: the one with the peer's subnet, or the route to it");
        command.add_option("--name", spec_.name, "Label, unique among sessions");
        command.add_option("--profile", spec_.profile, "Profile of the configuration file");
        add_parameters(command);
        command.add_flag("--admin-down", spec_.admin_down, "Start in AdminDown");
    }

    void add_watch() {
        CLI::App& command =
            *add(app_, "watch", "Follow state changes, one line each", [this](auto& c) {
                watch_.filter = list_;
                return watch(c, watch_);
            });
        add_filter(command);
        command.add_flag("--state-only", watch_.state_only, "Only changes of the state");
        command.add_flag("--no-snapshot", watch_.no_snapshot, "Only what comes next");
        command.add_flag("--admin-down-is-failure", watch_.admin_down_is_failure,
                         "Tell an AdminDown as a failure of the path: for who has no other means "
                         "to see whether the peer lives");
        command.add_flag("--no-reconnect", watch_.no_reconnect,
                         "End with 3 when tocsind goes away");
    }

    void add_lists() {
        const auto lister = [this](const char* noun, const char* about, const char* help,
                                   auto run_it) {
            CLI::App& group = *app_.add_subcommand(noun, about);
            group.require_subcommand(1);
            add(group, "list", help, run_it);
        };
        lister("worker", "Workers", "Load, loop gaps and lateness of each worker", worker_list);
        lister("port", "Ports", "Link, addresses and counters of each port", port_list);
        lister("neighbor", "Neighbours", "MAC addresses of next hops", neighbor_list);
        lister("key-chain", "Key chains", "Keys and their lifetimes, without their secrets",
               key_chain_list);
        lister("unsolicited", "Sessions that peers ask for (RFC 9468)",
               "Policies, what they let in and what they refused", unsolicited_list);
        add(app_, "stats", "Sums over all sessions and workers", stats);
        add(app_, "version", "Version of this program and of tocsind",
            [](auto& c) { return version(c, TOCSIN_VERSION); });
    }

    void add_config() {
        CLI::App& group = *app_.add_subcommand("config", "Configuration files");
        group.require_subcommand(1);
        CLI::App& check = *add(group, "check", "Validate a file on this machine; needs no daemon",
                               [this](auto& c) { return config_check(c, file_); });
        check.add_option("file", file_, "TOML file")->required();
        add(app_, "reload", "Have tocsind read its file again and apply the difference", reload);
    }

    CLI::App app_{"Command line of tocsind, the BFD appliance."};
    std::vector<std::string> arguments_;
    std::string socket_ = kDefaultSocket;
    std::optional<std::string> timeout_;
    std::string format_ = "table";
    ListOptions list_;
    SelectOptions select_;
    SpecOptions spec_;
    HistoryOptions history_;
    std::string from_;
    WatchOptions watch_;
    std::string file_;
    Command command_;
};

/// Why nothing can listen there; nullopt when something may.
std::optional<std::string> socket_fault(const std::string& socket) {
    constexpr std::string_view kScheme = "unix:";
    constexpr std::size_t kLongestPath = 107;
    const bool has_scheme = socket.starts_with(kScheme);
    const std::string path = has_scheme ? socket.substr(kScheme.size()) : socket;
    if (has_scheme && path.starts_with('/') && path.size() <= kLongestPath) return std::nullopt;
    return '"' + socket +
           "\" is not where tocsind can listen: write unix:/ABSOLUTE/PATH, at most " +
           std::to_string(kLongestPath) + " octets of path";
}

}  // namespace

ExitCode run(std::vector<std::string> arguments, const Environment& environment) {
    Grammar grammar;
    try {
        grammar.parse(std::move(arguments));
    } catch (const CLI::Error& error) {
        return grammar.explain(error, environment.out, environment.err);
    }
    const auto timeout = parse_duration(grammar.timeout());
    if (!timeout.ok() || timeout.value().count() <= 0) {
        environment.err << "tocsinctl: --timeout: "
                        << (timeout.ok() ? "must be longer than 0" : timeout.error().message)
                        << '\n';
        return ExitCode::InvalidArgument;
    }
    if (const auto fault = socket_fault(grammar.socket())) {
        environment.err << "tocsinctl: --socket: " << *fault << '\n';
        return ExitCode::InvalidArgument;
    }
    Client client{grammar.socket(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(timeout.value()),
                  environment.stop};
    const ExitCode code = grammar.command()({.client = client,
                                             .out = environment.out,
                                             .err = environment.err,
                                             .stop = environment.stop,
                                             .format = grammar.format(),
                                             .colour = environment.colour});
    environment.out.flush();
    if (environment.out) return code;
    environment.err << "tocsinctl: the output could not be written\n";
    return code == ExitCode::Success ? ExitCode::Failure : code;
}

}  // namespace tocsin::control::ctl
