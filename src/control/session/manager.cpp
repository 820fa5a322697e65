#include "control/session/manager.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "control/config/session_rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace tocsin::control::session {

namespace {

constexpr std::size_t kPiece = 256;            ///< sessions between two looks at the workers
constexpr std::size_t kRemovedPerPoll = 512;   ///< some 4 us each, since nothing of it is cached
constexpr std::size_t kScannedPerPoll = 8192;  ///< sessions that are only looked at
/// How much longer than its Detection Time a peer is given to say that it hears nothing.
constexpr std::chrono::seconds kProofMargin{1};

std::string place(std::string_view list, std::size_t i, const config::Session& session) {
    if (list.empty()) return config::describe(session);
    return std::string{list} + '[' + std::to_string(i) + ']';
}

const char* owner(Origin origin) {
    return origin == Origin::Config ? "the configuration file" : "the API";
}

/// Two entries of one batch with the same name or the same peer.
class Twins {
public:
    explicit Twins(const Registry& registry) : registry_{registry} {}

    std::optional<Error> insert(const config::Session& session, const std::string& where) {
        if (!session.name.empty() && !names_.insert(session.name).second) {
            return Error{.kind = ErrorKind::AlreadyExists,
                         .message = "the name " + session.name + " is given twice",
                         .where = where + ".name"};
        }
        const SessionPort* const port = registry_.port_named(session.port);
        if (!identities_.insert(registry_.identity(port->id, session.remote)).second) {
            return Error{.kind = ErrorKind::AlreadyExists,
                         .message = to_string(session.remote) + " on " + session.port +
                                    " is given twice: one session for each port, family and "
                                    "remote (RFC 5881 3)",
                         .where = where + ".remote"};
        }
        return std::nullopt;
    }

private:
    const Registry& registry_;
    std::set<std::string_view> names_;
    std::unordered_set<Registry::Identity, Registry::IdentityHash> identities_;
};

}  // namespace

Manager::Manager(std::vector<SessionPort> ports, message::Dataplane& dataplane, NextHops& next_hops,
                 Settings settings)
    : settings_{settings},
      dataplane_{dataplane},
      next_hops_{next_hops},
      registry_{std::move(ports), settings.max_sessions},
      reconciler_{registry_, dataplane,     next_hops,         *this,
                  totals_,   settings.seed, settings.in_flight},
      hub_{registry_.records(), [this](const SessionRecord& r) { return make_view(r); },
           [this](Instant t) { return dataplane_.wall(t); }, totals_} {}

Result<std::vector<SessionId>> Manager::add(std::span<const config::Session> sessions,
                                            Origin origin, std::string_view list) {
    if (auto error = check_room(sessions.size())) return std::move(*error);
    if (origin == Origin::Api) {  // the file's are checked by apply(); at the start nobody is
        load::Demand more;
        for (const config::Session& s : sessions) more += load::demand_of(s.parameters);
        if (auto error = check_demand(more, {})) return std::move(*error);
    }
    Twins twins{registry_};
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        const std::string where = place(list, i, sessions[i]);
        auto error = check_new(sessions[i]);
        if (error) {
            error->where = where + error->where;
        } else {
            error = twins.insert(sessions[i], where);
        }
        if (error) return std::move(*error);
        between_pieces(i + 1);
    }
    std::vector<SessionId> ids;
    ids.reserve(sessions.size());
    for (const config::Session& session : sessions) {
        ids.push_back(insert(session, origin).id);
        between_pieces(ids.size());
    }
    return ids;
}

AddedEach Manager::add_each(std::span<const config::Session> sessions, Origin origin) {
    AddedEach out;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        auto error = check_room(1);
        if (!error && origin == Origin::Api) {
            error = check_demand(load::demand_of(sessions[i].parameters), {});
        }
        if (!error) error = check_new(sessions[i]);
        if (error) {
            if (error->where.starts_with('.')) error->where.erase(0, 1);
            out.refused.push_back({.index = i, .error = std::move(*error)});
        } else {
            insert(sessions[i], origin);
            ++out.added;
        }
        between_pieces(i + 1);
    }
    return out;
}

