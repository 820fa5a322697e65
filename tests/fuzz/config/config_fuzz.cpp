#include "control/config/load.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// Any text either loads or gives faults, never both, and every message is one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tocsin::control::config;
    const LoadResult result = load_text({reinterpret_cast<const char*>(data), size});
    if (result.ok() != result.faults.empty()) std::abort();
    for (const Fault& fault : result.faults) {
        if (fault.message.empty() || fault.message.find('\n') != std::string::npos) std::abort();
    }
    return 0;
}
