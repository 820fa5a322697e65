#include "control/grpc/config_service.hpp"

#include "control/config/load.hpp"
#include "control/grpc/convert.hpp"

namespace tocsin::control::api {

grpc::Status ConfigService::CheckConfig(grpc::ServerContext* context,
                                        const v1::CheckConfigRequest* request,
                                        v1::CheckConfigResponse* response) {
    const auto nobody_waits = [context] { return context->IsCancelled(); };
    const auto result =
        config::load_text(request->toml(), nobody_waits, config::SecretFiles::Ignored);
    to_proto(result.faults, *response->mutable_faults());
    counters_.count("CheckConfig", "OK");
    return grpc::Status::OK;
}

grpc::Status ConfigService::Reload(grpc::ServerContext*, const v1::ReloadRequest*,
                                   v1::ReloadResponse* response) {
    const ReloadReport report = backend_.reload();
    to_proto(report.faults, *response->mutable_faults());
    response->set_added(static_cast<std::uint32_t>(report.applied.added));
    response->set_removed(static_cast<std::uint32_t>(report.applied.removed));
    response->set_changed(static_cast<std::uint32_t>(report.applied.changed));
    response->set_key_chains_changed(report.key_chains_changed);
    response->set_unchanged(static_cast<std::uint32_t>(report.unchanged));
    response->set_config_file(backend_.config_file());
    for (const std::string& path : report.needs_restart) response->add_needs_restart(path);
    counters_.count("Reload", "OK");
    return grpc::Status::OK;
}

}  // namespace tocsin::control::api
