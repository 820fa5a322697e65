// The Echo port: what comes back to us, and what peers want back.

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/packet.hpp"
#include "dataplane/runtime/mbuf.hpp"
#include "dataplane/runtime/worker.hpp"
#include "overlay/echo.hpp"

#include <rte_mbuf.h>

#include <cstddef>

namespace tocsin::runtime {

/// Whoever sent it knows it by My Discriminator, which stands at the same place in both kinds.
/// False: the mbuf went to another worker.
bool Worker::deliver_echo(rte_mbuf* mbuf, const overlay::Classified& found,
                          bool handed_over) noexcept {
    const std::uint8_t* const payload = found.packet.payload;
    if (workers_ > 1 && !handed_over) {
        const Discriminator mine{load_be32(payload + bfd::kMyDiscriminatorOffset)};
        const std::uint16_t owner = discriminators_.decode(mine).worker.value;
        if (owner != id_.value && owner < workers_) {
            hand_over(mbuf, owner, 0);
            return false;
        }
    }
    const bool control = payload[0] >> 5U == bfd::kVersion;  // unaffiliated, RFC 9747 2
    const DropReason reason = control ? engine_.on_packet(found.packet, time_, out_)
                                      : engine_.on_echo(found.packet, time_);
    if (reason == DropReason::None) {
        stats_.rx_echo.add();
    } else {
        drop(reason);
    }
    return true;
}

/// False: the mbuf is on its way back.
bool Worker::loop_back(rte_mbuf* mbuf, const overlay::Classified& found) noexcept {
    auto* const frame = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
    const auto ip = static_cast<std::size_t>(found.packet.payload - frame);
    const WorkerPort& port = *port_by_id_[mbuf->port];
    if (!overlay::reflect_echo({frame, mbuf->data_len}, ip, port.context.mac)) {
        drop(DropReason::EchoRefused);
        return true;
    }
    // It would leave to the station that it came from.
    if (!echo_limits_[static_cast<std::size_t>(&port - ports_.data())].take(frame, time_)) {
        drop(DropReason::EchoRateLimited);
        return true;
    }
    tag(*mbuf, port.tags);
    if (looped_ == kBurst) flush_looped(port.tx.port);
    mbuf->ol_flags = 0;  // what the driver said on arrival asks for nothing on departure
    loop_box_[looped_++] = mbuf;
    return false;
}

void Worker::flush_looped(PortId port) noexcept {
    if (looped_ == 0) return;
    stats_.echo_looped.add(out_.send_others(port, loop_box_.data(), looped_, Others::Echo, time_));
    looped_ = 0;
}

}  // namespace tocsin::runtime
