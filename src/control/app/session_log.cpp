#include "control/app/session_log.hpp"

#include "control/base/address.hpp"
#include "control/config/session_type.hpp"
#include "control/session/packet_size.hpp"
#include "dataplane/bfd/diag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tocsin::control::app {

namespace {

std::string discriminator(const session::SessionRecord& record) {
    return fmt::format("0x{:08x}", record.handle.local_discr.value);
}

std::string milliseconds(Nanoseconds t) {
    return fmt::format("{:.3f}", static_cast<double>(t.count()) / 1e6);
}

/// What the packet history shows for certain, all since the last accepted packet; "none" without.
std::string text(const bfd::DownEvidence& evidence) {
    if (!evidence.known) return "none";
    std::string out = fmt::format("sent>={}", evidence.sent);
    if (evidence.not_sent != 0) out += fmt::format(" not_sent>={}", evidence.not_sent);
    if (evidence.dropped != 0) {
        out += fmt::format(" dropped>={} last={}", evidence.dropped, name(evidence.dropped_as));
    }
    return out;
}

const char* status_name(bfd::Status status) {
    switch (status) {
        case bfd::Status::Ok:
            return "Ok";
        case bfd::Status::NoSuchSession:
            return "NoSuchSession";
        case bfd::Status::SlotTaken:
            return "SlotTaken";
        case bfd::Status::KeyExists:
            return "KeyExists";
        case bfd::Status::NoSuchKeyChain:
            return "NoSuchKeyChain";
        case bfd::Status::NoRoomForEcho:
            return "NoRoomForEcho";
        case bfd::Status::NoRoomForCongestionControl:
            return "NoRoomForCongestionControl";
        case bfd::Status::Busy:
            return "Busy";
    }
    return "?";
}

}  // namespace

SessionLog::SessionLog(const session::Registry& registry, const message::Dataplane& dataplane,
                       const auth::Chains& chains)
    : registry_{registry}, dataplane_{dataplane}, chains_{chains}, unmatched_{dataplane} {}

void SessionLog::added(const session::SessionRecord& r) {
    // RFC 5883 6: whoever can reach us over several hops can send us packets.
    if (r.type == SessionType::MultiHop && r.parameters.key_chain == 0 && allow()) {
        log::write(
            log::Level::Warn, "bfd", "multihop_without_authentication",
            {{"id", r.id.value}, {"peer", to_string(r.remote)}, {"local", to_string(r.local)}});
    }
    // RFC 5884 8: what comes routed is multihop, and labels protect nothing by themselves.
    if (r.tunnel && r.tunnel->labels && r.parameters.key_chain == 0 && allow()) {
        log::write(log::Level::Warn, "bfd", "labels_without_authentication",
                   {{"id", r.id.value},
                    {"peer", to_string(r.remote)},
                    {"local", to_string(r.local)},
                    {"type", config::type_name(r.type)},
                    {"of", config::describe_tunnel(r.type, r.local, *r.tunnel)}});
    }
    // RFC 8971 9, RFC 9521 6: a tunnel protects nothing by itself.
    if (r.tunnel && !r.tunnel->labels && r.parameters.key_chain == 0 && allow()) {
        log::write(log::Level::Warn, "bfd", "tunnel_without_authentication",
                   {{"id", r.id.value},
                    {"peer", to_string(r.remote)},
                    {"local", to_string(r.local)},
                    {"type", config::type_name(r.type)},
                    {"vni", r.tunnel->vni}});
    }
    // RFC 7880 11: the password may be that of other services.
    if (r.type == SessionType::Sbfd &&
        chains_.at(r.parameters.key_chain).type == bfd::AuthType::SimplePassword) {
        log::write(log::Level::Warn, "sbfd", "simple_password",
                   {{"id", r.id.value}, {"peer", to_string(r.remote)}});
    }
    if (!log::enabled(log::Level::Info) || !allow()) return;
    log::write(log::Level::Info, "bfd", "session_added",
               {{"id", r.id.value},
                {"peer", to_string(r.remote)},
                {"local", to_string(r.local)},
                {"port", port(r)},
                {"type", config::type_name(r.type)},
                {"origin", name(r.origin)},
                {"local_discr", discriminator(r)},
                {"source_port", r.source_port}});
}

