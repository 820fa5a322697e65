#include "control/grpc/bulk_add.hpp"

#include "fixture.hpp"

namespace tocsin::control::api {
namespace {

class BulkAddTest : public ApiFixture {
protected:
    using Stream = grpc::ClientReaderWriter<v1::BulkAddSessionsRequest, v1::BulkAddSessionsEvent>;

    struct Open {
        grpc::ClientContext context;
        std::unique_ptr<Stream> stream;
    };
    std::unique_ptr<Open> open() {
        auto out = std::make_unique<Open>();
        out->stream = sessions->BulkAddSessions(&out->context);
        return out;
    }
    static v1::BulkAddSessionsRequest request(const std::vector<v1::SessionSpec>& specs) {
        v1::BulkAddSessionsRequest out;
        for (const auto& s : specs) *out.add_sessions() = s;
        return out;
    }
    std::uint64_t total() { return list({}).second.total(); }
};

TEST_F(BulkAddTest, AnswersEachRequestAndAddsEachSessionByItself) {
    const auto o = open();
    auto wrong = spec("10.0.0.4");
    wrong.set_desired_min_tx_interval_us(1);
    wrong.set_detect_mult(999);
    auto type = spec("10.0.0.5");
    type.set_type(static_cast<v1::SessionType>(99));
    ASSERT_TRUE(o->stream->Write(request(
        {spec("10.0.0.3"), wrong, spec("10.0.0.3"), type, spec("10.0.0.2"), spec("10.0.0.6")})));
    v1::BulkAddSessionsEvent event;
    ASSERT_TRUE(o->stream->Read(&event));
    EXPECT_EQ(event.added(), 2U);
    EXPECT_EQ(event.refused(), 4U);
    ASSERT_EQ(event.faults_size(), 4);
    EXPECT_EQ(event.faults(0).index(), 1U);
    EXPECT_EQ(event.faults(0).code(), Code::INVALID_ARGUMENT);
    EXPECT_EQ(event.faults(0).field(), "desired_min_tx_interval_us");
    EXPECT_EQ(event.faults(1).index(), 2U);
    EXPECT_EQ(event.faults(1).code(), Code::ALREADY_EXISTS);
    EXPECT_EQ(event.faults(1).field(), "remote");
    EXPECT_EQ(event.faults(2).field(), "type");
    EXPECT_EQ(event.faults(3).index(), 4U) << "what the file has";

    ASSERT_TRUE(o->stream->Write(request({spec("10.0.0.7")})));
    ASSERT_TRUE(o->stream->Read(&event));
    EXPECT_EQ(event.added(), 1U);
    EXPECT_EQ(event.faults_size(), 0);
    EXPECT_EQ(total(), 4U) << "while the stream is still open";
    o->stream->WritesDone();
    EXPECT_FALSE(o->stream->Read(&event));
    EXPECT_TRUE(o->stream->Finish().ok());
}

TEST_F(BulkAddTest, TellsFaultsOfEachRequestOfAStream) {
    const auto o = open();
    auto wrong = spec("10.0.0.4");
    wrong.set_detect_mult(999);
    v1::BulkAddSessionsEvent event;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(o->stream->Write(request({wrong})));
        ASSERT_TRUE(o->stream->Read(&event)) << "answer " << i;
        ASSERT_EQ(event.faults_size(), 1);
        EXPECT_EQ(event.faults(0).field(), "detect_mult");
    }
    o->stream->WritesDone();
    EXPECT_FALSE(o->stream->Read(&event));
    EXPECT_TRUE(o->stream->Finish().ok());
}

TEST_F(BulkAddTest, KeepsWhatWasAddedWhenTheStreamBreaksAndTakesTheSameAgain) {
    {
        const auto o = open();
        ASSERT_TRUE(o->stream->Write(request({spec("10.0.0.3"), spec("10.0.0.4")})));
        v1::BulkAddSessionsEvent event;
        ASSERT_TRUE(o->stream->Read(&event));
        ASSERT_TRUE(o->stream->Write(request({spec("10.0.0.5")})));
        o->context.TryCancel();
        EXPECT_EQ(o->stream->Finish().error_code(), Code::CANCELLED);
    }
    EXPECT_GE(total(), 3U);
    const auto o = open();
    ASSERT_TRUE(o->stream->Write(request({spec("10.0.0.3"), spec("10.0.0.4"), spec("10.0.0.6")})));
    v1::BulkAddSessionsEvent event;
    ASSERT_TRUE(o->stream->Read(&event));
    EXPECT_EQ(event.added(), 1U);
    EXPECT_EQ(event.refused(), 2U);
    EXPECT_EQ(event.faults(0).code(), Code::ALREADY_EXISTS);
    o->stream->WritesDone();
    EXPECT_TRUE(o->stream->Finish().ok());
}

TEST_F(BulkAddTest, FillsUpToTheLimitAndTellsAtMostSoManyFaults) {
    const auto o = open();
    v1::BulkAddSessionsRequest many;
    for (int i = 0; i < 200; ++i) *many.add_sessions() = spec("10.0.0." + std::to_string(10 + i));
    ASSERT_TRUE(o->stream->Write(many));
    v1::BulkAddSessionsEvent event;
    ASSERT_TRUE(o->stream->Read(&event));
    EXPECT_EQ(event.added(), 29U) << "max_sessions is 30, one is the file's";
    EXPECT_EQ(event.refused(), 171U);
    ASSERT_EQ(event.faults_size(), kMostBulkFaults);
    EXPECT_EQ(event.faults(0).index(), 29U);
    EXPECT_EQ(event.faults(0).code(), Code::RESOURCE_EXHAUSTED);
    EXPECT_NE(event.faults(0).message().find("max_sessions"), std::string::npos);
    o->stream->WritesDone();
    EXPECT_TRUE(o->stream->Finish().ok());
}

TEST_F(BulkAddTest, RefusesRequestsOfTheWrongSizeAndKeepsWhatCameBefore) {
    for (const int size : {0, kLargestBulkRequest + 1}) {
        const auto o = open();
        v1::BulkAddSessionsRequest wrong;
        for (int i = 0; i < size; ++i) *wrong.add_sessions() = spec("10.0.0.9");
        ASSERT_TRUE(o->stream->Write(request({spec("10.0.0.8")})));
        v1::BulkAddSessionsEvent event;
        ASSERT_TRUE(o->stream->Read(&event));
        o->stream->Write(wrong);
        EXPECT_FALSE(o->stream->Read(&event));
        expect(o->stream->Finish(), Code::INVALID_ARGUMENT, "sessions: ");
    }
    EXPECT_EQ(total(), 2U);
}

TEST_F(BulkAddTest, SaysSoWhenItCannotUnderstandARequest) {
    const grpc::internal::RpcMethod method{"/tocsin.v1.SessionService/BulkAddSessions",
                                           grpc::internal::RpcMethod::BIDI_STREAMING};
    auto bad_text = request({spec("10.0.0.4")}).SerializeAsString();
    bad_text[bad_text.find("10.0.0.4")] = '\xff';
    for (const std::string& wrong : {bad_text, std::string{"\x0a\x7f"}}) {
        grpc::ClientContext context;
        const std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, v1::BulkAddSessionsEvent>>
            stream{grpc::internal::ClientReaderWriterFactory<
                grpc::ByteBuffer, v1::BulkAddSessionsEvent>::Create(daemon.channel.get(), method,
                                                                    &context)};
        const grpc::Slice slice{wrong};
        ASSERT_TRUE(stream->Write(grpc::ByteBuffer{&slice, 1}));
        stream->WritesDone();
        v1::BulkAddSessionsEvent event;
        EXPECT_FALSE(stream->Read(&event));
        expect(stream->Finish(), Code::INVALID_ARGUMENT, "UTF-8");
    }
    EXPECT_EQ(total(), 1U);
}

TEST_F(BulkAddTest, RefusesTheStreamAboveTheLimitAndForgetsThoseThatEnded) {
    std::vector<std::unique_ptr<Open>> all;
    v1::BulkAddSessionsEvent event;
    for (int i = 0; i < kMostBulkStreams; ++i) {
        all.push_back(open());
        ASSERT_TRUE(all.back()->stream->Write(request({spec("10.0.0.3")})));
        ASSERT_TRUE(all.back()->stream->Read(&event));
    }
    {
        const auto o = open();
        EXPECT_FALSE(o->stream->Read(&event));
        expect(o->stream->Finish(), Code::RESOURCE_EXHAUSTED, "streams");
    }
    for (auto& o : all) {
        o->context.TryCancel();
        static_cast<void>(o->stream->Finish());
    }
    bool again = false;
    for (int i = 0; i < 10'000 && !again; ++i) {
        const auto o = open();
        o->stream->Write(request({spec("10.0.0.3")}));
        again = o->stream->Read(&event);
        o->context.TryCancel();
        static_cast<void>(o->stream->Finish());
    }
    EXPECT_TRUE(again);
}

TEST_F(BulkAddTest, EndsWithTheDaemon) {
    const auto o = open();
    ASSERT_TRUE(o->stream->Write(request({spec("10.0.0.3")})));
    v1::BulkAddSessionsEvent event;
    ASSERT_TRUE(o->stream->Read(&event));
    daemon.stop();
    EXPECT_FALSE(o->stream->Read(&event));
    EXPECT_FALSE(o->stream->Finish().ok());
}

TEST_F(BulkAddTest, DeletesWhatAFilterChoosesButNotWithoutOne) {
    ASSERT_TRUE(add({spec("10.0.0.3"), spec("10.0.0.4"), spec("2001:db8::2")}).first.ok());
    const auto remove = [this](const v1::DeleteMatchingSessionsRequest& request) {
        grpc::ClientContext context;
        v1::DeleteMatchingSessionsResponse response;
        const auto status = sessions->DeleteMatchingSessions(&context, request, &response);
        return std::pair{status, response};
    };
    expect(remove({}).first, Code::INVALID_ARGUMENT, "filter");
    v1::DeleteMatchingSessionsRequest request;
    request.mutable_filter()->set_remote("nonsense");
    expect(remove(request).first, Code::INVALID_ARGUMENT, "filter.remote");
    request.mutable_filter()->set_remote("10.0.0.0/24");
    const auto [status, response] = remove(request);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.deleted(), 2U);
    EXPECT_EQ(response.kept(), 1U) << "the file's";
    request.mutable_filter()->clear_remote();
    EXPECT_EQ(remove(request).second.deleted(), 1U);
    EXPECT_EQ(total(), 1U);
}

TEST(BulkAdd, EndsItsStreamWhileTheDaemonTellsPeersThatItStops) {
    test::TestDaemon daemon{std::string{"[daemon]\nshutdown_timeout = \"20s\"\n"} +
                            test::TestDaemon::kConfig};
    const auto sessions = v1::SessionService::NewStub(daemon.channel);
    grpc::ClientContext context;
    const auto stream = sessions->BulkAddSessions(&context);
    v1::BulkAddSessionsRequest request;
    request.add_sessions()->set_remote("10.0.0.3");
    request.mutable_sessions(0)->set_detect_mult(255);  // it takes long until its peer has heard
    v1::BulkAddSessionsEvent event;
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&event));
    ASSERT_EQ(event.added(), 1U);
    daemon.on_loop([&daemon] {
        daemon.dataplane->connect(false);
        daemon.daemon->stop();
    });
    request.mutable_sessions(0)->set_remote("10.0.0.4");
    ASSERT_TRUE(stream->Write(request));
    EXPECT_FALSE(stream->Read(&event)) << event.ShortDebugString();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace tocsin::control::api
