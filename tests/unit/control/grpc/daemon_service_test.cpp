#include "control/grpc/unix_socket.hpp"
#include "fixture.hpp"
#include "tocsin/v1/daemon.pb.h"

#include <grpcpp/generic/generic_stub.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace tocsin::control::api {
namespace {

class DaemonServiceTest : public ApiFixture {
protected:
    v1::ReloadResponse reload() {
        v1::ReloadResponse response;
        grpc::ClientContext context;
        EXPECT_TRUE(configs->Reload(&context, {}, &response).ok());
        return response;
    }
    std::string config_with(const std::string& more) { return test::TestDaemon::kConfig + more; }
};

TEST_F(DaemonServiceTest, NeighboursComeInPages) {
    ASSERT_TRUE(add({spec("10.0.0.3"), spec("10.0.0.5"), spec("10.0.0.4")}).first.ok());
    const auto list = [&](const v1::ListNeighborsRequest& request) {
        grpc::ClientContext context;
        v1::ListNeighborsResponse response;
        const auto status = daemons->ListNeighbors(&context, request, &response);
        return std::pair{status, response};
    };
    v1::ListNeighborsRequest request;
    request.set_page_size(3);
    request.set_port("p0");
    const auto [status, first] = list(request);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(first.neighbors_size(), 3);
    EXPECT_EQ(first.total(), 4U);
    EXPECT_EQ(first.neighbors(0).address(), "10.0.0.2");
    EXPECT_EQ(first.neighbors(2).address(), "10.0.0.4");
    request.set_page_token(first.next_page_token());
    const auto last = list(request).second;
    ASSERT_EQ(last.neighbors_size(), 1);
    EXPECT_EQ(last.neighbors(0).address(), "10.0.0.5");
    EXPECT_EQ(last.total(), 4U);
    EXPECT_EQ(last.next_page_token(), "");

    request.set_port("");
    expect(list(request).first, Code::INVALID_ARGUMENT, "page_token");
    request.set_page_token("x");
    expect(list(request).first, Code::INVALID_ARGUMENT, "page_token");
    request.set_page_token("");
    request.set_page_size(10'001);
    expect(list(request).first, Code::INVALID_ARGUMENT, "page_size");
    request.set_page_size(0);
    request.set_port("p9");
    expect(list(request).first, Code::INVALID_ARGUMENT, "port");
}

TEST_F(DaemonServiceTest, ShowsVersionPortsNeighboursWorkersAndStats) {
    ASSERT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
    {
        grpc::ClientContext context;
        v1::GetVersionResponse r;
        ASSERT_TRUE(daemons->GetVersion(&context, {}, &r).ok());
        EXPECT_EQ(r.version(), "1.2.3");
        EXPECT_EQ(r.max_sessions(), 30U);
        EXPECT_EQ(r.config_file(), daemon.config_file());
    }
    {
        grpc::ClientContext context;
        v1::ListPortsResponse r;
        ASSERT_TRUE(daemons->ListPorts(&context, {}, &r).ok());
        ASSERT_EQ(r.ports_size(), 1);
        EXPECT_EQ(r.ports(0).mac(), "02:00:00:00:00:01");
        EXPECT_TRUE(r.ports(0).link_up());
        ASSERT_EQ(r.ports(0).addresses_size(), 3);
        EXPECT_EQ(r.ports(0).addresses(2), "fe80::ff:fe00:1/64");
    }
    {
        grpc::ClientContext context;
        v1::ListNeighborsResponse r;
        ASSERT_TRUE(daemons->ListNeighbors(&context, {}, &r).ok());
        ASSERT_EQ(r.neighbors_size(), 1);
        EXPECT_EQ(r.neighbors(0).address(), "10.0.0.2");
        EXPECT_EQ(r.neighbors(0).port(), "p0");
        EXPECT_EQ(r.neighbors(0).mac(), "02:00:00:00:00:02");
        EXPECT_EQ(r.neighbors(0).sessions(), 1U);
        EXPECT_EQ(r.total(), 1U);
        EXPECT_EQ(r.next_page_token(), "");
    }
    {
        grpc::ClientContext context;
        v1::ListWorkersResponse r;
        ASSERT_TRUE(daemons->ListWorkers(&context, {}, &r).ok());
        ASSERT_EQ(r.workers_size(), 2);
        EXPECT_GT(r.workers(0).heartbeat(), 0U);
        EXPECT_EQ(r.cycles_per_second(), 2e9);
        EXPECT_TRUE(r.workers(1).has_load());
        EXPECT_EQ(r.workers(0).late_tx().counts_size(),
                  r.workers(0).late_tx().bounds_us_size() + 1);
    }
    grpc::ClientContext context;
    v1::GetStatsResponse r;
    ASSERT_TRUE(daemons->GetStats(&context, {}, &r).ok());
    EXPECT_EQ(r.sessions_up(), 1U);
    EXPECT_EQ(r.transitions_up(), 1U);
    EXPECT_GT(r.rx_packets(), 0U);
}

TEST_F(DaemonServiceTest, ChecksAConfigurationWithoutTouchingAnything) {
    v1::CheckConfigRequest request;
    request.set_toml(
        "[dataplane]\nmax_sessions = 0\n[[port]]\nname = \"p\"\ndevice = \"net_null0\"\n");
    v1::CheckConfigResponse response;
    grpc::ClientContext context;
    ASSERT_TRUE(configs->CheckConfig(&context, request, &response).ok());
    ASSERT_EQ(response.faults_size(), 1);
    EXPECT_EQ(response.faults(0).path(), "dataplane.max_sessions");
    EXPECT_EQ(response.faults(0).line(), 2U);
}

TEST_F(DaemonServiceTest, ReloadsTheDifferenceAndLeavesTheRestUp) {
    ASSERT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
    ASSERT_TRUE(add({spec("10.0.0.4")}).first.ok());
    daemon.write_config(config_with("[[session]]\nremote = \"10.0.0.3\"\nport = \"p0\"\n"));
    const auto r = reload();
    EXPECT_EQ(r.faults_size(), 0);
    EXPECT_EQ(r.added(), 1U);
    EXPECT_EQ(r.unchanged(), 1U);
    EXPECT_EQ(list({}).second.total(), 3U) << "what the API added stays";
    EXPECT_EQ(get(by_name("rr1")).second.status().down_count(), 0U);
    EXPECT_EQ(reload().added(), 0U) << "the same file again changes nothing";
}

TEST_F(DaemonServiceTest, ChangesNothingWhenTheNewFileHasMistakes) {
    daemon.write_config(
        config_with("[[session]]\nremote = \"10.0.0.3\"\nport = \"p0\"\n"
                    "[[session]]\nremote = \"10.0.0.4\"\nport = \"p9\"\n"));
    const auto r = reload();
    ASSERT_EQ(r.faults_size(), 1);
    EXPECT_EQ(r.faults(0).path(), "session[2].port");
    EXPECT_EQ(list({}).second.total(), 1U);
}

TEST_F(DaemonServiceTest, ChangesNothingWhenTheApiOwnsAPeerOfTheNewFile) {
    ASSERT_TRUE(add({spec("10.0.0.4")}).first.ok());
    daemon.write_config(
        config_with("[[session]]\nremote = \"10.0.0.3\"\nport = \"p0\"\n"
                    "[[session]]\nremote = \"10.0.0.4\"\nport = \"p0\"\n"));
    const auto r = reload();
    ASSERT_EQ(r.faults_size(), 1);
    EXPECT_NE(r.faults(0).path().find("10.0.0.4"), std::string::npos);
    EXPECT_EQ(list({}).second.total(), 2U);
}

TEST_F(DaemonServiceTest, ReportsWhatNeedsARestartEachTime) {
    std::string text = test::TestDaemon::kConfig;
    text.replace(text.find("max_sessions = 30"), 17, "max_sessions = 31");
    daemon.write_config(text);
    for (int i = 0; i < 2; ++i) {
        const auto r = reload();
        ASSERT_EQ(r.needs_restart_size(), 1);
        EXPECT_EQ(r.needs_restart(0), "dataplane.max_sessions");
    }
}

TEST_F(DaemonServiceTest, ServesOnASocketOfMode0660) {
    struct stat s {};
    ASSERT_EQ(::stat(daemon.socket().c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777U, 0660U);
    const auto channel =
        grpc::CreateChannel("unix:" + daemon.socket(), grpc::InsecureChannelCredentials());
    const auto stub = v1::DaemonService::NewStub(channel);
    grpc::ClientContext context;
    v1::GetVersionResponse r;
    EXPECT_TRUE(stub->GetVersion(&context, {}, &r).ok());
}

TEST_F(DaemonServiceTest, OffersHealthAndReflection) {
    grpc::GenericStub stub{daemon.channel};
    {
        grpc::ClientContext context;
        grpc::CompletionQueue queue;
        const grpc::Slice empty;
        const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                                grpc::ByteBuffer{&empty, 1}, &queue);
        call->StartCall();
        grpc::ByteBuffer answer;
        grpc::Status status;
        call->Finish(&answer, &status, nullptr);
        void* tag = nullptr;
        bool ok = false;
        ASSERT_TRUE(queue.Next(&tag, &ok));
        EXPECT_TRUE(status.ok()) << status.error_message();
    }
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto stream = stub.PrepareCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
    void* tag = nullptr;
    bool ok = false;
    stream->StartCall(nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok));
    stream->WritesDone(nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok));
    grpc::Status status;
    stream->Finish(&status, nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST(UnixSocket, IsRefusedWhileSomebodyListensAndRemovedWhenStale) {
    const std::string path = "/tmp/tocsin-test-socket-" + std::to_string(::getpid());
    ::unlink(path.c_str());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(fd, 1), 0);
    const auto taken = prepare_unix_socket(path);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().kind, ErrorKind::Unavailable);
    ::close(fd);
    EXPECT_TRUE(prepare_unix_socket(path).ok());
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(UnixSocket, NeverReplacesAnotherKindOfFile) {
    const std::string path = "/tmp/tocsin-test-file-" + std::to_string(::getpid());
    std::ofstream{path} << "precious";
    EXPECT_EQ(prepare_unix_socket(path).error().kind, ErrorKind::FailedPrecondition);
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
    ::unlink(path.c_str());
    EXPECT_FALSE(prepare_unix_socket(std::string(200, 'x')).ok());
}

}  // namespace
}  // namespace tocsin::control::api
