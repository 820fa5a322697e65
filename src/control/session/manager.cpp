#include "control/session/manager.hpp"

#include "control/base/address.hpp"
#include "control/config/session_identity.hpp"
#include "control/session/interval_alignment.hpp"
#include "control/session/packet_size.hpp"
#include "dataplane/bfd/timers.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace tocsin::control::session {

namespace {

std::string place(std::string_view list, std::size_t i, const config::Session& session) {
    if (list.empty()) return config::describe(session);
    return std::string{list} + '[' + std::to_string(i) + ']';
}

/// Two entries of one batch with the same name or the same peer, or too many for a pair of tunnel
/// ends.
class Twins {
public:
    /// `counted`: a pair of tunnel ends may have only so many, which the file's are not asked for.
    Twins(Registry& registry, const Admission& admission, bool counted)
        : registry_{registry}, admission_{admission}, counted_{counted} {}

    std::optional<Error> insert(const config::Session& session, const std::string& where) {
        if (!session.name.empty() && !names_.insert(session.name).second) {
            return Error{.kind = ErrorKind::AlreadyExists,
                         .message = "the name " + session.name + " is given twice",
                         .where = where + ".name"};
        }
        const SessionPort* const port = registry_.port_named(session.port);
        if (!identities_.insert(registry_.identity(session, port->id)).second) {
            return Error{.kind = ErrorKind::AlreadyExists,
                         .message = one_session_only(session, "is given twice"),
                         .where = where + ".remote"};
        }
        const bool initiator = session.type == SessionType::Sbfd;
        if (!session.tunnel && !initiator) return std::nullopt;
        std::size_t& beside = pairs_[{session.type, initiator ? IpAddress{} : session.local,
                                      initiator ? IpAddress{} : session.remote}];
        auto error = counted_ || initiator ? admission_.check_pair(session, beside) : std::nullopt;
        if (error) error->where = where + error->where;
        ++beside;
        return error;
    }

private:
    Registry& registry_;
    const Admission& admission_;
    bool counted_;
    std::map<std::tuple<SessionType, IpAddress, IpAddress>, std::size_t> pairs_;
    std::set<std::string_view> names_;
    std::unordered_set<Registry::Identity, Registry::IdentityHash> identities_;
};

}  // namespace

Manager::Manager(std::vector<SessionPort> ports, message::Dataplane& dataplane, NextHops& next_hops,
                 Settings settings)
    : dataplane_{dataplane},
      next_hops_{next_hops},
      echo_{settings.echo},
      congestion_control_{settings.congestion_control},
      overlays_{settings.overlays},
      history_{settings.history},
      chains_{settings.authentication ? config::kKeyChainNumbers : std::uint16_t{0},
              [this](std::uint16_t number, const auth::Chains::Keys& keys) {
                  reconciler_.set_keys(number, keys);
              }},
      registry_{std::move(ports), settings.max_sessions},
      reconciler_{registry_, dataplane,     next_hops,         *this,
                  totals_,   settings.seed, settings.in_flight},
      hub_{registry_.records(),
           [this](const SessionRecord& r) { return view_of(r, registry_, chains_, dataplane_); },
           [this](Instant t) { return dataplane_.wall(t); }, totals_},
      pieces_{reconciler_, hub_},
      echo_looping_{dataplane},
      member_links_{dataplane},
      desired_{registry_, reconciler_, next_hops, chains_, echo_looping_, member_links_},
      reflectors_{registry_, reconciler_, chains_, echo_looping_, dataplane},
      admission_{registry_, reconciler_, next_hops, settings.max_sessions},
      reload_{registry_, desired_, admission_, chains_, pieces_, [this] { return wall_now(); }},
      removals_{registry_, desired_},
      listings_{registry_, reconciler_, chains_, dataplane},
      link_losses_{registry_, reconciler_},
      neighbor_proof_{registry_, next_hops},
      notifier_{registry_, dataplane, totals_,
                [this](const SessionRecord& r, const bfd::SessionEvent& e) { hub_.changed(r, e); },
                [this](const SessionRecord& r) {
                    if (listener_ != nullptr) listener_->told(r);
                }} {}