void Manager::remove_matching(const Filter& filter, Origin origin, RemovedDone done) {
    removals_.push_back({.filter = filter,
                         .origin = origin,
                         .last = registry_.last_id(),
                         .result = {},
                         .done = std::move(done)});
}

/// One after another, so that what two of them choose is never counted twice.
void Manager::run_removals() {
    if (removals_.empty()) return;
    Removal& r = removals_.front();
    std::size_t looked_at = 0;
    std::size_t removed = 0;
    while (looked_at < kScannedPerPoll && removed < kRemovedPerPoll) {
        const auto it = registry_.records().after(r.next);
        if (it == registry_.records().end() || it->id > r.last) {
            const RemovedDone done = std::move(r.done);
            const RemovedMatching result = r.result;
            removals_.pop_front();
            return done(result);
        }
        r.next = it->id;
        ++looked_at;
        if (!r.filter.matches(*it)) continue;
        if (it->origin != r.origin) {
            ++r.result.kept;
            continue;
        }
        erase(*it);
        ++r.result.removed;
        ++removed;
    }
}

Result<Ok> Manager::remove(std::span<const SessionId> ids, Origin origin, std::string_view list) {
    std::set<SessionId> wanted;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::string where = std::string{list} + '[' + std::to_string(i) + ']';
        const SessionRecord* const record = registry_.find(ids[i]);
        if (record == nullptr) {
            return Error{ErrorKind::NotFound, "there is no such session", where};
        }
        if (record->origin != origin) {
            return Error{ErrorKind::FailedPrecondition,
                         to_string(record->remote) + " belongs to " + owner(record->origin) +
                             (record->origin == Origin::Config
                                  ? ": delete it there and reload"
                                  : " and is not deleted by " + std::string{owner(origin)}),
                         where};
        }
        wanted.insert(ids[i]);
    }
    std::size_t done = 0;
    for (const SessionId id : wanted) {
        erase(*registry_.find(id));
        between_pieces(++done);
    }
    return Ok{};
}

Result<Ok> Manager::update(SessionId id, const bfd::SessionParameters& parameters, Origin origin) {
    SessionRecord* const record = registry_.find(id);
    if (record == nullptr) {
        return Error{ErrorKind::NotFound, "there is no such session", "session"};
    }
    if (record->origin != origin) {
        return Error{ErrorKind::FailedPrecondition,
                     to_string(record->remote) + " belongs to " + owner(record->origin) +
                         ": change it there and reload",
                     "session"};
    }
    if (record->parameters == parameters) return Ok{};
    if (auto error =
            check_demand(load::demand_of(parameters), load::demand_of(record->parameters))) {
        return std::move(*error);
    }
    if (record->waiting == Waiting::No) {
        if (auto error = check_demand(record->worker, load::demand_of(parameters),
                                      load::demand_of(record->parameters))) {
            return std::move(*error);
        }
    }
    reconciler_.set_parameters(*record, parameters);
    return Ok{};
}

void Manager::set_admin(std::span<const SessionId> ids, bool down) {
    for (const SessionId id : ids) {
        SessionRecord* const record = registry_.find(id);
        if (record == nullptr || record->admin_down == down) continue;
        record->admin_down = down;
        reconciler_.need(*record, kNeedAdmin);
    }
}

Result<Applied> Manager::apply(const config::Diff& diff) {
    if (auto error = check_diff(diff)) return std::move(*error);
    std::size_t done = 0;
    for (const config::Session& session : diff.removed) {
        if (SessionRecord* const record = find(session)) erase(*record);
        between_pieces(++done);
    }
    give_up_names(diff);
    for (const config::SessionChange& c : diff.changed) {
        SessionRecord* const record = find(c.from);
        if (c.must_be_recreated) {
            config::Session to = c.to;
            // What an operator decided stays, unless the file itself says otherwise now.
            if (c.from.admin_down == c.to.admin_down) to.admin_down = record->admin_down;
            erase(*record);
            insert(to, Origin::Config);
        } else {
            change(*record, c);
        }
        between_pieces(++done);
    }
    for (const config::Session& session : diff.added) {
        insert(session, Origin::Config);
        between_pieces(++done);
    }
    return Applied{
        .added = diff.added.size(), .removed = diff.removed.size(), .changed = diff.changed.size()};
}

