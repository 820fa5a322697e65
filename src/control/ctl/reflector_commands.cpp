#include "control/ctl/reflector_commands.hpp"

#include "control/ctl/discriminator_option.hpp"
#include "control/ctl/format.hpp"

#include <algorithm>

namespace tocsin::control::ctl {

namespace {

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return or_dash(out);
}

/// All of them; the exit code when there is no answer.
std::optional<ExitCode> fetch(const Context& context, v1::ListReflectorsResponse& out) {
    const auto status =
        context.client.call(context.client.sbfd(), &v1::SbfdService::Stub::ListReflectors,
                            v1::ListReflectorsRequest{}, out);
    return status.ok() ? std::nullopt : std::optional{context.fail(status)};
}

ExitCode print(const Context& context, const v1::ListReflectorsResponse& response) {
    if (context.format != Format::Table) {
        print_json(context, response, response.reflectors());
        return ExitCode::Success;
    }
    using enum Table::Align;
    Table table{{{"DISCRIMINATOR"},
                 {"NAME"},
                 {"STATE"},
                 {"ANSWERED", Right},
                 {"REFUSED", Right},
                 {"RX"},
                 {"ECHO RX"},
                 {"AUTH"},
                 {"ALLOW"},
                 {"DENY"}}};
    for (const v1::Reflector& r : response.reflectors()) {
        const bool up = r.state() == v1::SESSION_STATE_UP;
        const std::uint32_t echo = r.required_min_echo_rx_interval_us();
        table.add({r.discriminator_text(), or_dash(r.name()),
                   up ? Cell{"Up", Colour::Green} : Cell{"AdminDown", Colour::Yellow},
                   std::to_string(r.answered()), std::to_string(r.refused()),
                   milliseconds(r.required_min_rx_interval_us()),
                   echo == 0 ? std::string{"-"} : milliseconds(echo),
                   auth_type_name(r.auth().type()), joined(r.allow()), joined(r.deny())});
    }
    table.print(context.out, context.colour);
    return ExitCode::Success;
}

/// The discriminators of those that are named; the exit code when there is one too few.
std::optional<ExitCode> choose(const Context& context, const std::vector<std::string>& which,
                               const v1::ListReflectorsResponse& all,
                               std::vector<std::uint32_t>& out) {
    for (const std::string& word : which) {
        const auto number = discriminator_of(word);
        const auto found = std::ranges::find_if(all.reflectors(), [&](const v1::Reflector& r) {
            return number ? r.discriminator() == *number : r.name() == word;
        });
        if (found == all.reflectors().end()) {
            return context.fail(ExitCode::NotFound, "there is no reflector " + word);
        }
        out.push_back(found->discriminator());
    }
    return std::nullopt;
}

}  // namespace

ExitCode reflector_list(const Context& context) {
    v1::ListReflectorsResponse response;
    if (const auto failed = fetch(context, response)) return *failed;
    return print(context, response);
}

ExitCode reflector_show(const Context& context, const std::vector<std::string>& which) {
    v1::ListReflectorsResponse all;
    if (const auto failed = fetch(context, all)) return *failed;
    std::vector<std::uint32_t> chosen;
    if (const auto failed = choose(context, which, all, chosen)) return *failed;
    v1::ListReflectorsResponse some;
    for (const v1::Reflector& r : all.reflectors()) {
        if (std::ranges::find(chosen, r.discriminator()) != chosen.end()) {
            *some.add_reflectors() = r;
        }
    }
    return print(context, some);
}

ExitCode reflector_admin(const Context& context, const std::vector<std::string>& which, bool down) {
    v1::ListReflectorsResponse all;
    if (const auto failed = fetch(context, all)) return *failed;
    std::vector<std::uint32_t> chosen;
    if (const auto failed = choose(context, which, all, chosen)) return *failed;
    v1::SetReflectorsAdminRequest request;
    for (const std::uint32_t d : chosen) request.add_discriminators(d);
    request.set_admin_down(down);
    v1::SetReflectorsAdminResponse response;
    const auto status = context.client.call(
        context.client.sbfd(), &v1::SbfdService::Stub::SetReflectorsAdmin, request, response);
    return status.ok() ? ExitCode::Success : context.fail(status);
}

}  // namespace tocsin::control::ctl
