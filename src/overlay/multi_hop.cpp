#include "overlay/multi_hop.hpp"

namespace tocsin::overlay {

HeaderTemplate multi_hop_headers(const MultiHopHeaders& h) noexcept {
    return headers_to_port(h, kMultiHopPort);
}

}  // namespace tocsin::overlay
