#include "fixture.hpp"

namespace tocsin::control::api {
namespace {

class SessionServiceTest : public ApiFixture {};

TEST_F(SessionServiceTest, ShowsASessionOfTheFileUpWithItsPeer) {
    ASSERT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
    const auto [status, s] = get(by_name("rr1"));
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(s.origin(), v1::ORIGIN_CONFIG);
    EXPECT_EQ(s.spec().local(), "10.0.0.1");
    EXPECT_EQ(s.spec().profile(), "fast");
    EXPECT_EQ(s.spec().desired_min_tx_interval_us(), 50'000U);
    EXPECT_TRUE(s.status().next_hop_resolved());
    EXPECT_GT(s.status().rx_packets(), 0U);
    EXPECT_NE(s.status().local_discr(), 0U);
    EXPECT_EQ(s.status().diag_name(), "No Diagnostic");
}

TEST_F(SessionServiceTest, AddsFindsAndDeletes) {
    const auto [status, added] = add({spec("10.0.0.3"), spec("2001:db8::2")});
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(added.sessions_size(), 2);
    EXPECT_EQ(added.sessions(0).spec().remote(), "10.0.0.3");
    EXPECT_EQ(added.sessions(0).spec().port(), "p0");
    EXPECT_EQ(added.sessions(1).spec().local(), "2001:db8::1");
    EXPECT_EQ(added.sessions(1).origin(), v1::ORIGIN_API);
    v1::SessionSelector discr;
    discr.set_local_discr(added.sessions(0).status().local_discr());
    EXPECT_EQ(get(discr).second.id(), added.sessions(0).id());
    v1::SessionSelector peer;
    peer.mutable_peer()->set_remote("10.0.0.3");
    const auto [deleted, count] = remove({peer, by_id(added.sessions(1).id())});
    ASSERT_TRUE(deleted.ok()) << deleted.error_message();
    EXPECT_EQ(count.deleted(), 2U);
    expect(get(peer).first, Code::NOT_FOUND, "10.0.0.3");
}

// req: RFC5880-2-01
TEST_F(SessionServiceTest, RefusesGroupAddressesAndSendsNothing) {
    for (const char* remote :
         {"224.0.0.1", "255.255.255.255", "10.0.0.255", "0.0.0.0", "ff02::1", "::", "127.0.0.1"}) {
        expect(add({spec(remote)}).first, Code::INVALID_ARGUMENT, "sessions[0].remote");
    }
    EXPECT_EQ(list({}).second.total(), 1U);
}

// req: RFC5881-6-02
TEST_F(SessionServiceTest, RefusesAPeerOutsideTheSubnetsOfThePort) {
    expect(add({spec("192.0.2.9")}).first, Code::INVALID_ARGUMENT, "sessions[0]");
}

TEST_F(SessionServiceTest, NamesTheFieldThatIsInvalid) {
    auto mult = spec("10.0.0.4");
    mult.set_detect_mult(300);
    expect(add({spec("10.0.0.3"), mult}).first, Code::INVALID_ARGUMENT, "sessions[1].detect_mult");
    auto tx = spec("10.0.0.4");
    tx.set_desired_min_tx_interval_us(0);
    expect(add({tx}).first, Code::INVALID_ARGUMENT, "sessions[0].desired_min_tx_interval_us");
    auto dscp = spec("10.0.0.4");
    dscp.set_dscp(64);
    expect(add({dscp}).first, Code::INVALID_ARGUMENT, "sessions[0].dscp");
    auto port = spec("10.0.0.4");
    port.set_port("nowhere");
    expect(add({port}).first, Code::INVALID_ARGUMENT, "sessions[0].port");
    auto type = spec("10.0.0.4");
    type.set_type(static_cast<v1::SessionType>(99));
    expect(add({type}).first, Code::INVALID_ARGUMENT, "sessions[0].type");
    expect(add({}).first, Code::INVALID_ARGUMENT, "sessions");
    EXPECT_EQ(list({}).second.total(), 1U) << "all or nothing";
}

TEST_F(SessionServiceTest, RefusesDuplicates) {
    expect(add({spec("10.0.0.2")}).first, Code::ALREADY_EXISTS, "sessions[0].remote");
    expect(add({spec("10.0.0.3"), spec("10.0.0.3")}).first, Code::ALREADY_EXISTS, "sessions[1]");
    auto named = spec("10.0.0.3");
    named.set_name("rr1");
    expect(add({named}).first, Code::ALREADY_EXISTS, "sessions[0].name");
}

TEST_F(SessionServiceTest, SaysWhatLimitsTheNumberOfSessions) {
    std::vector<v1::SessionSpec> specs;
    for (int i = 10; i < 40; ++i) specs.push_back(spec("10.0.0." + std::to_string(i)));
    expect(add(specs).first, Code::RESOURCE_EXHAUSTED, "dataplane.max_sessions");
    specs.pop_back();
    EXPECT_TRUE(add(specs).first.ok());
}

TEST_F(SessionServiceTest, DoesNotDeleteOrUpdateWhatTheFileOwns) {
    expect(remove({by_name("rr1")}).first, Code::FAILED_PRECONDITION, "configuration file");
    v1::UpdateSessionRequest request;
    *request.mutable_session() = by_name("rr1");
    request.mutable_spec()->set_detect_mult(5);
    v1::UpdateSessionResponse response;
    grpc::ClientContext context;
    expect(sessions->UpdateSession(&context, request, &response), Code::FAILED_PRECONDITION,
           "configuration file");
}

TEST_F(SessionServiceTest, NamesTheSelectorThatIsUnknownOrEmpty) {
    expect(remove({by_name("rr1"), by_id(99)}).first, Code::NOT_FOUND, "sessions[1]");
    expect(remove({v1::SessionSelector{}}).first, Code::INVALID_ARGUMENT, "sessions[0]");
    v1::SessionSelector peer;
    peer.mutable_peer()->set_remote("ten");
    expect(get(peer).first, Code::INVALID_ARGUMENT, "session.peer.remote");
    expect(get(by_name("nobody")).first, Code::NOT_FOUND, "nobody");
}

TEST_F(SessionServiceTest, PagesWithTokensThatOnlyFitTheirFilter) {
    std::vector<v1::SessionSpec> specs;
    for (int i = 10; i < 17; ++i) specs.push_back(spec("10.0.0." + std::to_string(i)));
    ASSERT_TRUE(add(specs).first.ok());
    v1::ListSessionsRequest request;
    request.set_page_size(3);
    std::vector<std::uint64_t> ids;
    std::string token;
    do {
        request.set_page_token(token);
        const auto [status, page] = list(request);
        ASSERT_TRUE(status.ok()) << status.error_message();
        EXPECT_EQ(page.total(), 8U);
        for (const auto& s : page.sessions()) ids.push_back(s.id());
        if (token.empty()) {
            v1::ListSessionsRequest other;
            other.set_page_token(page.next_page_token());
            other.mutable_filter()->set_origin(v1::ORIGIN_API);
            expect(list(other).first, Code::INVALID_ARGUMENT, "page_token");
        }
        token = page.next_page_token();
    } while (!token.empty());
    EXPECT_EQ(ids.size(), 8U);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    for (const char* bad : {"1", "zz", "00000000000000010000000000000000",
                            "000000000000000100000000000000080000000000000000"}) {
        request.set_page_token(bad);
        expect(list(request).first, Code::INVALID_ARGUMENT, "page_token");
    }
    v1::ListSessionsRequest large;
    large.set_page_size(10'001);
    expect(list(large).first, Code::INVALID_ARGUMENT, "page_size");
}

TEST_F(SessionServiceTest, RefusesFiltersThatMakeNoSense) {
    v1::ListSessionsRequest request;
    request.mutable_filter()->set_port("nowhere");
    expect(list(request).first, Code::INVALID_ARGUMENT, "filter.port");
    request.mutable_filter()->set_port("p0");
    request.mutable_filter()->set_remote("10.0.0");
    expect(list(request).first, Code::INVALID_ARGUMENT, "filter.remote");
    request.mutable_filter()->set_remote("10.0.0.0/24");
    EXPECT_EQ(list(request).second.sessions_size(), 1);
    request.mutable_filter()->set_remote("10.0.0.2");
    EXPECT_EQ(list(request).second.sessions_size(), 1);
    request.mutable_filter()->add_states(static_cast<v1::SessionState>(7));
    expect(list(request).first, Code::INVALID_ARGUMENT, "filter.states[0]");
}

TEST_F(SessionServiceTest, UpdatesIntervalsAndNothingElse) {
    const auto added = add({spec("10.0.0.3")}).second;
    v1::UpdateSessionRequest request;
    *request.mutable_session() = by_id(added.sessions(0).id());
    request.mutable_spec()->set_desired_min_tx_interval_us(200'000);
    v1::UpdateSessionResponse response;
    {
        grpc::ClientContext context;
        ASSERT_TRUE(sessions->UpdateSession(&context, request, &response).ok());
    }
    EXPECT_EQ(response.session().spec().desired_min_tx_interval_us(), 200'000U);
    EXPECT_EQ(response.session().spec().required_min_rx_interval_us(), 50'000U);
    request.mutable_spec()->set_remote("10.0.0.9");
    grpc::ClientContext context;
    expect(sessions->UpdateSession(&context, request, &response), Code::INVALID_ARGUMENT,
           "spec.remote");
}

// req: RFC5880-6.8.16-02
TEST_F(SessionServiceTest, TakesAnySessionAdminDownAndUpAgain) {
    ASSERT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
    v1::SetAdminStateRequest request;
    *request.add_sessions() = by_name("rr1");
    request.set_admin_down(true);
    v1::SetAdminStateResponse response;
    {
        grpc::ClientContext context;
        ASSERT_TRUE(sessions->SetAdminState(&context, request, &response).ok());
    }
    EXPECT_EQ(response.sessions(0).status().state(), v1::SESSION_STATE_ADMIN_DOWN);
    EXPECT_EQ(response.sessions(0).status().diag(), 7U);
    request.set_admin_down(false);
    grpc::ClientContext context;
    ASSERT_TRUE(sessions->SetAdminState(&context, request, &response).ok());
    EXPECT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
}

}  // namespace
}  // namespace tocsin::control::api