/// Takes names away that others are to have, so that two sessions may swap theirs. All others keep
/// theirs until their turn, since watchers choose sessions by name.
void Manager::give_up_names(const config::Diff& diff) {
    std::size_t done = 0;
    for (const config::SessionChange& c : diff.changed) {
        SessionRecord* const holder =
            c.from.name == c.to.name ? nullptr : registry_.find_name(c.to.name);
        if (holder != nullptr) registry_.rename(*holder, {});
        between_pieces(++done);
    }
}

std::optional<Error> Manager::check_room(std::size_t more) const {
    if (removing_all_) return Error{ErrorKind::Unavailable, "tocsind is shutting down", {}};
    if (registry_.size() + more <= settings_.max_sessions) return std::nullopt;
    return Error{ErrorKind::ResourceExhausted,
                 std::to_string(registry_.size() + more) + " sessions are more than the " +
                     std::to_string(settings_.max_sessions) +
                     " that dataplane.max_sessions allows: raise it and restart",
                 {}};
}

void Manager::set_capacity(load::Capacity capacity, bool refuse) {
    capacity_ = std::move(capacity);
    refuse_ = refuse;
}

std::optional<Error> Manager::check_demand(const load::Demand& more,
                                           const load::Demand& less) const {
    if (!refuse_ || capacity_.share(more) <= capacity_.share(less)) return std::nullopt;
    load::Demand all = reconciler_.demand();
    all -= less;
    all += more;
    if (capacity_.share(all) <= 1) return std::nullopt;
    return Error{ErrorKind::ResourceExhausted,
                 "the sessions would then ask for up to " + capacity_.describe(all) +
                     ": raise desired_min_tx_interval and required_min_rx_interval, add workers "
                     "(dataplane.workers), or set dataplane.admission = \"warn\" and reload",
                 {}};
}

std::optional<Error> Manager::check_demand(WorkerId worker, const load::Demand& more,
                                           const load::Demand& less) const {
    if (!refuse_ || worker.value >= capacity_.costs.size()) return std::nullopt;
    const load::Capacity one{.cycles_per_second = capacity_.cycles_per_second,
                             .costs = {capacity_.costs[worker.value]}};
    if (one.share(more) <= one.share(less)) return std::nullopt;
    load::Demand all = reconciler_.demand(worker);
    all -= less;
    all += more;
    if (one.share(all) <= 1) return std::nullopt;
    return Error{ErrorKind::ResourceExhausted,
                 "the sessions of worker " + std::to_string(worker.value) +
                     ", where they stay, would then ask for up to " + one.describe(all) +
                     ": raise desired_min_tx_interval and required_min_rx_interval, delete some of "
                     "its sessions and add them again, which another worker may then get, or set "
                     "dataplane.admission = \"warn\" and reload",
                 {}};
}

/// `where` of the error begins with the member, such as ".name".
std::optional<Error> Manager::check_new(const config::Session& session) {
    const SessionPort* const port = registry_.port_named(session.port);
    if (port == nullptr) {
        return Error{ErrorKind::InvalidArgument,
                     "there is no port " + config::in_quotes(session.port), ".port"};
    }
    if (session.local.family == AddressFamily::None &&
        !next_hops_.local_for(port->id, session.remote)) {
        return Error{ErrorKind::InvalidArgument,
                     session.port + " has no address that reaches " + to_string(session.remote),
                     ".remote"};
    }
    if (const SessionRecord* const r = registry_.find_identity(port->id, session.remote)) {
        return Error{ErrorKind::AlreadyExists,
                     "session " + std::to_string(r->id.value) + " to " + to_string(r->remote) +
                         " on " + session.port + " exists and belongs to " + owner(r->origin) +
                         ": one session for each port, family and remote (RFC 5881 3)",
                     ".remote"};
    }
    if (session.name.empty()) return std::nullopt;
    if (const SessionRecord* const r = registry_.find_name(session.name)) {
        return Error{ErrorKind::AlreadyExists,
                     "session " + std::to_string(r->id.value) + " has the name " + session.name +
                         " and belongs to " + owner(r->origin),
                     ".name"};
    }
    return std::nullopt;
}

