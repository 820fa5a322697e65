#pragma once

#include "control/net/stack.hpp"

#include <compare>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tocsin::control::net {

/// The neighbours that somebody tracks, and only those: strangers cannot fill it. Resolution and
/// unreachability detection as in RFC 4861 7.2 and 7.3, for IPv4 alike.
class NeighborTable {
public:
    /// Ask for `address`: at `known` (a unicast probe), or everybody when nullopt.
    using Solicit = std::function<void(PortId, const IpAddress& address,
                                       const std::optional<MacAddress>& known)>;

    static constexpr std::chrono::seconds kReachable{30};
    static constexpr std::chrono::seconds kDelay{5};  ///< from Stale to the first probe
    static constexpr std::chrono::seconds kRetransmit{1};
    static constexpr unsigned kAttempts = 3;
    static constexpr std::chrono::seconds kLongestWait{8};  ///< between attempts after giving up
    /// Solicitations sent at most from one call of on_timer(), ten times a second, to the next; the
    /// others wait their turn. A worker lets 1000 frames a second through to control: were there
    /// more answers, neighbours that are there would be given up for a while.
    static constexpr unsigned kSolicitsPerTimer = 80;
    /// As many of them are kept for neighbours that do not answer; more they get when no others
    /// want them.
    static constexpr unsigned kSolicitsForSilent = 16;
    /// Entries that one call of on_timer() looks at, so that very many never make the loop wait.
    static constexpr std::size_t kLooksPerTimer = 4096;
    /// Buckets of them in a piece of a list.
    static constexpr std::size_t kListedPerPiece = 8192;

    NeighborTable(Solicit solicit, Stack::NeighborChanged changed);

    void track(PortId port, const IpAddress& address, Instant now);
    void untrack(PortId port, const IpAddress& address);
    [[nodiscard]] std::optional<MacAddress> mac(PortId port, const IpAddress& address) const;
    /// As Stack::add_piece().
    bool add_piece(NeighborList& list, Instant now) const;

    /// The neighbour said so itself. `confirmed`: in answer to us, so that both directions work.
    /// `override_known`: replaces a MAC that differs, even one that still answers.
    void learn(PortId port, const IpAddress& address, const MacAddress& mac, bool confirmed,
               bool override_known, Instant now);
    /// Reachable without news of its MAC (RFC 4861 7.3.1).
    void confirm(PortId port, const IpAddress& address, Instant now);
    /// What was sent to it until `sent` has arrived: a proof only for a MAC that is older than
    /// that.
    void confirm_sent(PortId port, const IpAddress& address, Instant sent, Instant now);
    /// Probes it at once, and asks everybody when it does not answer.
    void doubt(PortId port, const IpAddress& address, Instant now);
    /// Asks again for every neighbour of a port: at once, or a piece with each on_timer().
    void probe_all(PortId port, Instant now);
    void on_timer(Instant now);

private:
    struct Key {
        IpAddress address;
        PortId port;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& k) const noexcept;
    };
    struct Entry {
        std::optional<MacAddress> mac;
        NeighborState state = NeighborState::Incomplete;
        Instant confirmed{};  ///< or when tracking began
        Instant mac_since{};
        Instant due{};  ///< when on_timer() looks at it
        unsigned attempts = 0;
        std::uint32_t users = 0;
        bool silent = false;  ///< its `due` is in silent_
    };
    using Schedule = std::set<std::pair<Instant, Key>>;
    /// A port whose neighbours are asked again; those in the buckets below were.
    struct Recheck {
        PortId port;
        std::size_t bucket = 0;
        std::size_t buckets = 0;  ///< as many as there were: another number changes their order
    };

    [[nodiscard]] Schedule& schedule_of(const Entry& entry) {
        return entry.silent ? silent_ : due_;
    }
    void serve(Schedule& schedule, unsigned keep, Instant now);
    void run_rechecks(Instant now);
    void probe(const Key& key, Entry& entry, Instant now);
    void schedule(const Key& key, Entry& entry, Instant at);
    void attempt(const Key& key, Entry& entry, Instant now);
    void on_due(const Key& key, Entry& entry, Instant now);

    Solicit solicit_;
    Stack::NeighborChanged changed_;
    std::unordered_map<Key, Entry, KeyHash> entries_;
    Schedule due_;                  ///< here or in silent_ exactly one for each entry: its `due`
    Schedule silent_;               ///< of those in state Failed
    std::deque<Recheck> rechecks_;  ///< the first one is under way
    unsigned budget_ = kSolicitsPerTimer;  ///< solicitations left until the next on_timer()
    std::size_t looks_ = kLooksPerTimer;   ///< the same
};

}  // namespace tocsin::control::net
