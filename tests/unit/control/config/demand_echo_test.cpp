// Demand mode and Echo in the file.

#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

const std::string kOneSession = kBase + "[[session]]\nremote = \"192.0.2.2\"\n";

// req: RFC5880-6.6-04
TEST(DemandMode, NeedsAnotherProofThatThePeerIsThere) {
    expect_fault(kOneSession + "demand_mode = true\n", "session[0].demand_mode",
                 "give demand_poll_interval");
    EXPECT_TRUE(load(kOneSession + "demand_mode = true\ndemand_poll_interval = \"1s\"\n")
                    .sessions[0]
                    .parameters.demand_mode);
    EXPECT_TRUE(load(kOneSession + "demand_mode = true\ndesired_min_echo_tx_interval = \"50ms\"\n")
                    .sessions[0]
                    .parameters.demand_mode);
}

TEST(DemandMode, ItsIntervalHasARange) {
    for (const char* const wrong : {"9ms", "3601s"}) {
        expect_fault(kOneSession + "demand_mode = true\ndemand_poll_interval = \"" +
                         std::string{wrong} + "\"\n",
                     "session[0].demand_poll_interval", "10ms..3600s");
    }
    expect_fault(kOneSession + "demand_poll_interval = \"1s\"\n", "session[0].demand_poll_interval",
                 "without Demand mode");
}

TEST(Echo, IntervalsHaveARange) {
    for (const std::string key :
         {"desired_min_echo_tx_interval", "required_min_echo_rx_interval"}) {
        expect_fault(kOneSession + key + " = \"999us\"\n", "session[0]." + key, "no Echo");
        expect_fault(kPort + "[[profile]]\nname = \"a\"\n" + key + " = \"999us\"\n",
                     "profile[0]." + key, "no Echo");
    }
    const Session s = load(kOneSession +
                           "desired_min_echo_tx_interval = \"20ms\"\n"
                           "required_min_echo_rx_interval = \"30ms\"\n")
                          .sessions[0];
    EXPECT_EQ(s.parameters.desired_min_echo_tx_interval, 20ms);
    EXPECT_EQ(s.parameters.required_min_echo_rx_interval, 30ms);
}

// req: RFC5881-4-12
TEST(Echo, NotToALinkLocalAddressWhichNobodyForwards) {
    const std::string session = kBase + "[[session]]\nremote = \"fe80::2\"\n";
    expect_fault(session + "desired_min_echo_tx_interval = \"50ms\"\n",
                 "session[0].desired_min_echo_tx_interval", "are not forwarded back");
    EXPECT_EQ(load(session + "required_min_echo_rx_interval = \"50ms\"\n").sessions.size(), 1U);
}

// req: RFC5881-4-15
TEST(Echo, SourcesAreOneOfEachFamilyAndGlobal) {
    const auto with = [](const std::string& list) {
        return kPort + "echo_source = " + list + "\n";
    };
    EXPECT_EQ(load(with("[\"198.51.100.1\", \"2001:db8:ff::1\"]")).ports[0].echo_source,
              (std::vector<IpAddress>{ip("198.51.100.1"), ip("2001:db8:ff::1")}));
    expect_fault(with("[\"fe80::1\"]"), "port[0].echo_source[0]", "redirects");
    expect_fault(with("[\"198.51.100.1\", \"198.51.100.2\"]"), "port[0].echo_source[1]",
                 "second of its family");
    expect_fault(with("[\"224.0.0.1\"]"), "port[0].echo_source[0]", "unicast");
    expect_fault(with("[\"x\"]"), "port[0].echo_source[0]", "x");
}