/// Only sessions of the API can be in the way: the file itself was validated.
std::optional<Error> Manager::check_diff(const config::Diff& diff) {
    if (diff.added.size() > diff.removed.size()) {
        if (auto error = check_room(diff.added.size() - diff.removed.size())) return error;
    }
    load::Demand more;
    load::Demand less;
    // Marks instead of a set of names: to end one of a million takes too long in one piece.
    ++reloads_;
    const auto touched = [this](const config::Session& session) {
        SessionRecord* const record = find(session);
        if (record != nullptr) record->touched_by_reload = reloads_;
        return record;
    };
    std::map<WorkerId, load::Demand> ending;
    std::map<WorkerId, std::pair<load::Demand, load::Demand>> staying;  // more, less
    std::size_t done = 0;
    for (const config::Session& s : diff.added) {
        more += load::demand_of(s.parameters);
        between_pieces(++done);
    }
    for (const config::Session& s : diff.removed) {
        const load::Demand demand = load::demand_of(s.parameters);
        less += demand;
        const SessionRecord* const record = touched(s);
        if (record != nullptr && record->waiting == Waiting::No) ending[record->worker] += demand;
        between_pieces(++done);
    }
    for (const config::SessionChange& c : diff.changed) {
        const load::Demand to = load::demand_of(c.to.parameters);
        const load::Demand from = load::demand_of(c.from.parameters);
        more += to;
        less += from;
        const SessionRecord* const record = touched(c.from);
        if (record == nullptr) {
            return Error{ErrorKind::Internal, "this session of the file is not known",
                         config::describe(c.from)};
        }
        if (record->waiting == Waiting::No) {
            auto& [worker_more, worker_less] = staying[record->worker];
            worker_more += to;
            worker_less += from;
        }
        between_pieces(++done);
    }
    if (auto error = check_demand(more, less)) return error;
    for (auto& [worker, demands] : staying) {
        demands.second += ending[worker];
        if (auto error = check_demand(worker, demands.first, demands.second)) return error;
    }
    const auto taken_name = [&](const config::Session& s) -> std::optional<Error> {
        const SessionRecord* const r = s.name.empty() ? nullptr : registry_.find_name(s.name);
        if (r == nullptr) return std::nullopt;
        if (r->origin != Origin::Config) {
            return Error{ErrorKind::AlreadyExists,
                         "a session that the API added has this name: delete that one first",
                         config::describe(s)};
        }
        if (r->touched_by_reload == reloads_) return std::nullopt;
        return Error{ErrorKind::AlreadyExists,
                     "the session to " + to_string(r->remote) +
                         " keeps this name until the next start, since its port changed: restart, "
                         "or choose another name",
                     config::describe(s)};
    };
    for (const config::Session& s : diff.added) {
        if (const SessionPort* const port = registry_.port_named(s.port)) {
            const SessionRecord* const r = registry_.find_identity(port->id, s.remote);
            if (r != nullptr && r->origin != Origin::Config) {
                return Error{ErrorKind::AlreadyExists,
                             "the API added a session for this peer: delete that one first",
                             config::describe(s)};
            }
            if (r == nullptr) {
                auto error = check_new(s);
                // A name that a session of the old file has is given up by this very reload.
                if (error && error->kind != ErrorKind::AlreadyExists) {
                    error->where = config::describe(s) + error->where;
                    return error;
                }
            }
        }
        if (auto error = taken_name(s)) return error;
        between_pieces(++done);
    }
    for (const config::SessionChange& c : diff.changed) {
        if (auto error = taken_name(c.to)) return error;
        between_pieces(++done);
    }
    return std::nullopt;
}

SessionRecord& Manager::insert(const config::Session& session, Origin origin) {
    const PortId port = registry_.port_named(session.port)->id;
    SessionRecord& record = registry_.insert(session, port, origin);
    if (record.local.family == AddressFamily::None) {
        record.local = next_hops_.local_for(port, record.remote).value_or(IpAddress{});
    }
    reconciler_.add(record);
    return record;
}

void Manager::erase(SessionRecord& record) {
    reconciler_.remove(record);
    registry_.erase(record);
}

