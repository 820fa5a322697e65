#pragma once

#include "tocsin/v1/daemon.grpc.pb.h"
#include "tocsin/v1/lag.grpc.pb.h"
#include "tocsin/v1/session.grpc.pb.h"
#include "tocsin/v1/unsolicited.grpc.pb.h"
#include "tocsin/v1/watch.grpc.pb.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

/// Three sessions, two to a page, and a record of what was asked.
class FakeSessions final : public v1::SessionService::Service {
public:
    static v1::Session session(std::uint64_t id, v1::SessionState state) {
        v1::Session out;
        out.set_id(id);
        out.set_origin(v1::ORIGIN_API);
        out.mutable_spec()->set_name("rr" + std::to_string(id));
        out.mutable_spec()->set_remote("2001:db8::" + std::to_string(id));
        out.mutable_spec()->set_local("2001:db8::ffff");
        out.mutable_spec()->set_port("wan0");
        v1::SessionStatus& status = *out.mutable_status();
        status.set_state(state);
        status.set_remote_state(state);
        status.set_tx_interval_us(50'000);
        status.set_detection_time_us(150'000);
        status.set_local_discr(0x8f21c0de);
        status.set_next_hop_resolved(true);
        status.set_role(v1::ROLE_ACTIVE);
        return out;
    }

    grpc::Status ListSessions(grpc::ServerContext*, const v1::ListSessionsRequest* request,
                              v1::ListSessionsResponse* response) override {
        list = *request;
        response->set_total(3);
        if (request->page_token().empty()) {
            *response->add_sessions() = session(1, v1::SESSION_STATE_UP);
            v1::Session& second = *response->add_sessions();
            second = session(2, v1::SESSION_STATE_DOWN);
            second.set_origin(v1::ORIGIN_UNSOLICITED);
            second.mutable_status()->set_role(v1::ROLE_PASSIVE);
            response->set_next_page_token("more");
        } else {
            *response->add_sessions() = session(3, v1::SESSION_STATE_INIT);
        }
        return grpc::Status::OK;
    }
    grpc::Status GetSession(grpc::ServerContext*, const v1::GetSessionRequest* request,
                            v1::GetSessionResponse* response) override {
        get = *request;
        if (!refusal.ok()) return refusal;
        *response->mutable_session() = session(1, v1::SESSION_STATE_UP);
        return grpc::Status::OK;
    }
    grpc::Status AddSessions(grpc::ServerContext*, const v1::AddSessionsRequest* request,
                             v1::AddSessionsResponse* response) override {
        add = *request;
        if (!refusal.ok()) return refusal;
        *response->add_sessions() = session(4, v1::SESSION_STATE_DOWN);
        return grpc::Status::OK;
    }
    /// Refuses 10.0.0.9 as existing, and has room for `bulk_room`; ends after `bulk_requests`.
    grpc::Status BulkAddSessions(
        grpc::ServerContext*,
        grpc::ServerReaderWriter<v1::BulkAddSessionsEvent, v1::BulkAddSessionsRequest>* stream)
        override {
        v1::BulkAddSessionsRequest request;
        while (stream->Read(&request)) {
            if (bulk_requests-- == 0) return bulk_end;
            v1::BulkAddSessionsEvent event;
            for (int i = 0; i < request.sessions_size(); ++i) {
                const bool exists = request.sessions(i).remote() == "10.0.0.9";
                if (!exists && bulk.size() < bulk_room) {
                    bulk.push_back(request.sessions(i));
                    event.set_added(event.added() + 1);
                    continue;
                }
                event.set_refused(event.refused() + 1);
                if (event.faults_size() == 100) continue;
                v1::SessionFault& fault = *event.add_faults();
                fault.set_index(static_cast<std::uint32_t>(i));
                fault.set_code(exists ? grpc::StatusCode::ALREADY_EXISTS
                                      : grpc::StatusCode::RESOURCE_EXHAUSTED);
                if (exists) fault.set_field("remote");
                fault.set_message(exists ? "is there" : "no room");
            }
            stream->Write(event);
        }
        return grpc::Status::OK;
    }
    grpc::Status DeleteMatchingSessions(grpc::ServerContext*,
                                        const v1::DeleteMatchingSessionsRequest* request,
                                        v1::DeleteMatchingSessionsResponse* response) override {
        matching = *request;
        response->set_deleted(7);
        response->set_kept(2);
        return grpc::Status::OK;
    }
    grpc::Status DeleteSessions(grpc::ServerContext*, const v1::DeleteSessionsRequest* request,
                                v1::DeleteSessionsResponse* response) override {
        response->set_deleted(static_cast<std::uint32_t>(request->sessions_size()));
        return refusal;
    }
    grpc::Status UpdateSession(grpc::ServerContext*, const v1::UpdateSessionRequest* request,
                               v1::UpdateSessionResponse* response) override {
        update = *request;
        *response->mutable_session() = session(1, v1::SESSION_STATE_UP);
        return grpc::Status::OK;
    }
    grpc::Status SetAdminState(grpc::ServerContext*, const v1::SetAdminStateRequest* request,
                               v1::SetAdminStateResponse* response) override {
        admin = *request;
        *response->add_sessions() = session(1, v1::SESSION_STATE_ADMIN_DOWN);
        return grpc::Status::OK;
    }
    grpc::Status GetSessionHistory(grpc::ServerContext*,
                                   const v1::GetSessionHistoryRequest* request,
                                   v1::GetSessionHistoryResponse* response) override {
        history_of = *request;
        *response = history;
        return refusal;
    }

    grpc::Status refusal;
    v1::GetSessionHistoryRequest history_of;
    v1::GetSessionHistoryResponse history;
    v1::ListSessionsRequest list;
    v1::GetSessionRequest get;
    v1::AddSessionsRequest add;
    v1::UpdateSessionRequest update;
    v1::SetAdminStateRequest admin;
    v1::DeleteMatchingSessionsRequest matching;
    std::vector<v1::SessionSpec> bulk;
    std::size_t bulk_room = 1'000'000;
    int bulk_requests = -1;  ///< negative: any number
    grpc::Status bulk_end{grpc::StatusCode::UNAVAILABLE, "gone"};
};

/// Sends its events and then stays silent until the client leaves, or ends when told so.
class FakeWatch final : public v1::WatchService::Service {
public:
    grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                       grpc::ServerWriter<v1::WatchEvent>* writer) override {
        {
            const std::lock_guard lock{mutex_};
            last_request = *request;
            ++watchers_;
            changed_.notify_all();
        }
        for (const v1::WatchEvent& event : events) writer->Write(event);
        if (end_after_events) return grpc::Status::OK;
        std::unique_lock lock{mutex_};
        while (!context->IsCancelled() && !closing_) {
            changed_.wait_for(lock, std::chrono::milliseconds{5});
        }
        return grpc::Status::OK;
    }
    void wait_for_watcher() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return watchers_ > 0; });
    }
    void close() {
        const std::lock_guard lock{mutex_};
        closing_ = true;
        changed_.notify_all();
    }

    std::vector<v1::WatchEvent> events;
    bool end_after_events = false;
    v1::WatchRequest last_request;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int watchers_ = 0;
    bool closing_ = false;
};

