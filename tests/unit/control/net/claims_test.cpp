#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

class Claims : public StackFixture {};

bool is_gratuitous(const Bytes& f) {
    return is_arp_request(f, "192.0.2.1") &&
           ip_address(std::span{f}.subspan(28, 4)) == ip("192.0.2.1");
}
bool is_dad_probe(const Bytes& f, const std::string& target) {
    return is_nd(f, 135, target) && source_v6(f) == ip("::");
}

TEST_F(Claims, AreAnnouncedWhenTheLinkComesUp) {
    stack->on_link(kPort, true, now);
    EXPECT_EQ(count(sent, is_gratuitous), 1);
    run(4s);
    EXPECT_EQ(count(sent, is_gratuitous), 3);
    const auto first = std::ranges::find_if(sent, is_gratuitous);
    EXPECT_EQ(*first, arp({.sender_mac = kOwn, .sender = "192.0.2.1", .target = "192.0.2.1"}));
    for (const char* const own : {"2001:db8::1", "fe80::a"}) {
        const auto told = [&](const Bytes& f) { return is_nd(f, 136, own); };
        EXPECT_EQ(count(sent, told), 2) << own;
        const Bytes na = *std::ranges::find_if(sent, told);
        EXPECT_EQ(na[58], kOverride) << own;  // not solicited
        EXPECT_EQ(destination_v6(na), ip("ff02::1"));
        EXPECT_EQ(mac_to(na), (MacAddress{0x33, 0x33, 0, 0, 0, 1}));
        EXPECT_EQ(na[21], 255);
    }
    run(50s);
    sent.clear();
    run(300s);
    EXPECT_EQ(count(sent, is_gratuitous), 0) << "and then no more";
}

TEST_F(Claims, AreAnnouncedByTheFirstTimerWhenNobodySpokeOfTheLink) {
    run(100ms);
    EXPECT_EQ(count(sent, is_gratuitous), 1);
}

TEST_F(Claims, AreNotAnnouncedWhileTheLinkIsKnownToBeDown) {
    stack->on_link(kPort, false, now);
    run(70s);
    EXPECT_TRUE(sent.empty());
    stack->on_link(kPort, true, now);
    EXPECT_EQ(count(sent, is_gratuitous), 1);
}

TEST_F(Claims, AreAnnouncedAgainWhenTheLinkComesUpAgain) {
    settle();
    stack->on_link(kPort, false, now);
    run(5s);
    EXPECT_TRUE(sent.empty()) << "nothing goes out while it is down";
    stack->on_link(kPort, true, now);
    EXPECT_EQ(count(sent, is_gratuitous), 1);
    EXPECT_EQ(count(sent, [](const Bytes& f) { return is_dad_probe(f, "fe80::a"); }), 1);
}

// RFC 4862 5.4.2
TEST_F(Claims, LookForDuplicatesOnceBeforeTheyOverrideAnybody) {
    stack->on_link(kPort, true, now);
    for (const char* const own : {"2001:db8::1", "fe80::a"}) {
        const auto probes = [&](const Bytes& f) { return is_dad_probe(f, own); };
        ASSERT_EQ(count(sent, probes), 1) << own;
        const Bytes probe = *std::ranges::find_if(sent, probes);
        EXPECT_EQ(probe.size(), 78U) << "no link-layer address option from ::";
        EXPECT_EQ(destination_v6(probe),
                  ip(std::string{"ff02::1:ff00:"} + own[std::string{own}.size() - 1]));
    }
    EXPECT_EQ(count(sent, [](const Bytes& f) { return is_nd(f, 136, "fe80::a"); }), 0);
    sent.clear();
    receive(solicitation("2001:db8::2", "2001:db8::1", "2001:db8::1"));
    ASSERT_EQ(sent.size(), 1U) << "used from the first moment";
    EXPECT_EQ(sent[0][58], kSolicited) << "without Override";
    run(1s);
    sent.clear();
    receive(solicitation("2001:db8::2", "2001:db8::1", "2001:db8::1"));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0][58], kSolicited | kOverride);
}

TEST_F(Claims, ANewAddressDoesNotGiveItsMacWhenItAsks) {  // RFC 4429 3.2
    stack->on_link(kPort, true, now);
    sent.clear();
    stack->track(kPort, ip("2001:db8::2"), now);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].size(), 78U);
    run(1s);
    const auto asks = [](const Bytes& f) { return is_nd(f, 135, "2001:db8::2"); };
    EXPECT_EQ(std::ranges::find_if(sent.rbegin(), sent.rend(), asks)->size(), 86U);
}

