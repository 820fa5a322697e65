#include "dataplane/bfd/discriminator.hpp"

#include "one_session.hpp"

#include <random>
#include <set>
#include <unordered_set>

namespace tocsin::test {
namespace {

using bfd::DiscriminatorCodec;

// req: RFC5880-6.8.1-06 RFC5880-6.3-02
TEST(Discriminators, DoNotRepeatOverSlotsWorkersAndGenerations) {
    for (const std::uint64_t key : {0x0ULL, 0x1ULL, 0xfeedfacecafebeefULL}) {
        const DiscriminatorCodec codec{key, 1000, 3};
        std::unordered_set<std::uint32_t> seen;
        std::size_t n = 0;
        for (std::uint32_t slot = 0; slot < 1000; ++slot) {
            for (std::uint16_t worker = 0; worker < 3; ++worker) {
                for (std::uint32_t generation = 0; generation < 50; ++generation) {
                    seen.insert(codec.encode({Slot{slot}, WorkerId{worker}, generation}).value);
                    ++n;
                }
            }
        }
        EXPECT_EQ(seen.size(), n);
    }
}

TEST(Discriminators, DecodeInvertsEncode) {
    std::mt19937_64 random{7};
    for (const std::uint32_t slots : {1U, 2U, 3U, 1000U, 1U << 20U, (1U << 20U) + 1}) {
        for (const std::uint32_t workers : {1U, 2U, 5U, 64U}) {
            const DiscriminatorCodec codec{random(), slots, workers};
            const auto bits =
                static_cast<unsigned>(std::bit_width(slots - 1) + std::bit_width(workers - 1));
            for (int i = 0; i < 200; ++i) {
                const DiscriminatorCodec::Parts parts{
                    Slot{static_cast<std::uint32_t>(random() % slots)},
                    WorkerId{static_cast<std::uint16_t>(random() % workers)},
                    static_cast<std::uint32_t>(random() % (1ULL << (32U - bits)))};
                ASSERT_EQ(codec.decode(codec.encode(parts)), parts);
                const Discriminator any{static_cast<std::uint32_t>(random())};
                ASSERT_EQ(codec.encode(codec.decode(any)), any);
            }
        }
    }
}

// req: RFC5880-6.8.1-06 RFC5880-4.1-15
TEST(Discriminators, AreNeverZeroAlongTheGenerations) {
    std::mt19937_64 random{9};
    for (int i = 0; i < 100; ++i) {
        const DiscriminatorCodec codec{random(), 16, 2};
        // The slot whose discriminator would be zero, one generation before it is.
        DiscriminatorCodec::Parts zero = codec.decode({0});
        DiscriminatorCodec::Parts before = zero;
        before.generation = (zero.generation - 1U) & ((1U << 27U) - 1U);
        const std::uint32_t next = codec.next_generation(before);
        EXPECT_NE(next, zero.generation);
        before.generation = next;
        EXPECT_NE(codec.encode(before).value, 0U);
    }
}

TEST(Discriminators, GenerationsComeRoundOnlyAfterAllWereUsed) {
    const DiscriminatorCodec codec{42, 1U << 20U, 256};  // 16 generations remain
    DiscriminatorCodec::Parts parts{Slot{77}, WorkerId{3}, 0};
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 16; ++i) {
        seen.insert(codec.encode(parts).value);
        parts.generation = codec.next_generation(parts);
    }
    EXPECT_EQ(seen.size(), 16U);
    EXPECT_EQ(parts.generation, 0U);
}

// req: RFC5880-6.8.1-07 RFC5880-9-05
TEST(Discriminators, LookRandomAndDifferFromStartToStart) {
    std::vector<std::uint32_t> first;
    std::unordered_set<std::uint32_t> steps;
    std::array<int, 32> ones{};
    const DiscriminatorCodec one{0x1111222233334444U, 100'000, 1};
    const DiscriminatorCodec two{0x1111222233334445U, 100'000, 1};
    std::unordered_set<std::uint32_t> set_two;
    for (std::uint32_t slot = 0; slot < 10'000; ++slot) {
        const std::uint32_t d = one.encode({Slot{slot}, {}, 1}).value;
        if (!first.empty()) steps.insert(d - first.back());
        first.push_back(d);
        set_two.insert(two.encode({Slot{slot}, {}, 1}).value);
        for (unsigned bit = 0; bit < 32; ++bit) ones[bit] += static_cast<int>(d >> bit & 1U);
    }
    EXPECT_GE(steps.size(), 9'000U) << "no constant step";
    for (const int n : ones) EXPECT_NEAR(n, 5000, 500);
    std::size_t common = 0;
    for (const std::uint32_t d : first) common += set_two.count(d);
    EXPECT_LE(common, 100U);
}

// req: RFC5880-6.3-02 RFC5880-6.8.1-06 RFC5880-4.1-15
TEST(Discriminators, OfAllKindsOfSessionsOfAnEngineDiffer) {
    EngineBox box{{.slots = 40}};
    std::uint32_t slot = 0;
    std::set<std::uint32_t> seen;
    for (std::uint8_t host = 2; host < 12; ++host) {
        for (const SessionKey& key :
             {v4_key(host), v6_key(host), multi_hop_key(host), v4_key(host, 1)}) {
            const bfd::SessionHandle h = box.handle(slot++);
            ASSERT_EQ(box.add(h, key, fast_parameters()), Status::Ok);
            EXPECT_NE(box.snapshot(h).session.local_discr.value, 0U);
            seen.insert(box.snapshot(h).session.local_discr.value);
        }
    }
    EXPECT_EQ(seen.size(), 40U);
}

}  // namespace
}  // namespace tocsin::test
