// GetSessionHistory against a whole daemon.

#include "fixture.hpp"

namespace tocsin::control::api {
namespace {

class HistoryApi : public ApiFixture {
protected:
    using ApiFixture::ApiFixture;

    std::pair<grpc::Status, v1::GetSessionHistoryResponse> history(
        const v1::SessionSelector& selector) {
        v1::GetSessionHistoryRequest request;
        *request.mutable_session() = selector;
        v1::GetSessionHistoryResponse response;
        grpc::ClientContext context;
        const auto status = sessions->GetSessionHistory(&context, request, &response);
        return {status, response};
    }
};

TEST_F(HistoryApi, TellsWhatWasSentWithAllOfItsFields) {
    const auto [status, added] = add({spec("10.0.0.3")});
    ASSERT_TRUE(status.ok()) << status.error_message();
    const std::uint64_t id = added.sessions(0).id();
    v1::GetSessionHistoryResponse found;
    for (int i = 0; i < 5000 && found.live().records().empty(); ++i) {
        found = history(by_id(id)).second;
    }
    ASSERT_FALSE(found.live().records().empty());
    EXPECT_EQ(found.session().id(), id);
    EXPECT_GE(found.source_port(), 49152U);
    EXPECT_GT(found.taken_ns(), 0);
    EXPECT_EQ(found.port_mac(), "02:00:00:00:00:01");
    EXPECT_EQ(found.next_hop(), "10.0.0.3");
    EXPECT_EQ(found.down().at_ns(), 0);
    const v1::PacketRecord& r = found.live().records(0);
    EXPECT_EQ(r.direction(), v1::PACKET_DIRECTION_SENT);
    EXPECT_EQ(r.kind(), v1::PACKET_KIND_CONTROL);
    EXPECT_GE(r.count(), 1U);
    EXPECT_EQ(r.octets().size(), 24U);
    EXPECT_EQ(r.packet().version(), 1U);
    EXPECT_EQ(r.packet().state(), v1::SESSION_STATE_DOWN);
    EXPECT_EQ(r.packet().detect_mult(), 3U);
    EXPECT_EQ(r.packet().length(), 24U);
    EXPECT_EQ(r.packet().my_discriminator(), found.session().status().local_discr());
    EXPECT_EQ(r.packet().desired_min_tx_interval_us(), 1'000'000U);
    EXPECT_EQ(r.packet().required_min_rx_interval_us(), 50'000U);
    EXPECT_TRUE(r.verdict() == "sent" || r.verdict() == "could_not_leave") << r.verdict();
}

TEST_F(HistoryApi, TellsTheMacOfANeighbourThatIsKnown) {
    ASSERT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
    const auto found = history(by_name("rr1")).second;
    EXPECT_EQ(found.port_mac(), "02:00:00:00:00:01");
    EXPECT_EQ(found.next_hop(), "10.0.0.2");
    EXPECT_EQ(found.next_hop_mac(), "02:00:00:00:00:02");
}

TEST_F(HistoryApi, NamesWhatIsWrongWithTheQuestion) {
    expect(history({}).first, Code::INVALID_ARGUMENT, "session");
    expect(history(by_id(99)).first, Code::NOT_FOUND);
    expect(history(by_name("nobody")).first, Code::NOT_FOUND);
}

std::string without_history() {
    std::string text = test::TestDaemon::kConfig;
    const std::string before = "max_sessions = 30\n";
    return text.insert(text.find(before), "history = 0\n");
}

class WithoutHistory : public HistoryApi {
protected:
    WithoutHistory() : HistoryApi{without_history()} {}
};

TEST_F(WithoutHistory, SaysWhatToSet) {
    expect(history(by_name("rr1")).first, Code::FAILED_PRECONDITION, "dataplane.history is 0");
}

}  // namespace
}  // namespace tocsin::control::api