TEST_F(Claims, ADuplicateIsToldAndWithheldUntilTheLinkComesUpAgain) {
    stack->on_link(kPort, true, now);
    receive(advertisement("2001:db8::1", kOverride, kOther, "ff02::1"));
    EXPECT_EQ(claimed, (std::vector<Claimed>{{ip("2001:db8::1"), kOther}}));
    run(4s);
    sent.clear();
    receive(solicitation("2001:db8::2", "2001:db8::1", "2001:db8::1"));
    EXPECT_TRUE(sent.empty());
    EXPECT_EQ(stack->local_for(kPort, ip("2001:db8::2")), std::nullopt);
    EXPECT_EQ(stack->local_for(kPort, ip("fe80::b")), ip("fe80::a")) << "the others are kept";
    settle();
    EXPECT_EQ(stack->local_for(kPort, ip("2001:db8::2")), ip("2001:db8::1"));
}

TEST_F(Claims, AnotherStationsDuplicateDetectionIsAConflictWithOurs) {  // RFC 4862 5.4.3
    stack->on_link(kPort, true, now);
    receive(solicitation("::", "ff02::1:ff00:1", "2001:db8::1", kOther));
    EXPECT_EQ(stack->local_for(kPort, ip("2001:db8::2")), std::nullopt);
}

TEST_F(Claims, OurOwnProbeThatALoopGivesBackIsNoDuplicate) {
    stack->on_link(kPort, true, now);
    receive(solicitation("::", "ff02::1:ff00:1", "2001:db8::1", kOwn));
    EXPECT_TRUE(claimed.empty());
    EXPECT_EQ(stack->local_for(kPort, ip("2001:db8::2")), ip("2001:db8::1"));
}

TEST_F(Claims, AnEstablishedAddressIsDefendedAgainstDuplicateDetection) {
    settle();
    receive(solicitation("::", "ff02::1:ff00:1", "2001:db8::1", kOther));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_TRUE(is_nd(sent[0], 136, "2001:db8::1"));
    EXPECT_EQ(sent[0][58], kOverride) << "S clear";
    EXPECT_EQ(destination_v6(sent[0]), ip("ff02::1"));
    EXPECT_EQ(stack->local_for(kPort, ip("2001:db8::2")), ip("2001:db8::1"));
    EXPECT_EQ(claimed.size(), 1U);
    receive(solicitation("::", "ff02::1:ff00:1", "2001:db8::1", kOther));
    EXPECT_EQ(sent.size(), 2U) << "each probe is answered";
    EXPECT_EQ(claimed.size(), 1U) << "but told once";
}

TEST_F(Claims, AConflictIsToldAndDefendedAtMostEveryTenSeconds) {  // RFC 5227 2.4
    settle();
    const Bytes conflict =
        arp({.sender_mac = kOther, .sender = "192.0.2.1", .target = "192.0.2.9"});
    for (int i = 0; i < 100; ++i) receive(conflict);
    EXPECT_EQ(claimed, (std::vector<Claimed>{{ip("192.0.2.1"), kOther}}));
    EXPECT_EQ(count(sent, is_gratuitous), 1);
    run(10s);
    receive(conflict);
    EXPECT_EQ(claimed.size(), 2U);
    EXPECT_EQ(count(sent, is_gratuitous), 2);
    EXPECT_EQ(stack->local_for(kPort, ip("192.0.2.2")), ip("192.0.2.1")) << "never given up";
}

TEST_F(Claims, AConflictOverIpv6IsDefended) {
    settle();
    receive(advertisement("2001:db8::1", kOverride, kOther, "ff02::1"));
    receive(solicitation("2001:db8::1", "ff02::1:ff00:9", "2001:db8::9", kOther));
    EXPECT_EQ(claimed, (std::vector<Claimed>{{ip("2001:db8::1"), kOther}}));
    EXPECT_EQ(count(sent, [](const Bytes& f) { return is_nd(f, 136, "2001:db8::1"); }), 1);
}

// RFC 3810 5.2
TEST_F(Claims, TellSwitchesThatSnoopWhichGroupsAreWanted) {
    stack->on_link(kPort, true, now);
    const auto is_report = [](const Bytes& f) {
        return get16(f, 12) == 0x86dd && f[20] == 0 && f.size() > 62 && f[62] == 143;
    };
    ASSERT_TRUE(is_report(sent.at(0))) << "before the duplicate detection";
    const Bytes& report = sent[0];
    EXPECT_EQ(report[21], 1) << "Hop Limit";
    EXPECT_EQ(destination_v6(report), ip("ff02::16"));
    EXPECT_EQ(get16(report, 68), 2U) << "records";
    EXPECT_EQ(report.size(), 14U + 40 + 8 + 8 + 2 * 20);
    Bytes pseudo(report.begin() + 22, report.begin() + 54);
    append16(pseudo, 58);
    append16(pseudo, 48);
    append(pseudo, std::span{report}.subspan(62));
    EXPECT_EQ(reference_sum(pseudo), 0xffff);
    sent.clear();
    run(121s);
    EXPECT_EQ(count(sent, is_report), 2);
}

}  // namespace
}  // namespace tocsin::test
