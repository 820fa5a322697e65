#include "control/grpc/server.hpp"

#include "control/base/log.hpp"
#include "control/grpc/config_service.hpp"
#include "control/grpc/daemon_service.hpp"
#include "control/grpc/lag_service.hpp"
#include "control/grpc/sbfd_service.hpp"
#include "control/grpc/session_service.hpp"
#include "control/grpc/unix_socket.hpp"
#include "control/grpc/unsolicited_service.hpp"
#include "control/grpc/watch_service.hpp"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <sys/stat.h>

#include <mutex>
#include <utility>

namespace tocsin::control::api {

namespace {

constexpr int kLargestRequest = 16 << 20;  // octets
constexpr int kMostThreads = 64;
constexpr std::string_view kUnix = "unix:";

void log_of_grpc(gpr_log_func_args* args) {
    log::write(log::Level::Debug, "grpc", "message",
               {{"severity", gpr_log_severity_string(args->severity)}, {"text", args->message}});
}

class GrpcServer final : public Server {
public:
    GrpcServer(Backend& backend, metrics::ApiCounters& counters)
        : sessions_{backend, counters},
          watch_{backend, counters},
          daemon_{backend, counters},
          config_{backend, counters},
          unsolicited_{backend, counters},
          lags_{backend, counters},
          sbfd_{backend, counters} {}

    ~GrpcServer() override { stop(std::chrono::milliseconds{0}); }

    Result<Ok> listen(const std::vector<std::string>& addresses) {
        grpc::ServerBuilder builder;
        std::vector<std::string> paths;
        for (const std::string& address : addresses) {
            if (!address.starts_with(kUnix)) {
                return Error{ErrorKind::InvalidArgument, address + " is not unix:PATH",
                             "api.listen"};
            }
            paths.push_back(address.substr(kUnix.size()));
            if (auto prepared = prepare_unix_socket(paths.back()); !prepared) return prepared;
            builder.AddListeningPort(address, grpc::InsecureServerCredentials());
        }
        builder.SetMaxReceiveMessageSize(kLargestRequest);
        builder.SetResourceQuota(grpc::ResourceQuota{"tocsin"}.SetMaxThreads(kMostThreads));
        builder.RegisterService(&sessions_);
        builder.RegisterService(&watch_);
        builder.RegisterService(&daemon_);
        builder.RegisterService(&config_);
        builder.RegisterService(&unsolicited_);
        builder.RegisterService(&lags_);
        builder.RegisterService(&sbfd_);
        const mode_t mask = ::umask(0117);  // from the first moment nobody else may connect
        server_ = builder.BuildAndStart();
        ::umask(mask);
        if (server_ == nullptr) {
            return Error{ErrorKind::Unavailable,
                         "cannot listen on " + (addresses.empty() ? "nothing" : addresses.front()) +
                             ": look at the rights of its directory",
                         "api.listen"};
        }
        for (const std::string& path : paths) ::chmod(path.c_str(), 0660);
        set_serving(false);
        return Ok{};
    }

    void set_serving(bool serving) override {
        server_->GetHealthCheckService()->SetServingStatus(serving);
    }

    void stop(std::chrono::milliseconds at_most) override {
        if (server_ == nullptr) return;
        server_->Shutdown(std::chrono::system_clock::now() + at_most);
        server_->Wait();
    }

    std::shared_ptr<grpc::Channel> in_process_channel() override {
        return server_->InProcessChannel({});
    }

private:
    SessionService sessions_;
    WatchService watch_;
    DaemonService daemon_;
    ConfigService config_;
    UnsolicitedService unsolicited_;
    LagService lags_;
    SbfdService sbfd_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const std::vector<std::string>& listen,
                                              Backend& backend, metrics::ApiCounters& counters) {
    static std::once_flag once;
    std::call_once(once, [] {
        gpr_set_log_function(log_of_grpc);
        grpc::EnableDefaultHealthCheckService(true);
        // Explicit, since a linker drops the library's static initialiser.
        grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    });
    auto server = std::make_unique<GrpcServer>(backend, counters);
    if (auto listening = server->listen(listen); !listening) return listening.error();
    return std::unique_ptr<Server>{std::move(server)};
}

}  // namespace tocsin::control::api
