#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

namespace tocsin::control::ctl {

/// What the exit status of tocsinctl says.
enum class ExitCode : int {
    Success = 0,
    Failure = 1,          ///< anything that has no code of its own
    InvalidArgument = 2,  ///< usage, or a value that the daemon or `config check` refuses
    Unreachable = 3,      ///< no daemon, or no answer in time
    NotFound = 4,
    AlreadyExists = 5,
    LimitReached = 6,        ///< such as max_sessions
    FailedPrecondition = 7,  ///< such as changing what the configuration file owns
};

[[nodiscard]] ExitCode exit_code_of(grpc::StatusCode code) noexcept;

/// The table of --help.
inline constexpr std::string_view kExitCodeHelp =
    "Exit status: 0 success, 1 other failure, 2 usage or invalid argument, 3 daemon not "
    "reachable,\n"
    "4 not found, 5 already exists, 6 refused by a limit, 7 failed precondition.";

}  // namespace tocsin::control::ctl