Result<std::vector<SessionId>> Manager::add(std::span<const config::Session> sessions,
                                            Origin origin, std::string_view list) {
    if (auto error = admission_.check_room(sessions.size())) return std::move(*error);
    if (origin != Origin::Config) {  // the file's are checked by apply(); at the start nobody is
        load::Demand more;
        for (const config::Session& s : sessions) more += load::demand_of(s.parameters);
        if (auto error = admission_.check_demand(more, {})) return std::move(*error);
    }
    Twins twins{registry_, admission_, origin != Origin::Config};
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        const std::string where = place(list, i, sessions[i]);
        auto error = admission_.check_new(sessions[i], origin);
        if (!error) error = check_options(sessions[i]);
        if (error) {
            error->where = where + error->where;
        } else {
            error = twins.insert(sessions[i], where);
        }
        if (error) return std::move(*error);
        pieces_.done(i + 1);
    }
    std::vector<SessionId> ids;
    ids.reserve(sessions.size());
    for (const config::Session& session : sessions) {
        ids.push_back(session.on_request && origin == Origin::Config
                          ? SessionId{}
                          : desired_.insert(session, origin).id);
        pieces_.done(ids.size());
    }
    return ids;
}

AddedEach Manager::add_each(std::span<const config::Session> sessions, Origin origin) {
    AddedEach out;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        auto error = admission_.check_room(1);
        if (!error && origin == Origin::Api) {
            error = admission_.check_demand(load::demand_of(sessions[i].parameters), {});
        }
        if (!error) error = admission_.check_new(sessions[i], origin);
        if (!error) error = check_options(sessions[i]);
        if (error) {
            if (error->where.starts_with('.')) error->where.erase(0, 1);
            out.refused.push_back({.index = i, .error = std::move(*error)});
        } else {
            desired_.insert(sessions[i], origin);
            ++out.added;
        }
        pieces_.done(i + 1);
    }
    return out;
}

Result<SessionId> Manager::add_unsolicited(const config::Session& session,
                                           const message::EarlyPacket& first) {
    auto ids = add({&session, 1}, Origin::Unsolicited, {});
    if (!ids) return ids.error();
    const SessionId id = ids.value().front();
    reconciler_.hear_first(*registry_.find(id), first);
    return id;
}

void Manager::end_unsolicited(SessionId id, bool silently) {
    SessionRecord* const record = registry_.find(id);
    if (record == nullptr || record->origin != Origin::Unsolicited) return;
    desired_.erase(*record, silently);
}

void Manager::name_peer(SessionId id) {
    if (SessionRecord* const record = registry_.find(id)) {
        reconciler_.need(*record, kNeedParameters);
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
        desired_.erase(*registry_.find(id));
        pieces_.done(++done);
    }
    return Ok{};
}

Result<Ok> Manager::update(SessionId id, const config::Session& to, Origin origin) {
    const bfd::SessionParameters& parameters = to.parameters;
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
    if (auto error = check_options(to)) return std::move(*error);
    const SessionPort* const port = registry_.port(record->port);
    if (port != nullptr) {
        auto error = Admission::check_padding(*port, header_octets(*record), to.padded_pdu_size);
        if (error) return std::move(*error);
    }
    if (auto error = admission_.check_demand(load::demand_of(parameters),
                                             load::demand_of(record->parameters))) {
        return std::move(*error);
    }
    if (record->waiting == Waiting::No) {
        if (auto error = admission_.check_demand(record->worker, load::demand_of(parameters),
                                                 load::demand_of(record->parameters))) {
            return std::move(*error);
        }
    }
    desired_.change(*record, to);
    return Ok{};
}

void Manager::set_admin(std::span<const SessionId> ids, bool down) {
    for (const SessionId id : ids) {
        SessionRecord* const record = registry_.find(id);
        if (record != nullptr) desired_.set_admin_down(*record, down);
    }
}

void Manager::start_poll(std::span<const SessionId> ids) {
    for (const SessionId id : ids) {
        if (SessionRecord* const record = registry_.find(id)) reconciler_.need(*record, kNeedPoll);
    }
}

std::optional<Error> Manager::check_options(const config::Session& session) const {
    if (auto error = chains_.check(session.auth)) {
        error->where = ".auth";
        return error;
    }
    if (!congestion_control_ && session.parameters.congestion_doublings != 0) {
        return Error{ErrorKind::FailedPrecondition,
                     "tocsind was started without room for it: write congestion_control = true "
                     "under [dataplane] and restart it, or do without for this session (RFC 5880 7 "
                     "asks for it)",
                     ".congestion_control"};
    }
    if (!overlays_ && config::needs_room_for_overlays(session)) {
        return Error{ErrorKind::FailedPrecondition,
                     "tocsind was started without room for headers as long: write overlays = true "
                     "under [dataplane] and restart it",
                     ".type"};
    }
    if (echo_ || session.parameters.desired_min_echo_tx_interval == WireInterval{0}) {
        return std::nullopt;
    }
    return Error{ErrorKind::FailedPrecondition,
                 "tocsind was started without room for Echo packets: write echo = true under "
                 "[dataplane] and restart it",
                 ".desired_min_echo_tx_interval"};
}

