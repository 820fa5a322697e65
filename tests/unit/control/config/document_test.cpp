// Files with more sessions than are read at once.

#include "control/config/document.hpp"

#include "fixture.hpp"

#include <string>

namespace tocsin::control::config {
namespace {

constexpr std::size_t kMany = 3500;

std::string address(std::size_t i) {
    return "10." + std::to_string(1 + i / 50'000) + '.' + std::to_string(i / 200 % 250) + '.' +
           std::to_string(1 + i % 200);
}

const std::string kWide =
    "[[port]]\nname = \"wan0\"\ndevice = \"net_tap0\"\naddresses = [\"10.0.0.1/8\"]\n";

/// `odd` stands where session `at` would be.
std::string many(std::size_t at = kMany, const std::string& odd = {}) {
    std::string out = kWide;
    for (std::size_t i = 0; i < kMany; ++i) {
        if (i == at) {
            out += odd;
            continue;
        }
        // Headers as people write them.
        out += i % 3 == 0 ? "\n  [[session]] # " + std::to_string(i) + '\n' : "[[session]]\n";
        out += "name = \"s" + std::to_string(i) + "\"\nremote = \"" + address(i) + "\"\n";
        if (i == kMany / 2) out += kProfile;  // other tables in the midst of them
    }
    return out;
}

unsigned line_of_text(const std::string& text, const std::string& words) {
    const auto at = text.find(words);
    EXPECT_NE(at, text.npos) << words;
    return 1 + static_cast<unsigned>(
                   std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

TEST(Document, ReadsManySessionsInTheOrderOfTheFile) {
    const Config config = load("[dataplane]\nmax_sessions = 4000\n" + many());
    ASSERT_EQ(config.sessions.size(), kMany);
    for (std::size_t i = 0; i < kMany; ++i) {
        ASSERT_EQ(config.sessions[i].name, "s" + std::to_string(i));
        ASSERT_EQ(config.sessions[i].remote, ip(address(i)));
    }
    EXPECT_EQ(config.profiles.size(), 1U);
    EXPECT_EQ(config.dataplane.max_sessions, 4000U);
}

TEST(Document, IsReadInPieces) {
    Faults faults;
    const std::string text = many();
    auto document = Document::read(text, faults);
    ASSERT_TRUE(document);
    EXPECT_FALSE(document->head().contains("session"));
    std::size_t next = 0;
    EXPECT_TRUE(document->each_piece(
        [&](const toml::value& piece, std::size_t first) {
            EXPECT_EQ(first, next);
            const std::size_t n = piece.at("session").as_array().size();
            EXPECT_LE(n, Document::kSessionsPerPiece);
            next += n;
            return true;
        },
        faults));
    EXPECT_EQ(next, kMany);
}

TEST(Document, NamesTheSessionAndTheLineOfEachMistake) {
    const std::string text = many(2222, "[[session]]\nremote = \"10.9.9.9\"\ndetect_mult = 0\n") +
                             "[[session]]\nremote = \"" + address(17) + "\"\n" +
                             "[metrics]\nlisten = \"nowhere\"\n";
    const LoadResult result = load_text(text);
    ASSERT_EQ(result.faults.size(), 3U) << all(result);
    EXPECT_EQ(result.faults[0].path, "session[2222].detect_mult");
    EXPECT_EQ(result.faults[0].line, line_of_text(text, "detect_mult = 0"));
    EXPECT_EQ(result.faults[1].path, "session[" + std::to_string(kMany) + "].remote");
    EXPECT_EQ(result.faults[1].line, line_of_text(text, "[metrics]") - 1);
    EXPECT_NE(result.faults[1].message.find("session[17]"), std::string::npos);
    EXPECT_EQ(result.faults[2].path, "metrics.listen");
    EXPECT_EQ(result.faults[2].line, line_of_text(text, "nowhere"));
}

TEST(Document, FindsUnknownKeysAndTablesInsideASession) {
    const LoadResult result =
        load_text(many(3000, "[[session]]\nremote = \"10.9.9.9\"\n[session.auth]\ntype = \"x\"\n"));
    ASSERT_EQ(result.faults.size(), 1U) << all(result);
    EXPECT_EQ(result.faults[0].path, "session[3000].auth.type");
}

TEST(Document, TellsTheLineOfASyntaxErrorAmongManySessions) {
    const std::string text = many(2800, "[[session]]\nremote = \"10.9.9.9\nname = \"x\"\n");
    const LoadResult result = load_text(text);
    ASSERT_EQ(result.faults.size(), 1U) << all(result);
    EXPECT_EQ(result.faults[0].line, line_of_text(text, "10.9.9.9"));
    EXPECT_NE(result.faults[0].message.find("syntax"), std::string::npos);
}

TEST(Document, IsReadWholeWhenAHeaderCouldBePartOfSomethingElse) {
    const std::string text =
        many(0, "[[session]]\nremote = \"10.9.9.9\"\nname = '''\n[[session]]\n'''\n");
    const LoadResult result = load_text(text);
    ASSERT_EQ(result.faults.size(), 1U) << all(result);
    EXPECT_EQ(result.faults[0].path, "session[0].name");
}

TEST(Document, RefusesSessionsThatAreWrittenAsATableToo) {
    const LoadResult result = load_text("session = 5\n" + many());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.faults.size(), 1U) << all(result);
    EXPECT_NE(result.faults[0].line, 0U);
}

TEST(Document, TakesSessionsOfEveryWriting) {
    const std::string text =
        many(10, "[[ session ]]\nname = \"s10\"\nremote = \"" + address(10) + "\"\n");
    EXPECT_EQ(load("[dataplane]\nmax_sessions = 4000\n" + text).sessions.size(), kMany);
}

TEST(Document, IsGivenUpBetweenItsPiecesWhenNobodyWaitsForIt) {
    const std::string text = many(2222, "[[session]]\ndetect_mult = 0\n");
    int asked = 0;
    const LoadResult result = load_text(text, [&asked] { return ++asked == 2; });
    EXPECT_EQ(asked, 2);
    ASSERT_EQ(result.faults.size(), 1U) << all(result);
    EXPECT_NE(result.faults[0].message.find("not read to its end"), std::string::npos);
    EXPECT_FALSE(result.config);
}

}  // namespace
}  // namespace tocsin::control::config
