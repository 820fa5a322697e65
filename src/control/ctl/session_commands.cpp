#include "control/ctl/session_commands.hpp"

#include "control/base/address.hpp"
#include "control/base/duration.hpp"
#include "control/ctl/dampening_option.hpp"
#include "control/ctl/discriminator_option.hpp"
#include "control/ctl/format.hpp"
#include "control/ctl/paging.hpp"
#include "control/ctl/selector.hpp"
#include "control/ctl/session_view.hpp"

#include <limits>
#include <utility>

namespace tocsin::control::ctl {

namespace {

using Sessions = v1::SessionService::Stub;

Error invalid(std::string message) {
    return {.kind = ErrorKind::InvalidArgument, .message = std::move(message), .where = {}};
}

ExitCode refuse(const Context& context, const Error& error) {
    return context.fail(ExitCode::InvalidArgument, error.message);
}

Result<std::uint32_t> microseconds_of(const char* option, const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration.ok()) return invalid(std::string{option} + ": " + duration.error().message);
    if (duration.value().count() > std::numeric_limits<std::uint32_t>::max()) {
        return invalid(std::string{option} + ": " + text +
                       " is too long: 4294967295us are the most");
    }
    return static_cast<std::uint32_t>(duration.value().count());
}

void fill(const TunnelOptions& options, v1::Tunnel& out) {
    if (options.vni) out.set_vni(*options.vni);
    if (!options.payload.empty()) {
        out.set_payload(options.payload == "ip" ? v1::TUNNEL_PAYLOAD_IP
                                                : v1::TUNNEL_PAYLOAD_ETHERNET);
    }
    out.set_inner_src(options.inner_src);
    out.set_inner_dst(options.inner_dst);
    out.set_inner_src_mac(options.inner_src_mac);
    out.set_inner_dst_mac(options.inner_dst_mac);
    for (const std::uint32_t vlan : options.inner_vlan) out.add_inner_vlan(vlan);
    if (options.inner_priority) out.set_inner_priority(*options.inner_priority);
    if (options.ttl) out.set_ttl(*options.ttl);
    if (options.outer_checksum) out.set_outer_checksum(*options.outer_checksum);
}

/// The faults of the text in it.
std::optional<Error> fill_labels(const TunnelOptions& options, v1::Tunnel& out) {
    for (const std::uint32_t label : options.labels) out.add_labels(label);
    out.set_fec(options.fec);
    if (options.instance) out.set_instance(*options.instance);
    if (options.inner_label_ttl) out.set_inner_label_ttl(*options.inner_label_ttl);
    if (!options.lsp_ping_interval.empty()) {
        const auto us = microseconds_of("--lsp-ping", options.lsp_ping_interval);
        if (!us.ok()) return us.error();
        out.set_lsp_ping_interval_us(us.value());
    }
    if (options.label_in) out.set_label_in(*options.label_in);
    if (options.cc_type) {
        out.set_control_channel(static_cast<v1::ControlChannel>(*options.cc_type));
    }
    if (options.cv_type) out.set_cv_type(*options.cv_type);
    if (options.local_cv_types) out.set_local_cv_types(*options.local_cv_types);
    if (options.remote_cv_types) out.set_remote_cv_types(*options.remote_cv_types);
    if (options.status_signalled) out.set_status_signalled(*options.status_signalled);
    if (options.control_word) out.set_control_word(*options.control_word);
    return std::nullopt;
}

Result<v1::SessionSpec> spec_of(const SpecOptions& options) {
    v1::SessionSpec out;
    out.set_name(options.name);
    if (!options.type.empty()) {
        out.set_type(options.type == "multihop" ? v1::SESSION_TYPE_MULTIHOP
                     : options.type == "echo"   ? v1::SESSION_TYPE_ECHO
                     : options.type == "vxlan"  ? v1::SESSION_TYPE_VXLAN
                     : options.type == "geneve" ? v1::SESSION_TYPE_GENEVE
                     : options.type == "mpls"   ? v1::SESSION_TYPE_MPLS
                     : options.type == "vccv"   ? v1::SESSION_TYPE_VCCV
                     : options.type == "sbfd"   ? v1::SESSION_TYPE_SBFD
                                                : v1::SESSION_TYPE_SINGLE_HOP);
    }
    if (!options.remote_discriminator.empty()) {
        const auto discriminator = discriminator_of(options.remote_discriminator);
        if (!discriminator) {
            return invalid("--remote-discriminator: " + options.remote_discriminator +
                           " is no discriminator: write 1..4294967295, or the IPv4 address that "
                           "stands for it");
        }
        out.set_remote_discriminator(*discriminator);
    }
    out.set_remote(options.remote);
    out.set_local(options.local);
    out.set_port(options.port);
    out.set_profile(options.profile);
    if (!options.desired_min_tx_interval.empty()) {
        const auto us = microseconds_of("--tx", options.desired_min_tx_interval);
        if (!us.ok()) return us.error();
        out.set_desired_min_tx_interval_us(us.value());
    }
    if (!options.required_min_rx_interval.empty()) {
        const auto us = microseconds_of("--rx", options.required_min_rx_interval);
        if (!us.ok()) return us.error();
        out.set_required_min_rx_interval_us(us.value());
    }
    const auto interval = [](const char* option, const std::string& given,
                             auto set) -> std::optional<Error> {
        if (given.empty()) return std::nullopt;
        const auto us = microseconds_of(option, given);
        if (!us.ok()) return us.error();
        set(us.value());
        return std::nullopt;
    };
    for (const auto& wrong :
         {interval("--demand-poll", options.demand_poll_interval,
                   [&](std::uint32_t us) { out.set_demand_poll_interval_us(us); }),
          interval("--echo-tx", options.desired_min_echo_tx_interval,
                   [&](std::uint32_t us) { out.set_desired_min_echo_tx_interval_us(us); }),
          interval("--echo-rx", options.required_min_echo_rx_interval,
                   [&](std::uint32_t us) { out.set_required_min_echo_rx_interval_us(us); })}) {
        if (wrong) return *wrong;
    }
    if (options.demand_mode) out.set_demand_mode(*options.demand_mode);
    if (options.detect_mult) out.set_detect_mult(*options.detect_mult);
    if (options.padded_pdu_size) out.set_padded_pdu_size(*options.padded_pdu_size);
    if (options.min_ttl) out.set_min_ttl(*options.min_ttl);
    if (options.dscp) out.set_dscp(*options.dscp);
    if (options.passive) out.set_passive(*options.passive);
    if (options.congestion_control) out.set_congestion_control(*options.congestion_control);
    if (options.match_source) out.set_match_source(*options.match_source);
    if (options.follow_link) out.set_follow_link(*options.follow_link);
    if (options.interval_alignment) out.set_interval_alignment(*options.interval_alignment);
    if (!options.up_hold.empty()) {
        const auto ms = milliseconds_of("--up-hold", options.up_hold);
        if (!ms.ok()) return ms.error();
        out.set_up_hold_ms(ms.value());
    }
    if (!options.down_hold.empty()) {
        const auto ms = milliseconds_of("--down-hold", options.down_hold);
        if (!ms.ok()) return ms.error();
        out.set_down_hold_ms(ms.value());
    }
    if (!options.dampening.empty()) {
        auto dampening = dampening_of(options.dampening);
        if (!dampening.ok()) return dampening.error();
        *out.mutable_dampening() = std::move(dampening).value();
    }
    out.set_admin_down(options.admin_down);
    if (options.tunnel != TunnelOptions{}) {
        fill(options.tunnel, *out.mutable_tunnel());
        if (auto wrong = fill_labels(options.tunnel, *out.mutable_tunnel())) return *wrong;
    }
    if (!options.auth_type.empty() || !options.key_chain.empty()) {
        out.mutable_auth()->set_type(auth_type_of(options.auth_type));
        out.mutable_auth()->set_key_chain(options.key_chain);
    }
    return out;
}

/// Adds every selector of the command line to a request.
template <class Request>
std::optional<Error> select(const SelectOptions& options, Request& request) {
    for (const std::string& text : options.selectors) {
        auto selector = selector_of(text, options.port, options.local);
        if (!selector.ok()) return selector.error();
        *request.add_sessions() = std::move(selector).value();
    }
    return std::nullopt;
}

void show(const Context& context, const v1::Session& session) {
    if (context.format != Format::Table) return print_json(context.out, session, context.format);
    session_properties(session, unix_now_us()).print(context.out, context.colour);
}

template <class Response>
void show_all(const Context& context, const Response& response) {
    if (context.format != Format::Table) return print_json(context, response, response.sessions());
    Table table = session_table();
    for (const v1::Session& session : response.sessions()) add_row(table, session, unix_now_us());
    table.print(context.out, context.colour);
}

}  // namespace

