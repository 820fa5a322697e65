#include "control/net/stack.hpp"

#include "control/net/address_claims.hpp"
#include "control/net/arp.hpp"
#include "control/net/frame.hpp"
#include "control/net/icmp.hpp"
#include "control/net/ndisc.hpp"
#include "control/net/neighbor_table.hpp"
#include "control/net/route_table.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tocsin::control::net {

class Stack::Impl {
public:
    Impl(std::vector<StackPort> ports, SendFrame send, NeighborChanged changed, Notice notice)
        : send_{std::move(send)},
          notice_{std::move(notice)},
          neighbors_{
              [this](PortId port, const IpAddress& address,
                     const std::optional<MacAddress>& known) { solicit(port, address, known); },
              std::move(changed)} {
        ports_.reserve(ports.size());
        for (StackPort& p : ports) ports_.emplace_back(std::move(p), send_, notice_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() = default;

    void on_frame(const message::Frame& frame, Instant now) {
        AddressClaims* const claims = find(frame.port);
        const auto ethernet = parse_ethernet(frame);
        if (claims == nullptr || !ethernet) return;
        const MacAddress& own = claims->port().mac;
        if (ethernet->source == own) return;  // a loop gives us our own frames back
        if (!is_group(ethernet->destination) && ethernet->destination != own) return;
        if (ethernet->type == overlay::kEtherTypeArp) {
            if (const auto arp = parse_arp(ethernet->payload)) on_arp(*claims, *arp, now);
        } else if (ethernet->type == overlay::kEtherTypeIpv4) {
            if (const auto reply = answer_icmp_echo(claims->port(), *ethernet)) send_(*reply);
        } else if (ethernet->type == overlay::kEtherTypeIpv6) {
            if (const auto icmp = parse_icmpv6(*ethernet))
                on_icmpv6(*claims, *ethernet, *icmp, now);
        }
    }

    void on_timer(Instant now) {
        for (AddressClaims& claims : ports_) claims.on_timer(now);
        neighbors_.on_timer(now);
    }

    void on_link(PortId id, bool up, Instant now) {
        AddressClaims* const claims = find(id);
        if (claims == nullptr) return;
        if (!up) return claims->stop();
        claims->start(now);
        neighbors_.probe_all(id, now);
    }

    [[nodiscard]] const StackPort* port(PortId id) const {
        const auto it = std::ranges::find(ports_, id, [](const auto& c) { return c.port().id; });
        return it == ports_.end() ? nullptr : &it->port();
    }

    [[nodiscard]] NeighborTable& neighbors() noexcept { return neighbors_; }

private:
    AddressClaims* find(PortId id) {
        const auto it = std::ranges::find(ports_, id, [](const auto& c) { return c.port().id; });
        return it == ports_.end() ? nullptr : &*it;
    }

    void on_arp(AddressClaims& claims, const ArpPacket& arp, Instant now) {
        const StackPort& port = claims.port();
        if (is_own(port, arp.sender)) {
            return claims.on_claim(arp.sender, arp.sender_mac, Claim::Use, now);
        }
        const bool for_us = is_own(port, arp.target);
        // IPv4 has no better proof than its being heard, but a new MAC has to answer for itself.
        const bool confirmed = (for_us && arp.operation == ArpOperation::Reply) ||
                               neighbors_.mac(port.id, arp.sender) == arp.sender_mac;
        neighbors_.learn(port.id, arp.sender, arp.sender_mac, confirmed, true, now);
        if (arp.operation != ArpOperation::Request || !for_us) return;
        send_(make_arp(port.id, arp.sender_mac,
                       {.operation = ArpOperation::Reply,
                        .sender_mac = port.mac,
                        .sender = arp.target,
                        .target_mac = arp.sender_mac,
                        .target = arp.sender}));
    }

    void on_icmpv6(AddressClaims& claims, const EthernetFrame& frame, const Icmpv6& icmp,
                   Instant now) {
        if (const auto nd = parse_neighbor_message(icmp)) {
            return nd->solicitation ? on_solicitation(claims, frame, icmp, *nd, now)
                                    : on_advertisement(claims, frame, *nd, now);
        }
        const auto reply =
            answer_icmpv6_echo(claims.port(), frame, icmp.source, icmp.destination, icmp.message);
        if (reply) send_(*reply);
    }

    void on_solicitation(AddressClaims& claims, const EthernetFrame& frame, const Icmpv6& icmp,
                         const NeighborMessage& nd, Instant now) {
        const StackPort& port = claims.port();
        if (is_own(port, icmp.source)) {
            return claims.on_claim(icmp.source, frame.source, Claim::Use, now);
        }
        if (!is_own(port, nd.target)) return;  // nor is anything learnt from it, RFC 4861 7.2.3
        const bool probe = is_unspecified(icmp.source);
        if (!probe && nd.link) neighbors_.learn(port.id, icmp.source, *nd.link, false, true, now);
        if (probe) return claims.on_claim(nd.target, frame.source, Claim::Probe, now);
        send_(make_advertisement(port, nd.target, icmp.source, nd.link.value_or(frame.source), true,
                                 !claims.is_tentative(nd.target)));
    }

    void on_advertisement(AddressClaims& claims, const EthernetFrame& frame,
                          const NeighborMessage& nd, Instant now) {
        const PortId id = claims.port().id;
        if (is_own(claims.port(), nd.target)) {
            return claims.on_claim(nd.target, frame.source, Claim::Use, now);
        }
        if (nd.link) {
            neighbors_.learn(id, nd.target, *nd.link, nd.solicited, nd.override_known, now);
        } else if (nd.solicited) {
            neighbors_.confirm(id, nd.target, now);
        }
    }

    void solicit(PortId id, const IpAddress& address, const std::optional<MacAddress>& known) {
        const AddressClaims* const claims = find(id);
        if (claims == nullptr) return;
        const StackPort& port = claims->port();
        if (net::next_hop(port, address) != address) return;  // nobody on this link
        const auto source = net::local_for(port, address);
        if (!source) return;
        if (address.is_v6()) {
            send_(make_solicitation(port, *source, address, known, !claims->is_tentative(*source)));
        } else {
            send_(make_arp(id, known.value_or(kBroadcastMac),
                           {.operation = ArpOperation::Request,
                            .sender_mac = port.mac,
                            .sender = *source,
                            .target_mac = {},
                            .target = address}));
        }
    }

    SendFrame send_;
    Notice notice_;
    std::vector<AddressClaims> ports_;
    NeighborTable neighbors_;
};

Stack::Stack(std::vector<StackPort> ports, SendFrame send, NeighborChanged changed, Notice notice)
    : impl_{std::make_unique<Impl>(std::move(ports), std::move(send), std::move(changed),
                                   std::move(notice))} {}
Stack::~Stack() = default;

void Stack::on_frame(const message::Frame& frame, Instant now) { impl_->on_frame(frame, now); }
void Stack::on_timer(Instant now) { impl_->on_timer(now); }
void Stack::on_link(PortId port, bool up, Instant now) { impl_->on_link(port, up, now); }

std::optional<IpAddress> Stack::next_hop(PortId port, const IpAddress& remote) const {
    const StackPort* const p = impl_->port(port);
    return p == nullptr ? std::nullopt : net::next_hop(*p, remote);
}

std::optional<IpAddress> Stack::local_for(PortId port, const IpAddress& remote) const {
    const StackPort* const p = impl_->port(port);
    return p == nullptr ? std::nullopt : net::local_for(*p, remote);
}

void Stack::track(PortId port, const IpAddress& next_hop, Instant now) {
    impl_->neighbors().track(port, next_hop, now);
}
void Stack::untrack(PortId port, const IpAddress& next_hop) {
    impl_->neighbors().untrack(port, next_hop);
}
std::optional<MacAddress> Stack::mac(PortId port, const IpAddress& next_hop) const {
    return impl_->neighbors().mac(port, next_hop);
}
void Stack::confirm(PortId port, const IpAddress& next_hop, Nanoseconds before, Instant now) {
    impl_->neighbors().confirm_sent(port, next_hop, now - before, now);
}
void Stack::doubt(PortId port, const IpAddress& next_hop, Instant now) {
    impl_->neighbors().doubt(port, next_hop, now);
}
std::vector<NeighborInfo> Stack::neighbors(Instant now) const {
    NeighborList list;
    while (add_piece(list, now)) {
    }
    list.sort();
    return std::move(list.neighbors);
}

bool Stack::add_piece(NeighborList& list, Instant now) const {
    return impl_->neighbors().add_piece(list, now);
}

namespace {

NeighborPlace place(const NeighborInfo& n) { return {.port = n.port, .address = n.address}; }

}  // namespace

void NeighborList::sort() { std::ranges::sort(neighbors, {}, place); }

bool NeighborList::keep_page(const std::optional<NeighborPlace>& after, std::size_t limit) {
    if (after) {
        std::erase_if(neighbors, [&](const NeighborInfo& n) { return place(n) <= *after; });
    }
    const bool more = neighbors.size() > limit;
    const auto last =
        neighbors.begin() + static_cast<std::ptrdiff_t>(more ? limit : neighbors.size());
    std::ranges::partial_sort(neighbors, last, {}, place);
    neighbors.erase(last, neighbors.end());
    return more;
}

}  // namespace tocsin::control::net