void SessionLog::changed(const session::SessionRecord& r, const bfd::SessionEvent& e) {
    const auto caused = [&](bfd::EventCause c) {
        return (e.causes & static_cast<std::uint8_t>(c)) != 0;
    };
    if (caused(bfd::EventCause::State) && log::enabled(log::Level::Info) && allow()) {
        const bool heard = e.now.last_rx != Instant{};
        log::write(log::Level::Info, "bfd", "session_state_changed",
                   {{"id", r.id.value},
                    {"peer", to_string(r.remote)},
                    {"port", port(r)},
                    {"local_discr", discriminator(r)},
                    {"from", bfd::name(e.reported_state)},
                    {"to", bfd::name(e.now.session_state)},
                    {"diag", bfd::name(e.now.local_diag)},
                    {"remote_diag", bfd::name(e.now.remote_diag)},
                    {"remote_state", bfd::name(e.now.remote_session_state)},
                    {"initiator", notify::name(r.initiator)},
                    {"indication", notify::name(r.told.indication)},
                    {"held", notify::name(r.told.held)},
                    {"transitions", e.transitions},
                    {"downs", e.downs},
                    {"down_diag", e.downs == 0 ? std::string_view{"none"} : bfd::name(e.down_diag)},
                    {"since_last_rx_ms",
                     heard ? milliseconds(std::max(Nanoseconds{}, e.last_at - e.now.last_rx))
                           : std::string{"never"}},
                    {"loop_gap_ms", milliseconds(e.loop_gap)},
                    {"evidence", text(e.evidence)}});
        const std::string hint =
            session::size_hint(session::header_octets(r), r.padded_pdu_size, e.now);
        if (!hint.empty()) {
            log::write(log::Level::Info, "bfd", "large_packets_lost",
                       {{"id", r.id.value},
                        {"peer", to_string(r.remote)},
                        {"port", port(r)},
                        {"hint", hint}});
        }
    }
    // Where any source will do the first one is news to the worker: it is as expected.
    if (caused(bfd::EventCause::Source) && e.source != r.remote && allow()) {
        log::write(log::Level::Warn, "bfd", "peer_source_changed",
                   {{"id", r.id.value},
                    {"peer", to_string(r.remote)},
                    {"port", port(r)},
                    {"source", to_string(e.source)}});
    }
    if (caused(bfd::EventCause::Congestion) && allow()) {
        log::write(log::Level::Warn, "bfd", "session_congestion",
                   {{"id", r.id.value},
                    {"peer", to_string(r.remote)},
                    {"port", port(r)},
                    {"state", bfd::name(e.now.session_state)},
                    {"factor", unsigned{e.now.congestion_factor}},
                    {"desired_min_tx_interval_us", e.now.desired_min_tx_interval.count()},
                    {"required_min_rx_interval_us", e.now.required_min_rx_interval.count()},
                    {"backoffs", e.now.congestion_backoffs}});
    }
    if (caused(bfd::EventCause::Parameters) && log::enabled(log::Level::Debug) && allow()) {
        log::write(log::Level::Debug, "bfd", "session_parameters_changed",
                   {{"id", r.id.value},
                    {"peer", to_string(r.remote)},
                    {"port", port(r)},
                    {"tx_interval_us", e.now.tx_interval.count()},
                    {"detection_time_us", e.now.detection_time.count() / 1000}});
    }
}

void SessionLog::told(const session::SessionRecord& r) {
    if (!log::enabled(log::Level::Info) || !allow()) return;
    log::write(log::Level::Info, "bfd", "session_told",
               {{"id", r.id.value},
                {"peer", to_string(r.remote)},
                {"port", port(r)},
                {"state", bfd::name(r.status.session_state)},
                {"indication", notify::name(r.told.indication)},
                {"held", notify::name(r.told.held)},
                {"dampened", r.dampened ? "yes" : "no"}});
}

void SessionLog::deleted(const session::SessionRecord& r) {
    if (!log::enabled(log::Level::Info) || !allow()) return;
    log::write(log::Level::Info, "bfd", "session_deleted",
               {{"id", r.id.value},
                {"peer", to_string(r.remote)},
                {"port", port(r)},
                {"state", bfd::name(r.status.session_state)}});
}

void SessionLog::refused(const session::SessionRecord& r, const char* command, bfd::Status status) {
    if (!allow()) return;
    log::write(log::Level::Error, "control", "command_refused",
               {{"command", command},
                {"status", status_name(status)},
                {"id", r.id.value},
                {"peer", to_string(r.remote)},
                {"worker", r.worker.value}});
}

void SessionLog::report_suppressed() {
    const std::uint64_t n = limit_.take_suppressed();
    if (n != 0) log::write(log::Level::Warn, "bfd", "log_lines_suppressed", {{"count", n}});
}

bool SessionLog::allow() {
    return limit_.allow(dataplane_.now().time_since_epoch().count() / 1000);
}

std::string SessionLog::port(const session::SessionRecord& record) const {
    const session::SessionPort* const p = registry_.port(record.port);
    return p == nullptr ? std::string{} : p->name;
}

}  // namespace tocsin::control::app
