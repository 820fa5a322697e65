#include "control/ctl/app.hpp"

#include "control/base/duration.hpp"
#include "control/ctl/command_line.hpp"
#include "control/ctl/daemon_grammar.hpp"
#include "control/ctl/lag_grammar.hpp"
#include "control/ctl/mistake.hpp"
#include "control/ctl/option.hpp"
#include "control/ctl/session_grammar.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tocsin::control::ctl {

namespace {

constexpr const char* kDefaultSocket = "unix:/run/tocsin/api.sock";

/// What every command shares, and the commands.
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
        add_session_commands(line_, app_);
        add_lag_commands(line_, app_);
        add_daemon_commands(line_, app_);
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
        const std::string what = mistake(app_, arguments_, error);
        const std::string help = "see " + command_path(app_) + " --help";
        err << "tocsinctl: " << what << (what.ends_with('?') ? " (" + help + ')' : ", " + help)
            << '\n';
        return ExitCode::InvalidArgument;
    }

    [[nodiscard]] const std::string& socket() const { return socket_; }
    /// A reload or a deletion of a million sessions is answered when all of it is done.
    [[nodiscard]] std::string timeout() const {
        if (timeout_) return *timeout_;
        const std::string command = command_path(app_);
        const bool long_one =
            command == "tocsinctl reload" ||
            (command == "tocsinctl session delete" && line_.select.selectors.empty());
        return long_one ? "300s" : "5s";
    }
    [[nodiscard]] Format format() const {
        if (format_ == "json") return Format::Json;
        return format_ == "jsonl" ? Format::JsonLines : Format::Table;
    }
    [[nodiscard]] const Command& command() const { return line_.command; }

private:
    CLI::App app_{"Command line of tocsind, the BFD appliance."};
    std::vector<std::string> arguments_;
    std::string socket_ = kDefaultSocket;
    std::optional<std::string> timeout_;
    std::string format_ = "table";
    CommandLine line_;
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
