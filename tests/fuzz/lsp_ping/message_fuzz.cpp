#include "control/lsp_ping/message.hpp"

#include <cstdlib>

namespace {

using namespace tocsin::control::lsp_ping;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

// What is read can be written, and is read as the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Message first;
    const Fault fault = decode({data, size}, first);
    require((fault == Fault::TooShort) == (size < kHeaderLength));
    if (fault != Fault::None) return 0;
    const auto octets = encode(first);
    Message second;
    require(decode(octets, second) == Fault::None);
    require(first == second);
    for (const Fec& fec : first.fecs) require(!to_string(fec).empty());
    return 0;
}
