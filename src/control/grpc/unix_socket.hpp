#pragma once

#include "control/base/result.hpp"

#include <string>

namespace tocsin::control::api {

/// Makes `path` free for a listening socket: creates its directory (0755), removes a socket file
/// that nobody listens on any more. Unavailable when somebody does; FailedPrecondition when the
/// path holds something else or cannot be used.
[[nodiscard]] Result<Ok> prepare_unix_socket(const std::string& path);

}  // namespace tocsin::control::api
