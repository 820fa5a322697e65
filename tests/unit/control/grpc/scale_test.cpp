// Twenty thousand sessions through the real API: nothing is lost, whatever the pace.

#include "support/test_daemon.hpp"
#include "tocsin/v1/session.grpc.pb.h"
#include "tocsin/v1/watch.grpc.pb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::control::api {
namespace {

constexpr std::uint32_t kSessions = 20'000;
constexpr std::uint32_t kBatch = 1000;

constexpr const char* kConfig = R"(
[dataplane]
max_sessions = 20010
[api]
listen = ["unix:@DIR@/api.sock"]
[metrics]
listen = ""
[[port]]
name = "p0"
device = "net_null0"
addresses = ["10.0.0.1/8"]
[[port.route]]
to = "10.128.0.0/9"
via = "10.0.0.2"
)";

std::string remote(std::uint32_t i) {
    return "10.128." + std::to_string(i / 200) + '.' + std::to_string(1 + i % 200);
}

class ScaleTest : public testing::Test {
protected:
    void add_peers() {
        bfd::SessionParameters parameters;
        parameters.desired_min_tx_interval = std::chrono::seconds{1};
        parameters.required_min_rx_interval = std::chrono::seconds{1};
        for (std::uint32_t begin = 0; begin < kSessions; begin += kBatch) {
            daemon.on_loop([&] {
                for (std::uint32_t i = begin; i < begin + kBatch; ++i) {
                    daemon.dataplane->add_peer({0}, parse_address("10.0.0.1").value(),
                                               parse_address(remote(i)).value(), parameters);
                }
            });
        }
    }
    void add_sessions() {
        grpc::ClientContext context;
        const auto stream = sessions->BulkAddSessions(&context);
        for (std::uint32_t begin = 0; begin < kSessions; begin += kBatch) {
            v1::BulkAddSessionsRequest request;
            for (std::uint32_t i = begin; i < begin + kBatch; ++i) {
                v1::SessionSpec& spec = *request.add_sessions();
                spec.set_remote(remote(i));
                spec.set_desired_min_tx_interval_us(1'000'000);
                spec.set_required_min_rx_interval_us(1'000'000);
            }
            ASSERT_TRUE(stream->Write(request));
            v1::BulkAddSessionsEvent event;
            ASSERT_TRUE(stream->Read(&event));
            ASSERT_EQ(event.added(), kBatch) << event.ShortDebugString();
        }
        stream->WritesDone();
        ASSERT_TRUE(stream->Finish().ok());
    }
    void expect_whole_list(v1::SessionView view) {
        v1::ListSessionsRequest request;
        request.set_view(view);
        request.mutable_filter()->set_origin(v1::ORIGIN_API);
        std::vector<std::uint64_t> ids;
        do {
            grpc::ClientContext context;
            v1::ListSessionsResponse page;
            const auto status = sessions->ListSessions(&context, request, &page);
            ASSERT_TRUE(status.ok()) << status.error_message();
            ASSERT_EQ(page.total(), kSessions);
            for (const v1::Session& s : page.sessions()) {
                ids.push_back(s.id());
                ASSERT_FALSE(s.spec().remote().empty());
                ASSERT_NE(s.status().local_discr(), 0U);
                ASSERT_EQ(s.spec().local().empty(), view == v1::SESSION_VIEW_BRIEF);
            }
            request.set_page_token(page.next_page_token());
        } while (!request.page_token().empty());
        EXPECT_EQ(ids.size(), kSessions);
        EXPECT_TRUE(std::ranges::is_sorted(ids));
        EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
    }
    std::uint64_t merged() { return daemon.daemon->sources().totals->watch_merged.get(); }

    test::TestDaemon daemon{kConfig, kSessions / 2 + 16};
    std::unique_ptr<v1::SessionService::Stub> sessions{v1::SessionService::NewStub(daemon.channel)};
    std::unique_ptr<v1::WatchService::Stub> watches{v1::WatchService::NewStub(daemon.channel)};
};

/// Everything that one watcher was told, one message after another.
class Told {
public:
    explicit Told(grpc::ClientReader<v1::WatchBatchesEvent>& reader) : reader_{reader} {}

    /// Reads until `enough` says so; false when the stream ends before.
    template <class Enough>
    bool until(Enough enough) {
        while (!enough()) {
            v1::WatchBatchesEvent message;
            if (!reader_.Read(&message)) return false;
            EXPECT_GT(message.events_size(), 0);
            EXPECT_LE(message.events_size(), 100);
            for (const v1::WatchEvent& event : message.events()) take(event);
        }
        return true;
    }

