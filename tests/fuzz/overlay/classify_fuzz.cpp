#include "overlay/classify.hpp"
#include "wire.hpp"

#include <cstdlib>
#include <cstring>

namespace {

using namespace tocsin;
using namespace tocsin::overlay;
using namespace tocsin::test;

void require(bool holds) {
    if (!holds) std::abort();
}

/// The first octet of an input: checksum policy, hints, whether labels are taken.
struct Setting {
    UdpChecksumPolicy policy;
    ChecksumHint ip;
    ChecksumHint udp;
    bool mpls;
};

Setting setting(std::uint8_t octet) {
    return {.policy = static_cast<UdpChecksumPolicy>(octet % 3),
            .ip = static_cast<ChecksumHint>(octet / 3 % 3),
            .udp = static_cast<ChecksumHint>(octet / 9 % 3),
            .mpls = octet >= 128};
}

void check(const Classified& c, View frame, const PortContext& port) {
    require((c.verdict == Verdict::Drop) == (c.reason != DropReason::None));
    if (c.verdict != Verdict::Bfd) return;
    const ReceivedPacket& p = c.packet;
    const std::size_t width = p.family == AddressFamily::V4 ? 4 : 16;
    require(p.payload_length >= 24);
    if (p.family == AddressFamily::None) {  // of a pseudowire, without IP
        require(p.type == SessionType::Vccv && p.payload > frame.data() &&
                p.payload + p.payload_length <= frame.data() + frame.size());
        for (std::size_t i = 0; i < 16; ++i) require(p.source[i] == 0 && p.destination[i] == 0);
        return;
    }
    require(p.source >= frame.data() && p.destination == p.source + width);
    require(p.payload > p.destination &&
            p.payload + p.payload_length <= frame.data() + frame.size());
    const bool labelled = p.type == SessionType::Mpls || p.type == SessionType::Vccv;
    require(labelled || port.addresses.contains(ip_address({p.destination, width})));
    require(!port.addresses.contains(ip_address({p.source, width})));
    require(p.type != SessionType::SingleHop || p.ttl == 255);
}

}  // namespace

// What is accepted lies within the frame and is what it claims to be; padding and a priority tag
// make no difference.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Setting s = setting(data[0]);
    PortContext port;
    port.mac = {2, 0, 0, 0, 0, 0x0b};
    port.udp_checksum = s.policy;
    port.mpls = s.mpls;
    for (const char* a : {"192.0.2.2", "2001:db8::2", "fe80::b"}) port.addresses.add(ip(a));

    const View frame{data + 1, size - 1};
    const Classified c = classify(frame, port, s.ip, s.udp);
    check(c, frame, port);
    if (frame.size() < 14) return 0;

    const Octets padding(7, 0xa5);
    const Octets padded = join({frame, padding});
    const Classified with_padding = classify(padded, port, s.ip, s.udp);
    check(with_padding, padded, port);
    require(c.verdict == Verdict::Drop || with_padding.verdict == c.verdict);

    const std::uint32_t type = number(frame, 12, 2);
    if (type == 0x8100 || type == 0x88a8) return 0;
    const Octets tag{0x81, 0, 0xe0, 0};
    const Octets tagged = join({frame.first(12), tag, frame.subspan(12)});
    const Classified behind_tag = classify(tagged, port, s.ip, s.udp);
    check(behind_tag, tagged, port);
    require(behind_tag.verdict == c.verdict && behind_tag.reason == c.reason);
    return 0;
}
