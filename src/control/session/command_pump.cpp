#include "control/session/command_pump.hpp"

#include "control/session/interval_alignment.hpp"
#include "overlay/echo.hpp"
#include "overlay/geneve.hpp"
#include "overlay/micro_bfd.hpp"
#include "overlay/mpls.hpp"
#include "overlay/multi_hop.hpp"
#include "overlay/padding.hpp"
#include "overlay/sbfd.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/vccv.hpp"
#include "overlay/vxlan.hpp"

#include <utility>

namespace tocsin::control::session {

namespace {

bfd::SessionParameters parameters_for(const SessionRecord& record) {
    return record.interval_alignment ? align(record.parameters, record.status) : record.parameters;
}

/// The peer's link, our own address as the destination, RFC 5881 4.
overlay::SingleHopHeaders to_ourselves(overlay::SingleHopHeaders h, const SessionPort& port) {
    h.destination = h.source;
    for (const IpAddress& source : port.echo_source) {
        if (source.family == h.destination.family) h.source = source;
    }
    return h;
}

/// What both kinds of tunnel have. `Headers`: of one of them.
template <class Headers>
Headers tunnel_headers(const SessionRecord& record, const SessionPort& port,
                       const MacAddress& next_hop) {
    const config::Tunnel& t = *record.tunnel;
    Headers out;
    out.link = {.source_mac = port.mac, .destination_mac = next_hop, .tags = port.tags};
    // One number serves both UDP headers: it is constant for the session, RFC 5881 4, and as random
    // as RFC 7348 5 and RFC 8926 3.3 want the outer one for routers to share out.
    out.outer = {.source = record.local,
                 .destination = record.remote,
                 .source_port = record.source_port,
                 .ttl = t.ttl,
                 .checksum = t.outer_checksum};
    out.inner = {.source_mac = t.inner_src_mac == MacAddress{} ? port.mac : t.inner_src_mac,
                 .destination_mac = t.inner_dst_mac,
                 .tags = t.inner_tags,
                 .source = t.inner_src,
                 .destination = t.inner_dst,
                 .source_port = record.source_port};
    out.vni = t.vni;
    out.dscp = record.dscp;
    return out;
}

overlay::HeaderTemplate geneve_headers(const SessionRecord& record, const SessionPort& port,
                                       const MacAddress& next_hop) {
    auto h = tunnel_headers<overlay::Geneve::Headers>(record, port, next_hop);
    h.ethernet = record.tunnel->ethernet;
    return overlay::Geneve::headers(h);
}

overlay::HeaderTemplate member_headers(const SessionRecord& record, const SessionPort& port) {
    overlay::MicroBfdHeaders h{.source_mac = port.mac,
                               .destination_mac = overlay::kMicroBfdMac,
                               .source = record.local,
                               .destination = record.remote,
                               .source_port = record.source_port,
                               .dscp = record.dscp};
    if (record.frames.tagged) {
        h.tags.size = 1;
        h.tags.tags[0].tci = overlay::tci(record.frames.priority, 0);
    }
    overlay::HeaderTemplate out = overlay::micro_bfd_headers(h);
    out.learns_mac = record.frames.learns_mac;
    if (record.padded_pdu_size != 0) overlay::set_padding(out, record.padded_pdu_size);
    return out;
}

/// Under the labels of an LSP, or by way of IP routing to its ingress, RFC 5884 7.
overlay::HeaderTemplate mpls_headers(const SessionRecord& record, const SessionPort& port,
                                     const MacAddress& next_hop) {
    const config::Tunnel& t = *record.tunnel;
    if (t.labels->routed) {
        return overlay::multi_hop_headers({.source_mac = port.mac,
                                           .destination_mac = next_hop,
                                           .source = record.local,
                                           .destination = record.remote,
                                           .source_port = record.source_port,
                                           .dscp = record.dscp,
                                           .tags = port.tags});
    }
    return overlay::Mpls::headers(
        {.link = {.source_mac = port.mac, .destination_mac = next_hop, .tags = port.tags},
         .labels = t.labels->stack,
         .source = t.inner_src,
         .destination = t.inner_dst,
         .source_port = record.source_port,
         .dscp = record.dscp});
}

overlay::HeaderTemplate vccv_headers(const SessionRecord& record, const SessionPort& port,
                                     const MacAddress& next_hop) {
    const config::Tunnel& t = *record.tunnel;
    const config::Labels& l = *t.labels;
    overlay::LabelStack tunnel = l.stack;
    if (tunnel.size == 0) return {};
    const overlay::Label own = tunnel.labels[--tunnel.size];
    tunnel.labels[tunnel.size] = {};
    return overlay::Vccv::headers(
        {.link = {.source_mac = port.mac, .destination_mac = next_hop, .tags = port.tags},
         .tunnel = tunnel,
         .pseudowire = own,
         .channel = l.channel,
         .control_word = l.control_word,
         .source = t.inner_src,
         .destination = t.inner_dst,
         .source_port = record.source_port,
         .dscp = record.dscp});
}

}  // namespace

CommandPump::CommandPump(const Registry& registry, const NextHops& next_hops, EarlyPackets& early,
                         Totals& totals)
    : registry_{registry}, next_hops_{next_hops}, early_{early}, totals_{totals} {}

void CommandPump::run(WorkerRecord& w) {
    if (!w.keys.pump()) return;
    w.reflectors.pump();
    while (!w.queue.empty()) {
        const Slot slot = w.queue.front();
        SlotEntry& entry = w.slots.at(slot);
        if (entry.needs == 0 || entry.phase == SlotPhase::Free) {
            entry.needs = 0;
            entry.queued = false;
            w.queue.pop_front();
        } else if (!send_next(w, slot, entry)) {
            return;  // no room: again with the next turn, in the same order
        }
    }
}

bool CommandPump::send_next(WorkerRecord& w, Slot slot, SlotEntry& entry) {
    const bfd::SessionHandle session = w.slots.handle(slot);
    const auto sent = [&](const auto& body, Need about, unsigned carried) {
        if (!w.commands.send(body, about)) return false;
        entry.needs = static_cast<std::uint16_t>(entry.needs & ~carried);
        totals_.commands.add();
        return true;
    };
    if (entry.phase == SlotPhase::Leaving) {
        const bool now = (entry.needs & kNeedDeleteNow) != 0;
        return sent(message::DeleteSession{.session = session, .immediate = now},
                    now ? kNeedDeleteNow : kNeedDelete, 0xffffU);
    }
    SessionRecord& record = *entry.owner;
    if ((entry.needs & kNeedAdd) != 0) {
        const overlay::HeaderTemplate h = headers(record);
        if (!sent(message::AddSession{.session = session,
                                      .key = key(record),
                                      .parameters = parameters_for(record),
                                      .headers = h,
                                      .tx_port = record.port,
                                      .admin_down = record.admin_down},
                  kNeedAdd, kNeedAdd | kNeedParameters | kNeedAdmin | kNeedHeaders)) {
            return false;
        }
        entry.phase = SlotPhase::Known;
        record.next_hop_resolved = h.length != 0;
        if (const auto packet = early_.take(record.id)) {
            static_cast<void>(w.link->send({.id = {}, .body = message::Hear{*packet}}));
        }
        return true;
    }
    if ((entry.needs & kNeedParameters) != 0) {
        return sent(
            message::SetParameters{.session = session, .parameters = parameters_for(record)},
            kNeedParameters, kNeedParameters);
    }
    if ((entry.needs & kNeedAdmin) != 0) {
        return sent(message::SetAdmin{.session = session, .down = record.admin_down}, kNeedAdmin,
                    kNeedAdmin);
    }
    if ((entry.needs & kNeedHeaders) != 0) {
        const overlay::HeaderTemplate h = headers(record);
        record.next_hop_resolved = h.length != 0;
        return sent(message::SetHeaders{.session = session, .headers = h}, kNeedHeaders,
                    kNeedHeaders);
    }
    if ((entry.needs & kNeedPathDown) != 0) {
        return sent(message::SignalPathDown{.session = session}, kNeedPathDown, kNeedPathDown);
    }
    if ((entry.needs & kNeedPoll) != 0) {
        return sent(message::StartPoll{.session = session}, kNeedPoll, kNeedPoll);
    }
    if ((entry.needs & kNeedQuery) != 0) return send_query(w, slot, record);
    entry.needs = 0;
    return true;
}

bool CommandPump::send_query(WorkerRecord& w, Slot slot, const SessionRecord& record) {
    const auto id = w.commands.send(message::QuerySession{record.handle}, kNeedQuery);
    if (!id) return false;
    totals_.commands.add();
    SlotEntry& entry = w.slots.at(slot);
    entry.needs = static_cast<std::uint16_t>(entry.needs & ~kNeedQuery);
    if (auto waiting = w.asked.extract(slot.value)) {
        w.queries.emplace(static_cast<std::uint64_t>(*id), std::move(waiting.mapped()));
    }
    return true;
}

overlay::HeaderTemplate CommandPump::headers(const SessionRecord& record) const {
    const SessionPort* const port = registry_.port(record.port);
    if (port != nullptr && record.type == SessionType::Micro) return member_headers(record, *port);
    if (port == nullptr || record.next_hop.family == AddressFamily::None) return {};
    const auto mac = next_hops_.mac(record.port, record.next_hop);
    if (!mac) return {};
    const overlay::SingleHopHeaders h{.source_mac = port->mac,
                                      .destination_mac = *mac,
                                      .source = record.local,
                                      .destination = record.remote,
                                      .source_port = record.source_port,
                                      .dscp = record.dscp,
                                      .tags = port->tags};
    overlay::HeaderTemplate out;
    switch (record.type) {
        case SessionType::SingleHop:
            out = overlay::single_hop_headers(h);
            break;
        case SessionType::MultiHop:
            out = overlay::multi_hop_headers(h);
            break;
        case SessionType::Echo:
            out = overlay::echo_headers(to_ourselves(h, *port));
            break;
        case SessionType::Vxlan:
            out = overlay::Vxlan::headers(
                tunnel_headers<overlay::Vxlan::Headers>(record, *port, *mac));
            break;
        case SessionType::Geneve:
            out = geneve_headers(record, *port, *mac);
            break;
        case SessionType::Mpls:
            out = mpls_headers(record, *port, *mac);
            break;
        case SessionType::Vccv:
            out = vccv_headers(record, *port, *mac);
            break;
        case SessionType::Sbfd:
            out = overlay::sbfd_headers(h);
            break;
        default:  // admission lets none of the others in
            return {};
    }
    if (record.padded_pdu_size != 0) overlay::set_padding(out, record.padded_pdu_size);
    return out;
}

SessionKey CommandPump::key(const SessionRecord& record) const {
    if (record.tunnel) {
        return config::tunnel_key(record.type, record.local, record.remote, *record.tunnel);
    }
    if (record.type == SessionType::Sbfd) {
        SessionKey out = config::sbfd_key(record.local, record.remote, record.remote_discriminator);
        out.link = record.source_port;  // which responses come to, RFC 7881 2
        return out;
    }
    SessionKey out;
    out.type = record.type;
    out.family = record.remote.family;
    if (record.type == SessionType::Echo) {  // what comes back names no peer, RFC 9747 2
        out.port = record.port;
        out.instance = record.source_port;
        return out;
    }
    if (record.type == SessionType::Micro) {  // RFC 7130 2.2
        out.port = record.port;
        return out;
    }
    if (record.type == SessionType::SingleHop) {
        out.port = record.port;
        const SessionPort* const port = registry_.port(record.port);
        if (port != nullptr && port->point_to_point) return out;
    }
    out.local = record.local.octets;
    out.remote = record.remote.octets;
    return out;
}

}  // namespace tocsin::control::session
