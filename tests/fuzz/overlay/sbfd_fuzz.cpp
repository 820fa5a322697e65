// Requests to a reflector of S-BFD: RFC 7880 7.2, RFC 7881 6 and 7.

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/reflector.hpp"
#include "overlay/classify.hpp"
#include "overlay/headers.hpp"
#include "overlay/sbfd.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace tocsin;
using namespace tocsin::overlay;
using Frame = std::vector<std::uint8_t>;

void require(bool holds) {
    if (!holds) std::abort();
}

constexpr MacAddress kOurs{2, 0, 0, 0, 0, 0x0b};
constexpr std::uint32_t kEntity = 0xc6336401;

IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return ip_address(std::array<std::uint8_t, 4>{a, b, c, d});
}

PortContext reflecting_port(bool verify, bool mpls) {
    static const std::array<IpPrefix, 2> everywhere{IpPrefix{v4(0, 0, 0, 0), 0},
                                                    IpPrefix{{.family = AddressFamily::V6}, 0}};
    PortContext port;
    port.mac = kOurs;
    port.mpls = mpls;
    port.udp_checksum = verify ? UdpChecksumPolicy::Verify : UdpChecksumPolicy::Ignore;
    port.addresses.add(v4(203, 0, 113, 2));
    port.routes = everywhere;
    port.own_v4 = v4(203, 0, 113, 2);
    return port;
}

}  // namespace

// Whatever is answered: the answer has no D, goes to one station, from an address of ours, is in
// order, and no reflector answers it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const PortContext port = reflecting_port((data[0] & 1U) != 0, (data[0] & 2U) != 0);
    Frame frame(data + 1, data + size);
    const Classified found = classify(frame, port, ChecksumHint::Good, ChecksumHint::Unknown);
    if (found.verdict != Verdict::SbfdRequest) return 0;
    const ReceivedPacket& request = found.packet;
    const bool is_v4 = request.family == AddressFamily::V4;
    const IpAddress source = ip_address({request.source, is_v4 ? 4U : 16U});
    const IpAddress own = response_source(request, port);
    const auto payload = static_cast<std::size_t>(request.payload - frame.data());
    const SbfdRequest at{.ip = static_cast<std::size_t>(request.source - frame.data()) -
                               (is_v4 ? kIpv4SourceOffset : kIpv6SourceOffset),
                         .udp = payload - kUdpLength,
                         .payload = request.payload_length};
    const Frame was = frame;
    bfd::ReflectorTable table;
    table.set({.discriminator = {kEntity}});
    const std::span octets{frame.data() + payload, request.payload_length};
    if (bfd::reflect(octets, source, table).reason != DropReason::None) {
        require(frame == was);
        return 0;
    }
    if (!turn_round(frame, at, kOurs, own)) return 0;
    require((frame[0] & 1U) == 0);
    require(std::equal(was.begin() + 6, was.begin() + 12, frame.begin()));
    require(std::equal(kOurs.begin(), kOurs.end(), frame.begin() + 6));
    require((octets[1] & 0x02U) == 0);
    const Frame answer = frame;
    table.set({.discriminator = {load_be32(&octets[8])}});
    require(bfd::reflect(octets, source, table).reason == DropReason::ReflectorDemandClear);
    require(frame == answer);
    const std::size_t labels = take_labels_off(frame, at.ip);
    require(labels == 0 || port.mpls);
    frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(labels));
    require(std::equal(was.begin() + 6, was.begin() + 12, frame.begin()));
    std::copy(kOurs.begin(), kOurs.end(), frame.begin());
    PortContext theirs = port;  // the initiator's: everything in the answer is in order
    theirs.addresses = {};
    theirs.addresses.add(source);
    theirs.udp_checksum = UdpChecksumPolicy::Verify;
    if (is_v4) {
        const std::uint16_t back_to = load_be16(&frame[at.udp - labels + 2]);
        const Classified back =
            classify(frame, theirs, ChecksumHint::Unknown, ChecksumHint::Unknown);
        constexpr std::array<std::uint16_t, 6> kOthers{3784, 4784, 3785, 6784, 4789, 6081};
        require(back.verdict == Verdict::Bfd || back.reason == DropReason::IpSource ||
                std::ranges::find(kOthers, back_to) != kOthers.end());
    }
    return 0;
}
