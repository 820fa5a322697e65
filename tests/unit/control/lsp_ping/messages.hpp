#pragma once

#include "control/lsp_ping/message.hpp"
#include "hex_frame.hpp"

#include <cstddef>

namespace tocsin::test {

/// The LSP Ping message of a golden frame, `at` octets into it.
inline Bytes message_of(const char* frame, std::size_t at) {
    const Bytes whole = golden(frame);
    return {whole.begin() + static_cast<std::ptrdiff_t>(at), whole.end()};
}
inline Bytes golden_request() { return message_of("lsp_ping_request", 46); }
inline Bytes golden_reply() { return message_of("lsp_ping_reply", 42); }

inline control::lsp_ping::Fec golden_fec() {
    return control::lsp_ping::ldp_fec({ip_address(Bytes{203, 0, 113, 2}), 32});
}

/// What the golden request says.
inline control::lsp_ping::Message request_message() {
    return {.handle = 0x10203040,
            .sequence = 1,
            .sent = 0xe000000080000000U,
            .fecs = {golden_fec()},
            .discriminator = 0x0a0b0c01};
}

}  // namespace tocsin::test