void Manager::change(SessionRecord& record, const config::SessionChange& change) {
    const config::Session& to = change.to;
    registry_.rename(record, to.name);
    registry_.set_profile(record, to.profile);
    record.follow_link = to.follow_link;
    if (record.parameters != to.parameters) {
        reconciler_.set_parameters(record, to.parameters);
    }
    if (record.dscp != to.dscp) {
        record.dscp = to.dscp;
        reconciler_.need(record, kNeedHeaders);
    }
    // Compared with the old file, not with the record: what an operator decided meanwhile stays.
    if (change.from.admin_down != to.admin_down) {
        const SessionId id = record.id;
        set_admin({&id, 1}, to.admin_down);
    }
}

void Manager::on_link(PortId port_id, bool up) {
    SessionPort* const port = registry_.port(port_id);
    if (port == nullptr || port->link_up == up) return;
    port->link_up = up;
    if (up) return;
    link_losses_.push_back({.port = port_id, .last = registry_.last_id()});
    signal_link_losses(kScannedPerPoll);
}

void Manager::signal_link_losses(std::size_t budget) {
    while (!link_losses_.empty() && budget != 0) {
        LinkLoss& loss = link_losses_.front();
        RecordTable& records = registry_.records();
        auto it = records.after(loss.next);
        for (; it != records.end() && it->id <= loss.last && budget != 0; ++it, --budget) {
            loss.next = it->id;
            if (it->port == loss.port && it->follow_link) reconciler_.need(*it, kNeedPathDown);
        }
        if (it == records.end() || it->id > loss.last) link_losses_.pop_front();
    }
}

void Manager::confirm_neighbors() {
    // An Up session heard its peer within a Detection Time, unless the peer is in Demand mode.
    std::size_t budget = registry_.size() / 100 + 16;
    const RecordTable& records = registry_.records();
    auto it = records.after(confirmed_);
    for (; it != records.end() && budget != 0; ++it, --budget) {
        const SessionRecord& r = *it;
        if (r.status.session_state == bfd::SessionState::Up && !r.status.remote_demand_mode &&
            r.next_hop == r.remote && r.seen_source.family == AddressFamily::None) {
            // What we sent before the peer's Detection Time has arrived, or it would have said
            // Down.
            const Nanoseconds detection = r.status.detect_mult * Nanoseconds{r.status.tx_interval};
            next_hops_.confirm(r.port, r.next_hop, detection + kProofMargin);
        }
        confirmed_ = r.id;
    }
    if (it == records.end()) confirmed_ = {};
}

std::chrono::microseconds Manager::poll() {
    using namespace std::chrono_literals;
    bool more = reconciler_.poll();
    if (removing_all_) {
        for (std::size_t i = 0; i < kRemovedPerPoll && registry_.size() != 0; ++i) {
            erase(*registry_.records().begin());
        }
        more |= registry_.size() != 0;
    }
    run_removals();
    signal_link_losses(kScannedPerPoll);
    more |= !removals_.empty() || !link_losses_.empty();
    more |= run_refreshes();
    more |= hub_.pump();
    if (more) return 0us;
    return reconciler_.idle() ? kIdleWait : 100us;
}

void Manager::between_pieces(std::size_t done) {
    if (done % kPiece != 0) return;
    static_cast<void>(reconciler_.poll());
    static_cast<void>(hub_.pump());
    if (between_pieces_) between_pieces_();
}

void Manager::added(const SessionRecord& record) {
    hub_.added(record);
    if (listener_ != nullptr) listener_->added(record);
}

void Manager::changed(const SessionRecord& record, const bfd::SessionEvent& event) {
    hub_.changed(record, event);
    const bool failed = event.now.local_diag == bfd::Diag::ControlDetectionTimeExpired ||
                        event.now.local_diag == bfd::Diag::NeighborSignaledSessionDown;
    if (event.reported_state == bfd::SessionState::Up && failed &&
        event.now.session_state != bfd::SessionState::Up) {
        next_hops_.doubt(record.port, record.next_hop);
    }
    if (listener_ != nullptr) listener_->changed(record, event);
}

void Manager::deleted(const SessionRecord& record) {
    hub_.deleted(record);
    if (listener_ != nullptr) listener_->deleted(record);
}

void Manager::refused(const SessionRecord& record, const char* command, bfd::Status status) {
    if (listener_ != nullptr) listener_->refused(record, command, status);
}

}  // namespace tocsin::control::session
