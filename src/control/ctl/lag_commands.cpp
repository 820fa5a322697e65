#include "control/ctl/lag_commands.hpp"

#include "control/ctl/format.hpp"
#include "control/ctl/table.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::control::ctl {

namespace {

/// The word of an enumerator behind its prefix, in small letters.
std::string word(std::string enumerator, std::string_view prefix) {
    if (!enumerator.starts_with(prefix) || enumerator.ends_with("_UNSPECIFIED")) return "-";
    enumerator.erase(0, prefix.size());
    std::ranges::transform(enumerator, enumerator.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return enumerator;
}

std::string listed(const google::protobuf::RepeatedPtrField<std::string>& words) {
    std::string out;
    for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
    return or_dash(out);
}

Cell up_cell(bool up) { return up ? Cell{"Up", Colour::Green} : Cell{"Down", Colour::Red}; }
Cell yes_cell(bool yes) { return yes ? Cell{"yes", Colour::Green} : Cell{"no", Colour::Yellow}; }

/// "up", or "both: kept as last" where there is more to say of a table.
std::string why(const v1::LagMember& member) {
    std::string out;
    for (const v1::MemberPlace& p : member.places()) {
        std::string text = word(v1::MemberReason_Name(p.reason()), "MEMBER_REASON_");
        if (p.kept_as_last()) text += ", kept as last";
        if (!p.error().empty()) text += ", " + p.error();
        if (member.places_size() > 1) {
            text = word(v1::LagTable_Name(p.table()), "LAG_TABLE_") + ": " + text;
        }
        out += (out.empty() ? "" : "; ") + text;
    }
    return or_dash(out);
}

std::string session_text(const v1::LagMemberSession& session) {
    if (session.session_id() == 0) return session.family() + " none";
    std::string out = session.family() + ' ' + std::string{state_name(session.state())};
    if (!session.peer_heard()) out += " (never heard)";
    return out;
}

std::string sessions(const v1::LagMember& member) {
    std::string out;
    for (const v1::LagMemberSession& s : member.sessions()) {
        out += (out.empty() ? "" : ", ") + session_text(s);
    }
    return or_dash(out);
}

grpc::Status fetch(const Context& context, v1::ListLagsResponse& response) {
    return context.client.call(context.client.lags(), &v1::LagService::Stub::ListLags,
                               v1::ListLagsRequest{}, response);
}

void print(const Context& context, const v1::Lag& lag) {
    const std::int64_t now = unix_now_us();
    Properties p;
    p.add("name", lag.name());
    p.add("state", up_cell(lag.up()));
    p.add("since", age(now - lag.since_us()));
    p.add("members in use", std::to_string(lag.members_in_use()) + " of " +
                                std::to_string(lag.members_size()) + ", at least " +
                                std::to_string(lag.minimum_links()));
    p.add("local", listed(lag.local()));
    p.add("remote", listed(lag.remote()));
    p.add("lacp", lag.lacp());
    p.add("actuator", lag.actuator());
    p.add("tables", lag.per_family() ? "one for each family" : "one");
    p.add("up timeout", lag.up_timeout_ms() == 0
                            ? std::string{"none"}
                            : milliseconds(std::int64_t{lag.up_timeout_ms()} * 1000));
    p.add("last member", lag.take_out_last() ? "is taken out" : "is kept");
    p.add("down", std::to_string(lag.down_count()) + " times");
    p.add("taken out", std::to_string(lag.taken_out()));
    p.add("put back", std::to_string(lag.put_back()));
    p.add("failed acts", std::to_string(lag.failed_acts()));
    p.print(context.out, context.colour);
    context.out << '\n';
    Table table{{{"PORT"}, {"LACP"}, {"LINK"}, {"IN USE"}, {"WHY"}, {"SINCE"}, {"SESSIONS"}}};
    for (const v1::LagMember& m : lag.members()) {
        table.add({m.port(), word(v1::MemberState_Name(m.state()), "MEMBER_STATE_"),
                   m.known() ? (m.link_up() ? Cell{"up"} : Cell{"down", Colour::Red})
                             : Cell{"after a restart", Colour::Yellow},
                   yes_cell(m.in_use()), why(m), age(now - m.since_us()), sessions(m)});
    }
    table.print(context.out, context.colour);
}

}  // namespace

ExitCode lag_list(const Context& context) {
    v1::ListLagsResponse response;
    const auto status = fetch(context, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context, response, response.lags());
        return ExitCode::Success;
    }
    using enum Table::Align;
    Table table{{{"LAG"},
                 {"STATE"},
                 {"SINCE"},
                 {"IN USE", Right},
                 {"MEMBERS", Right},
                 {"MINIMUM", Right},
                 {"DOWN", Right},
                 {"REMOTE"},
                 {"OUT"}}};
    const std::int64_t now = unix_now_us();
    for (const v1::Lag& lag : response.lags()) {
        std::string out;
        for (const v1::LagMember& m : lag.members()) {
            if (!m.in_use()) out += (out.empty() ? "" : ", ") + m.port();
        }
        table.add({lag.name(), up_cell(lag.up()), age(now - lag.since_us()),
                   std::to_string(lag.members_in_use()), std::to_string(lag.members_size()),
                   std::to_string(lag.minimum_links()), std::to_string(lag.down_count()),
                   listed(lag.remote()), or_dash(out)});
    }
    table.print(context.out, context.colour);
    return ExitCode::Success;
}

ExitCode lag_show(const Context& context, const LagOptions& options) {
    v1::ListLagsResponse all;
    const auto status = fetch(context, all);
    if (!status.ok()) return context.fail(status);
    v1::ListLagsResponse response;
    for (const std::string& name : options.names) {
        const auto found = std::ranges::find(all.lags(), name, &v1::Lag::name);
        if (found == all.lags().end()) {
            return context.fail(ExitCode::NotFound, "there is no LAG \"" + name + '"');
        }
        *response.add_lags() = *found;
    }
    if (options.names.empty()) response = all;
    if (context.format != Format::Table) {
        print_json(context, response, response.lags());
        return ExitCode::Success;
    }
    bool first = true;
    for (const v1::Lag& lag : response.lags()) {
        if (!std::exchange(first, false)) context.out << '\n';
        print(context, lag);
    }
    return ExitCode::Success;
}

ExitCode lag_report(const Context& context, const LagOptions& options) {
    std::string enumerator = "MEMBER_STATE_";
    for (const char c : options.state) {
        enumerator += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    v1::MemberState state = v1::MEMBER_STATE_UNSPECIFIED;
    if (!v1::MemberState_Parse(enumerator, &state)) state = v1::MEMBER_STATE_UNSPECIFIED;
    v1::ReportMemberRequest request;
    request.set_lag(options.lag);
    request.set_port(options.port);
    request.set_state(state);
    v1::ReportMemberResponse response;
    const auto status = context.client.call(context.client.lags(),
                                            &v1::LagService::Stub::ReportMember, request, response);
    return status.ok() ? ExitCode::Success : context.fail(status);
}

}  // namespace tocsin::control::ctl
