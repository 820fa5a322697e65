#include "overlay/classify.hpp"
#include "overlay/echo.hpp"
#include "wire.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace tocsin;
using namespace tocsin::overlay;
using namespace tocsin::test;

constexpr MacAddress kOurs{2, 0, 0, 0, 0, 0x0b};

void require(bool holds) {
    if (!holds) std::abort();
}

PortContext looping_port() {
    PortContext port;
    port.mac = kOurs;
    port.loops_echo = true;
    for (const char* a : {"192.0.2.2", "2001:db8::2", "fe80::b"}) port.addresses.add(ip(a));
    port.on_link.add({.address = ip("192.0.2.2"), .length = 24});
    port.on_link.add({.address = ip("2001:db8::2"), .length = 64});
    return port;
}

/// What a frame has to be to go back, read off its octets.
void check(View frame, std::size_t at, const PortContext& port) {
    const View header = frame.subspan(at);
    const bool v4 = header[0] >> 4U == 4;
    const std::size_t width = v4 ? 4 : 16;
    const std::size_t length = v4 ? (header[0] & 0xfU) * 4U : 40U;
    require(header.size() >= length + 8);
    require(header[v4 ? 9 : 6] == 17 && number(header, length + 2, 2) == 3785);
    require(header[v4 ? 8 : 7] >= 2);
    require(!v4 || (number(header, 6, 2) & 0x3fffU) == 0);
    const View source = header.subspan(v4 ? 12 : 8, width);
    const View destination = header.subspan(v4 ? 16 : 24, width);
    require(!port.addresses.contains(ip_address(source)));
    require(!port.addresses.contains(ip_address(destination)));
    require(v4 ? number(destination, 0, 3) == 0xc00002 : number(destination, 0, 4) == 0x20010db8);
}

bool checksum_right(View header) {
    return header[0] >> 4U != 4 || ones_sum(header.first((header[0] & 0xfU) * 4U)) == 0xffff;
}

/// The frame after reflect_echo(), held against what it was.
void check_returned(const Octets& was, const Octets& is, std::size_t at) {
    require(std::equal(is.begin(), is.begin() + 6, was.begin() + 6));
    require(std::equal(kOurs.begin(), kOurs.end(), is.begin() + 6));
    const bool v4 = was[at] >> 4U == 4;
    const std::size_t ttl = at + (v4 ? 8 : 7);
    require(is[ttl] + 1 == was[ttl]);
    require(!checksum_right(View{was}.subspan(at)) || checksum_right(View{is}.subspan(at)));
    for (std::size_t i = 12; i < was.size(); ++i) {
        const bool may_differ = i == ttl || (v4 && (i == at + 10 || i == at + 11));
        require(may_differ || is[i] == was[i]);
    }
}

}  // namespace

// Only an Echo packet of a station of the link to such a station goes back, and as it was but for
// MAC addresses, TTL and header checksum. Two that send it to and fro come to an end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    PortContext port = looping_port();
    const auto ip_hint = static_cast<ChecksumHint>(data[0] % 3);
    const auto udp_hint = static_cast<ChecksumHint>(data[0] / 3 % 3);
    Octets frame(data + 1, data + size);
    for (int returns = 0;; ++returns) {
        require(returns < 255);
        const Classified found = classify(frame, port, ip_hint, udp_hint);
        if (found.verdict != Verdict::Reflect) return 0;
        require(found.reason == DropReason::None);
        const auto at = static_cast<std::size_t>(found.packet.payload - frame.data());
        check(frame, at, port);
        port.loops_echo = false;
        require(classify(frame, port, ip_hint, udp_hint).reason == DropReason::EchoRefused);
        port.loops_echo = true;

        const Octets was = frame;
        if (!reflect_echo(frame, at, kOurs)) {
            require(frame == was);
            require(((was[0] | was[6]) & 1U) != 0 ||
                    std::equal(kOurs.begin(), kOurs.end(), was.begin() + 6));
            return 0;
        }
        check_returned(was, frame, at);
        // The other one does the same.
        std::copy(was.begin(), was.begin() + 12, frame.begin());
    }
}
