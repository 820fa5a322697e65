// padded_pdu_size, RFC 9764 5.2.

#include "control/config/diff.hpp"
#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

const std::string kPeer = kBase + "[[session]]\nremote = \"192.0.2.2\"\n";
const std::string kPadded = kPort +
                            "[[profile]]\nname = \"large\"\npadded_pdu_size = 1400\n"
                            "[[session]]\nremote = \"192.0.2.2\"\nprofile = \"large\"\n";

std::string size(int octets) { return "padded_pdu_size = " + std::to_string(octets) + '\n'; }

// req: RFC9764-5.2-05
TEST(LargePackets, AreNotSentUnlessAskedFor) {
    EXPECT_EQ(load(kPeer).sessions.at(0).padded_pdu_size, 0);
}

// req: RFC9764-5.2-01 RFC9764-3-04
TEST(LargePackets, HaveSizesOfAnUnsigned16BitNumber) {
    for (const int octets : {24, 1400, 65535}) {
        EXPECT_EQ(load(kPeer + size(octets)).sessions.at(0).padded_pdu_size, octets);
    }
    for (const int octets : {23, 1, -1, 65536}) {
        expect_fault(kPeer + size(octets), "session[0].padded_pdu_size", "24..65535");
        expect_fault(kBase + "[[profile]]\nname = \"large\"\n" + size(octets),
                     "profile[1].padded_pdu_size", "24..65535");
    }
}

TEST(LargePackets, TakeTheSizeOfTheProfileUnlessTheSessionSaysOtherwise) {
    EXPECT_EQ(load(kPadded).sessions.at(0).padded_pdu_size, 1400);
    EXPECT_EQ(load(kPadded + size(1000)).sessions.at(0).padded_pdu_size, 1000);
    EXPECT_EQ(load(kPadded + size(0)).sessions.at(0).padded_pdu_size, 0);
}

TEST(LargePackets, ChangeTheirSizeWithoutANewSession) {
    const Diff d = diff(load(kPeer), load(kPeer + size(1400)));
    ASSERT_EQ(d.changed.size(), 1U);
    EXPECT_EQ(d.changed[0].members, std::vector<std::string>{"padded_pdu_size"});
    EXPECT_FALSE(d.changed[0].must_be_recreated);
}

}  // namespace
}  // namespace tocsin::control::config
