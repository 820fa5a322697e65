#pragma once

#include "overlay/encap.hpp"
#include "overlay/label_stack.hpp"
#include "tunnel_frames.hpp"

#include <functional>
#include <vector>

namespace tocsin::test {

/// The port that the labelled golden frames are addressed to.
inline overlay::PortContext label_port() {
    overlay::PortContext port = golden_port();
    port.mpls = true;
    return port;
}

/// The golden frame after a change, with checksums made right where there are any.
inline Bytes changed(const char* name, std::size_t ip, std::size_t udp,
                     const std::function<void(Bytes&)>& change) {
    Bytes frame = golden(name);
    change(frame);
    if (ip != 0) fix_checksums_at(frame, ip, udp);
    return frame;
}

inline overlay::LabelStack labels(std::initializer_list<overlay::Label> all) {
    overlay::LabelStack out;
    for (const overlay::Label& l : all) out.push(l);
    return out;
}

inline const IpAddress kHead4 = v4(198, 51, 100, 1);
inline const IpAddress kHead6 = v6("20010db8 00010000 00000000 00000001");
inline const IpAddress kTail4 = v4(203, 0, 113, 2);
inline const IpAddress kLoop4 = v4(127, 11, 22, 33);
inline const IpAddress kLoop6 = v6("00000000 00000000 0000ffff 7f0b1621");
inline const overlay::Link kToTail{
    .source_mac = {2, 0, 0, 0, 0, 0x0a}, .destination_mac = {2, 0, 0, 0, 0, 0x0b}, .tags = {}};

}  // namespace tocsin::test