Result<v1::SessionFilter> filter_of(const ListOptions& options) {
    v1::SessionFilter out;
    for (const std::string& word : options.states) {
        const v1::SessionState state = state_of(word);
        if (state == v1::SESSION_STATE_UNSPECIFIED) {
            return invalid("--state: \"" + word +
                           "\" is not a state: write up, init, down or admin-down");
        }
        out.add_states(state);
    }
    if (!options.remote.empty() && !parse_address(options.remote) &&
        !parse_prefix(options.remote)) {
        return invalid("--remote: \"" + options.remote +
                       "\" is neither an address nor a prefix such as 192.0.2.0/24");
    }
    out.set_port(options.port);
    out.set_remote(options.remote);
    out.set_name_contains(options.name);
    return out;
}

ExitCode session_list(const Context& context, const ListOptions& options) {
    const auto filter = filter_of(options);
    if (!filter.ok()) return refuse(context, filter.error());
    v1::ListSessionsRequest request;
    *request.mutable_filter() = filter.value();
    v1::ListSessionsResponse all;
    std::uint64_t shown = 0;
    const grpc::Status status = read_pages(
        context, options.all, request, all, shown,
        [&](const auto& wanted, auto& page) {
            return context.client.call(context.client.sessions(), &Sessions::ListSessions, wanted,
                                       page);
        },
        [](auto& page) -> auto& { return *page.mutable_sessions(); });
    if (!status.ok()) return context.fail(status);
    if (context.format == Format::Json) {
        print_json(context.out, all, Format::Json);
    } else if (context.format == Format::Table && all.sessions().empty()) {
        context.err << (all.total() == 0 ? "no sessions match\n" : "this page is empty\n");
        return ExitCode::Success;
    } else if (context.format == Format::Table) {
        show_all(context, all);
    }
    tell_of_more(context, all, shown, "sessions");
    return ExitCode::Success;
}

