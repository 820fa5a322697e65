// The rings by themselves: runs, merging, what makes room for what.

#include "dataplane/bfd/packet_history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tocsin::bfd {
namespace {

using namespace std::chrono_literals;

constexpr Slot kSlot{1};

ControlOctets octets(std::uint8_t mark) {
    ControlOctets out{};
    out[kDetectMultOffset] = mark;
    return out;
}

/// The history of one session, whose totals are set by hand.
class Rings : public testing::Test {
protected:
    explicit Rings(unsigned kept = 8)
        : lines_(PacketHistory::memory_needed(2, kept) / sizeof(Line)),
          history{std::as_writable_bytes(std::span{lines_}), kept} {
        history.clear(kSlot);
    }

    void accept(const ControlOctets& packet) {
        history.accepted(kSlot, packet, totals, now);
        ++totals.rx;
        totals.last_rx = now;
    }
    void send(const ControlOctets& packet) {
        history.sending(kSlot, packet, totals, now);
        ++totals.tx;
        totals.last_tx = now;
    }
    void drop(DropReason reason, std::uint8_t mark = 0) {
        history.dropped(kSlot, octets(mark), reason, now);
    }
    [[nodiscard]] std::vector<PacketRecord> records(bool frozen = false) const {
        std::vector<PacketRecord> out;
        for (std::size_t i = 0; i < history.size(kSlot, frozen); ++i) {
            out.push_back(history.at(kSlot, frozen, i, totals));
        }
        std::ranges::stable_sort(out, {}, &PacketRecord::first);
        return out;
    }
    [[nodiscard]] std::ptrdiff_t count_of(DropReason reason) const {
        return std::ranges::count(records(), reason, &PacketRecord::reason);
    }

