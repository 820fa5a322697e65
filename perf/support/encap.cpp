#include "support/encap.hpp"

#include "overlay/geneve.hpp"
#include "overlay/multi_hop.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/vxlan.hpp"

#include <array>

namespace tocsin::perf {

namespace {

constexpr std::uint32_t kVni = 1;
constexpr IpAddress kLoopback = ip_address(std::array<std::uint8_t, 4>{127, 0, 0, 1});

void carry_plain(SessionType type, const PathEnd& end, message::AddSession& out) {
    const overlay::SingleHopHeaders headers{.source_mac = end.mac,
                                            .destination_mac = end.peer_mac,
                                            .source = end.near,
                                            .destination = end.far};
    out.key.type = type;
    out.headers = type == SessionType::MultiHop ? overlay::multi_hop_headers(headers)
                                                : overlay::single_hop_headers(headers);
}

struct TunnelHeaders {
    overlay::Link link;
    overlay::OuterHeaders outer;
    overlay::InnerHeaders inner;

    explicit TunnelHeaders(const PathEnd& end)
        : link{.source_mac = end.mac, .destination_mac = end.peer_mac},
          outer{.source = end.near, .destination = end.far},
          inner{.source_mac = end.mac,
                .destination_mac = end.peer_mac,
                .source = end.near,
                .destination = end.far} {}
};

void carry_in_vxlan(const PathEnd& end, message::AddSession& out) {
    TunnelHeaders h{end};
    h.inner.destination_mac = overlay::kVxlanBfdMac;
    h.inner.destination = kLoopback;
    out.key.type = SessionType::Vxlan;
    out.key.instance = overlay::Vxlan::instance(kVni, AddressFamily::V4);
    out.headers =
        overlay::Vxlan::headers({.link = h.link, .outer = h.outer, .inner = h.inner, .vni = kVni});
}

void carry_in_geneve(bool ethernet, const PathEnd& end, message::AddSession& out) {
    const TunnelHeaders h{end};
    const auto identity = overlay::Geneve::identity(kVni, ethernet ? end.mac : MacAddress{},
                                                    ethernet ? end.peer_mac : MacAddress{}, {});
    out.key.type = SessionType::Geneve;
    out.key.instance = identity.instance;
    out.key.link = identity.link;
    out.headers = overlay::Geneve::headers(
        {.link = h.link, .outer = h.outer, .inner = h.inner, .ethernet = ethernet, .vni = kVni});
}

}  // namespace

void carry_in(const std::string& word, const PathEnd& end, message::AddSession& out) {
    out.key.family = AddressFamily::V4;
    out.key.local = end.near.octets;
    out.key.remote = end.far.octets;
    if (word == "vxlan") {
        carry_in_vxlan(end, out);
    } else if (word == "geneve" || word == "geneve_ip") {
        carry_in_geneve(word == "geneve", end, out);
    } else {
        carry_plain(word == "multihop" ? SessionType::MultiHop : SessionType::SingleHop, end, out);
    }
    out.key.port = port_in_key(out.key.type, end.port);
}

std::vector<std::string> encap_words() {
    return {"none", "multihop", "vxlan", "geneve", "geneve_ip"};
}

}  // namespace tocsin::perf
