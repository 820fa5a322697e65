#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/message/frame.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::net {

struct StaticRoute {
    IpPrefix to;
    IpAddress via;
};

struct StackPort {
    PortId id;
    std::string name;
    MacAddress mac{};
    std::uint16_t mtu = 1500;
    std::vector<IpPrefix> addresses;  ///< link-local ones included
    std::vector<StaticRoute> routes;
};

enum class NeighborState : std::uint8_t { Incomplete, Reachable, Stale, Probe, Failed };

struct NeighborInfo {
    PortId port;
    IpAddress address;
    std::optional<MacAddress> mac;  ///< the last one known, also when it no longer answers
    NeighborState state = NeighborState::Incomplete;
    Nanoseconds since_confirmed{};
    std::uint32_t users = 0;  ///< track() calls that are not yet untracked
};

/// Where a neighbour stands in a list.
struct NeighborPlace {
    PortId port;
    IpAddress address;
    friend auto operator<=>(const NeighborPlace&, const NeighborPlace&) = default;
};

/// All neighbours, put together in pieces, since there may be very many.
struct NeighborList {
    std::vector<NeighborInfo> neighbors;
    std::size_t next = 0;  ///< where the next piece begins
    std::size_t end = 0;   ///< where the last one ends; another number changes their order

    /// By port and address.
    void sort();
    /// Leaves the first `limit` of those behind `after`, in that order. True when there are more.
    bool keep_page(const std::optional<NeighborPlace>& after, std::size_t limit);
};

/// The slow path of ports that tocsin owns: answers ARP, neighbour solicitations and ICMP echo for
/// their addresses, resolves and refreshes next hops. A function of time and frames: it knows no
/// clock and no socket. One thread.
class Stack {
public:
    using SendFrame = std::function<void(const message::Frame&)>;  ///< frame.port says where
    /// A tracked neighbour's MAC became known, changed, or (nullopt) was never learnt and given up
    /// for now. A neighbour that stops answering keeps its last MAC: whether the path is dead is
    /// for BFD to say.
    using NeighborChanged =
        std::function<void(PortId, const IpAddress&, const std::optional<MacAddress>&)>;

    /// Another station claims one of our addresses: which, and its MAC. At most every 10 s for one
    /// address. An IPv6 address that is claimed within a second of link up is a duplicate and not
    /// used (nor given by local_for()) until the next link up, RFC 4862 5.4; any other is defended
    /// and kept.
    using Notice = std::function<void(PortId, const IpAddress&, const MacAddress&)>;

    Stack(std::vector<StackPort> ports, SendFrame send, NeighborChanged changed,
          Notice notice = nullptr);
    ~Stack();

    /// A frame that a worker punted.
    void on_frame(const message::Frame& frame, Instant now);
    /// Retransmits, refreshes, expires. Call it every 100 ms or so.
    void on_timer(Instant now);
    /// Link up: looks for duplicates of our IPv6 addresses, announces all (gratuitous ARP,
    /// unsolicited NA) and probes neighbours again. Without it, the first on_timer() announces.
    void on_link(PortId port, bool up, Instant now);

    /// Whom to ask for a MAC to reach `remote` through `port`: itself when connected, a gateway by
    /// the longest matching static route, nullopt when neither.
    [[nodiscard]] std::optional<IpAddress> next_hop(PortId port, const IpAddress& remote) const;
    /// Our address that a session to `remote` uses: of the subnet it lies in; link-local for
    /// link-local.
    [[nodiscard]] std::optional<IpAddress> local_for(PortId port, const IpAddress& remote) const;

    /// Keeps `next_hop` resolved from now on; counted.
    void track(PortId port, const IpAddress& next_hop, Instant now);
    void untrack(PortId port, const IpAddress& next_hop);
    [[nodiscard]] std::optional<MacAddress> mac(PortId port, const IpAddress& next_hop) const;
    /// An upper layer heard from it (RFC 4861 7.3.1): no probe needed for a while.
    /// `before`: it is what was sent longer ago than this that has arrived.
    void confirm(PortId port, const IpAddress& next_hop, Nanoseconds before, Instant now);
    /// What is sent there seems not to arrive: its MAC is looked into at once.
    void doubt(PortId port, const IpAddress& next_hop, Instant now);

    [[nodiscard]] std::vector<NeighborInfo> neighbors(Instant now) const;
    /// The next piece of `list`, in no order. True when there is more. When the table has grown
    /// meanwhile the list begins again.
    bool add_piece(NeighborList& list, Instant now) const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::control::net
