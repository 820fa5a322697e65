#pragma once

#include "control/base/log.hpp"
#include "control/config/schema.hpp"
#include "control/lsp/counters.hpp"
#include "control/lsp_ping/requester.hpp"
#include "control/lsp_ping/responder.hpp"
#include "control/session/manager.hpp"
#include "control/session/next_hops.hpp"
#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/frame.hpp"
#include "overlay/header_template.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace tocsin::control::lsp {

/// LSP Ping beside sessions of LSPs: requests of those whose ingress we are, and sessions for the
/// ingresses that ask for one (RFC 5884 6, RFC 7726 2). Control thread only, but for the counters.
class Agent final : private lsp_ping::EgressSessions {
public:
    using SendFrame = std::function<bool(const message::Frame&)>;

    Agent(std::vector<config::Port> ports, std::vector<PortId> ids, session::Manager& manager,
          session::NextHops& next_hops, const message::Dataplane& dataplane, SendFrame send,
          std::uint64_t seed);
    ~Agent() override;
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    /// At the start and after a reload: sessions of FECs that are gone end.
    void set(const config::LspPing& settings, const std::vector<config::Profile>& profiles,
             const config::TunnelSettings& tunnels);

    /// A frame that a worker punted. False: it is not for LSP Ping.
    [[nodiscard]] bool take(const message::Frame& frame);
    /// Every 100 ms: requests that are due, egress sessions whose time is over.
    void on_timer();

    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    using Tuple = std::tuple<lsp_ping::Fec, IpAddress, std::uint32_t>;
    struct Mine {
        session::SessionId id;
        Instant since{};  ///< created, or not Up any more
        bool was_up = false;
    };
    struct Reply {  ///< that waits for the MAC of the next hop
        PortId port;
        IpAddress next_hop;
        IpAddress source;
        IpAddress destination;
        std::uint16_t destination_port = 0;
        std::vector<std::uint8_t> message;
        Instant until{};
    };
    struct Datagram;

    [[nodiscard]] std::uint32_t session(const lsp_ping::EgressFec& fec, const IpAddress& ingress,
                                        std::uint32_t remote_discr) override;
    [[nodiscard]] std::optional<config::Session> session_of(const config::LspEgress& egress,
                                                            const IpAddress& ingress,
                                                            std::uint32_t remote_discr);
    void on_request(const Datagram& in, Instant at);
    void on_reply(const Datagram& in);
    void answer(const Datagram& to, const lsp_ping::Message& message);
    [[nodiscard]] bool send_reply(const Reply& reply);
    void send_request(std::uint64_t id, session::SessionRecord& record);
    [[nodiscard]] bool send(PortId port, overlay::HeaderTemplate headers,
                            const std::vector<std::uint8_t>& payload);
    [[nodiscard]] bool is_over(const session::SessionRecord& record, const Tuple& tuple,
                               Mine& mine) const;
    [[nodiscard]] const config::LspEgress* egress_of(const lsp_ping::Fec& fec) const;
    [[nodiscard]] bool may_log();
    [[nodiscard]] std::uint64_t ntp_at(Instant at) const;

    std::vector<config::Port> ports_;
    std::vector<PortId> ids_;  ///< of ports_
    session::Manager& manager_;
    session::NextHops& next_hops_;
    const message::Dataplane& dataplane_;
    SendFrame send_;
    config::LspPing settings_;
    std::vector<config::Profile> profiles_;
    config::TunnelSettings tunnels_;
    lsp_ping::Requester requester_;
    lsp_ping::Responder responder_;
    std::map<Tuple, Mine> mine_;
    std::vector<Reply> replies_;
    Counters counters_;
    Instant looked_at_{};  ///< when ingress sessions were last looked for
    log::RateLimit mismatches_{1, 10};
};

}  // namespace tocsin::control::lsp
