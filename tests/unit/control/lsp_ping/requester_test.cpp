// When Echo requests leave, and which replies are theirs: RFC 5884 3.2 and 4, RFC 8029 4.3 and 4.6.
#include "control/lsp_ping/requester.hpp"

#include "messages.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace tocsin::test {
namespace {

using namespace control::lsp_ping;
using namespace std::chrono_literals;

class LspPingRequester : public testing::Test {
protected:
    Message ask(std::uint64_t id, bool up = false) {
        return requester.request(id, golden_fec(), 0x0a0b0c01, up, 77, now);
    }
    /// Instants of the requests that leave within `span`.
    std::vector<Nanoseconds> run(Nanoseconds span, bool up) {
        std::vector<Nanoseconds> out;
        const Instant begin = now;
        for (const Instant end = now + span; now < end; now += 100ms) {
            for (const auto id : requester.due(now, 16)) {
                ask(id, up);
                out.push_back(now - begin);
            }
        }
        return out;
    }

    Requester requester{5};
    Instant now{10s};
};

// req: RFC5884-6-04 RFC8029-4.3-06 RFC8029-3-05
TEST_F(LspPingRequester, SaysWhatTheEgressNeeds) {
    requester.set(1, 60s, now);
    const Message m = ask(1);
    EXPECT_EQ(m.type, kEchoRequest);
    EXPECT_EQ(m.reply_mode, ReplyMode::Udp);
    EXPECT_EQ(m.return_code, 0);
    EXPECT_EQ(m.return_subcode, 0);
    EXPECT_EQ(m.sent, 77U);
    EXPECT_EQ(m.received, 0U);
    EXPECT_EQ(m.fecs, std::vector{golden_fec()});
    EXPECT_EQ(m.discriminator, 0x0a0b0c01U);
}

// req: RFC5884-4-09 RFC5884-4-10 RFC5884-4-11 RFC5884-3.2-01
TEST_F(LspPingRequester, AsksAtItsIntervalWhileUp) {
    requester.set(1, 60s, now);
    EXPECT_EQ(run(181s, true), (std::vector<Nanoseconds>{0s, 60s, 120s, 180s}));
}

// req: RFC5884-6.1-03 RFC5884-4-10
TEST_F(LspPingRequester, AsksEveryFiveSecondsUntilUp) {
    requester.set(1, 60s, now);
    EXPECT_EQ(run(16s, false), (std::vector<Nanoseconds>{0s, 5s, 10s, 15s}));
    requester.set(1, 2s, now);
    EXPECT_EQ(run(5s, false), (std::vector<Nanoseconds>{0s, 2s, 4s})) << "it may be shorter";
}

// req: RFC5884-6.1-03
TEST_F(LspPingRequester, AsksSoonAfterADown) {
    requester.set(1, 60s, now);
    EXPECT_EQ(run(10s, true), (std::vector<Nanoseconds>{0s}));
    requester.hurry(1, now);
    now += 1s;
    requester.hurry(1, now);  // not put off
    EXPECT_EQ(run(10s, false), (std::vector<Nanoseconds>{4s, 9s}));
    requester.set(2, 0s, now);
    requester.hurry(2, now);
    requester.hurry(3, now);
    now += 100s;
    EXPECT_EQ(requester.due(now, 16), std::vector<std::uint64_t>{1});
}

TEST_F(LspPingRequester, TriesAgainSoonWhatCouldNotBeSent) {
    requester.set(1, 60s, now);
    requester.put_off(1, now);
    requester.put_off(2, now);
    EXPECT_TRUE(requester.due(now, 16).empty());
    EXPECT_EQ(requester.due(now + Requester::kRetry, 16), std::vector<std::uint64_t>{1});
    EXPECT_EQ(ask(1).sequence, 1U) << "it was none";
}

// req: RFC5884-4-11
TEST_F(LspPingRequester, AsksNothingWithAnIntervalOfZero) {
    requester.set(1, 0s, now);
    EXPECT_TRUE(run(100s, true).empty());
    requester.set(1, 60s, now);
    EXPECT_EQ(requester.due(now, 16).size(), 1U);
    requester.set(1, 0s, now);
    EXPECT_TRUE(run(100s, true).empty());
}

// req: RFC8029-4.3-05 RFC8029-4.6-01
TEST_F(LspPingRequester, KnowsItsOwnReplies) {
    requester.set(1, 60s, now);
    requester.set(2, 60s, now);
    const Message first = ask(1);
    const Message other = ask(2);
    EXPECT_NE(first.handle, other.handle);
    Message reply{.type = kEchoReply, .handle = first.handle, .sequence = first.sequence};
    reply.handle ^= 1;
    EXPECT_EQ(requester.on_reply(reply), std::nullopt) << "another handle";
    reply.handle ^= 1;
    ++reply.sequence;
    EXPECT_EQ(requester.on_reply(reply), std::nullopt) << "another sequence";
    --reply.sequence;
    EXPECT_EQ(requester.on_reply(reply), 1U);
    EXPECT_EQ(requester.on_reply(reply), std::nullopt) << "a second time";
    const Message second = ask(1);
    EXPECT_EQ(second.sequence, first.sequence + 1);
    EXPECT_EQ(requester.on_reply(reply), std::nullopt) << "too late";
    reply = {.type = kEchoReply, .handle = other.handle, .sequence = other.sequence};
    EXPECT_EQ(requester.on_reply(reply), 2U);
}

TEST_F(LspPingRequester, ForgetsWhatIsRemoved) {
    requester.set(1, 60s, now);
    const Message m = ask(1);
    requester.remove(1);
    requester.remove(1);
    EXPECT_EQ(requester.size(), 0U);
    EXPECT_EQ(requester.on_reply({.type = kEchoReply, .handle = m.handle, .sequence = m.sequence}),
              std::nullopt);
    EXPECT_TRUE(run(100s, true).empty());
}

TEST_F(LspPingRequester, TakesTheLongestDueFirst) {
    for (std::uint64_t id = 1; id <= 40; ++id) requester.set(id, 60s, now - id * 1ms);
    const auto due = requester.due(now, 16);
    ASSERT_EQ(due.size(), 16U);
    EXPECT_EQ(due.front(), 40U);
    EXPECT_EQ(due.back(), 25U);
}

// req: RFC8029-4.3-05
TEST_F(LspPingRequester, GivesEachSessionAHandleOfItsOwn) {
    std::set<std::uint32_t> handles;
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        requester.set(id, 60s, now);
        handles.insert(ask(id).handle);
    }
    EXPECT_EQ(handles.size(), 1000U);
}

}  // namespace
}  // namespace tocsin::test
