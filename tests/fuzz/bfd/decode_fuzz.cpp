#include "dataplane/bfd/packet.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tocsin;
    bfd::ControlPacket packet;
    const DropReason reason = bfd::decode({data, size}, packet);
    require(reason == DropReason::None || reason == DropReason::PayloadTooShort ||
            (reason >= DropReason::Version && reason <= DropReason::YourDiscriminatorZeroState));
    if (reason != DropReason::None) return 0;
    require(packet.my_discriminator.value != 0 && packet.detect_mult != 0);
    require(packet.length >= bfd::kControlPacketLength && packet.length <= size);
    const bfd::ControlOctets again = bfd::encode(packet);
    require(std::equal(again.begin(), again.end(), data));
    return 0;
}