    struct alignas(64) Line {
        std::array<std::byte, 64> octets;
    };
    std::vector<Line> lines_;
    PacketHistory history;
    PacketTotals totals;
    Instant now{10s};
};

TEST_F(Rings, CompleteARunInProgressFromTheTotals) {
    accept(octets(1));
    totals.rx += 1203;  // nobody told the history
    totals.last_rx = now + 120'300ms;
    const auto r = records();
    ASSERT_EQ(r.size(), 1U);
    EXPECT_EQ(r[0].count, 1204U);
    EXPECT_EQ(r[0].last(), now + 120'300ms);
    EXPECT_EQ(r[0].worst_us, 0U);
}

TEST_F(Rings, EndARunWithItsLastPacketWhenAnotherOneComes) {
    const Instant begin = now;
    accept(octets(1));
    totals.rx += 9;
    totals.last_rx = now + 900ms;
    now += 1100ms;
    accept(octets(2));
    const auto r = records();
    ASSERT_EQ(r.size(), 2U);
    EXPECT_EQ(r[0].count, 10U);
    EXPECT_EQ(r[0].last(), begin + 900ms);
    EXPECT_EQ(r[1].first, begin + 1100ms);
    EXPECT_EQ(r[1].count, 1U);
}

TEST_F(Rings, KeepTheLongestGapOfARun) {
    for (const auto gap : {100ms, 250ms, 100ms}) {
        accept(octets(1));
        now += gap;
    }
    accept(octets(1));
    ASSERT_EQ(records().size(), 1U);
    EXPECT_EQ(records()[0].worst_us, 250'000U);
}

TEST_F(Rings, KeepWhatLeftOutOfTurnApartFromTheRun) {
    send(octets(1));
    history.sent_once(kSlot, octets(9), now + 10ms);
    ++totals.tx;
    totals.tx += 5;  // periodic ones
    totals.last_tx = now + 1s;
    const auto r = records();
    ASSERT_EQ(r.size(), 2U);
    EXPECT_EQ(r[0].count, 6U);
    EXPECT_EQ(r[1].count, 1U);
    EXPECT_EQ(r[1].octets, octets(9));
}

TEST_F(Rings, TellWhatCouldNotLeaveAndForgetItsAnnouncement) {
    history.sending(kSlot, octets(1), totals, now);
    history.not_sent(kSlot, octets(1), totals, now);
    now += 1s;
    history.not_sent(kSlot, octets(1), totals, now);
    const auto r = records();
    ASSERT_EQ(r.size(), 1U);
    EXPECT_TRUE(r[0].failed && r[0].sent);
    EXPECT_EQ(r[0].count, 2U);
}

TEST_F(Rings, MergeDropsOfOneReasonUnlessTheyAreFarApart) {
    drop(DropReason::AuthDigest, 1);
    now += 4s;
    drop(DropReason::AuthDigest, 2);
    now += PacketHistory::kApart + 1ms;
    drop(DropReason::AuthDigest, 1);
    const auto r = records();
    ASSERT_EQ(r.size(), 2U);
    EXPECT_EQ(r[0].count, 2U);
    EXPECT_TRUE(r[0].varied);
    EXPECT_EQ(r[0].octets, octets(1));
    EXPECT_EQ(r[0].worst_us, 4'000'000U);
    EXPECT_FALSE(r[1].varied);
}

TEST_F(Rings, DropsNeverTakeMoreThanHalfOfTheRoom) {
    for (std::uint8_t i = 1; i <= 5; ++i) {
        accept(octets(i));
        now += 1ms;
    }
    for (int i = 0; i < 1000; ++i) {
        for (const DropReason reason :
             {DropReason::WrongPort, DropReason::TtlTooLow, DropReason::AuthUnexpected,
              DropReason::AuthMissing, DropReason::AuthDigest, DropReason::AuthSequence}) {
            now += 1s;
            drop(reason);
        }
    }
    EXPECT_EQ(std::ranges::count_if(records(),
                                    [](const auto& r) { return r.reason() != DropReason::None; }),
              4);
    EXPECT_EQ(count_of(DropReason::None), 4);
    EXPECT_EQ(records().size(), 8U);
    EXPECT_GT(history.overwritten(kSlot, false), 0U);
}

TEST_F(Rings, OldestRecordsMakeRoomButNeverARunInProgress) {
    send(octets(100));
    accept(octets(200));
    for (std::uint8_t i = 1; i <= 20; ++i) {
        now += 10s;
        history.sent_once(kSlot, octets(i), now);
        ++totals.tx;
    }
    const auto r = records();
    ASSERT_EQ(r.size(), 8U);
    EXPECT_EQ(r[0].octets, octets(100));
    EXPECT_EQ(r[1].octets, octets(200));
    EXPECT_EQ(r[2].octets, octets(15));
    EXPECT_EQ(r[7].octets, octets(20));
    EXPECT_EQ(history.overwritten(kSlot, false), 14U);
}

TEST_F(Rings, ADownFreezesTheRingAndTheNextOneBeginsEmpty) {
    accept(octets(1));
    send(octets(2));
    now += 1s;
    history.freeze(kSlot, {.at = now, .last_rx = totals.last_rx, .diag = Diag::PathDown}, totals,
                   100ms);
    EXPECT_EQ(records(false).size(), 0U);
    ASSERT_EQ(records(true).size(), 2U);
    EXPECT_EQ(history.last_down(kSlot).at, now);
    EXPECT_FALSE(history.last_down(kSlot).evidence.known);
    accept(octets(3));
    EXPECT_EQ(records(true).size(), 2U);
    history.freeze(kSlot, {.at = now + 1s}, totals, 100ms);
    ASSERT_EQ(records(true).size(), 1U);
    EXPECT_EQ(records(true)[0].octets, octets(3));
}

TEST_F(Rings, EvidenceOfASilenceIsWhatIsCertain) {
    send(octets(1));
    accept(octets(2));
    const Instant heard = now;
    totals.tx += 4;
    totals.last_tx = now + 280ms;  // 100 ms apart at most: two were at 180 and 80 or later
    now += 290ms;
    drop(DropReason::AuthDigest);
    drop(DropReason::AuthDigest);
    now += 10ms;
    history.freeze(kSlot, {.at = now, .last_rx = heard, .diag = Diag::ControlDetectionTimeExpired},
                   totals, 100ms);
    const DownEvidence& e = history.last_down(kSlot).evidence;
    EXPECT_TRUE(e.known);
    EXPECT_EQ(e.sent, 3U);
    EXPECT_EQ(e.not_sent, 0U);
    EXPECT_EQ(e.dropped, 2U);
    EXPECT_EQ(e.dropped_as, DropReason::AuthDigest);
}

TEST_F(Rings, EvidenceCountsALateWorkerAgainstItself) {
    send(octets(1));
    accept(octets(2));
    history.late(kSlot, 150ms);
    totals.tx += 4;
    totals.last_tx = now + 280ms;
    const Instant heard = now;
    now += 300ms;
    history.freeze(kSlot, {.at = now, .last_rx = heard, .diag = Diag::ControlDetectionTimeExpired},
                   totals, 100ms);
    EXPECT_EQ(history.last_down(kSlot).evidence.sent, 2U);
    EXPECT_EQ(records(true)[0].worst_us, 150'000U);
}

TEST_F(Rings, EchoPacketsAreRunsWhateverTheirOctets) {
    for (std::uint8_t i = 0; i < 4; ++i) {
        history.echo(kSlot, octets(i), true, true, DropReason::None, now);
        history.echo(kSlot, octets(i), false, true, DropReason::None, now + 1ms);
        now += 100ms;
    }
    history.echo(kSlot, octets(9), false, true, DropReason::EchoForged, now);
    const auto r = records();
    ASSERT_EQ(r.size(), 3U);
    EXPECT_TRUE(r[0].sent && !r[1].sent && r[2].reason() == DropReason::EchoForged);
    EXPECT_EQ(r[0].count, 4U);
    EXPECT_EQ(r[1].count, 4U);
    for (const PacketRecord& each : r) {
        EXPECT_EQ(each.kind, static_cast<std::uint8_t>(PacketKind::Echo));
    }
}

TEST(PacketHistoryMemory, IsWhatTheDocumentationSays) {
    EXPECT_EQ(PacketHistory::memory_needed(1, 0), 0U);
    EXPECT_EQ(PacketHistory::memory_needed(1, 16), 1600U);
    EXPECT_EQ(PacketHistory::memory_needed(1, 64), 6208U);
}

}  // namespace
}  // namespace tocsin::bfd