class FakeDaemonService final : public v1::DaemonService::Service {
public:
    grpc::Status GetVersion(grpc::ServerContext*, const v1::GetVersionRequest*,
                            v1::GetVersionResponse* response) override {
        response->set_version("9.8.7");
        response->set_dpdk("DPDK 22.11");
        return grpc::Status::OK;
    }
    grpc::Status ListPorts(grpc::ServerContext*, const v1::ListPortsRequest*,
                           v1::ListPortsResponse* response) override {
        v1::Port& port = *response->add_ports();
        port.set_name("wan0");
        port.set_link_up(true);
        port.set_link_speed_mbps(25'000);
        port.set_rx_queues(4);
        port.set_steering("rte_flow");
        port.set_steering_reason("rules spread UDP");
        port.add_addresses("192.0.2.1/24");
        port.add_addresses("2001:db8::1/64");
        return grpc::Status::OK;
    }
    grpc::Status ListKeyChains(grpc::ServerContext*, const v1::ListKeyChainsRequest*,
                               v1::ListKeyChainsResponse* response) override {
        v1::KeyChain& core = *response->add_key_chains();
        core.set_name("core");
        core.set_sessions(12);
        v1::Key& old = *core.add_keys();
        old.set_id(1);
        old.set_accepted(true);
        old.mutable_accept()->set_until(1782950400);
        v1::Key& now = *core.add_keys();
        now.set_id(2);
        now.set_accepted(true);
        now.set_signing(true);
        now.mutable_send()->set_from(1782864000);
        v1::KeyChain& edge = *response->add_key_chains();
        edge.set_name("edge");
        edge.add_keys()->set_id(9);
        return grpc::Status::OK;
    }
    v1::ListNeighborsRequest neighbors_of;
    std::uint64_t pages_of_neighbors = 1;  ///< of one each
    grpc::Status ListNeighbors(grpc::ServerContext*, const v1::ListNeighborsRequest* request,
                               v1::ListNeighborsResponse* response) override {
        neighbors_of = *request;
        v1::Neighbor& neighbor = *response->add_neighbors();
        neighbor.set_port("wan0");
        const bool first = request->page_token().empty();
        neighbor.set_address(first ? "192.0.2.2" : "192.0.2.3");
        neighbor.set_state(v1::NEIGHBOR_STATE_INCOMPLETE);
        response->set_total(pages_of_neighbors);
        if (first && pages_of_neighbors > 1) response->set_next_page_token("more");
        return grpc::Status::OK;
    }
    grpc::Status ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*,
                             v1::ListWorkersResponse* response) override {
        v1::Worker& worker = *response->add_workers();
        worker.set_lcore(1);
        worker.set_loop_gaps(4);
        worker.mutable_demand()->set_share(0.736);
        worker.mutable_overload()->set_active(true);
        worker.mutable_overload()->add_signs(v1::OVERLOAD_SIGN_BUSY);
        worker.mutable_overload()->add_signs(v1::OVERLOAD_SIGN_LATE_TX);
        v1::WorkerLoad& load = *worker.mutable_load();
        load.set_span_ms(10'000);
        load.set_busy(0.2551);
        load.set_rx_packets_per_second(20'000.4);
        load.set_tx_packets_per_second(19'999.6);
        load.set_rx_cycles_per_packet(147.6);
        load.set_tx_cycles_per_packet(222.4);
        load.set_loop_gap_p99_us(128);
        load.set_loop_gap_p999_us(2048);
        load.set_late_tx_p999_us(256);
        worker.mutable_loop_gap()->set_max_ns(1'500'000);
        (*worker.mutable_drops())["bad_length"] = 12;
        response->add_workers()->set_index(1);
        return grpc::Status::OK;
    }
    grpc::Status GetStats(grpc::ServerContext*, const v1::GetStatsRequest*,
                          v1::GetStatsResponse* response) override {
        response->set_sessions_up(17);
        (*response->mutable_drops())["bad_length"] = 12;
        return grpc::Status::OK;
    }
};

class FakeConfig final : public v1::ConfigService::Service {
public:
    grpc::Status Reload(grpc::ServerContext* context, const v1::ReloadRequest*,
                        v1::ReloadResponse* response) override {
        patience = context->deadline() - std::chrono::system_clock::now();
        *response = answer;
        return grpc::Status::OK;
    }
    v1::ReloadResponse answer;
    std::chrono::system_clock::duration patience{};  ///< how long the client would have waited
};

class FakeUnsolicited final : public v1::UnsolicitedService::Service {
public:
    grpc::Status ListUnsolicitedPolicies(grpc::ServerContext*,
                                         const v1::ListUnsolicitedPoliciesRequest*,
                                         v1::ListUnsolicitedPoliciesResponse* response) override {
        v1::UnsolicitedPolicy& p = *response->add_policies();
        p.set_port("wan0");
        p.set_enabled(true);
        p.add_allow("192.0.2.0/24");
        p.add_allow("fe80::/10");
        p.set_desired_min_tx_interval_us(50'000);
        p.set_required_min_rx_interval_us(60'000);
        p.set_detect_mult(3);
        p.mutable_auth()->set_type(v1::AUTH_TYPE_METICULOUS_KEYED_SHA1);
        p.set_max_sessions(100);
        p.set_sessions(12);
        p.set_created(20);
        p.set_ended_count(8);
        (*p.mutable_refused())["limit"] = 900;
        (*p.mutable_refused())["denied"] = 4;
        v1::EndedUnsolicitedSession& ended = *p.add_ended();
        ended.set_remote("192.0.2.9");
        ended.set_diag_name("Path Down");
        response->add_policies()->set_port("wan1");
        return grpc::Status::OK;
    }
};

class FakeLags final : public v1::LagService::Service {
public:
    grpc::Status ListLags(grpc::ServerContext*, const v1::ListLagsRequest*,
                          v1::ListLagsResponse* response) override {
        v1::Lag& lag = *response->add_lags();
        lag.set_name("lag1");
        lag.set_up(true);
        lag.set_minimum_links(1);
        lag.set_members_in_use(1);
        lag.add_local("192.0.2.1");
        lag.add_remote("192.0.2.2");
        lag.set_lacp("none");
        lag.set_actuator("log");
        lag.set_up_timeout_ms(60'000);
        for (const char* const port : {"m1", "m2"}) {
            v1::LagMember& member = *lag.add_members();
            const bool up = std::string_view{port} == "m1";
            member.set_port(port);
            member.set_known(true);
            member.set_state(v1::MEMBER_STATE_DISTRIBUTING);
            member.set_link_up(true);
            member.set_in_use(up);
            v1::MemberPlace& place = *member.add_places();
            place.set_table(v1::LAG_TABLE_BOTH);
            place.set_permitted(up);
            place.set_reason(up ? v1::MEMBER_REASON_UP : v1::MEMBER_REASON_TIMEOUT);
            v1::LagMemberSession& session = *member.add_sessions();
            session.set_family("ipv4");
            session.set_session_id(7);
            session.set_state(up ? v1::SESSION_STATE_UP : v1::SESSION_STATE_DOWN);
            session.set_peer_heard(up);
        }
        response->add_lags()->set_name("lag2");
        return grpc::Status::OK;
    }
    grpc::Status ReportMember(grpc::ServerContext*, const v1::ReportMemberRequest* request,
                              v1::ReportMemberResponse*) override {
        reported = *request;
        return request->lag() == "lag1" ? grpc::Status::OK
                                        : grpc::Status{grpc::StatusCode::NOT_FOUND, "no such LAG"};
    }
    v1::ReportMemberRequest reported;
};

/// A gRPC server on a Unix socket of this process.
class FakeDaemon {
public:
    FakeDaemon() : path_{"/tmp/tocsinctl-test-" + std::to_string(getpid()) + ".sock"} {
        grpc::ServerBuilder builder;
        builder.AddListeningPort(socket(), grpc::InsecureServerCredentials());
        builder.RegisterService(&sessions);
        builder.RegisterService(&watch);
        builder.RegisterService(&daemon);
        builder.RegisterService(&config);
        builder.RegisterService(&unsolicited);
        builder.RegisterService(&lags);
        server_ = builder.BuildAndStart();
    }
    ~FakeDaemon() {
        stop();
        unlink(path_.c_str());
    }
    void stop() {
        watch.close();
        if (server_) server_->Shutdown(std::chrono::system_clock::now());
        server_.reset();
    }
    [[nodiscard]] std::string socket() const { return "unix:" + path_; }

    FakeSessions sessions;
    FakeWatch watch;
    FakeDaemonService daemon;
    FakeConfig config;
    FakeUnsolicited unsolicited;
    FakeLags lags;

private:
    std::string path_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace tocsin::control::ctl
