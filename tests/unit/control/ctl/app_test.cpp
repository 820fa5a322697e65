#include "control/ctl/app.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;

class App : public Tocsinctl {};

TEST_F(App, ExplainsItsExitCodesInItsHelp) {
    EXPECT_EQ(run_alone({"--help"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("3 daemon not reachable"));
    EXPECT_EQ(err(), "");
}

TEST_F(App, NamesWhatIsWrongWithACommandLine) {
    const auto says = [this](const std::vector<std::string>& arguments, const char* what) {
        EXPECT_EQ(run(arguments), ExitCode::InvalidArgument) << err();
        EXPECT_THAT(err(), HasSubstr(what));
    };
    says({"-o", "xml", "stats"}, "\"xml\" is not accepted: write \"table\", \"json\" or \"jsonl\"");
    says({"session", "add", "192.0.2.2", "--type", "multihp"}, "did you mean \"multihop\"? (see");
    says({"session", "lst"}, "there is no command \"lst\", did you mean \"list\"? (see");
    says({"session", "frobnicate"}, "\"frobnicate\", write one of list, show");
    says({"session"}, "a command is missing, write one of list, show");
    says({"sesion", "list"}, "there is no command \"sesion\", did you mean \"session\"?");
    says({"show", "bfd", "peers"}, "there is no command \"show\"");
    says({"--timeout", "5s", "config", "chek", "x"}, "\"chek\", did you mean \"check\"?");
    says({"session", "set", "7", "--detect-mul", "3"}, "did you mean \"--detect-mult\"?");
    says({"session", "history", "7", "--pcapng"}, "--pcapng needs a value");
    says({"session", "history", "7", "--pcapng", ""}, "--pcapng: the name of a file is empty");
    says({"session", "add", "192.0.2.2", "192.0.2.3"},
         "\"192.0.2.3\" is more than tocsinctl session add takes");
    says({"session", "set", "7", "--mult", "3"}, "there is no option --mult");
    says({"session", "set", "7"}, "nothing to change");
    says({"session", "set", "7", "--passive", "--active"}, "--active");
    says({"session", "add", "192.0.2.2", "--detect-mult", "-1"}, "1..255");
    says({"session", "add", "192.0.2.2", "--dscp", "cs6"}, "0..63");
}

TEST_F(App, RefusesASocketThatNobodyCanListenOn) {
    for (const char* const socket : {"/run/tocsin/api.sock", "unix:", "unix:relative", "",
                                     "tcp:127.0.0.1:50051", "http://x"}) {
        EXPECT_EQ(run_alone({"--socket", socket, "stats"}), ExitCode::InvalidArgument) << socket;
        EXPECT_THAT(err(), HasSubstr("write unix:/ABSOLUTE/PATH")) << socket;
    }
    EXPECT_EQ(run_alone({"--socket", "unix:/" + std::string(107, 'a'), "stats"}),
              ExitCode::InvalidArgument);
}

TEST_F(App, FailsWhenItsOutputIsLost) {
    out_.setstate(std::ios::badbit);
    EXPECT_EQ(run({"stats"}), ExitCode::Failure);
    EXPECT_THAT(err(), HasSubstr("could not be written"));
}

TEST_F(App, RefusesWrongUsageInOneSentence) {
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                  {"sesion"},
                                                  {"session"},
                                                  {"session", "show"},
                                                  {"session", "add"},
                                                  {"session", "list", "--colour"},
                                                  {"-o", "xml", "stats"},
                                                  {"--timeout", "5", "stats"},
                                                  {"session", "list", "--state", "sideways"},
                                                  {"session", "list", "--remote", "rr1"},
                                                  {"session", "add", "192.0.2.2", "--tx", "50"},
                                                  {"session", "show", "id:x"},
                                                  {"session", "add", "192.0.2.2", "--rx", "4295s"},
                                                  {"session", "set", "1", "--detect-mult", "x"}}) {
        EXPECT_EQ(run(wrong), ExitCode::InvalidArgument) << testing::PrintToString(wrong);
        EXPECT_EQ(out(), "");
        EXPECT_EQ(lines(err()), 1) << err();
        EXPECT_THAT(err(), testing::StartsWith("tocsinctl: "));
    }
}

