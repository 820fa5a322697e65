#include "overlay/single_hop.hpp"

#include "overlay/header_writer.hpp"

namespace tocsin::overlay {

HeaderTemplate headers_to_port(const SingleHopHeaders& h, std::uint16_t destination_port) noexcept {
    HeaderWriter w;
    w.ethernet(h.destination_mac, h.source_mac, h.tags,
               h.source.is_v4() ? kEtherTypeIpv4 : kEtherTypeIpv6);
    w.datagram({.source = h.source,
                .destination = h.destination,
                .source_port = h.source_port,
                .destination_port = destination_port,
                .ttl = 255,  // RFC 5881 5
                .dscp = h.dscp});
    return w.finish();
}

HeaderTemplate single_hop_headers(const SingleHopHeaders& h) noexcept {
    return headers_to_port(h, kSingleHopPort);
}

}  // namespace tocsin::overlay
