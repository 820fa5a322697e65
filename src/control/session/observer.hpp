#pragma once

#include "control/session/record.hpp"
#include "dataplane/message/early_packet.hpp"
#include "dataplane/message/unmatched_packet.hpp"

namespace tocsin::control::session {

/// Is told what happens to sessions, on the control thread. Must not change sessions from within.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void added(const SessionRecord& record) = 0;
    /// `record.status` is already `event.now`.
    virtual void changed(const SessionRecord& record, const bfd::SessionEvent& event) = 0;
    /// What clients know of it (`record.told`), or its dampening, is not as before. Only of
    /// sessions with a notify::Policy.
    virtual void told(const SessionRecord& record) { static_cast<void>(record); }
    /// The record as it was last; it is gone afterwards.
    virtual void deleted(const SessionRecord& record) = 0;
    /// A worker refused a command: what was asked for, and its answer.
    virtual void refused(const SessionRecord& record, const char* command, bfd::Status status) = 0;
    /// A packet without a session arrived on a port that has a policy about such, RFC 9468.
    virtual void early(const message::EarlyPacket& packet) { static_cast<void>(packet); }
    /// A packet in a tunnel belongs to no session; see message::UnmatchedPacket.
    virtual void unmatched(const message::UnmatchedPacket& packet) { static_cast<void>(packet); }
};

}  // namespace tocsin::control::session
