#include "control/net/stack.hpp"

#include <algorithm>
#include <utility>

#include "control/net/arp.hpp"
#include "control/net/frame.hpp"
#include "control/net/icmp.hpp"
#include "control/net/ndisc.hpp"
#include "control/net/neighbor_table.hpp"
#include "control/net/route_table.hpp"

namespace tocsin::control::net {

class Stack::Impl {
  public:
    Impl(std::vector<StackPort> ports, SendFrame send, NeighborChanged changed, Notice notice)
        : send_{std::move(send)},
          notice_{std::move(notice)},
          neighbors_{[this](PortId port, const IpAddress& address,
                            const std::optional<MacAddress>& known) { solicit(port, address, known); },
                     std::move(changed)} {
        for (StackPort& p : ports) ports_.push_back({.config = std::move(p), .announce_at = {}});
    }

    void on_frame(const message::Frame& frame, Instant now) {
        const Port* const port = find(frame.port);
        const auto ethernet = parse_ethernet(frame);
        if (port == nullptr || !ethernet || ethernet->source == port->config.mac) return;
        if (ethernet->type == overlay::kEtherTypeArp) {
            if (const auto arp = parse_arp(ethernet->payload)) on_arp(port->config, *arp, now);
        } else if (ethernet->type == overlay::kEtherTypeIpv4) {
            if (const auto reply = answer_icmp_echo(port->config, *ethernet)) send_(*reply);
        } else if (ethernet->type == overlay::kEtherTypeIpv6) {
            if (const auto icmp = parse_icmpv6(*ethernet)) {
                on_icmpv6(port->config, *ethernet, *icmp, now);
            }
        }
    }

    void on_timer(Instant now) {
        for (Port& port : ports_) {
            if (port.announcements != 0 && now >= port.announce_at) announce(port, now);
            if (now - port.reported_at >= kReportInterval) report(port, now);
        }
        neighbors_.on_timer(now);
    }

    void on_link(PortId id, bool up, Instant now) {
        Port* const port = find(id);
        if (port == nullptr || !up) return;
        port->announcements = kAnnouncements;
        for (const IpPrefix& p : port->config.addresses) {  // duplicate address detection first
            if (p.address.is_v6()) {
                send_(make_solicitation(port->config, IpAddress{.family = AddressFamily::V6},
                                        p.address, std::nullopt));
            }
        }
        announce(*port, now);
        neighbors_.probe_all(id, now);
    }

    [[nodiscard]] const StackPort* config(PortId id) const {
        const auto it = std::ranges::find(ports_, id, [](const Port& p) { return p.config.id; });
        return it == ports_.end() ? nullptr : &it->config;
    }

    [[nodiscard]] NeighborTable& neighbors() noexcept { return neighbors_; }

  private:
    static constexpr unsigned kAnnouncements = 3;
    static constexpr std::chrono::seconds kAnnounceInterval{2};  // RFC 5227 2.3
    static constexpr std::chrono::seconds kReportInterval{60};

    struct Port {
        StackPort config;
        Instant announce_at;
        Instant reported_at{};
        unsigned announcements = 0;  ///< still to come
    };

    Port* find(PortId id) {
        const auto it = std::ranges::find(ports_, id, [](const Port& p) { return p.config.id; });
        return it == ports_.end() ? nullptr : &*it;
    }

    static bool is_own(const StackPort& port, const IpAddress& address) {
        return std::ranges::any_of(port.addresses,
                                   [&](const IpPrefix& p) { return p.address == address; });
    }

    void conflict(const StackPort& port, const IpAddress& address, const MacAddress& mac) {
        if (notice_) notice_(port.id, address, mac);
    }

    void on_arp(const StackPort& port, const ArpPacket& arp, Instant now) {
        if (is_own(port, arp.sender)) return conflict(port, arp.sender, arp.sender_mac);
        // Whoever speaks is there: a reply, a request or an announcement of a tracked neighbour.
        neighbors_.learn(port.id, arp.sender, arp.sender_mac, true, true, now);
        if (arp.operation != ArpOperation::Request || !is_own(port, arp.target)) return;
        send_(make_arp(port.id, arp.sender_mac,
                       {.operation = ArpOperation::Reply,
                        .sender_mac = port.mac,
                        .sender = arp.target,
                        .target_mac = arp.sender_mac,
                        .target = arp.sender}));
    }

