#pragma once

#include "control/base/result.hpp"
#include "control/config/schema.hpp"
#include "control/load/demand.hpp"
#include "control/session/next_hops.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/registry.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::control::session {

/// For messages: the peer of `session`, `what` about it, and the rule that it breaks.
[[nodiscard]] std::string one_session_only(const config::Session& session, const std::string& what);

/// Whether sessions may be added or changed: there is room, the workers can carry them, and peer
/// and name are free. Changes nothing; nullopt: they may.
class Admission {
public:
    Admission(Registry& registry, const Reconciler& reconciler, const NextHops& next_hops,
              std::uint32_t max_sessions);

    /// What the workers carry, and whether sessions that ask for more are refused. Before: nothing
    /// is refused.
    void set_capacity(load::Capacity capacity, bool refuse);
    /// How many sessions two ends of tunnels may have. The sessions of the file were counted when
    /// it was read.
    void set_tunnels(const config::TunnelSettings& tunnels) noexcept { tunnels_ = tunnels; }
    /// That a pair of tunnel ends may have a session more beside `beside`, which are to come as
    /// well; and of S-BFD, that there is a source port for one.
    [[nodiscard]] std::optional<Error> check_pair(const config::Session& session,
                                                  std::size_t beside) const;
    /// From now on there is no room.
    void close() noexcept { closed_ = true; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] std::uint32_t max_sessions() const noexcept { return max_sessions_; }

    /// For so many sessions more.
    [[nodiscard]] std::optional<Error> check_room(std::size_t more) const;
    /// Of what comes instead of `less`.
    [[nodiscard]] std::optional<Error> check_demand(const load::Demand& more,
                                                    const load::Demand& less) const;
    /// The same for sessions that stay on their worker.
    [[nodiscard]] std::optional<Error> check_demand(WorkerId worker, const load::Demand& more,
                                                    const load::Demand& less) const;
    /// That a port carries packets of this size; 0 = no padding. `headers`: header_octets().
    [[nodiscard]] static std::optional<Error> check_padding(const SessionPort& port,
                                                            std::uint32_t headers,
                                                            std::uint16_t padded_pdu_size);
    /// Port, local address, peer, size and name of a new session, which may take the place of an
    /// unsolicited one unless it is one. `where` of the error begins with the member, such as
    /// ".name".
    [[nodiscard]] std::optional<Error> check_new(const config::Session& session, Origin origin);

private:
    Registry& registry_;
    const Reconciler& reconciler_;
    const NextHops& next_hops_;
    std::uint32_t max_sessions_;
    load::Capacity capacity_;
    config::TunnelSettings tunnels_;
    bool refuse_ = false;  ///< what is above it
    bool closed_ = false;
};

}  // namespace tocsin::control::session
