#pragma once

#include "control/base/result.hpp"
#include "control/config/session_rules.hpp"
#include "control/config/session_type.hpp"
#include "control/grpc/backend.hpp"
#include "control/session/manager.hpp"
#include "tocsin/v1/daemon.pb.h"
#include "tocsin/v1/session.pb.h"
#include "tocsin/v1/watch.pb.h"

#include <grpcpp/support/status.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::control::api {

/// Each kind of Error has a gRPC status of its own; the text becomes its message.
[[nodiscard]] grpc::StatusCode to_code(ErrorKind kind);
[[nodiscard]] grpc::Status to_status(const Error& error);
[[nodiscard]] grpc::Status shutting_down();

/// A type that to_draft() has no word for; nullopt when it is fine.
[[nodiscard]] std::optional<std::string> type_fault(const v1::SessionSpec& spec);
[[nodiscard]] config::SessionDraft to_draft(const v1::SessionSpec& spec);
/// As a field of the proto: the intervals have their unit in the name there.
[[nodiscard]] std::string field_name(std::string_view member);
/// The faults of one spec, `where` is such as sessions[2]; field names are the proto's.
[[nodiscard]] Error to_error(const std::vector<config::MemberFault>& faults,
                             const std::string& where);

/// Full: everything; Brief: the fields that SESSION_VIEW_BRIEF names.
enum class Detail : std::uint8_t { Full, Brief };
[[nodiscard]] Result<Detail> to_detail(v1::SessionView view, const std::string& where);

void to_proto(const notify::Dampening& from, v1::Dampening& to);
void to_proto(const session::SessionView& view, v1::Session& out, Detail detail = Detail::Full);
void to_proto(const session::WatchItem& item, v1::WatchEvent& out, Detail detail = Detail::Full);
void to_proto(const config::Faults& faults,
              google::protobuf::RepeatedPtrField<v1::ConfigFault>& out);

/// For a client to which an AdminDown is a failure, RFC 5882 3.2.
void tell_admin_down_as_failure(v1::WatchEvent& event);

[[nodiscard]] v1::SessionState to_proto(bfd::SessionState state);
[[nodiscard]] v1::Origin to_proto(session::Origin origin);
void to_proto(const auth::Authentication& how, v1::Authentication& out);

/// Errors name the field below `where`.
[[nodiscard]] Result<session::Selector> to_selector(const v1::SessionSelector& selector,
                                                    const std::string& where);
[[nodiscard]] Result<session::Filter> to_filter(const v1::SessionFilter& filter,
                                                const SpecContext& context);

}  // namespace tocsin::control::api
