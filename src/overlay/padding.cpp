#include "overlay/padding.hpp"

#include "overlay/single_hop.hpp"

namespace tocsin::overlay {

void set_padding(HeaderTemplate& t, std::uint16_t octets) noexcept {
    if (t.length == 0) return;
    t.padded_length = octets;
    set_lengths(t.octets, t);
}

}  // namespace tocsin::overlay
