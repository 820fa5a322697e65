#include "control/ctl/unsolicited_commands.hpp"

#include "control/ctl/format.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace tocsin::control::ctl {

namespace {

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return or_dash(out);
}

void print_refusals(const Context& context, const v1::UnsolicitedPolicy& policy) {
    if (policy.refused().empty()) return;
    const std::map<std::string, std::uint64_t> refused{policy.refused().begin(),
                                                       policy.refused().end()};
    std::string text;
    for (const auto& [reason, n] : refused) {
        text += (text.empty() ? "" : ", ") + reason + ' ' + std::to_string(n);
    }
    context.out << policy.port() << ": refused " << text << '\n';
}

void print_ended(const Context& context, const v1::UnsolicitedPolicy& policy) {
    const std::int64_t now = unix_now_us();
    for (const v1::EndedUnsolicitedSession& e : policy.ended()) {
        context.out << policy.port() << ": " << e.remote() << " ended " << age(now - e.at_us())
                    << " ago, " << e.diag_name() << '\n';
    }
}

}  // namespace

ExitCode unsolicited_list(const Context& context) {
    v1::ListUnsolicitedPoliciesResponse response;
    const auto status = context.client.call(context.client.unsolicited(),
                                            &v1::UnsolicitedService::Stub::ListUnsolicitedPolicies,
                                            v1::ListUnsolicitedPoliciesRequest{}, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context, response, response.policies());
        return ExitCode::Success;
    }
    using enum Table::Align;
    Table table{{{"PORT"},
                 {"ENABLED"},
                 {"SESSIONS", Right},
                 {"LIMIT", Right},
                 {"CREATED", Right},
                 {"ENDED", Right},
                 {"REFUSED", Right},
                 {"TX / RX"},
                 {"AUTH"},
                 {"ALLOW"},
                 {"DENY"}}};
    for (const v1::UnsolicitedPolicy& p : response.policies()) {
        std::uint64_t refused = 0;
        for (const auto& [reason, n] : p.refused()) refused += n;
        table.add({p.port(), p.enabled() ? Cell{"yes", Colour::Green} : Cell{"no"},
                   std::to_string(p.sessions()), std::to_string(p.max_sessions()),
                   std::to_string(p.created()), std::to_string(p.ended_count()),
                   std::to_string(refused),
                   milliseconds(p.desired_min_tx_interval_us()) + " / " +
                       milliseconds(p.required_min_rx_interval_us()) + " x " +
                       std::to_string(p.detect_mult()),
                   auth_type_name(p.auth().type()), joined(p.allow()), joined(p.deny())});
    }
    table.print(context.out, context.colour);
    for (const v1::UnsolicitedPolicy& p : response.policies()) print_refusals(context, p);
    for (const v1::UnsolicitedPolicy& p : response.policies()) print_ended(context, p);
    return ExitCode::Success;
}

}  // namespace tocsin::control::ctl
