#include "overlay/micro_bfd.hpp"

namespace tocsin::overlay {

HeaderTemplate micro_bfd_headers(const MicroBfdHeaders& h) noexcept {
    return headers_to_port(h, kMicroBfdPort);
}

}  // namespace tocsin::overlay
