#pragma once

#include "control/base/log.hpp"
#include "control/config/unsolicited.hpp"
#include "control/session/manager.hpp"
#include "control/unsolicited/counters.hpp"
#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/early_packet.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::control::unsolicited {

/// A port as the policies see it.
struct AcceptorPort {
    PortId id;
    std::string name;
    std::vector<IpPrefix> subnets;  ///< with our addresses; link-local ones included
};

/// An unsolicited session that was Up and has ended, RFC 9468 2.
struct EndedSession {
    IpAddress remote;
    bfd::Diag diag{};         ///< bfd.LocalDiag
    bfd::Diag remote_diag{};  ///< as last received
    Instant at{};
};

/// A policy as it is now; ports without one have none.
struct PolicyView {
    config::Unsolicited policy;
    const PortCounters* counters = nullptr;  ///< for the life of the daemon
    std::vector<EndedSession> ended;         ///< the latest first, for `linger`
};

/// The passive side of RFC 9468: creates sessions for peers that ask for one where a policy permits
/// it, and ends them when the peer is gone. Control thread only, but for the counters.
class Acceptor {
public:
    /// So many sessions are created in a second, over all ports; as many at once.
    static constexpr std::uint32_t kCreatedPerSecond = 200;
    /// Between two lines of the log about refusals on one port.
    static constexpr std::chrono::seconds kReportInterval{60};

    Acceptor(std::vector<AcceptorPort> ports, session::Manager& manager,
             message::Dataplane& dataplane);
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    /// At the start, and after the sessions and key chains of a reload: sessions that are not
    /// permitted any more are deleted, others get the values that have changed. Policies of ports
    /// that do not exist have no effect.
    void set_policies(const std::vector<config::Unsolicited>& policies);

    /// After each Manager::poll(): what came in meanwhile is judged.
    void poll();
    /// Every 100 ms or so: sessions whose peer is gone are ended.
    void on_timer();
    /// Every second: says now and then what was refused.
    void report();

    [[nodiscard]] std::vector<PolicyView> policies() const;
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    struct Port {
        AcceptorPort port;
        PortCounters* counters = nullptr;
        std::unique_ptr<config::Unsolicited> policy;  ///< nullptr: none
        std::shared_ptr<const bfd::AuthKeys> keys;    ///< of `policy`, at `keys_at`
        auth::WallTime keys_at{};
        std::deque<EndedSession> ended;  ///< the oldest first
        std::uint64_t refused = 0;       ///< not yet in the log
        IpAddress last_refused;
        Refusal last_refusal{};
        Instant next_report{};

        [[nodiscard]] bool enabled() const noexcept { return policy && policy->enabled; }
    };
    struct Mine {
        std::size_t port = 0;  ///< index in ports_
        Instant since{};       ///< created, or last seen in an operator's AdminDown
        Nanoseconds patience{};
    };
    struct Untold {
        WorkerId worker;
        message::SetUnsolicited command;
    };

    void on_early(const message::EarlyPacket& packet);
    void accept(const message::EarlyPacket& packet);
    [[nodiscard]] bool authentic(Port& port, const message::EarlyPacket& packet,
                                 const bfd::ControlPacket& control);
    void refuse(Port& port, const IpAddress& source, Refusal why);
    void create(std::size_t port, const message::EarlyPacket& packet, Nanoseconds detection_time);
    void tell_workers();
    void apply_policy(Port& port, const config::Unsolicited* policy);
    void review(std::uint64_t id, Mine& mine);
    [[nodiscard]] bool look(std::uint64_t id, Mine& mine, Instant now);
    void keep_ended(Port& port, const session::SessionRecord& record, Instant now);
    void forget_ended(Instant now);
    [[nodiscard]] Port* port(PortId id);

    session::Manager& manager_;
    message::Dataplane& dataplane_;
    std::vector<Port> ports_;
    Counters counters_;
    std::vector<message::EarlyPacket> waiting_;  ///< for poll()
    std::map<std::uint64_t, Mine> mine_;         ///< by session id
    std::uint64_t looked_at_ = 0;                ///< on_timer() goes on behind this id
    std::deque<Untold> untold_;
    log::RateLimit creations_{kCreatedPerSecond, kCreatedPerSecond};
};

}  // namespace tocsin::control::unsolicited