ExitCode session_show(const Context& context, const SelectOptions& options) {
    for (const std::string& text : options.selectors) {
        auto selector = selector_of(text, options.port, options.local);
        if (!selector.ok()) return refuse(context, selector.error());
        v1::GetSessionRequest request;
        *request.mutable_session() = std::move(selector).value();
        v1::GetSessionResponse response;
        const auto status = context.client.call(context.client.sessions(), &Sessions::GetSession,
                                                request, response);
        if (!status.ok()) return context.fail(status);
        if (context.format == Format::Table && &text != &options.selectors.front())
            context.out << '\n';
        show(context, response.session());
    }
    return ExitCode::Success;
}

ExitCode session_add(const Context& context, const SpecOptions& options) {
    auto spec = spec_of(options);
    if (!spec.ok()) return refuse(context, spec.error());
    v1::AddSessionsRequest request;
    *request.add_sessions() = std::move(spec).value();
    v1::AddSessionsResponse response;
    const auto status =
        context.client.call(context.client.sessions(), &Sessions::AddSessions, request, response);
    if (!status.ok()) return context.fail(status);
    show_all(context, response);
    return ExitCode::Success;
}

ExitCode session_set(const Context& context, const SelectOptions& which,
                     const SpecOptions& options) {
    auto selector = selector_of(which.selectors.front(), which.port, which.local);
    if (!selector.ok()) return refuse(context, selector.error());
    auto spec = spec_of(options);
    if (!spec.ok()) return refuse(context, spec.error());
    if (!options.detect_mult && !options.passive && !options.match_source && !options.min_ttl &&
        !options.padded_pdu_size && options.desired_min_tx_interval.empty() &&
        options.required_min_rx_interval.empty() && !options.demand_mode &&
        options.demand_poll_interval.empty() && options.desired_min_echo_tx_interval.empty() &&
        options.required_min_echo_rx_interval.empty() && options.auth_type.empty() &&
        !options.interval_alignment && options.up_hold.empty() && options.down_hold.empty() &&
        options.dampening.empty() && !options.dscp && !options.follow_link &&
        !options.congestion_control) {
        return refuse(context, invalid("nothing to change: give --tx, --rx, --detect-mult, "
                                       "--passive, --active, --demand, --no-demand, "
                                       "--demand-poll, --echo-tx, --echo-rx, --match-source, "
                                       "--no-match-source, --congestion-control, "
                                       "--no-congestion-control, --min-ttl, --padded-pdu-size, "
                                       "--interval-alignment, "
                                       "--no-interval-alignment, --up-hold, --down-hold, "
                                       "--dampening, --dscp, --follow-link, --no-follow-link or "
                                       "--auth"));
    }
    v1::UpdateSessionRequest request;
    *request.mutable_session() = std::move(selector).value();
    *request.mutable_spec() = std::move(spec).value();
    v1::UpdateSessionResponse response;
    const auto status =
        context.client.call(context.client.sessions(), &Sessions::UpdateSession, request, response);
    if (!status.ok()) return context.fail(status);
    show(context, response.session());
    if (context.format == Format::Table && response.session().status().poll_in_progress()) {
        context.err << "the peer is being told; what is in force follows when it has answered\n";
    }
    return ExitCode::Success;
}

