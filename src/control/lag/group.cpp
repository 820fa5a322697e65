#include "control/lag/group.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::lag {

namespace {

bool has(const config::Lag& lag, AddressFamily family) {
    return std::ranges::find(lag.remote, family, &IpAddress::family) != lag.remote.end();
}

LinkState first_state(const config::Lag& lag) {
    return lag.lacp == config::Lacp::None ? LinkState::Distributing : LinkState::Detached;
}

}  // namespace

Group::Group(config::Lag lag) { set_config(std::move(lag)); }

void Group::set_config(config::Lag lag) {
    const bool other_tables = members_.empty() || lag.per_family != lag_.per_family;
    const bool other_lacp = lag.lacp != lag_.lacp;
    std::vector<Member> before = std::exchange(members_, {});
    lag_ = std::move(lag);
    set_tables();
    for (const std::string& port : lag_.members) {
        const auto old = std::ranges::find(before, port, &Member::port);
        if (old == before.end()) {
            Member& member = members_.emplace_back(Member{.port = port});
            member.state = first_state(lag_);
            begin(member, lag_.assume_active);
            continue;
        }
        Member& member = members_.emplace_back(std::move(*old));
        if (other_lacp && lag_.lacp == config::Lacp::None) member.state = LinkState::Distributing;
        if (!other_tables) continue;
        // What was one table is several now, or the other way round: out of one was out.
        const bool was_in = std::ranges::all_of(
            lag_.per_family ? std::vector{Table::Both} : std::vector{Table::V4, Table::V6},
            [&](Table t) { return member.place(t).in(); });
        begin(member, was_in);
    }
}

void Group::set_tables() {
    tables_ = {Table::Both};
    if (!lag_.per_family) return;
    tables_.clear();
    if (has(lag_, AddressFamily::V4)) tables_.push_back(Table::V4);
    if (has(lag_, AddressFamily::V6)) tables_.push_back(Table::V6);
}

void Group::begin(Member& member, bool forwards) const {
    for (Place& place : member.places) place.begin(forwards);
}

void Group::report(std::size_t member, LinkState state) {
    Member& m = members_[member];
    if (!wants_sessions(state)) {
        begin(m, false);
        m.sessions = {};
    }
    m.state = state;
}

void Group::judge(Instant now) {
    for (Member& member : members_) {
        if (!wants_sessions(member.state)) continue;
        for (const Table table : tables_) {
            Place& place = member.places[static_cast<std::size_t>(table)];
            place.judge(verdict_of(member, table), now, lag_.up_timeout);
            if (!member.link_up) place.inactive();
        }
    }
    const bool was_up = std::exchange(up_, members_in_use() >= lag_.minimum_links);
    if (!was_up || up_) return;
    for (Member& member : members_) {
        for (Place& place : member.places) place.inactive();
    }
}

Verdict Group::verdict_of(const Member& member, Table table) const {
    std::array<notify::Indication, 2> sessions{};
    std::size_t n = 0;
    if (table != Table::V6 && has(lag_, AddressFamily::V4)) sessions[n++] = member.sessions.v4;
    if (table != Table::V4 && has(lag_, AddressFamily::V6)) sessions[n++] = member.sessions.v6;
    return verdict(std::span{sessions}.first(n));
}

std::optional<std::size_t> Group::find(std::string_view port) const {
    const auto found = std::ranges::find(members_, port, &Member::port);
    if (found == members_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - members_.begin());
}

bool Group::in_use(const Member& member) const {
    return std::ranges::any_of(tables_, [&](Table t) { return in_use(member, t); });
}

bool Group::confirmed(const Member& member) const {
    return std::ranges::all_of(tables_, [&](Table t) { return member.place(t).confirmed(); });
}

std::size_t Group::members_in_use() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(members_, [&](const Member& m) { return in_use(m); }));
}

std::optional<Instant> Group::deadline() const {
    std::optional<Instant> out;
    for (const Member& member : members_) {
        if (!wants_sessions(member.state)) continue;
        for (const Table table : tables_) {
            const auto at = member.place(table).deadline();
            if (at && (!out || *at < *out)) out = at;
        }
    }
    return out;
}

}  // namespace tocsin::control::lag