    std::uint64_t snapshot_sequence = 0;
    std::uint64_t last_sequence = 0;
    std::uint64_t changes = 0;  ///< events after the snapshot
    bool snapshot_ended = false;
    std::map<std::uint64_t, v1::SessionState> states;
    std::map<std::uint64_t, unsigned> downs;
    std::uint32_t up = 0;
    bool last_was_added = false;

private:
    void take(const v1::WatchEvent& event) {
        EXPECT_GE(event.sequence(), last_sequence);
        if (event.kind() == v1::WATCH_KIND_SNAPSHOT_END) {
            snapshot_ended = true;
            snapshot_sequence = last_sequence = event.sequence();
            return;
        }
        const std::uint64_t id = event.session().id();
        const v1::SessionState now = event.session().status().state();
        const auto before = states.find(id);
        if (event.kind() == v1::WATCH_KIND_CHANGED) {
            ASSERT_NE(before, states.end()) << "a change of a session that was never told";
            EXPECT_EQ(event.previous_state(), before->second) << id;
        }
        if (snapshot_ended) {
            EXPECT_GT(event.sequence(), last_sequence);
            ++changes;
            if (before != states.end() && before->second == v1::SESSION_STATE_UP &&
                now == v1::SESSION_STATE_DOWN) {
                ++downs[id];
                EXPECT_EQ(event.transitions(), 1U);
                EXPECT_EQ(event.session().status().diag(), 1U);
            }
        }
        last_sequence = event.sequence();
        last_was_added = event.kind() == v1::WATCH_KIND_ADDED;
        if (before != states.end() && before->second == v1::SESSION_STATE_UP) --up;
        if (now == v1::SESSION_STATE_UP) ++up;
        states[id] = now;
    }

    grpc::ClientReader<v1::WatchBatchesEvent>& reader_;
};

TEST_F(ScaleTest, AStormOfDownsReachesEveryWatcherWhole) {
    add_peers();
    add_sessions();
    if (HasFatalFailure()) return;
    expect_whole_list(v1::SESSION_VIEW_FULL);
    expect_whole_list(v1::SESSION_VIEW_BRIEF);

    const std::uint64_t merged_before = merged();
    grpc::ClientContext context;
    v1::WatchBatchesRequest request;
    request.mutable_watch()->set_view(v1::SESSION_VIEW_BRIEF);
    request.set_most_events(100);
    const auto reader = watches->WatchBatches(&context, request);
    Told told{*reader};
    ASSERT_TRUE(told.until([&] { return told.snapshot_ended; }));
    EXPECT_EQ(told.states.size(), kSessions);
    ASSERT_TRUE(told.until([&] { return told.up == kSessions; }));

    daemon.on_loop([this] { daemon.dataplane->connect(false); });
    ASSERT_TRUE(told.until([&] { return told.up == 0; }));
    EXPECT_EQ(told.downs.size(), kSessions);
    EXPECT_TRUE(std::ranges::all_of(told.downs, [](const auto& d) { return d.second == 1; }));

    // One more change, which nothing can be merged into: every number up to its own was told, or
    // belongs to a change that was merged into an event that was told.
    {
        grpc::ClientContext adding;
        v1::AddSessionsRequest one;
        one.add_sessions()->set_remote("10.3.0.1");
        v1::AddSessionsResponse response;
        ASSERT_TRUE(sessions->AddSessions(&adding, one, &response).ok());
    }
    ASSERT_TRUE(told.until([&] { return told.last_was_added; }));
    EXPECT_EQ(told.last_sequence - told.snapshot_sequence,
              told.changes + (merged() - merged_before));
    context.TryCancel();
}

TEST_F(ScaleTest, AWatcherThatReadsNothingDuringTheStormGetsTheLastStateOfEach) {
    add_peers();
    add_sessions();
    if (HasFatalFailure()) return;
    const auto& up = daemon.daemon->sources().totals->sessions[3];
    const auto comes_to = [&](std::uint64_t wanted) {
        for (int i = 0; i < 100'000 && up.get() != wanted; ++i) {
            daemon.on_loop([] {});
        }
        return up.get() == wanted;
    };
    ASSERT_TRUE(comes_to(kSessions));
    grpc::ClientContext context;
    const auto reader = watches->Watch(&context, {});
    v1::WatchEvent event;
    ASSERT_TRUE(reader->Read(&event));
    daemon.on_loop([this] { daemon.dataplane->connect(false); });
    ASSERT_TRUE(comes_to(0));
    std::map<std::uint64_t, v1::SessionState> last;
    std::uint32_t down = 0;
    do {
        if (event.kind() == v1::WATCH_KIND_SNAPSHOT_END) continue;
        v1::SessionState& state = last[event.session().id()];
        if (state == v1::SESSION_STATE_DOWN) --down;
        state = event.session().status().state();
        if (state == v1::SESSION_STATE_DOWN) ++down;
    } while (down != kSessions && reader->Read(&event));
    EXPECT_EQ(last.size(), kSessions);
    EXPECT_EQ(down, kSessions);
    context.TryCancel();
}

}  // namespace
}  // namespace tocsin::control::api
