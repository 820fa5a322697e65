#include "control/ctl/pcapng.hpp"

#include <algorithm>
#include <string>

namespace tocsin::control::ctl {

namespace {

enum BlockType : std::uint32_t {
    kSectionHeader = 0x0a0d0d0a,
    kInterfaceDescription = 1,
    kEnhancedPacket = 6,
};
enum OptionCode : std::uint16_t {
    kEndOfOptions = 0,
    kComment = 1,
    kPacketFlags = 2,
    kInterfaceName = 2,
    kUserApplication = 4,
    kTimestampResolution = 9,
};
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kEthernet = 1;
constexpr char kNanoseconds = 9;  // 10^-9
constexpr std::size_t kLongestOption = 65'532;

/// A block: little endian, everything padded to four octets.
class Block {
public:
    explicit Block(BlockType type) {
        u32(type);
        u32(0);  // its length, see finish()
    }
    void u16(std::uint16_t v) {
        octets_ += static_cast<char>(v & 0xffU);
        octets_ += static_cast<char>(v >> 8U);
    }
    void u32(std::uint32_t v) {
        u16(static_cast<std::uint16_t>(v & 0xffffU));
        u16(static_cast<std::uint16_t>(v >> 16U));
    }
    void padded(std::string_view data) {
        octets_ += data;
        octets_.resize((octets_.size() + 3) / 4 * 4, '\0');
    }
    void option(OptionCode code, std::string_view value) {
        value = value.substr(0, kLongestOption);
        u16(code);
        u16(static_cast<std::uint16_t>(value.size()));
        padded(value);
    }
    void finish(std::ostream& out) {
        u16(kEndOfOptions);
        u16(0);
        const auto length = static_cast<std::uint32_t>(octets_.size() + 4);
        for (unsigned i = 0; i < 4; ++i) {
            octets_[4 + i] = static_cast<char>(length >> (8 * i) & 0xffU);
        }
        u32(length);
        out.write(octets_.data(), static_cast<std::streamsize>(octets_.size()));
    }

private:
    std::string octets_;
};

}  // namespace

PcapngWriter::PcapngWriter(std::ostream& out, std::string_view interface, std::string_view program)
    : out_{out} {
    Block section{kSectionHeader};
    section.u32(kByteOrderMagic);
    section.u16(1);  // version 1.0
    section.u16(0);
    section.u32(~0U);  // length of the section: not given
    section.u32(~0U);
    section.option(kUserApplication, program);
    section.finish(out_);
    Block description{kInterfaceDescription};
    description.u16(kEthernet);
    description.u16(0);
    description.u32(0);  // no limit on captured octets
    description.option(kInterfaceName, interface);
    description.option(kTimestampResolution, {&kNanoseconds, 1});
    description.finish(out_);
}

void PcapngWriter::write(const Packet& packet) {
    const auto captured = static_cast<std::uint32_t>(packet.octets.size());
    const auto at = static_cast<std::uint64_t>(packet.unix_ns);
    Block block{kEnhancedPacket};
    block.u32(0);  // interface
    block.u32(static_cast<std::uint32_t>(at >> 32U));
    block.u32(static_cast<std::uint32_t>(at & 0xffffffffU));
    block.u32(captured);
    block.u32(std::max(packet.length, captured));
    block.padded({reinterpret_cast<const char*>(packet.octets.data()), packet.octets.size()});
    block.option(kComment, packet.comment);
    const char direction[4] = {packet.outbound ? '\2' : '\1', 0, 0, 0};
    block.option(kPacketFlags, {direction, sizeof direction});
    block.finish(out_);
}

}  // namespace tocsin::control::ctl
