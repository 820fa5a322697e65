#include "control/grpc/sbfd_service.hpp"

#include "control/base/address.hpp"
#include "control/config/sbfd.hpp"
#include "control/grpc/convert.hpp"
#include "control/grpc/session_service.hpp"

#include <string>
#include <vector>

namespace tocsin::control::api {

namespace {

void reflector_to_proto(const session::ReflectorView& view, v1::Reflector& out) {
    const config::Reflector& r = view.reflector;
    out.set_name(r.name);
    out.set_discriminator(r.discriminator.value);
    out.set_discriminator_text(config::discriminator_text(r.discriminator));
    out.set_state(r.admin_down ? v1::SESSION_STATE_ADMIN_DOWN : v1::SESSION_STATE_UP);
    out.set_required_min_rx_interval_us(r.required_min_rx_interval.count());
    out.set_required_min_echo_rx_interval_us(r.required_min_echo_rx_interval.count());
    for (const IpPrefix& prefix : r.allow) out.add_allow(to_string(prefix));
    for (const IpPrefix& prefix : r.deny) out.add_deny(to_string(prefix));
    to_proto(r.auth, *out.mutable_auth());
    out.set_answered(view.answered);
    out.set_refused(view.refused);
}

}  // namespace

grpc::Status SbfdService::ListReflectors(grpc::ServerContext*, const v1::ListReflectorsRequest*,
                                         v1::ListReflectorsResponse* response) {
    const auto reflectors = call(backend_, [&] { return backend_.reflectors(); });
    if (!reflectors) return shutting_down();
    for (const session::ReflectorView& r : *reflectors) {
        reflector_to_proto(r, *response->add_reflectors());
    }
    counters_.count("ListReflectors", "OK");
    return grpc::Status::OK;
}

grpc::Status SbfdService::SetReflectorsAdmin(grpc::ServerContext*,
                                             const v1::SetReflectorsAdminRequest* request,
                                             v1::SetReflectorsAdminResponse*) {
    std::vector<Discriminator> which;
    for (const std::uint32_t d : request->discriminators()) which.push_back({d});
    grpc::Status status = grpc::Status::OK;
    if (which.empty()) {
        status = to_status({ErrorKind::InvalidArgument, "name at least one", "discriminators"});
    } else {
        const bool down = request->admin_down();
        const auto done =
            call(backend_, [&] { return backend_.set_reflectors_admin(which, down); });
        if (!done) return shutting_down();
        if (!*done) status = to_status(done->error());
    }
    counters_.count("SetReflectorsAdmin", code_name(status.error_code()));
    return status;
}

}  // namespace tocsin::control::api