ExitCode session_delete(const Context& context, const SelectOptions& options) {
    v1::DeleteSessionsRequest request;
    if (const auto error = select(options, request)) return refuse(context, *error);
    v1::DeleteSessionsResponse response;
    const auto status = context.client.call(context.client.sessions(), &Sessions::DeleteSessions,
                                            request, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context.out, response, context.format);
    } else {
        context.out << response.deleted() << (response.deleted() == 1 ? " session" : " sessions")
                    << " deleted\n";
    }
    return ExitCode::Success;
}

ExitCode session_delete_matching(const Context& context, const ListOptions& options) {
    const auto filter = filter_of(options);
    if (!filter.ok()) return refuse(context, filter.error());
    if (!options.all && filter.value().ByteSizeLong() == 0) {
        return refuse(context, invalid("nothing chosen: give sessions, a filter (--state, "
                                       "--port, --remote, --name), or --all"));
    }
    v1::DeleteMatchingSessionsRequest request;
    *request.mutable_filter() = filter.value();
    v1::DeleteMatchingSessionsResponse response;
    const auto status = context.client.call(context.client.sessions(),
                                            &Sessions::DeleteMatchingSessions, request, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context.out, response, context.format);
        return ExitCode::Success;
    }
    context.out << response.deleted() << (response.deleted() == 1 ? " session" : " sessions")
                << " deleted\n";
    if (response.kept() != 0) {
        context.err << response.kept()
                    << " more match, but belong to the configuration file: delete them there and "
                       "reload\n";
    }
    return ExitCode::Success;
}

ExitCode session_poll(const Context& context, const SelectOptions& options) {
    v1::PollSessionsRequest request;
    if (const auto error = select(options, request)) return refuse(context, *error);
    v1::PollSessionsResponse response;
    const auto status =
        context.client.call(context.client.sessions(), &Sessions::PollSessions, request, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context.out, response, context.format);
    } else {
        context.out << response.polled() << (response.polled() == 1 ? " session" : " sessions")
                    << " asked for an answer\n";
    }
    return ExitCode::Success;
}

ExitCode session_clear_dampening(const Context& context, const SelectOptions& options) {
    v1::ClearDampeningRequest request;
    if (const auto error = select(options, request)) return refuse(context, *error);
    v1::ClearDampeningResponse response;
    const auto status = context.client.call(context.client.sessions(), &Sessions::ClearDampening,
                                            request, response);
    if (!status.ok()) return context.fail(status);
    show_all(context, response);
    return ExitCode::Success;
}

ExitCode session_admin(const Context& context, const SelectOptions& options, bool down) {
    v1::SetAdminStateRequest request;
    if (const auto error = select(options, request)) return refuse(context, *error);
    request.set_admin_down(down);
    v1::SetAdminStateResponse response;
    const auto status =
        context.client.call(context.client.sessions(), &Sessions::SetAdminState, request, response);
    if (!status.ok()) return context.fail(status);
    show_all(context, response);
    return ExitCode::Success;
}

}  // namespace tocsin::control::ctl