TEST(Echo, RoomIsTakenWhereSomebodyAsksForIt) {
    EXPECT_FALSE(load(kOneSession).dataplane.echo);
    EXPECT_FALSE(load(kOneSession + "required_min_echo_rx_interval = \"50ms\"\n").dataplane.echo);
    EXPECT_TRUE(load(kOneSession + "desired_min_echo_tx_interval = \"50ms\"\n").dataplane.echo);
    EXPECT_TRUE(load(kBase + "[[profile]]\nname = \"e\"\ndesired_min_echo_tx_interval = \"50ms\"\n")
                    .dataplane.echo);
    EXPECT_TRUE(load("[dataplane]\necho = true\n" + kBase).dataplane.echo);
    expect_fault(
        "[dataplane]\necho = false\n" + kOneSession + "desired_min_echo_tx_interval = \"50ms\"\n",
        "dataplane.echo", "leave the key out");
}

class EchoType : public testing::Test {
protected:
    static std::string with(const std::string& more) {
        return kOneSession + "type = \"echo\"\n" + more;
    }
};

// req: RFC9747-2-20 RFC9747-1-02
TEST_F(EchoType, HasAnIntervalAndAMultiplierAndNobodyToAsk) {
    const Session s =
        load(with("desired_min_tx_interval = \"50ms\"\ndetect_mult = 4\n")).sessions[0];
    EXPECT_EQ(s.type, SessionType::Echo);
    EXPECT_EQ(s.parameters.desired_min_tx_interval, 50ms);
    EXPECT_EQ(s.parameters.detect_mult, 4);
    for (const std::string wrong :
         {"required_min_rx_interval = \"50ms\"", "passive = true", "match_source = true",
          "demand_mode = true", "desired_min_echo_tx_interval = \"50ms\"",
          "required_min_echo_rx_interval = \"50ms\""}) {
        expect_fault(with(wrong + "\n"), "session[0]." + wrong.substr(0, wrong.find(' ')),
                     "no BFD peer");
    }
    expect_fault(kBase + "[[session]]\nremote = \"198.51.100.9\"\ntype = \"echo\"\n",
                 "session[0].remote", "in no subnet");
    expect_fault(kBase + "[[session]]\nremote = \"fe80::2\"\ntype = \"echo\"\n",
                 "session[0].remote", "not forwarded back");
}

TEST_F(EchoType, TakesOfAProfileWhatIsForIt) {
    const Session s =
        load(kBase +
             "[[profile]]\nname = \"e\"\ndesired_min_tx_interval = \"20ms\"\npassive = true\n"
             "demand_mode = true\ndesired_min_echo_tx_interval = \"50ms\"\n"
             "[[session]]\nremote = \"192.0.2.2\"\nprofile = \"e\"\ntype = \"echo\"\n")
            .sessions[0];
    EXPECT_EQ(s.parameters.desired_min_tx_interval, 20ms);
    EXPECT_FALSE(s.parameters.passive || s.parameters.demand_mode);
    EXPECT_EQ(s.parameters.desired_min_echo_tx_interval, 0s);
}

// req: RFC9747-4-02
TEST_F(EchoType, IsWithASystemThatHasNoOtherSession) {
    expect_fault(with("") + "[[session]]\nremote = \"192.0.2.2\"\n", "session[1].remote", "");
}

TEST(Echo, TheProfilesValueIsTakenUnlessTheSessionHasOne) {
    const std::string profile = kBase +
                                "[[profile]]\nname = \"e\"\ndesired_min_echo_tx_interval = "
                                "\"50ms\"\ndemand_mode = true\n";
    const std::string session = "[[session]]\nremote = \"192.0.2.2\"\nprofile = \"e\"\n";
    const bfd::SessionParameters p = load(profile + session).sessions[0].parameters;
    EXPECT_EQ(p.desired_min_echo_tx_interval, 50ms);
    EXPECT_TRUE(p.demand_mode);
    const bfd::SessionParameters q = load(profile + session +
                                          "desired_min_echo_tx_interval = \"0s\"\n"
                                          "demand_mode = false\n")
                                         .sessions[0]
                                         .parameters;
    EXPECT_EQ(q.desired_min_echo_tx_interval, 0s);
    EXPECT_FALSE(q.demand_mode);
}

}  // namespace
}  // namespace tocsin::control::config
