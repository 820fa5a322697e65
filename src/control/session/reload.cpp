#include "control/session/reload.hpp"

#include "control/base/address.hpp"
#include "control/config/session_identity.hpp"
#include "control/load/demand.hpp"

#include <map>
#include <utility>

namespace tocsin::control::session {

Reload::Reload(Registry& registry, DesiredSet& desired, Admission& admission, auth::Chains& chains,
               Pieces& pieces, WallClock clock)
    : registry_{registry},
      desired_{desired},
      admission_{admission},
      chains_{chains},
      pieces_{pieces},
      clock_{std::move(clock)} {}

Result<Applied> Reload::apply(const config::Diff& diff) {
    if (auto error = check(diff)) return std::move(*error);
    if (diff.key_chains) chains_.set(*diff.key_chains, clock_());
    std::size_t done = 0;
    for (const config::Session& session : diff.removed) {
        if (SessionRecord* const record = find(session)) desired_.erase(*record);
        pieces_.done(++done);
    }
    give_up_names(diff);
    for (const config::SessionChange& c : diff.changed) {
        SessionRecord* const record = find(c.from);
        if (record == nullptr) {  // of a member link that does not ask for it, RFC 7130 3
            if (!c.to.on_request) desired_.insert(c.to, Origin::Config);
        } else if (c.must_be_recreated) {
            config::Session to = c.to;
            // What an operator decided stays, unless the file itself says otherwise now.
            if (c.from.admin_down == c.to.admin_down) to.admin_down = record->admin_down;
            desired_.erase(*record);
            desired_.insert(to, Origin::Config);
        } else {
            change(*record, c);
        }
        pieces_.done(++done);
    }
    for (const config::Session& session : diff.added) {
        if (!session.on_request) desired_.insert(session, Origin::Config);
        pieces_.done(++done);
    }
    return Applied{
        .added = diff.added.size(), .removed = diff.removed.size(), .changed = diff.changed.size()};
}

/// Only sessions of the API can be in the way: the file itself was validated.
std::optional<Error> Reload::check(const config::Diff& diff) {
    if (diff.added.size() > diff.removed.size()) {
        if (auto error = admission_.check_room(diff.added.size() - diff.removed.size())) {
            return error;
        }
    }
    if (diff.key_chains) {
        if (auto error = chains_.check(*diff.key_chains)) return error;
    }
    // Marks instead of a set of names: to end one of a million takes too long in one piece.
    ++reloads_;
    if (auto error = check_demand(diff)) return error;
    std::size_t done = 0;
    for (const config::Session& s : diff.added) {
        if (auto error = check_added(s)) return error;
        if (auto error = check_name(s)) return error;
        pieces_.done(++done);
    }
    for (const config::SessionChange& c : diff.changed) {
        if (auto error = check_name(c.to)) return error;
        const SessionPort* const port = registry_.port_named(c.to.port);
        auto error = port == nullptr ? std::nullopt
                                     : Admission::check_padding(*port, config::header_octets(c.to),
                                                                c.to.padded_pdu_size);
        if (error) {
            error->where = config::describe(c.to) + error->where;
            return error;
        }
        pieces_.done(++done);
    }
    return std::nullopt;
}

/// Of all workers together and of each one whose sessions change. Marks what the reload touches.
std::optional<Error> Reload::check_demand(const config::Diff& diff) {
    load::Demand more;
    load::Demand less;
    std::map<WorkerId, load::Demand> ending;
    std::map<WorkerId, std::pair<load::Demand, load::Demand>> staying;  // more, less
    std::size_t done = 0;
    for (const config::Session& s : diff.added) {
        more += load::demand_of(s.parameters);
        pieces_.done(++done);
    }
    for (const config::Session& s : diff.removed) {
        const load::Demand demand = load::demand_of(s.parameters);
        less += demand;
        const SessionRecord* const record = touch(s);
        if (record != nullptr && record->waiting == Waiting::No) ending[record->worker] += demand;
        pieces_.done(++done);
    }
    for (const config::SessionChange& c : diff.changed) {
        const load::Demand to = load::demand_of(c.to.parameters);
        const load::Demand from = load::demand_of(c.from.parameters);
        more += to;
        less += from;
        const SessionRecord* const record = touch(c.from);
        if (record == nullptr && !c.from.on_request) {
            return Error{ErrorKind::Internal, "this session of the file is not known",
                         config::describe(c.from)};
        }
        if (record != nullptr && record->waiting == Waiting::No) {
            auto& [worker_more, worker_less] = staying[record->worker];
            worker_more += to;
            worker_less += from;
        }
        pieces_.done(++done);
    }
    if (auto error = admission_.check_demand(more, less)) return error;
    for (auto& [worker, demands] : staying) {
        demands.second += ending[worker];
        if (auto error = admission_.check_demand(worker, demands.first, demands.second)) {
            return error;
        }
    }
    return std::nullopt;
}

/// The peer, and what a session that is new needs.
std::optional<Error> Reload::check_added(const config::Session& session) {
    const SessionPort* const port = registry_.port_named(session.port);
    if (port == nullptr) return std::nullopt;
    const SessionRecord* const r = registry_.find_same(session);
    if (r != nullptr && r->origin == Origin::Api) {
        return Error{ErrorKind::AlreadyExists,
                     "the API added a session for this peer: delete that one first",
                     config::describe(session)};
    }
    if (r != nullptr && r->origin == Origin::Config) return std::nullopt;
    auto error = admission_.check_new(session, Origin::Config);
    // A name that a session of the old file has is given up by this very reload.
    if (!error || error->kind == ErrorKind::AlreadyExists) return std::nullopt;
    error->where = config::describe(session) + error->where;
    return error;
}

/// That nobody keeps the name; after everything that the reload touches was marked.
std::optional<Error> Reload::check_name(const config::Session& session) {
    const SessionRecord* const r =
        session.name.empty() ? nullptr : registry_.find_name(session.name);
    if (r == nullptr) return std::nullopt;
    if (r->origin != Origin::Config) {
        return Error{ErrorKind::AlreadyExists,
                     "a session that the API added has this name: delete that one first",
                     config::describe(session)};
    }
    if (r->touched_by_reload == reloads_) return std::nullopt;
    return Error{ErrorKind::AlreadyExists,
                 "the session to " + to_string(r->remote) +
                     " keeps this name until the next start, since its port changed: restart, "
                     "or choose another name",
                 config::describe(session)};
}

/// Takes names away that others are to have, so that two sessions may swap theirs. All others keep
/// theirs until their turn, since watchers choose sessions by name.
void Reload::give_up_names(const config::Diff& diff) {
    std::size_t done = 0;
    for (const config::SessionChange& c : diff.changed) {
        SessionRecord* const holder =
            c.from.name == c.to.name ? nullptr : registry_.find_name(c.to.name);
        if (holder != nullptr) registry_.rename(*holder, {});
        pieces_.done(++done);
    }
}

void Reload::change(SessionRecord& record, const config::SessionChange& change) {
    const config::Session& to = change.to;
    registry_.rename(record, to.name);
    registry_.set_profile(record, to.profile);
    desired_.change(record, to);
    // Compared with the old file, not with the record: what an operator decided meanwhile stays.
    if (change.from.admin_down != to.admin_down) desired_.set_admin_down(record, to.admin_down);
}

SessionRecord* Reload::find(const config::Session& session) {
    SessionRecord* const record = registry_.find_same(session);
    return record != nullptr && record->origin == Origin::Config ? record : nullptr;
}

/// The session of the old file, marked.
SessionRecord* Reload::touch(const config::Session& session) {
    SessionRecord* const record = find(session);
    if (record != nullptr) record->touched_by_reload = reloads_;
    return record;
}

}  // namespace tocsin::control::session
