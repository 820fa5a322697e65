#include "overlay/multi_hop.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/headers.hpp"

namespace tocsin::overlay {

HeaderTemplate multi_hop_headers(const MultiHopHeaders& h) noexcept {
    HeaderTemplate t = single_hop_headers(h);
    if (t.length == 0) return t;
    store_be16(&t.octets[t.udp_offset + kUdpDestinationPortOffset], kMultiHopPort);
    return t;
}

}  // namespace tocsin::overlay
