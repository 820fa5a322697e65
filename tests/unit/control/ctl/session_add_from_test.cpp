#include "control/ctl/session_add_from.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

class AddsFromAFile : public Tocsinctl {
protected:
    ExitCode add(const std::string& text) {
        std::ofstream{path_} << text;
        return run({"session", "add", "--from", path_});
    }
    const std::string path_ = testing::TempDir() + "tocsinctl-add.jsonl";
};

TEST_F(AddsFromAFile, TakesSpecsAndWhatAListWrote) {
    EXPECT_EQ(add("{\"remote\": \"10.0.0.3\", \"detect_mult\": 5}\n\n"
                  "{\"id\": \"7\", \"spec\": {\"remote\": \"10.0.0.4\", \"name\": \"a\"}, "
                  "\"status\": {\"state\": \"SESSION_STATE_UP\"}}\n"),
              ExitCode::Success)
        << err();
    ASSERT_EQ(daemon_.sessions.bulk.size(), 2U);
    EXPECT_EQ(daemon_.sessions.bulk[0].detect_mult(), 5U);
    EXPECT_EQ(daemon_.sessions.bulk[1].remote(), "10.0.0.4");
    EXPECT_EQ(daemon_.sessions.bulk[1].name(), "a");
    EXPECT_EQ(out(), "2 sessions added\n");
}

TEST_F(AddsFromAFile, NamesTheLineOfEachMistakeAndAddsTheRest) {
    std::string text;
    for (int i = 0; i < 2500; ++i) {
        text += i == 2100 ? "{\"remote\": \"10.0.0.9\"}\n" : "{\"remote\": \"10.0.1.1\"}\n";
    }
    text += "nonsense\n{\"remot\": \"10.0.0.3\"}\n";
    EXPECT_EQ(add(text), ExitCode::InvalidArgument) << "that of the first to be refused";
    EXPECT_EQ(daemon_.sessions.bulk.size(), 2499U);
    EXPECT_THAT(err(), HasSubstr(path_ + ":2101: remote: is there\n"));
    EXPECT_THAT(err(), HasSubstr(path_ + ":2501: is not a session in JSON"));
    EXPECT_THAT(err(),
                HasSubstr(path_ + ":2502: there is no field \"remot\", did you mean \"remote\"?"));
    EXPECT_EQ(out(), "2499 sessions added, 3 refused\n");
}

TEST_F(AddsFromAFile, StopsSendingWhenThereIsNoRoomAndShowsOnlySoManyFaults) {
    daemon_.sessions.bulk_room = 1500;
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "{\"remote\": \"10.0.1.1\"}\n";
    EXPECT_EQ(add(text), ExitCode::LimitReached);
    EXPECT_EQ(daemon_.sessions.bulk.size(), 1500U);
    EXPECT_THAT(err(), HasSubstr(":1501: no room\n" + path_ + ": 399 more for the same reason\n"));
    EXPECT_THAT(err(), HasSubstr("lines from 5001 on were not sent\n"));
    EXPECT_THAT(out(), HasSubstr("1500 sessions added"));
}

TEST_F(AddsFromAFile, ShowsOnlySoManyReasons) {
    std::string text;
    for (int i = 0; i < 50; ++i) text += "{\"x" + std::to_string(i / 2) + "\": 1}\n";
    EXPECT_EQ(add(text), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr(":39: there is no field \"x19\", write one of \"name\", "));
    EXPECT_THAT(err(), Not(HasSubstr("x20")));
    EXPECT_THAT(err(), HasSubstr("and 10 more were refused\n"));
    EXPECT_EQ(out(), "0 sessions added, 50 refused\n");
}

TEST_F(AddsFromAFile, SaysHowManyWereAddedWhenTheDaemonGoesAway) {
    daemon_.sessions.bulk_requests = 2;
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "{\"remote\": \"10.0.1.1\"}\n";
    EXPECT_EQ(add(text), ExitCode::Unreachable);
    EXPECT_THAT(err(), HasSubstr("2000 sessions were added before; the same command again"));
}

TEST_F(AddsFromAFile, MissesNoAnswerWhenTheStreamEndsAsIfAllWereWell) {
    daemon_.sessions.bulk_requests = 1;
    daemon_.sessions.bulk_end = grpc::Status::OK;
    std::string text;
    for (int i = 0; i < 1500; ++i) text += "{\"remote\": \"10.0.1.1\"}\n";
    EXPECT_EQ(add(text), ExitCode::Failure);
    EXPECT_THAT(err(), HasSubstr(path_ + ":1001: tocsind ended the stream without an answer"));
}

TEST_F(AddsFromAFile, LeavesOutALineThatIsMuchTooLong) {
    EXPECT_EQ(add("{\"remote\": \"10.0.0.3\", \"name\": \"" + std::string(20U << 20U, 'x') +
                  "\"}\n{\"remote\": \"10.0.0.4\"}\r\n{\"remote\": \"10.0.0.5\"}"),
              ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr(path_ + ":1: is longer than 16000 characters"));
    ASSERT_EQ(daemon_.sessions.bulk.size(), 2U) << err();
    EXPECT_EQ(daemon_.sessions.bulk[1].remote(), "10.0.0.5");
}

TEST_F(AddsFromAFile, QuotesNoControlCharactersOfALine) {
    EXPECT_EQ(add(std::string{"{\"remote\": \x1b[31m\0}\n", 19}), ExitCode::InvalidArgument);
    EXPECT_EQ(err().find('\x1b'), std::string::npos) << err();
    EXPECT_EQ(err().find('\0'), std::string::npos);
}

TEST_F(AddsFromAFile, NeedsEitherAFileOrARemote) {
    EXPECT_EQ(run({"session", "add", "--from", "/nowhere/at/all"}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("/nowhere/at/all cannot be opened: No such file"));
    EXPECT_EQ(run({"session", "add"}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("remote is required, or --from FILE"));
    EXPECT_EQ(run({"session", "add", "10.0.0.3", "--from", path_}), ExitCode::InvalidArgument);
    EXPECT_EQ(run({"session", "add", "--tx", "50ms", "--from", path_}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("leave out the other options"));
    EXPECT_EQ(run({"session", "add", "--from", testing::TempDir()}), ExitCode::InvalidArgument);
    EXPECT_THAT(err(), HasSubstr("is a directory"));
}

}  // namespace
}  // namespace tocsin::control::ctl
