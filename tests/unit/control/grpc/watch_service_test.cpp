#include "fixture.hpp"

namespace tocsin::control::api {
namespace {

class WatchServiceTest : public ApiFixture {
protected:
    /// Reads until an event of this kind for this peer.
    static bool read_until(grpc::ClientReader<v1::WatchEvent>& reader, v1::WatchKind kind,
                           const std::string& remote, v1::WatchEvent& event) {
        while (reader.Read(&event)) {
            if (event.kind() == kind && event.session().spec().remote() == remote) return true;
        }
        return false;
    }
};

TEST_F(WatchServiceTest, StreamsSnapshotAdditionChangeAndDeletion) {
    grpc::ClientContext context;
    const auto reader = watches->Watch(&context, {});
    v1::WatchEvent event;
    ASSERT_TRUE(reader->Read(&event));
    EXPECT_EQ(event.kind(), v1::WATCH_KIND_SNAPSHOT);
    EXPECT_EQ(event.session().spec().name(), "rr1");
    ASSERT_TRUE(reader->Read(&event));
    EXPECT_EQ(event.kind(), v1::WATCH_KIND_SNAPSHOT_END);

    daemon.on_loop([this] {
        daemon.dataplane->add_peer({0}, parse_address("10.0.0.1").value(),
                                   parse_address("10.0.0.3").value());
    });
    ASSERT_TRUE(add({spec("10.0.0.3")}).first.ok());
    ASSERT_TRUE(read_until(*reader, v1::WATCH_KIND_ADDED, "10.0.0.3", event));
    std::uint64_t last = event.sequence();
    do {
        ASSERT_TRUE(read_until(*reader, v1::WATCH_KIND_CHANGED, "10.0.0.3", event));
        EXPECT_GT(event.sequence(), last);
        last = event.sequence();
    } while (event.session().status().state() != v1::SESSION_STATE_UP);
    EXPECT_GT(event.last_rx_us(), 0);
    EXPECT_GT(event.last_change_us(), 0);
    v1::SessionSelector peer;
    peer.mutable_peer()->set_remote("10.0.0.3");
    ASSERT_TRUE(remove({peer}).first.ok());
    ASSERT_TRUE(read_until(*reader, v1::WATCH_KIND_DELETED, "10.0.0.3", event));
    context.TryCancel();
    while (reader->Read(&event)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchServiceTest, RefusesABadFilter) {
    grpc::ClientContext context;
    v1::WatchRequest request;
    request.mutable_filter()->set_port("nowhere");
    const auto reader = watches->Watch(&context, request);
    v1::WatchEvent event;
    EXPECT_FALSE(reader->Read(&event));
    expect(reader->Finish(), Code::INVALID_ARGUMENT, "filter.port");
}

TEST_F(WatchServiceTest, RefusesTheWatcherAboveTheLimitAndForgetsThoseThatLeft) {
    struct Watching {
        grpc::ClientContext context;
        std::unique_ptr<grpc::ClientReader<v1::WatchEvent>> reader;
    };
    std::vector<std::unique_ptr<Watching>> all;
    v1::WatchEvent event;
    for (std::size_t i = 0; i < session::WatchHub::kMostWatchers; ++i) {
        all.push_back(std::make_unique<Watching>());
        all.back()->reader = watches->Watch(&all.back()->context, {});
        ASSERT_TRUE(all.back()->reader->Read(&event));
    }
    {
        grpc::ClientContext context;
        const auto reader = watches->Watch(&context, {});
        EXPECT_FALSE(reader->Read(&event));
        expect(reader->Finish(), Code::RESOURCE_EXHAUSTED, "watchers");
    }
    for (auto& w : all) w->context.TryCancel();
    for (auto& w : all) {
        while (w->reader->Read(&event)) {
        }
        static_cast<void>(w->reader->Finish());
    }
    std::size_t left = 1;
    for (int i = 0; i < 10'000 && left != 0; ++i) {
        daemon.on_loop([&] { left = daemon.daemon->sessions().hub().watchers(); });
    }
    EXPECT_EQ(left, 0U);
}

TEST_F(WatchServiceTest, EndsWhenTheDaemonStopsAfterAllWereDeleted) {
    ASSERT_TRUE(becomes(by_name("rr1"), v1::SESSION_STATE_UP));
    grpc::ClientContext context;
    const auto reader = watches->Watch(&context, {});
    v1::WatchEvent event;
    ASSERT_TRUE(reader->Read(&event));
    std::thread stopper{[this] { daemon.stop(); }};
    EXPECT_TRUE(read_until(*reader, v1::WATCH_KIND_DELETED, "10.0.0.2", event));
    while (reader->Read(&event)) {
    }
    EXPECT_FALSE(reader->Finish().ok());
    stopper.join();
}

}  // namespace
}  // namespace tocsin::control::api
