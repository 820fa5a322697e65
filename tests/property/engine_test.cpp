#include "dataplane/bfd/packet.hpp"
#include "dataplane/bfd/timers.hpp"
#include "seeds.hpp"
#include "sequence/engine_sequence.hpp"
#include "simulation/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace tocsin::property {

using bfd::ControlPacket;

namespace {

ControlPacket random_packet() {
    ControlPacket p;
    p.state = static_cast<bfd::SessionState>(*rc::gen::inRange(0, 4));
    p.diag = static_cast<bfd::Diag>(*rc::gen::inRange(0, 32));
    p.poll = *rc::gen::arbitrary<bool>();
    p.final = *rc::gen::arbitrary<bool>();
    p.control_plane_independent = *rc::gen::arbitrary<bool>();
    p.demand = *rc::gen::arbitrary<bool>();
    p.detect_mult = static_cast<std::uint8_t>(*rc::gen::inRange(1, 256));
    p.my_discriminator = {*rc::gen::nonZero<std::uint32_t>()};
    p.your_discriminator = {*rc::gen::nonZero<std::uint32_t>()};
    p.desired_min_tx_interval = WireInterval{*rc::gen::arbitrary<std::uint32_t>()};
    p.required_min_rx_interval = WireInterval{*rc::gen::arbitrary<std::uint32_t>()};
    p.required_min_echo_rx_interval = WireInterval{*rc::gen::arbitrary<std::uint32_t>()};
    return p;
}

}  // namespace

// req: RFC5880-4.1-01
RC_GTEST_PROP(ControlPacketCodec, DecodingWhatWasEncodedGivesItBack, ()) {
    const ControlPacket p = random_packet();
    ControlPacket q;
    RC_ASSERT(bfd::decode(bfd::encode(p), q) == DropReason::None);
    RC_ASSERT(q == p);
}

RC_GTEST_PROP(ControlPacketCodec, AcceptsOrRefusesAnyOctetsAndKeepsWhatItAccepts,
              (const std::vector<std::uint8_t>& octets)) {
    ControlPacket p;
    if (bfd::decode(octets, p) != DropReason::None) return;
    const bfd::ControlOctets again = bfd::encode(p);
    RC_ASSERT(std::equal(again.begin(), again.end(), octets.begin()));
}

// req: RFC5880-6.8.7-02 RFC5880-6.8.7-04 RFC5880-6.8.7-05
RC_GTEST_PROP(Jitter, StaysWithinItsBounds,
              (std::uint32_t interval, std::uint32_t random, bool one)) {
    const std::int64_t whole = Nanoseconds{WireInterval{interval}}.count();
    const std::int64_t gap = bfd::jittered(WireInterval{interval}, one, random).count();
    RC_ASSERT(gap * 4 >= whole * 3);
    RC_ASSERT(gap * 10 <= whole * (one ? 9 : 10));
}

// req: RFC5880-6.8.4-05
RC_GTEST_PROP(DetectionTime, NeverOverflows,
              (std::uint8_t mult, std::uint32_t a, std::uint32_t b)) {
    const auto time = bfd::detection_time(mult, WireInterval{a}, WireInterval{b});
    RC_ASSERT(time.count() / 1000 ==
              static_cast<std::int64_t>(mult) * static_cast<std::int64_t>(std::max(a, b)));
}

// req: RFC5880-6.2-03 RFC5880-6.2-04 RFC5880-6.2-05 RFC5880-6.2-08 RFC5880-6.2-10 RFC5880-6.2-15
// req: RFC5880-6.8.1-01 RFC5880-6.8.1-13 RFC5880-6.8.3-07 RFC5880-6.8.3-08 RFC5880-6.8.4-06
// req: RFC5880-6.8.6-01 RFC5880-6.8.6-02 RFC5880-6.8.6-28 RFC5880-6.8.18-05
TEST(RandomSequence, LeavesTheEngineWhereTheLetterOfTheRfcLeavesIt) {
    for_each_seed(3000, [](std::uint64_t seed) {
        simulation::Random random{seed};
        std::vector<std::uint8_t> octets(random.below(1500));
        for (auto& o : octets) o = static_cast<std::uint8_t>(random.next());
        EXPECT_EQ(sequence::run(octets), "");
    });
}

/// As above, with inputs that are made smaller when they fail.
RC_GTEST_PROP(RandomSequence, ShrinksToTheSmallestFault,
              (const std::vector<std::uint8_t>& octets)) {
    RC_ASSERT(sequence::run(octets) == "");
}

}  // namespace tocsin::property