TEST_F(App, SaysWhatToDoWhenNoDaemonListens) {
    for (const char* command : {"stats", "watch", "reload"}) {
        EXPECT_EQ(run_alone({"--socket", "unix:/nonexistent/api.sock", command}),
                  ExitCode::Unreachable);
        EXPECT_EQ(out(), "");
        EXPECT_THAT(err(), HasSubstr("cannot reach tocsind at unix:/nonexistent/api.sock"));
        EXPECT_THAT(err(), HasSubstr("tocsind --config FILE"));
        EXPECT_EQ(lines(err()), 1);
    }
}

TEST_F(App, TakesTheSocketFromTheEnvironment) {
    setenv("TOCSIN_SOCKET", daemon_.socket().c_str(), 1);
    EXPECT_EQ(run_alone({"stats"}), ExitCode::Success);
    unsetenv("TOCSIN_SOCKET");
}

TEST_F(App, ExitsWithTheCauseAndTheDaemonsSentence) {
    const std::vector<std::pair<grpc::StatusCode, ExitCode>> causes{
        {grpc::StatusCode::NOT_FOUND, ExitCode::NotFound},
        {grpc::StatusCode::ALREADY_EXISTS, ExitCode::AlreadyExists},
        {grpc::StatusCode::RESOURCE_EXHAUSTED, ExitCode::LimitReached},
        {grpc::StatusCode::FAILED_PRECONDITION, ExitCode::FailedPrecondition},
        {grpc::StatusCode::INVALID_ARGUMENT, ExitCode::InvalidArgument},
        {grpc::StatusCode::INTERNAL, ExitCode::Failure}};
    for (const auto& [status, code] : causes) {
        daemon_.sessions.refusal = grpc::Status{status, "remote: is taken"};
        EXPECT_EQ(run({"session", "add", "192.0.2.2"}), code);
        EXPECT_EQ(err(), "tocsinctl: remote: is taken\n");
    }
}

TEST_F(App, NamesTheArgumentThatAFaultOfTheDaemonIsAbout) {
    daemon_.sessions.refusal = {grpc::StatusCode::INVALID_ARGUMENT, "sessions[0].remote: is bad"};
    EXPECT_EQ(run({"session", "add", "10.0.0.3"}), ExitCode::InvalidArgument);
    EXPECT_EQ(err(), "tocsinctl: REMOTE: is bad\n");
    daemon_.sessions.refusal = {grpc::StatusCode::INVALID_ARGUMENT, "sessions[0].port: is bad"};
    EXPECT_EQ(run({"session", "add", "10.0.0.3"}), ExitCode::InvalidArgument);
    EXPECT_EQ(err(), "tocsinctl: --port: is bad\n");
    for (const auto& [fault, said] : std::vector<std::pair<std::string, std::string>>{
             {"sessions[0].auth.key_chain: is bad", "--key-chain: is bad"},
             {"sessions[0].auth.type: is bad", "--auth: is bad"},
             {"sessions[0].down_hold_ms: is bad", "--down-hold: is bad"},
             {"sessions[0].tunnel.inner_vlan[1]: is bad", "--inner-vlan: is bad"},
             {"sessions[0].dampening.reuse: is bad", "--dampening: reuse: is bad"},
             {"sessions[0].tunnel.vni: is missing: x; sessions[0].tunnel.inner_src_mac: is bad",
              "--vni: is missing: x; --inner-src-mac: is bad"},
             {"port: is bad", "--port: is bad"}}) {
        daemon_.sessions.refusal = {grpc::StatusCode::INVALID_ARGUMENT, fault};
        EXPECT_EQ(run({"session", "add", "10.0.0.3"}), ExitCode::InvalidArgument);
        EXPECT_EQ(err(), "tocsinctl: " + said + "\n");
    }
}

}  // namespace
}  // namespace tocsin::control::ctl
