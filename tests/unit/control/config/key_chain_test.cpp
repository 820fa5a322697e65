#include "control/config/diff.hpp"
#include "fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tocsin::control::config {
namespace {

using bfd::AuthType;

/// Files of secrets, gone with the test.
class KeyChains : public testing::Test {
protected:
    KeyChains() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        secret("one", "first");
        secret("two", "second\n");
        secret("long", "seventeen octets!");
    }
    ~KeyChains() override { std::filesystem::remove_all(folder); }

    void secret(const std::string& name, const std::string& content, mode_t mode = 0600) const {
        const auto path = folder / name;
        std::ofstream{path} << content;
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return "secret_file = \"" + (folder / name).string() + '"';
    }
    /// A chain "core" with these keys, each what stands between its braces.
    [[nodiscard]] static std::string chain(const std::vector<std::string>& keys) {
        std::string out = "[[key_chain]]\nname = \"core\"\nkeys = [";
        for (const std::string& k : keys) out += "{ " + k + " }, ";
        return out + "]\n";
    }
    [[nodiscard]] std::string core() const { return chain({"id = 1, " + file("one")}); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   ("tocsin-key-chains-" + std::to_string(::getpid()));
};

const std::string kSession = "[[session]]\nremote = \"192.0.2.2\"\n";
const std::string kAuthenticated =
    kSession + "auth = { type = \"meticulous_keyed_sha1\", key_chain = \"core\" }\n";

TEST_F(KeyChains, AreReadWithTheirSecrets) {
    const Config config =
        load(kBase + kAuthenticated +
             chain({"id = 1, " + file("one") +
                        ", accept = [\"always\", \"2026-07-01T00:00:00Z\"], "
                        "send = [\"2026-01-01T00:00:00Z\", \"2026-06-01T00:00:00+02:00\"]",
                    "id = 200, " + file("two") +
                        ", accept = [\"2026-05-01T00:00:00Z\", "
                        "\"forever\"]"}));
    EXPECT_TRUE(config.dataplane.authentication);
    ASSERT_EQ(config.key_chains.size(), 1U);
    const auto& keys = config.key_chains[0].keys;
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(std::string(keys[0].secret->begin(), keys[0].secret->end()), "first");
    EXPECT_EQ(std::string(keys[1].secret->begin(), keys[1].secret->end()), "second");
    EXPECT_EQ(keys[1].id, 200);
    EXPECT_EQ(keys[0].accept.from, std::nullopt);
    EXPECT_EQ(keys[0].send.until, keys[0].accept.until.value() - std::chrono::hours{30 * 24 + 2});
    EXPECT_EQ(keys[1].send, keys[1].accept) << "unless it is given";
    EXPECT_EQ(keys[1].accept.until, std::nullopt);
    const Session& session = config.sessions[0];
    EXPECT_EQ(session.auth.type, AuthType::MeticulousKeyedSha1);
    EXPECT_EQ(session.auth.key_chain, "core");
}

// req: RFC5880-6.7-01
TEST_F(KeyChains, AreUsedBySomeSessionsAndNotByOthers) {
    const Config config =
        load(kBase + core() + kAuthenticated + "[[session]]\nremote = \"192.0.2.3\"\n");
    EXPECT_EQ(config.sessions[0].auth.type, AuthType::MeticulousKeyedSha1);
    EXPECT_EQ(config.sessions[1].auth.type, AuthType::None);
}

TEST_F(KeyChains, ComeFromAProfileUnlessTheSessionSaysElse) {
    const std::string profile =
        "[[profile]]\nname = \"safe\"\nauth = { type = \"keyed_md5\", key_chain = \"core\" }\n";
    const Config config = load(
        kPort + profile + core() + kSession + "profile = \"safe\"\n" +
        "[[session]]\nremote = \"192.0.2.3\"\nprofile = \"safe\"\nauth = { type = \"none\" }\n");
    EXPECT_EQ(config.sessions[0].auth.type, AuthType::KeyedMd5);
    EXPECT_EQ(config.sessions[1].auth.type, AuthType::None);
}

// Where the mistake is, once, and whether sessions use the profile or not.
TEST_F(KeyChains, OfAProfileAreBlamedThere) {
    const std::string profile =
        "[[profile]]\nname = \"safe\"\nauth = { type = \"keyed_md5\", key_chain = \"cord\" }\n";
    const std::string uses = kSession + "profile = \"safe\"\n" +
                             "[[session]]\nremote = \"192.0.2.3\"\nprofile = \"safe\"\n";
    for (const std::string& sessions : {std::string{}, uses}) {
        expect_fault(kPort + profile + core() + sessions, "profile[0].auth.key_chain",
                     "did you mean \"core\"?");
    }
}

TEST_F(KeyChains, NeedNoRoomWhereThereAreNone) {
    EXPECT_FALSE(load(kBase).dataplane.authentication);
    EXPECT_TRUE(load(kBase + "[dataplane]\nauthentication = true\n").dataplane.authentication);
    EXPECT_FALSE(
        load(kBase + core() + "[dataplane]\nauthentication = false\n").dataplane.authentication);
    expect_fault(kBase + core() + kAuthenticated +
                     "[[session]]\nremote = \"192.0.2.3\"\n"
                     "auth = { type = \"keyed_sha1\", key_chain = \"core\" }\n"
                     "[dataplane]\nauthentication = false\n",
                 "dataplane.authentication", "sessions are authenticated");
}

TEST_F(KeyChains, WithMistakesAreRefused) {
    const auto bad = [&](const std::string& key, const char* at, const char* words) {
        expect_fault(kBase + chain({key}), std::string{"key_chain[0].keys[0]."} + at, words);
    };
    const std::string one = file("one");
    bad(one, "id", "is missing");
    bad("id = 256, " + one, "id", "0..255");
    bad("id = 1", "secret_file", "is missing");
    bad("id = 1, secret_file = \"keys/1\"", "secret_file", "not an absolute path");
    bad("id = 1, " + file("nothing"), "secret_file", "nothing\" does not exist");
    bad("id = 1, " + file("one") + ", secret_format = \"rot13\"", "secret_format",
        "is not accepted");
    bad("id = 1, " + file("one") + ", secret_format = \"hex\"", "secret_file",
        "is not hexadecimal");
    bad("id = 1, secret = \"first\"", "secret", "a file of its own");
    bad("id = 1, " + one + ", accept = [\"2026-01-01T00:00:00Z\"]", "accept", "needs two times");
    bad("id = 1, " + one + ", accept = [\"yesterday\", \"forever\"]", "accept[0]", "RFC 3339");
    bad("id = 1, " + one + ", accept = [\"forever\", \"forever\"]", "accept[0]", "\"always\"");
    bad("id = 1, " + one + ", accept = [\"always\", \"always\"]", "accept[1]", "\"forever\"");
    bad("id = 1, " + one + ", accept = [\"2026-02-01T00:00:00Z\", \"2026-01-01T00:00:00Z\"]",
        "accept", "not after it begins");
    bad("id = 1, " + one +
            ", accept = [\"always\", \"2026-02-01T00:00:00Z\"], "
            "send = [\"always\", \"forever\"]",
        "send", "reaches beyond accept");
    expect_fault(kBase + "[[key_chain]]\nname = \"core\"\n", "key_chain[0].keys", "are missing");
    expect_fault(kBase + chain({}), "key_chain[0].keys", "are missing");
    expect_fault(kBase + chain({"id = 1, " + one, "id = 1, " + file("two")}),
                 "key_chain[0].keys[1].id", "already a key");
    expect_fault(kBase + core() + core(), "key_chain[1].name", "already the name of key_chain[0]");
    std::vector<std::string> nine;
    for (int i = 1; i <= 9; ++i) nine.push_back("id = " + std::to_string(i) + ", " + one);
    expect_fault(kBase + chain(nine), "key_chain[0].keys", "9 of them are accepted at the same");
}

TEST_F(KeyChains, DoNotShowASecretThatStandsInTheFile) {
    for (const char* const secret : {"\"55511777\"", "55511777", "[55511777]"}) {
        const LoadResult result =
            load_text(kBase + chain({"id = 1, " + file("one") + ", secret = " + secret}));
        ASSERT_EQ(result.faults.size(), 1U);
        EXPECT_EQ(all(result).find("55511777"), std::string::npos) << all(result);
    }
}

TEST_F(KeyChains, ThatOthersCanReadAreRefused) {
    secret("one", "first", 0644);
    expect_fault(kBase + core(), "key_chain[0].keys[0].secret_file", "has the mode 0644");
}

// A key that is refused must not bring complaints about sessions that use its chain.
TEST_F(KeyChains, AreBlamedAlone) {
    expect_fault(kBase + chain({"id = 1, " + file("nothing")}) + kAuthenticated,
                 "key_chain[0].keys[0].secret_file", "does not exist");
}

// req: RFC5880-6.7.2-04 RFC5880-6.7.3-05
TEST_F(KeyChains, HaveToFitTheirSessions) {
    const std::string chain_of_17 = chain({"id = 1, " + file("long")});
    const auto session = [](const std::string& auth) { return kSession + "auth = " + auth + '\n'; };
    EXPECT_TRUE(load_text(kBase + chain_of_17 + kAuthenticated).ok());
    for (const char* const type : {"simple_password", "keyed_md5", "meticulous_keyed_md5"}) {
        expect_fault(kBase + chain_of_17 +
                         session("{ type = \"" + std::string{type} + "\", key_chain = \"core\" }"),
                     "session[0].auth.key_chain", "17 octets");
    }
    expect_fault(kBase + core() + session("{ type = \"keyed_sha1\", key_chain = \"cord\" }"),
                 "session[0].auth.key_chain", "did you mean \"core\"?");
    expect_fault(kBase + core() + session("{ type = \"sha1\", key_chain = \"core\" }"),
                 "session[0].auth.type", "is not a type of authentication");
    expect_fault(kBase + core() + session("{ key_chain = \"core\" }"), "session[0].auth.type",
                 "is missing");
    expect_fault(kBase + core() + session("{ type = \"keyed_sha1\" }"), "session[0].auth.key_chain",
                 "is missing");
    expect_fault(kBase + core() + session("{ type = \"\", key_chain = \"core\" }"),
                 "session[0].auth.type", "is missing");
    expect_fault(kBase + core() + session("{ type = \"none\", key_chain = \"core\" }"),
                 "session[0].auth.key_chain", "without authentication");
    expect_fault(kBase + core() + session("{ type = 5, key_chain = \"core\" }"),
                 "session[0].auth.type", "5");
    const std::string misspelt =
        "{ type = \"keyed_sha1\", keychain = \"core\", "
        "key_chain = \"core\" }";
    expect_fault(kBase + core() + session(misspelt), "session[0].auth.keychain",
                 "did you mean \"key_chain\"?");
}

TEST_F(KeyChains, AreComparedWithTheirSecrets) {
    const std::string text = kBase + core() + kAuthenticated;
    const Config before = load(text);
    EXPECT_EQ(diff(before, load(text)).key_chains, std::nullopt);
    secret("one", "other");
    const Diff changed = diff(before, load(text));
    ASSERT_TRUE(changed.key_chains);
    EXPECT_EQ((*changed.key_chains)[0].keys[0].secret->size(), 5U);
    EXPECT_FALSE(changed.changes_sessions());
    EXPECT_TRUE(changed.needs_restart.empty());
}

TEST_F(KeyChains, OfADaemonWithoutRoomWaitForARestart) {
    const Config plain = load(kBase + kSession);
    const Config wanted = load(kBase + core() + kAuthenticated);
    const Diff on = diff(plain, wanted);
    EXPECT_EQ(on.needs_restart, (std::vector<std::string>{"dataplane.authentication"}));
    EXPECT_EQ(on.deferred.size(), 1U) << "it goes on without";
    EXPECT_FALSE(on.changes_sessions());
    const Diff off = diff(wanted, plain);
    EXPECT_TRUE(off.needs_restart.empty());
    ASSERT_EQ(off.changed.size(), 1U);
    EXPECT_EQ(off.changed[0].members, (std::vector<std::string>{"auth"}));
    EXPECT_FALSE(off.changed[0].must_be_recreated);
}

}  // namespace
}  // namespace tocsin::control::config
