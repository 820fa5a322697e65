#pragma once

#include "control/auth/chains.hpp"
#include "control/config/schema.hpp"
#include "control/session/echo_looping.hpp"
#include "control/session/member_links.hpp"
#include "control/session/next_hops.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/registry.hpp"

namespace tocsin::control::session {

/// Changes of one session that registry and workers must both hear of. Checks nothing, see
/// Admission.
class DesiredSet {
public:
    DesiredSet(Registry& registry, Reconciler& reconciler, const NextHops& next_hops,
               auth::Chains& chains, EchoLooping& echo_looping, MemberLinks& member_links)
        : registry_{registry},
          reconciler_{reconciler},
          next_hops_{next_hops},
          chains_{chains},
          echo_looping_{echo_looping},
          member_links_{member_links} {}

    /// Without a local address it gets the port's in the subnet of the remote. An unsolicited
    /// session of the same peer becomes this one.
    SessionRecord& insert(const config::Session& session, Origin origin);
    /// All that a session may change and stay: parameters, authentication, headers, follow_link,
    /// interval alignment and when clients are told.
    void change(SessionRecord& record, const config::Session& to);
    /// `silently`: the peer is not told AdminDown, nothing is sent any more.
    void erase(SessionRecord& record, bool silently = false);
    /// RFC 5880 6.8.16.
    void set_admin_down(SessionRecord& record, bool down);

private:
    void change(SessionRecord& record, const config::Session& to, auth::User user_before);
    void change_member_link(SessionRecord& record, const config::Session& to);
    [[nodiscard]] SessionRecord* take_over(SessionRecord& record, const config::Session& session,
                                           Origin origin);
    [[nodiscard]] std::uint16_t acquire(const auth::Authentication& how, Origin origin);

    Registry& registry_;
    Reconciler& reconciler_;
    const NextHops& next_hops_;
    auth::Chains& chains_;
    EchoLooping& echo_looping_;
    MemberLinks& member_links_;
};

}  // namespace tocsin::control::session
