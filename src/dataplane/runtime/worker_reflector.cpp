// The port of S-BFD reflectors: what initiators ask is answered by the worker that received it.

#include "dataplane/bfd/reflector.hpp"
#include "dataplane/runtime/mbuf.hpp"
#include "dataplane/runtime/worker.hpp"
#include "overlay/headers.hpp"
#include "overlay/sbfd.hpp"

#include <rte_mbuf.h>

#include <cstddef>

namespace tocsin::runtime {

/// False: the mbuf is on its way back.
bool Worker::reflect(rte_mbuf* mbuf, const overlay::Classified& found) noexcept {
    const ReceivedPacket& request = found.packet;
    if (reflectors_ == nullptr) {
        drop(DropReason::YourDiscriminatorUnknown);
        return true;
    }
    const WorkerPort& port = *port_by_id_[mbuf->port];
    const bool v4 = request.family == AddressFamily::V4;
    const IpAddress source = ip_address({request.source, v4 ? 4U : 16U});
    const IpAddress own = overlay::response_source(request, port.context);
    auto* const frame = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
    const auto payload = static_cast<std::size_t>(request.payload - frame);
    const bfd::Reflection answer = bfd::reflect({frame + payload, request.payload_length}, source,
                                                *reflectors_, engine_.keys());
    DropReason reason = answer.reason;
    const std::size_t limit = static_cast<std::size_t>(&port - ports_.data());
    if (reason == DropReason::None && !reflector_limits_[limit].take(source, time_)) {
        reason = DropReason::ReflectorRateLimited;
    }
    std::size_t labels = 0;  // octets
    if (reason == DropReason::None) {
        const std::size_t addresses = v4 ? overlay::kIpv4SourceOffset : overlay::kIpv6SourceOffset;
        const overlay::SbfdRequest at{
            .ip = static_cast<std::size_t>(request.source - frame) - addresses,
            .udp = payload - overlay::kUdpLength,
            .payload = request.payload_length};
        const bool turned = overlay::turn_round({frame, mbuf->data_len}, at, port.context.mac, own);
        if (!turned) reason = DropReason::ReflectorNoReturn;
        labels = overlay::take_labels_off({frame, mbuf->data_len}, at.ip);
    }
    if (answer.entity != nullptr) {
        message::ReflectorStats& count = stats_.reflectors[answer.entity->counter];
        (reason == DropReason::None ? count.answered : count.refused).add();
    }
    if (reason != DropReason::None) {
        drop(reason);
        return true;
    }
    if (labels != 0) [[unlikely]]
        rte_pktmbuf_adj(mbuf, static_cast<std::uint16_t>(labels));
    tag(*mbuf, port.tags);
    if (reflected_ == kBurst) flush_reflected(port.tx.port);
    mbuf->ol_flags = 0;  // what the driver said on arrival asks for nothing on departure
    reflect_box_[reflected_++] = mbuf;
    return false;
}

void Worker::flush_reflected(PortId port) noexcept {
    if (reflected_ == 0) return;
    stats_.reflected.add(
        out_.send_others(port, reflect_box_.data(), reflected_, Others::Reflected, time_));
    reflected_ = 0;
}

bfd::Status Worker::apply(const message::SetReflectors& c) noexcept {
    reflectors_ = c.table;
    for (ReflectorLimit& limit : reflector_limits_) {
        if (c.table != nullptr) limit.allow(c.rate, c.rate_per_source, time_);
    }
    return bfd::Status::Ok;
}

}  // namespace tocsin::runtime
