#include "control/session/key_sender.hpp"

#include "control/auth/secret.hpp"
#include "scripted_dataplane.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace tocsin::control::session {
namespace {

KeySender::Keys keys() { return auth::make_secret<const bfd::AuthKeys>({}); }

class KeySenderTest : public testing::Test {
protected:
    /// The oldest request, and what it points to.
    const bfd::AuthKeys* take() {
        const message::Command c = dataplane.take();
        id = c.id;
        return std::get<message::SetKeys>(c.body).keys;
    }

    test::ScriptedDataplane dataplane;
    std::optional<KeySender> sender{std::in_place, dataplane, dataplane};
    message::RequestId id{};
};

TEST_F(KeySenderTest, KeepsKeysUntilTheWorkerUsesOthers) {
    auto first = keys();
    auto second = keys();
    const std::weak_ptr<const bfd::AuthKeys> watched = first;
    sender->set(3, first);
    EXPECT_TRUE(sender->pump());
    EXPECT_EQ(take(), first.get());
    EXPECT_TRUE(sender->answered(id));
    EXPECT_TRUE(sender->idle());
    sender->set(3, second);
    first.reset();
    EXPECT_TRUE(sender->pump());
    EXPECT_EQ(take(), second.get());
    EXPECT_FALSE(watched.expired()) << "the worker may not have seen it yet";
    EXPECT_FALSE(sender->idle());
    EXPECT_TRUE(sender->answered(id));
    EXPECT_TRUE(watched.expired());
}

TEST_F(KeySenderTest, LeavesToTheDataplaneWhatWorkersUse) {
    auto mine = keys();
    const std::weak_ptr<const bfd::AuthKeys> watched = mine;
    sender->set(1, std::move(mine));
    EXPECT_TRUE(sender->pump());
    sender.reset();
    EXPECT_FALSE(watched.expired());
}

TEST_F(KeySenderTest, SendsOnlyTheLastKeysOfANumberWhenTheRingIsFull) {
    dataplane.ring = 1;
    const auto one = keys();
    const auto other = keys();
    const auto last = keys();
    sender->set(1, one);
    sender->set(2, other);
    EXPECT_FALSE(sender->pump());
    sender->set(2, last);
    EXPECT_FALSE(sender->pump());
    EXPECT_EQ(take(), one.get());
    EXPECT_TRUE(sender->pump());
    EXPECT_EQ(take(), last.get());
}

TEST_F(KeySenderTest, KnowsItsOwnRequests) {
    EXPECT_FALSE(sender->answered(message::RequestId{1})) << "of the queue of sessions";
}

}  // namespace
}  // namespace tocsin::control::session
