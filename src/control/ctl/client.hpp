#pragma once

#include "control/ctl/stop.hpp"
#include "tocsin/v1/daemon.grpc.pb.h"
#include "tocsin/v1/lag.grpc.pb.h"
#include "tocsin/v1/sbfd.grpc.pb.h"
#include "tocsin/v1/session.grpc.pb.h"
#include "tocsin/v1/unsolicited.grpc.pb.h"
#include "tocsin/v1/watch.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

namespace tocsin::control::ctl {

/// The daemon behind a socket. Connects with the first call.
class Client {
public:
    /// `stop` cancels a call that waits.
    Client(std::string socket, std::chrono::milliseconds timeout, Stop& stop);

    /// One unary call with the deadline of --timeout.
    template <class Stub, class Request, class Response>
    [[nodiscard]] grpc::Status call(Stub& stub,
                                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                                    const Request& request, Response& response) const {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + timeout_);
        stop_.on_request([&context] { context.TryCancel(); });
        grpc::Status status = (stub.*method)(&context, request, &response);
        stop_.on_request({});
        return status;
    }

    [[nodiscard]] v1::SessionService::Stub& sessions() const { return *sessions_; }
    [[nodiscard]] v1::WatchService::Stub& watch() const { return *watch_; }
    [[nodiscard]] v1::DaemonService::Stub& daemon() const { return *daemon_; }
    [[nodiscard]] v1::ConfigService::Stub& config() const { return *config_; }
    [[nodiscard]] v1::LagService::Stub& lags() const { return *lags_; }
    [[nodiscard]] v1::UnsolicitedService::Stub& unsolicited() const { return *unsolicited_; }
    [[nodiscard]] v1::SbfdService::Stub& sbfd() const { return *sbfd_; }

    /// One sentence for a person about a call that failed.
    [[nodiscard]] std::string explain(const grpc::Status& status) const;
    [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

private:
    std::string socket_;
    std::chrono::milliseconds timeout_;
    Stop& stop_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::SessionService::Stub> sessions_;
    std::unique_ptr<v1::WatchService::Stub> watch_;
    std::unique_ptr<v1::DaemonService::Stub> daemon_;
    std::unique_ptr<v1::ConfigService::Stub> config_;
    std::unique_ptr<v1::UnsolicitedService::Stub> unsolicited_;
    std::unique_ptr<v1::LagService::Stub> lags_;
    std::unique_ptr<v1::SbfdService::Stub> sbfd_;
};

}  // namespace tocsin::control::ctl