auth::WallTime Manager::wall_now() const {
    return std::chrono::floor<std::chrono::seconds>(dataplane_.wall(dataplane_.now()));
}

std::optional<SessionView> Manager::view(SessionId id) {
    const SessionRecord* const record = registry_.find(id);
    if (record == nullptr) return std::nullopt;
    return view_of(*record, registry_, chains_, dataplane_);
}

void Manager::history(SessionId id, std::function<void(Result<HistoryView>)> done) {
    const SessionRecord* const record = registry_.find(id);
    if (record == nullptr) {
        return done(Error{ErrorKind::NotFound, "there is no such session", "session"});
    }
    if (!history_) {
        return done(Error{ErrorKind::FailedPrecondition,
                          "tocsind keeps no packets: dataplane.history is 0, set it to 4..64 and "
                          "restart",
                          {}});
    }
    const SessionPort* const port = registry_.port(record->port);
    HistoryView view{.session = view_of(*record, registry_, chains_, dataplane_),
                     .source_port = record->source_port,
                     .port_mac = port != nullptr ? port->mac : MacAddress{},
                     .next_hop = record->next_hop,
                     .next_hop_mac = next_hops_.mac(record->port, record->next_hop),
                     .taken_at = dataplane_.wall(dataplane_.now()),
                     .live = {},
                     .frozen = {},
                     .down = {},
                     .down_at = {},
                     .down_last_rx = {}};
    const bool asked = reconciler_.read_history(
        *record, [this, done, view = std::move(view)](std::optional<WorkerHistory> h) mutable {
            if (h) fill(view, *h, dataplane_);
            done(std::move(view));
        });
    if (!asked) {
        done(Error{ErrorKind::ResourceExhausted,
                   std::to_string(HistoryReader::kMostWaiting) +
                       " histories are being read already, try again",
                   {}});
    }
}

std::chrono::microseconds Manager::poll() {
    using namespace std::chrono_literals;
    echo_looping_.pump();
    member_links_.pump();
    bool more = reconciler_.poll();
    more |= removals_.run();
    more |= link_losses_.run();
    more |= listings_.run();
    more |= notifier_.run();
    more |= hub_.pump();
    if (more) return 0us;
    return reconciler_.idle() ? kIdleWait : 100us;
}

/// Answers intervals of the peer that are not common with a Poll Sequence of our own, RFC 7419 B.
void Manager::align_intervals(const SessionRecord& record) {
    const bfd::SessionSnapshot& s = record.status;
    const bfd::SessionParameters wanted = align(record.parameters, s);
    const bool up = s.session_state == bfd::SessionState::Up;
    if (wanted.required_min_rx_interval == s.required_min_rx_interval &&
        bfd::desired_min_tx(wanted.desired_min_tx_interval, up) == s.desired_min_tx_interval) {
        return;
    }
    if (SessionRecord* const own = registry_.find(record.id)) {
        reconciler_.need(*own, kNeedParameters);
    }
}

void Manager::added(const SessionRecord& record) {
    if (record.type == SessionType::Sbfd) {
        unanswered_.insert(record.id.value);
        totals_.initiators_unanswered.set(unanswered_.size());
    }
    hub_.added(record);
    if (listener_ != nullptr) listener_->added(record);
}

void Manager::changed(const SessionRecord& record, const bfd::SessionEvent& event) {
    if (record.has_policy) {
        notifier_.on_event(record.id, event);
    } else {
        hub_.changed(record, event);
    }
    if (record.interval_alignment) align_intervals(record);
    if (record.status.last_rx != Instant{}) note_answered(record);
    neighbor_proof_.on_change(record, event);
    if (listener_ != nullptr) listener_->changed(record, event);
}

void Manager::note_answered(const SessionRecord& record) {
    if (record.type != SessionType::Sbfd || unanswered_.erase(record.id.value) == 0) return;
    totals_.initiators_unanswered.set(unanswered_.size());
}

void Manager::deleted(const SessionRecord& record) {
    note_answered(record);
    hub_.deleted(record);
    notifier_.deleted(record);
    if (listener_ != nullptr) listener_->deleted(record);
}

void Manager::refused(const SessionRecord& record, const char* command, bfd::Status status) {
    if (listener_ != nullptr) listener_->refused(record, command, status);
}

void Manager::early(const message::EarlyPacket& packet) {
    if (on_early_) on_early_(packet);
}

void Manager::unmatched(const message::UnmatchedPacket& packet) {
    if (listener_ != nullptr) listener_->unmatched(packet);
}

}  // namespace tocsin::control::session
