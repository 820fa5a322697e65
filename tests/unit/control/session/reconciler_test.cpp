#include "control/session/reconciler.hpp"

#include "dataplane/base/bytes.hpp"
#include "fixture.hpp"
#include "scripted_dataplane.hpp"

namespace tocsin::control::session {
namespace {

template <class Body>
bool is(const message::Command& c) {
    return std::holds_alternative<Body>(c.body);
}

class ReconcilerTest : public testing::Test {
protected:
    SessionId add(std::string_view remote) {
        const config::Session s = spec(remote);
        return manager.add({&s, 1}, Origin::Api, "sessions").value().front();
    }
    void remove(SessionId id) {
        ASSERT_TRUE(manager.remove({&id, 1}, Origin::Api, "sessions").ok());
    }
    void poll() { static_cast<void>(manager.poll()); }
    bfd::SessionHandle handle(SessionId id) { return manager.view(id)->status.session; }

    test::ScriptedDataplane dataplane;
    FakeNextHops next_hops;
    Manager manager{two_ports(), dataplane, next_hops,
                    Manager::Settings{.max_sessions = 16, .seed = 1, .in_flight = 4}};
};

TEST_F(ReconcilerTest, SendsTheRestWhenAFullRingHasRoomAgain) {
    dataplane.ring = 1;
    for (int i = 2; i < 5; ++i) add("10.0.0." + std::to_string(i));
    std::vector<Slot> added;
    for (int turn = 0; turn < 3; ++turn) {
        poll();
        ASSERT_EQ(dataplane.commands.size(), 1U);
        const message::Command c = dataplane.take();
        added.push_back(std::get<message::AddSession>(c.body).session.slot);
        dataplane.reply(c);
    }
    poll();
    EXPECT_TRUE(dataplane.commands.empty());
    EXPECT_TRUE(manager.idle());
    EXPECT_EQ(added, (std::vector<Slot>{{0}, {1}, {2}}));
}

TEST_F(ReconcilerTest, WaitsForAnswersWhenAsManyCommandsAsAllowedAreUnderWay) {
    for (int i = 2; i < 9; ++i) add("10.0.0." + std::to_string(i));
    poll();
    EXPECT_EQ(dataplane.commands.size(), 4U);
    dataplane.reply(dataplane.take());
    poll();
    EXPECT_EQ(dataplane.commands.size(), 4U);
    dataplane.reply_to_all();
    poll();
    EXPECT_EQ(dataplane.commands.size(), 2U);
}

TEST_F(ReconcilerTest, MergesChangesThatWaitInTheQueue) {
    const SessionId id = add("10.0.0.2");
    poll();
    dataplane.reply_to_all();
    poll();
    dataplane.ring = 0;
    for (std::uint8_t mult = 4; mult < 100; ++mult) {
        bfd::SessionParameters p = manager.view(id)->spec.parameters;
        p.detect_mult = mult;
        ASSERT_TRUE(manager.update(id, with(p), Origin::Api).ok());
        poll();
    }
    dataplane.ring = 10;
    poll();
    ASSERT_EQ(dataplane.commands.size(), 1U);
    EXPECT_EQ(std::get<message::SetParameters>(dataplane.commands[0].body).parameters.detect_mult,
              99);
}

TEST_F(ReconcilerTest, RepeatsAnAdditionThatWasRefused) {
    add("10.0.0.2");
    poll();
    dataplane.reply(dataplane.take(), bfd::Status::Busy);
    poll();
    EXPECT_TRUE(dataplane.commands.empty());
    EXPECT_EQ(manager.totals().commands_refused.get(), 1U);
    dataplane.time += Reconciler::kRetry;
    poll();
    ASSERT_EQ(dataplane.commands.size(), 1U);
    EXPECT_TRUE(is<message::AddSession>(dataplane.commands[0]));
}

TEST_F(ReconcilerTest, AddsASessionAgainThatItsWorkerDoesNotKnow) {
    const SessionId id = add("10.0.0.2");
    poll();
    dataplane.reply_to_all();
    manager.set_admin({&id, 1}, true);
    poll();
    dataplane.reply(dataplane.take(), bfd::Status::NoSuchSession);
    poll();
    dataplane.time += Reconciler::kRetry;
    poll();
    ASSERT_EQ(dataplane.commands.size(), 1U);
    EXPECT_TRUE(std::get<message::AddSession>(dataplane.commands[0].body).admin_down);
}

// Source ports are shared where there are more sessions than ports; what comes back of two sessions
// of type echo could not be told apart.
TEST_F(ReconcilerTest, ASessionOfTypeEchoWhoseSourcePortIsTakenGetsAnother) {
    config::Session s = spec("10.0.0.2");
    s.type = SessionType::Echo;
    ASSERT_TRUE(manager.add({&s, 1}, Origin::Api, "sessions").ok());
    poll();
    const message::Command first = dataplane.take();
    dataplane.reply(first, bfd::Status::KeyExists);
    poll();
    dataplane.time += Reconciler::kRetry;
    poll();
    ASSERT_EQ(dataplane.commands.size(), 1U);
    const auto& before = std::get<message::AddSession>(first.body);
    const auto& again = std::get<message::AddSession>(dataplane.commands[0].body);
    EXPECT_NE(again.key.instance, before.key.instance);
    EXPECT_EQ(load_be16(&again.headers.octets[again.headers.udp_offset]), again.key.instance);
    EXPECT_EQ(again.session, before.session);
}

// Each of two refusals has the session added again: the second addition finds the first one.
TEST_F(ReconcilerTest, StopsAddingASessionAgainOnceItsWorkerHasIt) {
    const SessionId id = add("10.0.0.2");
    poll();
    manager.set_admin({&id, 1}, true);
    poll();
    ASSERT_EQ(dataplane.commands.size(), 2U);
    dataplane.reply(dataplane.take(), bfd::Status::Busy);
    poll();
    dataplane.time += 1ms;
    dataplane.reply(dataplane.take(), bfd::Status::NoSuchSession);
    poll();
    dataplane.time += Reconciler::kRetry - 1ms;
    poll();
    dataplane.reply_to_all();
    poll();
    dataplane.time += 1ms;
    poll();
    ASSERT_EQ(dataplane.commands.size(), 1U);
    ASSERT_TRUE(is<message::AddSession>(dataplane.commands[0]));
    dataplane.reply(dataplane.take(), bfd::Status::SlotTaken);
    poll();
    dataplane.time += Reconciler::kRetry;
    poll();
    bool admin_down = false;
    while (!dataplane.commands.empty()) {
        const message::Command c = dataplane.take();
        EXPECT_FALSE(is<message::AddSession>(c));
        if (is<message::SetAdmin>(c)) admin_down = std::get<message::SetAdmin>(c.body).down;
        dataplane.reply(c);
        poll();
    }
    EXPECT_TRUE(admin_down);
    EXPECT_TRUE(manager.idle());
}

TEST_F(ReconcilerTest, FreesASlotWhenItsLingeringDeletionEnds) {
    const SessionId id = add("10.0.0.2");
    const bfd::SessionHandle h = handle(id);
    poll();
    dataplane.reply_to_all();
    remove(id);
    poll();
    ASSERT_EQ(dataplane.commands.size(), 1U);
    EXPECT_FALSE(std::get<message::DeleteSession>(dataplane.commands[0].body).immediate);
    dataplane.reply_to_all();
    poll();
    EXPECT_EQ(manager.leaving(), 1U);
    dataplane.events.push_back({.id = {}, .body = message::SessionDeleted{h}});
    poll();
    EXPECT_EQ(manager.leaving(), 0U);
}

TEST_F(ReconcilerTest, FreesASlotOnceWhenTheDeletionEndsBeforeItsReplyArrives) {
    const SessionId id = add("10.0.0.2");
    const bfd::SessionHandle h = handle(id);
    poll();
    dataplane.reply_to_all();
    remove(id);
    poll();
    dataplane.events.push_back({.id = {}, .body = message::SessionDeleted{h}});
    dataplane.reply_to_all();
    dataplane.events.push_back({.id = {}, .body = message::SessionDeleted{h}});
    poll();
    EXPECT_EQ(manager.leaving(), 0U);
    EXPECT_TRUE(manager.idle());
}

TEST_F(ReconcilerTest, DeletesTheOldSessionAtOnceBeforeItAddsThePeerAgain) {
    const SessionId old = add("10.0.0.2");
    poll();
    dataplane.reply_to_all();
    remove(old);
    poll();
    dataplane.reply_to_all();
    poll();
    const SessionId again = add("10.0.0.2");
    poll();
    ASSERT_EQ(dataplane.commands.size(), 2U);
    EXPECT_TRUE(std::get<message::DeleteSession>(dataplane.commands[0].body).immediate);
    EXPECT_TRUE(is<message::AddSession>(dataplane.commands[1]));
    dataplane.reply_to_all();
    poll();
    EXPECT_EQ(manager.leaving(), 0U);
    EXPECT_TRUE(manager.view(again));
}

TEST_F(ReconcilerTest, IgnoresEventsOfASessionThatIsGone) {
    const SessionId id = add("10.0.0.2");
    bfd::SessionEvent event;
    event.now.session = handle(id);
    event.now.session_state = bfd::SessionState::Up;
    poll();
    dataplane.reply_to_all();
    remove(id);
    dataplane.events.push_back({.id = {}, .body = event});
    poll();
    EXPECT_EQ(manager.totals().sessions[3].get(), 0U);
}

TEST_F(ReconcilerTest, AnswersAListWithWhatItKnowsWhenTheWorkerSaysNothing) {
    add("10.0.0.2");
    std::optional<Page> page;
    manager.list({.limit = 10}, [&](Page p) { page = std::move(p); });
    poll();
    EXPECT_FALSE(page);
    dataplane.time += Manager::kRefreshTime;
    poll();
    ASSERT_TRUE(page);
    EXPECT_EQ(page->sessions.size(), 1U);
}

TEST_F(ReconcilerTest, AnswersAListWhenASessionIsDeletedMeanwhile) {
    const SessionId id = add("10.0.0.2");
    dataplane.ring = 0;
    std::optional<Page> page;
    manager.list({.limit = 10}, [&](Page p) { page = std::move(p); });
    poll();
    EXPECT_FALSE(page) << "the worker could not be asked yet";
    remove(id);
    poll();
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->sessions.empty());
}

TEST_F(ReconcilerTest, CountsSessionsByTheStateLastHeardOf) {
    const SessionId id = add("10.0.0.2");
    EXPECT_EQ(manager.totals().sessions[1].get(), 1U);
    bfd::SessionEvent event;
    event.now.session = handle(id);
    event.now.session_state = bfd::SessionState::Up;
    dataplane.events.push_back({.id = {}, .body = event});
    poll();
    EXPECT_EQ(manager.totals().sessions[1].get(), 0U);
    EXPECT_EQ(manager.totals().sessions[3].get(), 1U);
    remove(id);
    EXPECT_EQ(manager.totals().sessions[3].get(), 0U);
}

}  // namespace
}  // namespace tocsin::control::session
