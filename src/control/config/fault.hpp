#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// One mistake of a configuration file.
struct Fault {
    std::string path;   ///< key path such as session[3].detect_mult; empty for the file as a whole
    unsigned line = 0;  ///< 1 is the first; 0 = not known
    std::string message;  ///< what is wrong, the accepted range, what to do; no final full stop
    friend bool operator==(const Fault&, const Fault&) = default;
};

using Faults = std::vector<Fault>;

inline constexpr std::size_t kMostFaults = 1000;  ///< of one file; more are counted, not listed

/// An element of an array in a key path: session[3].
[[nodiscard]] inline std::string indexed(std::string_view path, std::size_t index) {
    return std::string{path} + '[' + std::to_string(index) + ']';
}

/// FILE:LINE: path: message, without the parts that are not known; `line LINE: ...` without file
/// name.
[[nodiscard]] inline std::string text(const Fault& fault, std::string_view file_name) {
    std::string out{file_name};
    if (fault.line != 0) out += (out.empty() ? "line " : ":") + std::to_string(fault.line);
    if (!out.empty()) out += ": ";
    if (!fault.path.empty()) out += fault.path + ": ";
    return out + fault.message;
}

}  // namespace tocsin::control::config
