#include "sequence/engine_sequence.hpp"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLongest = 2000;  // octets; longer ones tell nothing new
    if (size > kLongest) return 0;
    const std::string fault = tocsin::sequence::run({data, size});
    if (!fault.empty()) {
        std::fprintf(stderr, "%s\n", fault.c_str());
        std::abort();
    }
    return 0;
}