    void on_icmpv6(const StackPort& port, const EthernetFrame& frame, const Icmpv6& icmp,
                   Instant now) {
        if (const auto nd = parse_neighbor_message(icmp)) {
            return nd->solicitation ? on_solicitation(port, frame, icmp, *nd, now)
                                    : on_advertisement(port, frame, *nd, now);
        }
        const auto reply =
            answer_icmpv6_echo(port, frame, icmp.source, icmp.destination, icmp.message);
        if (reply) send_(*reply);
    }

    void on_solicitation(const StackPort& port, const EthernetFrame& frame, const Icmpv6& icmp,
                         const NeighborMessage& nd, Instant now) {
        const bool probe = is_unspecified(icmp.source);
        if (is_own(port, icmp.source)) return conflict(port, icmp.source, frame.source);
        if (!probe && nd.link) {
            neighbors_.learn(port.id, icmp.source, *nd.link, false, true, now);
        }
        if (!is_own(port, nd.target)) return;
        if (probe) {  // somebody wants to take our address: all nodes are told whose it is
            conflict(port, nd.target, frame.source);
            send_(make_advertisement(port, nd.target, kAllNodes, multicast_mac(kAllNodes), false));
        } else {
            send_(make_advertisement(port, nd.target, icmp.source,
                                     nd.link ? *nd.link : frame.source, true));
        }
    }

    void on_advertisement(const StackPort& port, const EthernetFrame& frame,
                          const NeighborMessage& nd, Instant now) {
        if (is_own(port, nd.target)) return conflict(port, nd.target, frame.source);
        if (nd.link) {
            neighbors_.learn(port.id, nd.target, *nd.link, nd.solicited, nd.override_known, now);
        } else if (nd.solicited) {
            neighbors_.confirm(port.id, nd.target, now);
        }
    }

    /// Again and again, since a switch forgets listeners that it does not hear of.
    void report(Port& port, Instant now) {
        port.reported_at = now;
        if (const auto frame = make_listener_report(port.config)) send_(*frame);
    }

    /// Gratuitous ARP (RFC 5227 2.3) and unsolicited advertisements (RFC 4861 7.2.6) for every address.
    void announce(Port& port, Instant now) {
        --port.announcements;
        port.announce_at = now + kAnnounceInterval;
        const StackPort& c = port.config;
        report(port, now);
        for (const IpPrefix& p : c.addresses) {
            if (p.address.is_v4()) {
                send_(make_arp(c.id, kBroadcastMac,
                               {.operation = ArpOperation::Request,
                                .sender_mac = c.mac,
                                .sender = p.address,
                                .target_mac = {},
                                .target = p.address}));
            } else {
                send_(make_advertisement(c, p.address, kAllNodes, multicast_mac(kAllNodes), false));
            }
        }
    }

    void solicit(PortId id, const IpAddress& address, const std::optional<MacAddress>& known) {
        const StackPort* const port = config(id);
        if (port == nullptr) return;
        const auto source = net::local_for(*port, address);
        if (!source) return;
        if (address.is_v6()) {
            send_(make_solicitation(*port, *source, address, known));
        } else {
            send_(make_arp(id, known ? *known : kBroadcastMac,
                           {.operation = ArpOperation::Request,
                            .sender_mac = port->mac,
                            .sender = *source,
                            .target_mac = {},
                            .target = address}));
        }
    }

    std::vector<Port> ports_;
    SendFrame send_;
    Notice notice_;
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
    const StackPort* const p = impl_->config(port);
    return p == nullptr ? std::nullopt : net::next_hop(*p, remote);
}

std::optional<IpAddress> Stack::local_for(PortId port, const IpAddress& remote) const {
    const StackPort* const p = impl_->config(port);
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
void Stack::confirm(PortId port, const IpAddress& next_hop, Instant now) {
    impl_->neighbors().confirm(port, next_hop, now);
}
std::vector<NeighborInfo> Stack::neighbors(Instant now) const {
    return impl_->neighbors().list(now);
}

}  // namespace tocsin::control::net
