#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>

namespace tocsin::control::ctl {

/// Writes a capture file as draft-ietf-opsawg-pcapng has it: one section, one Ethernet interface,
/// instants in nanoseconds. Debian has no library that writes such files with a comment on each
/// packet and without an EAL.
class PcapngWriter {
public:
    /// Writes the head of the file. `interface`: its name; `program`: who wrote the file.
    PcapngWriter(std::ostream& out, std::string_view interface, std::string_view program);

    struct Packet {
        std::int64_t unix_ns = 0;
        std::span<const std::uint8_t> octets;  ///< as far as they are known
        std::uint32_t length = 0;              ///< on the wire, at least octets.size()
        bool outbound = false;
        std::string_view comment;  ///< UTF-8
    };
    void write(const Packet& packet);

private:
    std::ostream& out_;
};

}  // namespace tocsin::control::ctl
