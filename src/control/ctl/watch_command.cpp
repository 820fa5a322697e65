#include "control/ctl/watch_command.hpp"

#include "control/ctl/discriminator_option.hpp"
#include "control/ctl/format.hpp"
#include "control/ctl/history_text.hpp"

#include <chrono>
#include <utility>

namespace tocsin::control::ctl {

namespace {

using namespace std::chrono_literals;

constexpr auto kRetryAfter = 500ms;

std::string painted(v1::SessionState state, bool colour) {
    const Cell cell = state_cell(state);
    if (!colour || cell.colour == Colour::None) return cell.text;
    const char* const code = cell.colour == Colour::Green ? "32"
                             : cell.colour == Colour::Red ? "31"
                                                          : "33";
    return std::string{"\x1b["} + code + 'm' + cell.text + "\x1b[0m";
}

/// What sessions with one peer differ in.
std::string told_apart_by(const v1::SessionSpec& spec) {
    if (spec.has_remote_discriminator()) return discriminator_text(spec.remote_discriminator());
    if (spec.type() == v1::SESSION_TYPE_MPLS) return spec.tunnel().fec();
    if (spec.type() == v1::SESSION_TYPE_VCCV) {
        return "label " + std::to_string(spec.tunnel().label_in());
    }
    return "VNI " + std::to_string(spec.tunnel().vni());
}

std::string peer_of(const v1::Session& session) {
    const v1::SessionSpec& spec = session.spec();
    const bool routed = spec.type() == v1::SESSION_TYPE_MULTIHOP || spec.has_tunnel() ||
                        spec.has_remote_discriminator();
    const std::string tunnel =
        spec.has_tunnel() || spec.has_remote_discriminator()
            ? ' ' + std::string{session_type_name(spec.type())} + ' ' + told_apart_by(spec)
            : std::string{};
    return spec.remote() + (routed ? " from " + spec.local() : '%' + spec.port()) + tunnel +
           (spec.name().empty() ? "" : " (" + spec.name() + ')');
}

/// When the event happened; a snapshot has no time of its own but that of the last change.
std::int64_t happened_at(const v1::WatchEvent& event) {
    if (event.last_change_us() != 0) return event.last_change_us();
    if (event.kind() == v1::WATCH_KIND_SNAPSHOT)
        return event.session().status().last_state_change_us();
    return unix_now_us();
}

bool is_state_change(const v1::WatchEvent& event) {
    return event.transitions() != 0 || event.previous_state() != event.session().status().state();
}

bool wanted(const v1::WatchEvent& event, const WatchOptions& options) {
    if (!options.state_only) return true;
    switch (event.kind()) {
        case v1::WATCH_KIND_CHANGED:
            return is_state_change(event);
        case v1::WATCH_KIND_ADDED:
        case v1::WATCH_KIND_DELETED:
            return false;
        default:
            return true;
    }
}

/// Up -> Up: what was in between.
std::string interruption_text(const v1::WatchEvent& event) {
    const std::int64_t span = event.last_change_us() - event.first_change_us();
    const v1::Interruption& in = event.interruption();
    return "  was not Up in between" +
           (event.downs() > 1 ? ", " + std::to_string(event.downs()) + " times" : std::string{}) +
           ", within " + milliseconds(span) + "  diag=" + in.diag_name() +
           "  indication=" + indication_name(in.indication());
}

void print(const Context& context, const v1::WatchEvent& event) {
    if (context.format != Format::Table) {
        print_json(context.out, event, Format::JsonLines);
    } else if (const std::string line = watch_line(event, context.colour); !line.empty()) {
        context.out << line << '\n';
    }
    context.out.flush();
}

/// One connection, until it ends. `on_first` is called when the daemon answers.
template <class OnFirst>
grpc::Status follow(const Context& context, const WatchOptions& options,
                    const v1::WatchRequest& request, OnFirst on_first) {
    grpc::ClientContext call;
    const auto reader = context.client.watch().Watch(&call, request);
    context.stop.on_request([&call] { call.TryCancel(); });
    v1::WatchEvent event;
    for (bool first = true; reader->Read(&event); first = false) {
        if (first) on_first();
        if (wanted(event, options)) print(context, event);
        if (!context.out) call.TryCancel();  // nobody reads any more
    }
    grpc::Status status = reader->Finish();
    context.stop.on_request({});
    return status;
}

}  // namespace

std::string watch_line(const v1::WatchEvent& event, bool colour) {
    if (event.kind() == v1::WATCH_KIND_SNAPSHOT_END) return {};
    const v1::SessionStatus& status = event.session().status();
    std::string out = time_of(happened_at(event)) + "  " + peer_of(event.session()) + "  ";
    const std::string state = painted(status.state(), colour);
    switch (event.kind()) {
        case v1::WATCH_KIND_SNAPSHOT:
            return out + "is " + state + (status.diag() == 0 ? "" : "  diag=" + status.diag_name());
        case v1::WATCH_KIND_ADDED:
            return out + "added, " + state;
        case v1::WATCH_KIND_DELETED:
            return out + "deleted, was " + state;
        default:
            break;
    }
    if (!is_state_change(event)) {
        const std::string tx =
            status.tx_interval_us() == 0 ? "none" : milliseconds(status.tx_interval_us());
        return out + state + ", timers changed: tx " + tx + ", detection " +
               milliseconds(static_cast<std::int64_t>(status.detection_time_us())) +
               (status.dampening().dampened() ? ", dampened" : "");
    }
    out += painted(event.previous_state(), colour) + " -> " + state;
    if (event.has_interruption()) out += interruption_text(event);
    if (status.diag() != 0) out += "  diag=" + status.diag_name();
    if (status.state() != v1::SESSION_STATE_UP) {
        out += "  by=" + initiator_name(status.initiator()) +
               "  remote=" + std::string{state_name(status.remote_state())};
        if (status.remote_diag() != 0) out += "  remote_diag=" + status.remote_diag_name();
    }
    out += "  indication=" + indication_name(status.indication());
    if (event.last_rx_us() != 0 && event.last_change_us() != 0) {
        out += "  last_packet=" + milliseconds(event.last_change_us() - event.last_rx_us()) +
               " before";
    }
    if (const std::string more = evidence_text(event.evidence()); !more.empty()) {
        out += "  (" + more + ')';
    }
    if (event.transitions() > 1)
        out += "  (" + std::to_string(event.transitions()) + " changes merged)";
    if (event.loop_gap_us() != 0) {
        out += "  (the worker itself paused for " +
               milliseconds(static_cast<std::int64_t>(event.loop_gap_us())) + " before)";
    }
    return out;
}

ExitCode watch(const Context& context, const WatchOptions& options) {
    const auto filter = filter_of(options.filter);
    if (!filter.ok()) return context.fail(ExitCode::InvalidArgument, filter.error().message);
    v1::WatchRequest request;
    *request.mutable_filter() = filter.value();
    request.set_skip_snapshot(options.no_snapshot);
    request.set_admin_down_is_failure(options.admin_down_is_failure);
    bool ever_heard = false;
    if (options
            .no_snapshot) {  // it may be long until the first event tells that the daemon is there
        v1::GetVersionResponse answer;
        const auto status =
            context.client.call(context.client.daemon(), &v1::DaemonService::Stub::GetVersion,
                                v1::GetVersionRequest{}, answer);
        if (!status.ok()) return context.fail(status);
        ever_heard = true;
    }
    bool lost = false;
    const auto on_first = [&] {
        ever_heard = true;
        if (lost) context.err << "tocsinctl: tocsind is back\n";
        lost = false;
    };
    for (;;) {
        const grpc::Status status = follow(context, options, request, on_first);
        if (context.stop.requested() || !context.out) return ExitCode::Success;
        const bool gone = status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE;
        if (!gone || !ever_heard || options.no_reconnect) {
            return status.ok() ? context.fail(ExitCode::Unreachable, "tocsind ended the watch")
                               : context.fail(status);
        }
        if (!lost) {
            context.err << "tocsinctl: lost tocsind at " << context.client.socket()
                        << ", waiting for it (Ctrl-C ends)\n";
        }
        lost = true;
        request.set_skip_snapshot(false);  // whatever happened meanwhile shows in a new snapshot
        if (context.stop.wait_for(kRetryAfter)) return ExitCode::Success;
    }
}

}  // namespace tocsin::control::ctl
