#include "overlay/usual_frame.hpp"
#include "overlay/usual_request.hpp"
#include "overlay/usual_tunnel.hpp"
#include "same_packet.hpp"
#include "wire.hpp"

#include <cstdlib>

namespace {

using namespace tocsin;
using namespace tocsin::overlay;
using namespace tocsin::test;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

// What usual_frame(), usual_tunnel() and usual_request() take without looking closely is what
// classify() finds, octet for octet.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::uint8_t setting = data[0];
    PortContext port;
    port.port = {3};
    port.domain = 5;
    port.mac = {2, 0, 0, 0, 0, 0x0b};
    port.udp_checksum = static_cast<UdpChecksumPolicy>(setting % 3);
    port.point_to_point = (setting & 0x40U) != 0;
    for (const char* a : {"192.0.2.2", "2001:db8::2", "fe80::b"}) port.addresses.add(ip(a));
    port.on_link.add({ip("192.0.2.0"), 24});
    port.on_link.add({ip("2001:db8::"), 64});
    const auto ip_hint = static_cast<ChecksumHint>(setting / 3 % 3);
    const auto udp_hint = static_cast<ChecksumHint>(setting / 9 % 3);

    test::Octets frame(data + 1, data + size);
    if ((setting & 0x80U) != 0) repair_udp(frame);
    ReceivedPacket tunnel;
    if (usual_tunnel(frame, port, ip_hint, udp_hint, tunnel)) {
        const Classified close = classify(frame, port, ip_hint, udp_hint);
        require(close.verdict == Verdict::Bfd);
        require(same_packet(tunnel, close.packet));
    }
    ReceivedPacket request;
    if (usual_request(frame, port, ip_hint, udp_hint, request)) {
        const Classified close = classify(frame, port, ip_hint, udp_hint);
        require(close.verdict == Verdict::SbfdRequest);
        require(same_packet(request, close.packet));
    }
    const UsualFrame kind = usual_frame(frame, port, ip_hint, udp_hint);
    if (kind == UsualFrame::No) return 0;
    const Classified close = classify(frame, port, ip_hint, udp_hint);
    require(close.verdict == Verdict::Bfd);
    require(same_packet(usual_packet(frame.data(), kind, port), close.packet));
    return 0;
}
