#include "control/lag/controller.hpp"

#include "control/base/log.hpp"
#include "control/config/nearest.hpp"

#include <algorithm>

namespace tocsin::control::lag {

namespace {

constexpr std::array kFamilies{AddressFamily::V4, AddressFamily::V6};

bool uses(const config::Lag& lag, AddressFamily family) {
    return std::ranges::find(lag.remote, family, &IpAddress::family) != lag.remote.end();
}

}  // namespace

Controller::Controller(session::Manager& sessions, const message::Dataplane& dataplane,
                       MakeActuator make_actuator)
    : sessions_{sessions},
      dataplane_{dataplane},
      make_actuator_{std::move(make_actuator)},
      published_{std::make_shared<const std::vector<LagView>>()} {}

Controller::~Controller() = default;

void Controller::set_lags(const std::vector<config::Lag>& lags,
                          const std::vector<config::Session>& sessions) {
    const Instant now = dataplane_.now();
    specs_.clear();
    for (const config::Session& s : sessions) {
        if (s.type == SessionType::Micro) specs_.emplace(std::pair{s.port, s.remote.family}, s);
    }
    std::vector<std::unique_ptr<Entry>> before = std::exchange(entries_, {});
    for (const config::Lag& lag : lags) {
        const auto old = std::ranges::find_if(before, [&](const auto& e) {
            return e != nullptr && e->group.config().name == lag.name &&
                   e->group.config().actuator == lag.actuator;
        });
        if (old == before.end()) {
            entries_.push_back(std::make_unique<Entry>(
                Entry{.id = ++last_id_, .group = Group{lag}, .actuator = make_actuator_(lag)}));
            entries_.back()->since = now;
            continue;
        }
        Entry& entry = **old;
        for (const std::string& port : entry.group.config().members) {
            if (std::ranges::find(lag.members, port) == lag.members.end()) give_back(entry, port);
        }
        entry.group.set_config(lag);
        entries_.push_back(std::move(*old));
    }
    for (const auto& entry : before) {
        if (entry == nullptr) continue;
        for (const std::string& port : entry->group.config().members) give_back(*entry, port);
    }
    dirty_ = true;
    poll();
}

Result<Ok> Controller::report(std::string_view lag, std::string_view port, LinkState state) {
    Entry* const entry = find(lag);
    if (entry == nullptr) {
        return Error{ErrorKind::NotFound, "there is no LAG " + config::in_quotes(lag), "lag"};
    }
    const auto member = entry->group.find(port);
    if (!member) {
        return Error{ErrorKind::NotFound,
                     config::in_quotes(port) + " is no member of " + std::string{lag}, "port"};
    }
    if (entry->group.config().lacp == config::Lacp::None) {
        return Error{ErrorKind::FailedPrecondition,
                     std::string{lag} +
                         " has no LACP: write lacp = \"api\" in its [[lag]] and reload, then its "
                         "members are what is reported",
                     "lag"};
    }
    if (entry->group.members()[*member].state == state) return Ok{};
    log::write(log::Level::Info, "lag", "member_reported",
               {{"lag", lag}, {"port", port}, {"state", name(state)}});
    entry->group.report(*member, state);
    if (!wants_sessions(state)) {  // the load balancer may do with it what it likes
        for (auto& [key, act] : entry->acts) {
            if (key.first == port) act.applied.reset();
        }
    }
    dirty_ = true;
    poll();
    return Ok{};
}

void Controller::poll() {
    const Instant now = dataplane_.now();
    const auto due = [&](const std::optional<Instant>& at) { return at && *at <= now; };
    bool any = std::exchange(dirty_, false) || due(retry_at_);
    any = any ||
          std::ranges::any_of(entries_, [&](const auto& e) { return due(e->group.deadline()); });
    if (!any) return;
    retry_at_.reset();
    for (const auto& entry : entries_) look(*entry, now);
    publish();
}

std::optional<std::chrono::microseconds> Controller::idle_for() const {
    if (dirty_) return std::chrono::microseconds{0};
    std::optional<Instant> next = retry_at_;
    for (const auto& entry : entries_) {
        const auto at = entry->group.deadline();
        if (at && (!next || *at < *next)) next = at;
    }
    if (!next) return std::nullopt;
    return std::max(std::chrono::ceil<std::chrono::microseconds>(*next - dataplane_.now()),
                    std::chrono::microseconds{0});
}

void Controller::look(Entry& entry, Instant now) {
    Group& group = entry.group;
    session::Registry& registry = sessions_.registry();
    keep_sessions(entry, now);
    for (std::size_t i = 0; i < group.members().size(); ++i) {
        const session::SessionPort* const port = registry.port_named(group.members()[i].port);
        group.set_link(i, port != nullptr && port->link_up);
        Sessions told;
        if (port != nullptr && wants_sessions(group.members()[i].state)) {
            for (const AddressFamily family : kFamilies) {
                const session::SessionRecord* const r = registry.find_micro(port->id, family);
                if (r == nullptr) continue;
                (family == AddressFamily::V4 ? told.v4 : told.v6) = r->told.indication;
            }
        }
        group.set_sessions(i, told);
    }
    group.judge(now);
    act(entry, now);
    tell_changes(entry, now);
}

/// Those that LACP decides about, RFC 7130 3.
void Controller::keep_sessions(Entry& entry, Instant now) {
    if (sessions_.removing_all()) return;
    session::Registry& registry = sessions_.registry();
    for (const Group::Member& member : entry.group.members()) {
        const session::SessionPort* const port = registry.port_named(member.port);
        if (port == nullptr) continue;
        for (const AddressFamily family : kFamilies) {
            const config::Session* const wanted = spec(member.port, family);
            if (wanted == nullptr || !wanted->on_request) continue;
            const session::SessionRecord* const r = registry.find_micro(port->id, family);
            if (wants_sessions(member.state) == (r != nullptr)) continue;
            Result<Ok> done = Ok{};
            if (r == nullptr) {
                config::Session now_wanted = *wanted;
                now_wanted.on_request = false;
                const auto ids = sessions_.add({&now_wanted, 1}, session::Origin::Config, {});
                if (!ids) done = ids.error();
            } else {
                const session::SessionId id = r->id;
                done = sessions_.remove({&id, 1}, session::Origin::Config, {});
            }
            if (done) continue;
            log::write(log::Level::Error, "lag", "session_refused",
                       {{"lag", entry.group.config().name},
                        {"port", member.port},
                        {"family", config::family_name(family)},
                        {"error", done.error().text()}});
            const Instant again = now + kLongestRetry;
            retry_at_ = retry_at_ ? std::min(*retry_at_, again) : again;
        }
    }
}

void Controller::act(Entry& entry, Instant now) {
    // Those without a link go first: if one has to be kept, it is better another one.
    std::vector<const Group::Member*> members;
    for (const Group::Member& m : entry.group.members()) members.push_back(&m);
    std::ranges::stable_sort(members, {}, [](const Group::Member* m) { return m->link_up; });
    for (const Group::Member* const member : members) {
        if (!wants_sessions(member->state)) continue;
        for (const Table table : entry.group.tables()) {
            Act& act = entry.acts[{member->port, table}];
            if (act.under_way) continue;
            if (act.retry_at > now) {
                retry_at_ = retry_at_ ? std::min(*retry_at_, act.retry_at) : act.retry_at;
                continue;
            }
            if (!act.applied) {
                ask(entry, member->port, table);
                if (!act.applied) continue;
            }
            const bool wanted = member->place(table).in();
            act.kept_as_last = !wanted && *act.applied && !entry.group.config().take_out_last &&
                               is_last(entry, member->port, table);
            if (wanted == *act.applied || act.kept_as_last) continue;
            start(entry, member->port, table, wanted);
        }
    }
}

/// Nobody else carries traffic in the table.
bool Controller::is_last(const Entry& entry, const std::string& port, Table table) const {
    return std::ranges::none_of(entry.group.members(), [&](const Group::Member& m) {
        if (m.port == port || m.state != LinkState::Distributing) return false;
        const auto found = entry.acts.find({m.port, table});
        return found != entry.acts.end() && found->second.applied.value_or(false);
    });
}

void Controller::ask(Entry& entry, const std::string& port, Table table) {
    entry.acts[{port, table}].under_way = true;
    entry.actuator->query({.lag = entry.group.config().name, .port = port, .table = table},
                          [this, id = entry.id, port, table](const Result<bool>& found) {
                              on_asked(id, port, table, found);
                          });
}

void Controller::on_asked(std::uint64_t id, const std::string& port, Table table,
                          const Result<bool>& found) {
    Entry* const entry = find(id);
    if (entry == nullptr) return;
    Act& act = entry->acts[{port, table}];
    act.under_way = false;
    dirty_ = true;
    if (!found) return failed(*entry, act, port, table, found.error().text());
    act.applied = found.value();
    act.failures = 0;
    act.error.clear();
    const auto member = entry->group.find(port);
    if (member && !found.value()) entry->group.not_forwarding(*member, table);
}

void Controller::start(Entry& entry, const std::string& port, Table table, bool in) {
    entry.acts[{port, table}].under_way = true;
    const Actuator::Target target{.lag = entry.group.config().name, .port = port, .table = table};
    auto done = [this, id = entry.id, port, table, in](const Result<Ok>& result) {
        on_done(id, port, table, in, result);
    };
    if (in) {
        entry.actuator->put_back(target, std::move(done));
    } else {
        entry.actuator->take_out(target, std::move(done));
    }
}

void Controller::on_done(std::uint64_t id, const std::string& port, Table table, bool in,
                         const Result<Ok>& result) {
    Entry* const entry = find(id);
    if (entry == nullptr) return;
    if (!result) {
        Act& act = entry->acts[{port, table}];
        act.under_way = false;
        return failed(*entry, act, port, table, result.error().text());
    }
    entry->actuator->query({.lag = entry->group.config().name, .port = port, .table = table},
                           [this, id, port, table, in](const Result<bool>& found) {
                               on_verified(id, port, table, in, found);
                           });
}

void Controller::on_verified(std::uint64_t id, const std::string& port, Table table, bool in,
                             const Result<bool>& found) {
    Entry* const entry = find(id);
    if (entry == nullptr) return;
    Act& act = entry->acts[{port, table}];
    act.under_way = false;
    dirty_ = true;
    if (!found) return failed(*entry, act, port, table, found.error().text());
    act.applied = found.value();
    if (found.value() != in) {
        return failed(*entry, act, port, table,
                      in ? "it was put back, but is not used" : "it was taken out, but is used");
    }
    act.failures = 0;
    act.retry_at = {};
    act.error.clear();
    ++(in ? entry->put_back : entry->taken_out);
}

void Controller::failed(Entry& entry, Act& act, const std::string& port, Table table,
                        std::string why) {
    ++entry.failed_acts;
    const auto wait = std::min<std::chrono::milliseconds>(
        kFirstRetry * (1 << std::min(act.failures, 10U)), kLongestRetry);
    ++act.failures;
    act.retry_at = dataplane_.now() + wait;
    act.error = std::move(why);
    dirty_ = true;
    log::write(log::Level::Error, "lag", "actuator_failed",
               {{"lag", entry.group.config().name},
                {"port", port},
                {"table", name(table)},
                {"actuator", entry.actuator->name()},
                {"error", act.error},
                {"again_in_ms", wait.count()}});
}

/// micro-BFD has no say in it any more.
void Controller::give_back(Entry& entry, const std::string& port) {
    for (auto it = entry.acts.begin(); it != entry.acts.end();) {
        if (it->first.first != port) {
            ++it;
            continue;
        }
        if (!it->second.applied.value_or(true)) {
            entry.actuator->put_back(
                {.lag = entry.group.config().name, .port = port, .table = it->first.second},
                [](const Result<Ok>&) {});
        }
        it = entry.acts.erase(it);
    }
    entry.used.erase(port);
}

void Controller::tell_changes(Entry& entry, Instant now) {
    const Group& group = entry.group;
    const std::string& lag = group.config().name;
    for (const Group::Member& member : group.members()) {
        auto& [used, since] = entry.used.try_emplace(member.port, false, now).first->second;
        if (used != group.in_use(member)) {
            used = !used;
            since = now;
        }
        for (const Table table : group.tables()) {
            Act& act = entry.acts[{member.port, table}];
            const Place& place = member.place(table);
            if (act.was_in == place.in() || !wants_sessions(member.state)) continue;
            act.was_in = place.in();
            log::write(place.in() ? log::Level::Info : log::Level::Warn, "lag",
                       place.in() ? "member_in" : "member_out",
                       {{"lag", lag},
                        {"port", member.port},
                        {"table", name(table)},
                        {"reason", name(place.reason())},
                        {"kept_as_last", act.kept_as_last}});
        }
    }
    if (entry.was_up == group.up()) return;
    entry.was_up = group.up();
    entry.since = now;
    if (!group.up()) ++entry.downs;
    log::write(group.up() ? log::Level::Info : log::Level::Warn, "lag",
               group.up() ? "lag_up" : "lag_down",
               {{"lag", lag},
                {"members_in_use", group.members_in_use()},
                {"members", group.members().size()},
                {"minimum_links", group.config().minimum_links}});
}

std::vector<LagView> Controller::views() const {
    std::vector<LagView> out;
    out.reserve(entries_.size());
    for (const auto& entry : entries_) out.push_back(view_of(*entry));
    return out;
}

void Controller::publish() {
    auto views = std::make_shared<const std::vector<LagView>>(this->views());
    const std::lock_guard lock{mutex_};
    published_ = std::move(views);
}

std::shared_ptr<const std::vector<LagView>> Controller::published() const {
    const std::lock_guard lock{mutex_};
    return published_;
}

LagView Controller::view_of(const Entry& entry) const {
    const Group& group = entry.group;
    LagView out{.config = group.config(),
                .actuator = std::string{entry.actuator->name()},
                .up = group.up(),
                .since = entry.since,
                .members_in_use = group.members_in_use(),
                .downs = entry.downs,
                .taken_out = entry.taken_out,
                .put_back = entry.put_back,
                .failed_acts = entry.failed_acts,
                .members = {}};
    session::Registry& registry = sessions_.registry();
    for (const Group::Member& member : group.members()) {
        const session::SessionPort* const port = registry.port_named(member.port);
        MemberView& view = out.members.emplace_back(MemberView{.port = member.port,
                                                               .known = port != nullptr,
                                                               .state = member.state,
                                                               .link_up = member.link_up,
                                                               .in_use = group.in_use(member),
                                                               .confirmed = group.confirmed(member),
                                                               .since = {},
                                                               .places = {},
                                                               .sessions = {}});
        const auto used = entry.used.find(member.port);
        if (used != entry.used.end()) view.since = used->second.second;
        for (const Table table : group.tables()) {
            const Place& place = member.place(table);
            PlaceView& p = view.places.emplace_back();
            p.table = table;
            p.permitted = place.in();
            p.reason = place.reason();
            const auto act = entry.acts.find({member.port, table});
            if (act == entry.acts.end()) continue;
            p.applied = act->second.applied;
            p.kept_as_last = act->second.kept_as_last;
            p.error = act->second.error;
        }
        for (const AddressFamily family : kFamilies) {
            if (!uses(group.config(), family)) continue;
            MemberSession& s = view.sessions.emplace_back();
            s.family = family;
            s.name = config::member_session_name(group.config().name, member.port, family);
            const session::SessionRecord* const r =
                port == nullptr ? nullptr : registry.find_micro(port->id, family);
            if (r == nullptr) continue;
            s.id = r->id;
            s.state = r->status.session_state;
            s.told = r->told.indication;
            s.peer_heard = r->status.last_rx != Instant{};
        }
    }
    return out;
}

Controller::Entry* Controller::find(std::string_view lag) {
    const auto found = std::ranges::find_if(
        entries_, [&](const auto& e) { return e->group.config().name == lag; });
    return found == entries_.end() ? nullptr : found->get();
}

Controller::Entry* Controller::find(std::uint64_t id) {
    const auto found = std::ranges::find_if(entries_, [&](const auto& e) { return e->id == id; });
    return found == entries_.end() ? nullptr : found->get();
}

const config::Session* Controller::spec(const std::string& port, AddressFamily family) const {
    const auto found = specs_.find({port, family});
    return found == specs_.end() ? nullptr : &found->second;
}

}  // namespace tocsin::control::lag
