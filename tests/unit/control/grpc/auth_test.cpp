// Authentication through the API: sessions, key chains, and nothing of a secret in any answer.

#include "fixture.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace tocsin::control::api {
namespace {

constexpr const char* kSecret = "sesame-open";

std::string key_file() {
    const auto path =
        std::filesystem::temp_directory_path() / ("tocsin-api-key-" + std::to_string(::getpid()));
    std::ofstream{path} << kSecret;
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
}

std::string config(const std::string& send = "[\"always\", \"forever\"]") {
    return std::string{test::TestDaemon::kConfig} +
           "[[key_chain]]\nname = \"core\"\nkeys = [{ id = 4, secret_file = \"" + key_file() +
           "\", send = " + send + " }]\n";
}

class AuthApi : public ApiFixture {
protected:
    AuthApi() : ApiFixture{config()} {}

    static v1::SessionSpec authenticated(v1::AuthType type, const std::string& chain = "core") {
        v1::SessionSpec s = spec("10.0.0.3");
        s.mutable_auth()->set_type(type);
        s.mutable_auth()->set_key_chain(chain);
        return s;
    }
    v1::ListKeyChainsResponse key_chains() {
        v1::ListKeyChainsResponse response;
        grpc::ClientContext context;
        EXPECT_TRUE(daemons->ListKeyChains(&context, {}, &response).ok());
        return response;
    }
    v1::ReloadResponse reload() {
        v1::ReloadResponse response;
        grpc::ClientContext context;
        EXPECT_TRUE(configs->Reload(&context, {}, &response).ok());
        return response;
    }
};

TEST_F(AuthApi, ShowsHowASessionIsAuthenticated) {
    const auto [status, added] = add({authenticated(v1::AUTH_TYPE_KEYED_SHA1)});
    ASSERT_TRUE(status.ok()) << status.error_message();
    const v1::Session& s = added.sessions(0);
    EXPECT_EQ(s.spec().auth().type(), v1::AUTH_TYPE_KEYED_SHA1);
    EXPECT_EQ(s.spec().auth().key_chain(), "core");
    const v1::AuthStatus auth = get(by_id(s.id())).second.status().auth();
    EXPECT_EQ(auth.type(), v1::AUTH_TYPE_KEYED_SHA1);
    EXPECT_TRUE(auth.can_sign());
    EXPECT_EQ(auth.key_id(), 4U);
    EXPECT_EQ(get(by_name("rr1")).second.status().auth().type(), v1::AUTH_TYPE_NONE);
    EXPECT_EQ(get(by_id(s.id())).second.DebugString().find(kSecret), std::string::npos);
}

TEST_F(AuthApi, TellsTheTwoWaysOfSha1Apart) {
    const auto [status, added] = add({authenticated(v1::AUTH_TYPE_FRR_HMAC_SHA1)});
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(added.sessions(0).spec().auth().type(), v1::AUTH_TYPE_FRR_HMAC_SHA1);
    EXPECT_EQ(added.sessions(0).status().auth().type(), v1::AUTH_TYPE_FRR_HMAC_SHA1);
}

TEST_F(AuthApi, NeverTakesWhatItDoesNotUnderstandForNone) {
    expect(add({authenticated(v1::AUTH_TYPE_UNSPECIFIED)}).first, Code::INVALID_ARGUMENT,
           "sessions[0].auth.type: is missing");
    expect(add({authenticated(static_cast<v1::AuthType>(99))}).first, Code::INVALID_ARGUMENT,
           "sessions[0].auth.type: \"99\" is not a type of authentication");
    expect(add({authenticated(v1::AUTH_TYPE_KEYED_MD5, "")}).first, Code::INVALID_ARGUMENT,
           "sessions[0].auth.key_chain");
    expect(add({authenticated(v1::AUTH_TYPE_KEYED_MD5, "edge")}).first, Code::INVALID_ARGUMENT,
           "there is no key chain \"edge\"");
    expect(add({authenticated(v1::AUTH_TYPE_NONE)}).first, Code::INVALID_ARGUMENT,
           "without authentication");
    EXPECT_EQ(list({}).second.total(), 1U);
}

TEST_F(AuthApi, ChangesAuthenticationOfASession) {
    const std::uint64_t id = add({spec("10.0.0.3")}).second.sessions(0).id();
    v1::UpdateSessionRequest request;
    *request.mutable_session() = by_id(id);
    *request.mutable_spec()->mutable_auth() =
        authenticated(v1::AUTH_TYPE_METICULOUS_KEYED_MD5).auth();
    v1::UpdateSessionResponse response;
    grpc::ClientContext context;
    const auto status = sessions->UpdateSession(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.session().spec().auth().type(), v1::AUTH_TYPE_METICULOUS_KEYED_MD5);
    EXPECT_EQ(response.session().spec().desired_min_tx_interval_us(), 50'000U) << "the rest stays";
}

// What a client sends for a check does not make the daemon look at files that the client may not
// see.
TEST_F(AuthApi, ChecksAConfigurationWithoutOpeningItsSecrets) {
    const auto faults = [this](const std::string& file) {
        v1::CheckConfigRequest request;
        request.set_toml(
            "[[port]]\nname = \"p0\"\ndevice = \"net_null0\"\n"
            "[[key_chain]]\nname = \"core\"\nkeys = [{ id = 4, secret_file = \"" +
            file + "\" }]\n");
        v1::CheckConfigResponse response;
        grpc::ClientContext context;
        EXPECT_TRUE(configs->CheckConfig(&context, request, &response).ok());
        return response.faults_size();
    };
    for (const char* const file : {"/no/such/file", "/dev/null", "/proc/version"}) {
        EXPECT_EQ(faults(file), 0) << file;
    }
    EXPECT_EQ(faults("relative"), 1);
}

TEST_F(AuthApi, ListsKeysWithoutTheirSecrets) {
    EXPECT_TRUE(add({authenticated(v1::AUTH_TYPE_KEYED_SHA1)}).first.ok());
    const v1::ListKeyChainsResponse chains = key_chains();
    ASSERT_EQ(chains.key_chains_size(), 1);
    const v1::KeyChain& chain = chains.key_chains(0);
    EXPECT_EQ(chain.name(), "core");
    EXPECT_EQ(chain.sessions(), 1U);
    EXPECT_EQ(chain.signs_until(), 0) << "never";
    ASSERT_EQ(chain.keys_size(), 1);
    EXPECT_EQ(chain.keys(0).id(), 4U);
    EXPECT_TRUE(chain.keys(0).signing());
    EXPECT_TRUE(chain.keys(0).accepted());
    EXPECT_EQ(chains.DebugString().find(kSecret), std::string::npos);
}

TEST_F(AuthApi, ReloadsKeyChains) {
    EXPECT_FALSE(reload().key_chains_changed());
    daemon.write_config(config("[\"2000-01-01T00:00:00Z\", \"2000-01-02T00:00:00Z\"]"));
    const v1::ReloadResponse changed = reload();
    EXPECT_TRUE(changed.faults().empty()) << changed.DebugString();
    EXPECT_TRUE(changed.key_chains_changed());
    EXPECT_EQ(changed.changed(), 0U);
    EXPECT_TRUE(changed.needs_restart().empty());
    const v1::KeyChain chain = key_chains().key_chains(0);
    EXPECT_FALSE(chain.keys(0).signing());
    EXPECT_TRUE(chain.keys(0).accepted());
}

TEST_F(AuthApi, KeepsAChainThatItsSessionsUse) {
    EXPECT_TRUE(add({authenticated(v1::AUTH_TYPE_KEYED_SHA1)}).first.ok());
    daemon.write_config(test::TestDaemon::kConfig);
    const v1::ReloadResponse refused = reload();
    ASSERT_EQ(refused.faults_size(), 1);
    EXPECT_NE(refused.faults(0).message().find("use key chain \"core\""), std::string::npos)
        << refused.DebugString();
    EXPECT_EQ(key_chains().key_chains_size(), 1);
}

class NoAuthApi : public ApiFixture {};

TEST_F(NoAuthApi, SaysWhatADaemonWithoutRoomNeeds) {
    v1::SessionSpec s = spec("10.0.0.3");
    s.mutable_auth()->set_type(v1::AUTH_TYPE_KEYED_SHA1);
    s.mutable_auth()->set_key_chain("core");
    expect(add({s}).first, Code::FAILED_PRECONDITION, "restart");
}

}  // namespace
}  // namespace tocsin::control::api
