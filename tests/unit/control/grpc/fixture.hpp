#pragma once

#include "support/test_daemon.hpp"
#include "tocsin/v1/daemon.grpc.pb.h"
#include "tocsin/v1/session.grpc.pb.h"
#include "tocsin/v1/watch.grpc.pb.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace tocsin::control::api {

/// Clients of a whole daemon, through a real channel inside the process.
class ApiFixture : public testing::Test {
protected:
    explicit ApiFixture(const std::string& config = test::TestDaemon::kConfig) : daemon{config} {}

    using Code = grpc::StatusCode;

    static void expect(const grpc::Status& s, Code code, std::string_view text = {}) {
        EXPECT_EQ(s.error_code(), code) << s.error_message();
        EXPECT_NE(s.error_message().find(text), std::string::npos) << s.error_message();
    }
    static v1::SessionSpec spec(const std::string& remote) {
        v1::SessionSpec s;
        s.set_remote(remote);
        s.set_desired_min_tx_interval_us(50'000);
        s.set_required_min_rx_interval_us(50'000);
        return s;
    }
    static v1::SessionSelector by_id(std::uint64_t id) {
        v1::SessionSelector s;
        s.set_id(id);
        return s;
    }
    static v1::SessionSelector by_name(const std::string& name) {
        v1::SessionSelector s;
        s.set_name(name);
        return s;
    }

    std::pair<grpc::Status, v1::AddSessionsResponse> add(std::vector<v1::SessionSpec> specs) {
        v1::AddSessionsRequest request;
        for (auto& s : specs) *request.add_sessions() = std::move(s);
        v1::AddSessionsResponse response;
        grpc::ClientContext context;
        const auto status = sessions->AddSessions(&context, request, &response);
        return {status, response};
    }
    std::pair<grpc::Status, v1::DeleteSessionsResponse> remove(
        const std::vector<v1::SessionSelector>& selectors) {
        v1::DeleteSessionsRequest request;
        for (const auto& s : selectors) *request.add_sessions() = s;
        v1::DeleteSessionsResponse response;
        grpc::ClientContext context;
        const auto status = sessions->DeleteSessions(&context, request, &response);
        return {status, response};
    }
    std::pair<grpc::Status, v1::Session> get(const v1::SessionSelector& selector) {
        v1::GetSessionRequest request;
        *request.mutable_session() = selector;
        v1::GetSessionResponse response;
        grpc::ClientContext context;
        const auto status = sessions->GetSession(&context, request, &response);
        return {status, response.session()};
    }
    std::pair<grpc::Status, v1::ListSessionsResponse> list(const v1::ListSessionsRequest& request) {
        v1::ListSessionsResponse response;
        grpc::ClientContext context;
        const auto status = sessions->ListSessions(&context, request, &response);
        return {status, response};
    }
    /// The daemon's time runs with each question, so that this ends.
    bool becomes(const v1::SessionSelector& selector, v1::SessionState state) {
        for (int i = 0; i < 5000; ++i) {
            if (get(selector).second.status().state() == state) return true;
        }
        return false;
    }

    test::TestDaemon daemon;
    std::unique_ptr<v1::SessionService::Stub> sessions{v1::SessionService::NewStub(daemon.channel)};
    std::unique_ptr<v1::WatchService::Stub> watches{v1::WatchService::NewStub(daemon.channel)};
    std::unique_ptr<v1::DaemonService::Stub> daemons{v1::DaemonService::NewStub(daemon.channel)};
    std::unique_ptr<v1::ConfigService::Stub> configs{v1::ConfigService::NewStub(daemon.channel)};
};

}  // namespace tocsin::control::api
