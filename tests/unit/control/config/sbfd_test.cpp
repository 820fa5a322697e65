// Sessions of type sbfd, [[reflector]] and [sbfd]: RFC 7880 and 7881.

#include "control/config/diff.hpp"
#include "control/config/session_draft.hpp"
#include "control/config/session_identity.hpp"
#include "control/config/session_rules.hpp"
#include "fixture.hpp"

#include <vector>

namespace tocsin::control::config {
namespace {

const std::string kSbfdPort =
    kPort + "[[port.route]]\nto = \"0.0.0.0/0\"\nvia = \"192.0.2.254\"\n" + kProfile;

std::string initiator(const std::string& keys) {
    return kSbfdPort + "[[session]]\ntype = \"sbfd\"\nremote = \"203.0.113.2\"\n" + keys + '\n';
}
std::string reflector(const std::string& keys) { return kSbfdPort + "[[reflector]]\n" + keys; }

// req: RFC7881-5.1-01 RFC7881-5-02 RFC7880-7.3.2-05 RFC7880-8.2-01 RFC7880-6.1-01
TEST(SbfdConfig, AnInitiatorNeedsAPeerAndADiscriminator) {
    const Config config = load(initiator("remote_discriminator = \"203.0.113.2\""));
    ASSERT_EQ(config.sessions.size(), 1U);
    const Session& s = config.sessions.front();
    EXPECT_EQ(s.type, SessionType::Sbfd);
    EXPECT_EQ(s.remote_discriminator, Discriminator{0xcb007102});
    EXPECT_EQ(s.local, ip("192.0.2.1"));
    EXPECT_EQ(s.port, "wan0");
    EXPECT_EQ(s.parameters.min_ttl, 1);
    EXPECT_TRUE(s.parameters.match_source);
    EXPECT_NE(s.parameters.congestion_doublings, 0);
    EXPECT_EQ(s.parameters.required_min_rx_interval, s.parameters.desired_min_tx_interval);
    EXPECT_EQ(load(initiator("remote_discriminator = 7")).sessions[0].remote_discriminator,
              Discriminator{7});
    EXPECT_EQ(load(initiator("remote_discriminator = 7\nmin_ttl = 254\ndetect_mult = 5"))
                  .sessions[0]
                  .parameters.min_ttl,
              254);
    const SessionCheck again = validate_session(draft_of(s), config.ports, config.profiles);
    ASSERT_TRUE(again.ok()) << again.faults.front().message;
    EXPECT_EQ(again.session, s);
}

TEST(SbfdConfig, AnInitiatorHasNothingThatNeedsAPeer) {
    const std::string d = "remote_discriminator = 7\n";
    expect_fault(initiator(""), "session[0].remote_discriminator", "is missing");
    for (const char* const wrong : {"0", "4294967296", "-1", "\"fe80::1\"", "\"x\"", "true"}) {
        expect_fault(initiator("remote_discriminator = " + std::string{wrong}),
                     "session[0].remote_discriminator", "1..4294967295");
    }
    const struct {
        const char* member;
        const char* value;
    } refused[]{{"required_min_rx_interval", "\"50ms\""},
                {"passive", "true"},
                {"demand_mode", "true"},
                {"demand_poll_interval", "\"1s\""},
                {"interval_alignment", "true"},
                {"desired_min_echo_tx_interval", "\"1s\""},
                {"required_min_echo_rx_interval", "\"1s\""}};
    for (const auto& r : refused) {
        expect_fault(initiator(d + r.member + " = " + r.value),
                     "session[0]." + std::string{r.member}, "keeps no state");
    }
    expect_fault(initiator(d + "vni = 7"), "session[0].vni", "");
    expect_fault(kSbfdPort + "[[session]]\nremote = \"192.0.2.2\"\n" + d,
                 "session[0].remote_discriminator", "type sbfd only");
    // RFC 7881 5.1
    expect_fault(kSbfdPort + "[[session]]\ntype = \"sbfd\"\nremote = \"fe80::2\"\n" + d,
                 "session[0].remote", "link-local");
    expect_fault(initiator(d + "local = \"fe80::1\""), "session[0].local", "");
}

TEST(SbfdConfig, OneInitiatorForEachEntity) {
    const std::string one = "[[session]]\ntype = \"sbfd\"\nremote = \"203.0.113.2\"\n";
    const Config two = load(kSbfdPort + one + "remote_discriminator = 7\n" + one +
                            "remote_discriminator = 8\n[[session]]\ntype = \"multihop\"\n"
                            "remote = \"203.0.113.2\"\n");
    EXPECT_EQ(two.sessions.size(), 3U);
    expect_fault(kSbfdPort + one + "remote_discriminator = 7\n" + one +
                     "remote_discriminator = \"0.0.0.7\"\n",
                 "session[1].remote", "already asked for 0.0.0.7");
    EXPECT_NE(describe(two.sessions[0]).find("sbfd 0.0.0.7"), std::string::npos);
}

TEST(SbfdConfig, AnotherDiscriminatorIsAnotherSession) {
    const Config from = load(initiator("remote_discriminator = 7"));
    const Config to = load(initiator("remote_discriminator = 8"));
    const Diff d = diff(from, to);
    EXPECT_EQ(d.added.size(), 1U);
    EXPECT_EQ(d.removed.size(), 1U);
    const Diff faster =
        diff(from, load(initiator("remote_discriminator = 7\ndesired_min_tx_interval = \"50ms\"")));
    ASSERT_EQ(faster.changed.size(), 1U);
    EXPECT_FALSE(faster.changed[0].must_be_recreated);
}

// req: RFC7880-4.2-03 RFC7880-4.2-06 RFC7880-3-01
TEST(SbfdConfig, AReflectorHasADiscriminatorOfItsOwn) {
    const Config config = load(reflector("") + "[[reflector]]\ndiscriminator = 0xC6336401\n");
    ASSERT_EQ(config.sbfd.reflectors.size(), 2U);
    EXPECT_EQ(config.sbfd.reflectors[0].discriminator, Discriminator{0xc0000201}) << "192.0.2.1";
    EXPECT_EQ(config.sbfd.reflectors[1].discriminator, Discriminator{0xc6336401});
    EXPECT_EQ(config.sbfd.reflectors[0].required_min_rx_interval, WireInterval{10'000});
    EXPECT_EQ(config.sbfd.rate, 100'000U);
    EXPECT_EQ(config.sbfd.rate_per_source, 10'000U);
    expect_fault(reflector("discriminator = 0\n"), "reflector[0].discriminator", "1..4294967295");
    EXPECT_EQ(discriminator_text({0xc0000201}), "192.0.2.1");
}

// req: RFC7880-4.2-05
TEST(SbfdConfig, ADiscriminatorIsGivenOnce) {
    expect_fault(reflector("discriminator = 7\n[[reflector]]\ndiscriminator = \"0.0.0.7\"\n"),
                 "reflector[1].discriminator", "already the discriminator of reflector[0]");
    expect_fault(reflector("name = \"a\"\ndiscriminator = 7\n[[reflector]]\nname = \"a\"\n"),
                 "reflector[1].name", "already the name");
}

// req: RFC7881-7-01
TEST(SbfdConfig, AReflectorMayBeForSome) {
    const Config config = load(reflector("allow = [\"192.0.2.0/24\", \"2001:db8::7\"]\n"
                                         "deny = [\"192.0.2.9\"]\nadmin_down = true\n"
                                         "required_min_rx_interval = \"50ms\"\n"
                                         "required_min_echo_rx_interval = \"20ms\"\n") +
                               "[sbfd]\nrate = 5\nrate_per_source = 2\n");
    const Reflector& r = config.sbfd.reflectors.at(0);
    EXPECT_EQ(r.allow.size(), 2U);
    EXPECT_EQ(r.deny.size(), 1U);
    EXPECT_TRUE(r.admin_down);
    EXPECT_EQ(r.required_min_rx_interval, WireInterval{50'000});
    EXPECT_EQ(r.required_min_echo_rx_interval, WireInterval{20'000});
    EXPECT_EQ(config.sbfd.rate, 5U);
    EXPECT_EQ(config.sbfd.rate_per_source, 2U);
    expect_fault(reflector("allow = []\n"), "reflector[0].allow", "is empty");
    expect_fault(reflector("deny = [\"192.0.2.1/24\"]\n"), "reflector[0].deny[0]", "192.0.2.0/24");
    expect_fault(reflector("required_min_rx_interval = \"0s\"\n"),
                 "reflector[0].required_min_rx_interval", "");
    expect_fault(kSbfdPort + "[sbfd]\nrate = 0\n", "sbfd.rate", "");
    expect_fault(reflector("auth = { type = \"keyed_sha1\", key_chain = \"x\" }\n"),
                 "reflector[0].auth.key_chain", "no key chain");
    std::string many = kSbfdPort;
    for (int i = 1; i <= 65; ++i) {
        many += "[[reflector]]\ndiscriminator = " + std::to_string(i) + '\n';
    }
    expect_fault(many, "reflector", "at most 64");
}

}  // namespace
}  // namespace tocsin::control::config
