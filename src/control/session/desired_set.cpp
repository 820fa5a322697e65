#include "control/session/desired_set.hpp"

namespace tocsin::control::session {

namespace {

auth::User user(Origin origin) noexcept {
    // The policies of unsolicited sessions change together with the file.
    return origin == Origin::Api ? auth::User::Api : auth::User::Config;
}

}  // namespace

SessionRecord& DesiredSet::insert(const config::Session& session, Origin origin) {
    const PortId port = registry_.port_named(session.port)->id;
    SessionRecord* const before = registry_.find_same(session);
    if (before != nullptr && before->origin == Origin::Unsolicited) {
        if (SessionRecord* const same = take_over(*before, session, origin)) return *same;
    }
    SessionRecord& record = registry_.insert(session, port, origin);
    record.parameters.key_chain = acquire(session.auth, origin);
    if (record.local.family == AddressFamily::None) {
        record.local = next_hops_.local_for(port, record.remote).value_or(IpAddress{});
    }
    echo_looping_.add(record.port, record.parameters);
    if (record.type == SessionType::Micro) member_links_.add(record.port, record.local);
    reconciler_.add(record);
    return record;
}

/// A configured session comes before an unsolicited one of the same peer, RFC 9468 2. It goes on
/// as that; nullptr: with another local address it cannot, and has ended.
SessionRecord* DesiredSet::take_over(SessionRecord& record, const config::Session& session,
                                     Origin origin) {
    config::Session to = session;
    if (to.local.family == AddressFamily::None) {
        to.local = next_hops_.local_for(record.port, to.remote).value_or(IpAddress{});
    }
    if (to.local != record.local || to.type != record.type) {
        erase(record);
        return nullptr;
    }
    const auth::User user_before = user(record.origin);
    record.origin = origin;
    registry_.rename(record, to.name);
    registry_.set_profile(record, to.profile);
    change(record, to, user_before);
    set_admin_down(record, to.admin_down || record.admin_down);
    return &record;
}

/// What cannot be had was refused before.
std::uint16_t DesiredSet::acquire(const auth::Authentication& how, Origin origin) {
    return chains_.acquire(how, user(origin)).value();
}

void DesiredSet::change(SessionRecord& record, const config::Session& to) {
    change(record, to, user(record.origin));
}

/// `user_before` used the key chain that it had until now.
void DesiredSet::change(SessionRecord& record, const config::Session& to, auth::User user_before) {
    bfd::SessionParameters parameters = to.parameters;
    parameters.key_chain = acquire(to.auth, record.origin);
    const std::uint16_t before = record.parameters.key_chain;
    echo_looping_.remove(record.port, record.parameters);
    echo_looping_.add(record.port, parameters);
    if (record.parameters != parameters) reconciler_.set_parameters(record, parameters);
    if (record.dscp != to.dscp || record.padded_pdu_size != to.padded_pdu_size) {
        record.dscp = to.dscp;
        record.padded_pdu_size = to.padded_pdu_size;
        reconciler_.need(record, kNeedHeaders);
    }
    if (to.tunnel && record.tunnel != to.tunnel) {  // of one key: only the headers differ
        record.tunnel = to.tunnel;
        reconciler_.need(record, kNeedHeaders);
    }
    if (record.type == SessionType::Micro) change_member_link(record, to);
    chains_.release(before, user_before);
    record.follow_link = to.follow_link;
    registry_.set_policy(record, to.notification);
    if (record.interval_alignment != to.interval_alignment) {
        record.interval_alignment = to.interval_alignment;
        reconciler_.need(record, kNeedParameters);
    }
}

/// Nothing of this is part of the key, RFC 7130 2.2: only the headers differ.
void DesiredSet::change_member_link(SessionRecord& record, const config::Session& to) {
    if (record.local == to.local && record.remote == to.remote && record.frames == to.frames) {
        return;
    }
    member_links_.remove(record.port, record.local);
    member_links_.add(record.port, to.local);
    record.local = to.local;
    record.remote = to.remote;
    record.frames = to.frames;
    reconciler_.need(record, kNeedHeaders);
}

void DesiredSet::erase(SessionRecord& record, bool silently) {
    chains_.release(record.parameters.key_chain, user(record.origin));
    echo_looping_.remove(record.port, record.parameters);
    if (record.type == SessionType::Micro) member_links_.remove(record.port, record.local);
    reconciler_.remove(record, silently);
    registry_.erase(record);
}

void DesiredSet::set_admin_down(SessionRecord& record, bool down) {
    if (record.admin_down == down) return;
    record.admin_down = down;
    reconciler_.need(record, kNeedAdmin);
}

}  // namespace tocsin::control::session
