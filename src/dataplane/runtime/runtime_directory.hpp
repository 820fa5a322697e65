#pragma once

#include <string>

namespace tocsin::runtime {

/// EAL's --file-prefix of this process: `tocsin-` and its process id.
[[nodiscard]] std::string file_prefix();

/// Removes EAL's runtime directory of this process, which it leaves behind. Call it last.
void remove_runtime_directory();

/// Removes those that killed processes left: named like ours, with a telemetry socket that nobody
/// listens to. Call it once EAL runs.
void remove_dead_runtime_directories();

}  // namespace tocsin::runtime
