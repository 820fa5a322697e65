#include "control/grpc/convert_history.hpp"

#include "control/base/address.hpp"
#include "control/grpc/convert.hpp"
#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/diag.hpp"

#include <string>

namespace tocsin::control::api {

namespace {

/// Whatever it says: a packet that was dropped may say anything.
void control_to_proto(const bfd::ControlOctets& octets, v1::ControlPacket& out) {
    const std::uint8_t flags = octets[bfd::kStateOffset];
    const auto has = [flags](std::uint8_t bit) { return (flags & bit) != 0; };
    out.set_version(octets[0] >> 5U);
    out.set_diag(octets[0] & 0x1fU);
    out.set_diag_name(std::string{bfd::name(static_cast<bfd::Diag>(octets[0] & 0x1fU))});
    out.set_state(to_proto(static_cast<bfd::SessionState>(flags >> 6U)));
    out.set_poll(has(bfd::kPollBit));
    out.set_final(has(bfd::kFinalBit));
    out.set_control_plane_independent(has(bfd::kControlPlaneIndependentBit));
    out.set_authentication_present(has(bfd::kAuthenticationBit));
    out.set_demand(has(bfd::kDemandBit));
    out.set_multipoint(has(bfd::kMultipointBit));
    out.set_detect_mult(octets[bfd::kDetectMultOffset]);
    out.set_length(octets[bfd::kLengthOffset]);
    out.set_my_discriminator(load_be32(&octets[bfd::kMyDiscriminatorOffset]));
    out.set_your_discriminator(load_be32(&octets[bfd::kYourDiscriminatorOffset]));
    out.set_desired_min_tx_interval_us(load_be32(&octets[bfd::kDesiredMinTxOffset]));
    out.set_required_min_rx_interval_us(load_be32(&octets[bfd::kRequiredMinRxOffset]));
    out.set_required_min_echo_rx_interval_us(load_be32(&octets[bfd::kRequiredMinEchoRxOffset]));
}

std::string verdict(const bfd::PacketRecord& r) {
    if (r.failed != 0) return "could_not_leave";
    if (r.sent != 0) return "sent";
    return r.reason() == DropReason::None ? "accepted" : std::string{name(r.reason())};
}

void packet_to_proto(const session::PacketView& view, v1::PacketRecord& out) {
    const bfd::PacketRecord& r = view.record;
    out.set_direction(r.sent != 0 ? v1::PACKET_DIRECTION_SENT : v1::PACKET_DIRECTION_RECEIVED);
    out.set_kind(static_cast<bfd::PacketKind>(r.kind) == bfd::PacketKind::Echo
                     ? v1::PACKET_KIND_ECHO
                     : v1::PACKET_KIND_CONTROL);
    out.set_first_ns(view.first.time_since_epoch().count());
    out.set_last_ns(view.last.time_since_epoch().count());
    out.set_count(r.count);
    out.set_verdict(verdict(r));
    if (r.sent != 0) {
        out.set_latest_us(r.worst_us);
    } else {
        out.set_longest_gap_us(r.worst_us);
    }
    out.set_varied(r.varied != 0);
    out.set_octets(r.octets.data(), r.octets.size());
    if (out.kind() == v1::PACKET_KIND_CONTROL) control_to_proto(r.octets, *out.mutable_packet());
}

void ring_to_proto(const session::Ring& ring, v1::PacketRing& out) {
    for (const session::PacketView& p : ring.packets) packet_to_proto(p, *out.add_records());
    out.set_overwritten(ring.overwritten);
}

}  // namespace

void to_proto(const bfd::DownEvidence& evidence, v1::DownEvidence& out) {
    out.set_sent(evidence.sent);
    out.set_not_sent(evidence.not_sent);
    out.set_dropped(evidence.dropped);
    if (evidence.dropped_as != DropReason::None) {
        out.set_dropped_as(std::string{name(evidence.dropped_as)});
    }
}

void to_proto(const session::HistoryView& view, v1::GetSessionHistoryResponse& out) {
    to_proto(view.session, *out.mutable_session());
    out.set_source_port(view.source_port);
    if (view.port_mac != MacAddress{}) out.set_port_mac(to_string(view.port_mac));
    if (view.next_hop.family != AddressFamily::None) out.set_next_hop(to_string(view.next_hop));
    if (view.next_hop_mac) out.set_next_hop_mac(to_string(*view.next_hop_mac));
    out.set_taken_ns(view.taken_at.time_since_epoch().count());
    ring_to_proto(view.live, *out.mutable_live());
    ring_to_proto(view.frozen, *out.mutable_frozen());
    v1::DownRecord& down = *out.mutable_down();
    down.set_at_ns(view.down_at.time_since_epoch().count());
    if (down.at_ns() == 0) return;
    down.set_last_rx_ns(view.down_last_rx.time_since_epoch().count());
    down.set_state(to_proto(view.down.to));
    down.set_diag(static_cast<std::uint32_t>(view.down.diag));
    down.set_diag_name(std::string{bfd::name(view.down.diag)});
    down.set_loop_gap_us(view.down.loop_gap_us);
    if (view.down.evidence.known) to_proto(view.down.evidence, *down.mutable_evidence());
}

}  // namespace tocsin::control::api
