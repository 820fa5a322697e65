#include "dataplane/bfd/packet_history.hpp"

#include "dataplane/bfd/timers.hpp"

#include <algorithm>
#include <memory>

namespace tocsin::bfd {

namespace {

constexpr std::uint64_t kLongestSpan = (std::uint64_t{1} << 48U) - 1;

/// A departure that is no later than this is not told of (Engine::kLateDeparture).
constexpr Nanoseconds kUntold = std::chrono::milliseconds{1};

std::uint32_t microseconds(Nanoseconds t) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(t.count() / 1000, 0, UINT32_MAX));
}

/// `last` may be rounded down to a tick, and so before the first.
void end_at(PacketRecord& record, Instant last) noexcept {
    const std::int64_t us = (last - record.first).count() / 1000;
    record.span_us =
        us <= 0 ? 0 : std::min(static_cast<std::uint64_t>(us), kLongestSpan) & kLongestSpan;
}

void finish(PacketRecord& record, std::uint64_t count, Instant last) noexcept {
    record.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
    if (count > 1) end_at(record, last);
}

bool is_drop(const PacketRecord& r) noexcept { return r.reason() != DropReason::None; }

/// As many of a run's packets as certainly came after `t`.
std::uint32_t after(const PacketRecord& r, Instant t) noexcept {
    if (r.first > t) return r.count;
    return r.last() > t ? 1 : 0;
}

}  // namespace

std::size_t PacketHistory::memory_needed(std::uint32_t slots, unsigned kept) noexcept {
    return kept == 0 ? 0 : slots * stride(kept);
}

void PacketHistory::clear(Slot slot) noexcept { std::construct_at(&head(slot)); }

void PacketHistory::accepted(Slot slot, const ControlOctets& octets, const PacketTotals& before,
                             Instant now) noexcept {
    Head& h = head(slot);
    if (h.rx_run != kNone) {
        PacketRecord& run = ring(h, h.live)[h.rx_run];
        if (run.octets == octets) {
            run.worst_us = std::max(run.worst_us, microseconds(now - before.last_rx));
            return;
        }
        end_received_run(slot, before);
    }
    h.rx_run = put(h, {.first = now, .octets = octets, .count = 1});
    h.rx_before = before.rx;
}

bool PacketHistory::receives(Slot slot, const ControlOctets& octets) const noexcept {
    const Head& h = head(slot);
    return h.rx_run != kNone && ring(h, h.live)[h.rx_run].octets == octets;
}

void PacketHistory::dropped(Slot slot, const ControlOctets& octets, DropReason reason,
                            Instant now) noexcept {
    put_or_merge(
        head(slot),
        {.first = now, .octets = octets, .count = 1, .verdict = static_cast<std::uint8_t>(reason)});
}

void PacketHistory::sending(Slot slot, const ControlOctets& octets, const PacketTotals& before,
                            Instant now) noexcept {
    Head& h = head(slot);
    if (h.tx_run != kNone) {
        if (ring(h, h.live)[h.tx_run].octets == octets) return;
        end_sent_run(slot, before);
    }
    h.tx_run = put(h, {.first = now, .octets = octets, .count = 1, .sent = 1});
    h.tx_before = before.tx;
}

void PacketHistory::not_sent(Slot slot, const ControlOctets& octets, const PacketTotals& before,
                             Instant now) noexcept {
    end_sent_run(slot, before);
    put_or_merge(head(slot), {.first = now, .octets = octets, .count = 1, .sent = 1, .failed = 1});
}

void PacketHistory::sent_once(Slot slot, const ControlOctets& octets, Instant now) noexcept {
    Head& h = head(slot);
    put_or_merge(h, {.first = now, .octets = octets, .count = 1, .sent = 1});
    ++h.tx_before;
}

void PacketHistory::echo(Slot slot, const ControlOctets& octets, bool sent, bool left,
                         DropReason reason, Instant now) noexcept {
    put_or_merge(head(slot), {.first = now,
                              .octets = octets,
                              .count = 1,
                              .verdict = static_cast<std::uint8_t>(reason),
                              .kind = static_cast<std::uint8_t>(PacketKind::Echo),
                              .sent = sent ? 1U : 0U,
                              .failed = sent && !left ? 1U : 0U});
}

void PacketHistory::late(Slot slot, Nanoseconds by) noexcept {
    const Head& h = head(slot);
    if (h.tx_run == kNone) return;
    PacketRecord& run = ring(h, h.live)[h.tx_run];
    run.worst_us = std::max(run.worst_us, microseconds(by));
}

void PacketHistory::end_received_run(Slot slot, const PacketTotals& now) noexcept {
    Head& h = head(slot);
    if (h.rx_run == kNone) return;
    finish(ring(h, h.live)[h.rx_run], now.rx - h.rx_before, now.last_rx);
    h.rx_run = kNone;
}

void PacketHistory::end_sent_run(Slot slot, const PacketTotals& now) noexcept {
    Head& h = head(slot);
    if (h.tx_run == kNone) return;
    const std::uint8_t run = h.tx_run;
    const std::uint64_t count = now.tx - h.tx_before;
    h.tx_run = kNone;
    if (count == 0) return drop_record(h, run);  // announced, but did not leave
    finish(ring(h, h.live)[run], count, now.last_tx);
}

void PacketHistory::freeze(Slot slot, DownSummary down, const PacketTotals& totals,
                           WireInterval tx_interval) noexcept {
    Head& h = head(slot);
    end_received_run(slot, totals);
    const PacketRecord* const sent = h.tx_run == kNone ? nullptr : &ring(h, h.live)[h.tx_run];
    const bool any_sent = sent != nullptr && totals.tx != h.tx_before;
    const std::uint8_t tx_run = any_sent ? h.tx_run : kNone;
    end_sent_run(slot, totals);
    if (down.diag == Diag::ControlDetectionTimeExpired) {
        gather_evidence(h, down, tx_interval, tx_run);
    }
    h.down = down;
    h.live ^= 1U;
    h.size[h.live] = 0;
    h.overwritten[h.live] = 0;
}

/// Of a run that began before the last packet was accepted, the last packets are as far apart as
/// the interval and the worst delay allow, which says how many there are at least.
void PacketHistory::gather_evidence(const Head& h, DownSummary& down, WireInterval tx_interval,
                                    std::uint8_t tx_run) const noexcept {
    DownEvidence& out = down.evidence;
    const auto add = [](std::uint16_t& to, std::uint32_t n) noexcept {
        to = static_cast<std::uint16_t>(std::min<std::uint32_t>(to + std::min(n, 0xffffU), 0xffff));
    };
    out.known = true;
    Instant latest_drop{};
    const PacketRecord* const records = ring(h, h.live);
    for (std::uint8_t i = 0; i < h.size[h.live]; ++i) {
        const PacketRecord& r = records[i];
        std::uint32_t n = after(r, down.last_rx);
        if (n == 0 || r.kind != static_cast<std::uint8_t>(PacketKind::Control)) continue;
        if (i == tx_run && r.first <= down.last_rx) {
            const Nanoseconds late =
                std::max<Nanoseconds>(kUntold, std::chrono::microseconds{r.worst_us});
            const Nanoseconds widest = Nanoseconds{tx_interval} + kTickLength + late;
            n = static_cast<std::uint32_t>((r.last() - down.last_rx) / widest) + 1;
        }
        if (r.failed != 0) {
            add(out.not_sent, n);
        } else if (r.sent != 0) {
            add(out.sent, n);
        } else if (is_drop(r)) {
            add(out.dropped, n);
            if (r.last() >= latest_drop) out.dropped_as = r.reason();
            latest_drop = std::max(latest_drop, r.last());
        }
    }
}

std::size_t PacketHistory::size(Slot slot, bool frozen) const noexcept {
    const Head& h = head(slot);
    return h.size[h.live ^ (frozen ? 1U : 0U)];
}

std::uint32_t PacketHistory::overwritten(Slot slot, bool frozen) const noexcept {
    const Head& h = head(slot);
    return h.overwritten[h.live ^ (frozen ? 1U : 0U)];
}

PacketRecord PacketHistory::at(Slot slot, bool frozen, std::size_t index,
                               const PacketTotals& now) const noexcept {
    const Head& h = head(slot);
    PacketRecord out = ring(h, h.live ^ (frozen ? 1U : 0U))[index];
    if (frozen) return out;
    if (index == h.rx_run) finish(out, now.rx - h.rx_before, now.last_rx);
    if (index == h.tx_run) finish(out, now.tx - h.tx_before, now.last_tx);
    return out;
}

/// Where the record went; kNone: nowhere, all there are are in progress.
std::uint8_t PacketHistory::put(Head& h, const PacketRecord& record) const noexcept {
    PacketRecord* const records = ring(h, h.live);
    std::uint8_t& size = h.size[h.live];
    const unsigned share = std::max(1U, kept_ / 2U);
    unsigned drops = 0;
    std::uint8_t oldest = kNone;
    std::uint8_t oldest_drop = kNone;
    const auto older = [records](std::uint8_t i, std::uint8_t than) noexcept {
        return than == kNone || records[i].last() < records[than].last();
    };
    for (std::uint8_t i = 0; i < size; ++i) {
        if (i == h.rx_run || i == h.tx_run) continue;
        if (older(i, oldest)) oldest = i;
        if (!is_drop(records[i])) continue;
        ++drops;
        if (older(i, oldest_drop)) oldest_drop = i;
    }
    std::uint8_t at = kNone;
    if (is_drop(record) && drops >= share) {
        at = oldest_drop;
    } else if (size < kept_) {
        records[size] = record;
        return size++;
    } else {
        at = oldest;
    }
    ++h.overwritten[h.live];
    if (at != kNone) records[at] = record;
    return at;
}

void PacketHistory::drop_record(Head& h, std::uint8_t index) const noexcept {
    PacketRecord* const records = ring(h, h.live);
    const auto last = static_cast<std::uint8_t>(h.size[h.live] - 1);
    records[index] = records[last];
    if (h.rx_run == last) h.rx_run = index;
    h.size[h.live] = last;
}

void PacketHistory::put_or_merge(Head& h, const PacketRecord& record) const noexcept {
    PacketRecord* const records = ring(h, h.live);
    for (std::uint8_t i = 0; i < h.size[h.live]; ++i) {
        PacketRecord& r = records[i];
        if (i == h.rx_run || i == h.tx_run || r.sent != record.sent || r.failed != record.failed ||
            r.verdict != record.verdict || r.kind != record.kind ||
            record.first - r.last() > kApart) {
            continue;
        }
        const bool same = r.octets == record.octets;
        const bool echo = record.kind == static_cast<std::uint8_t>(PacketKind::Echo);
        if (!same && !echo && !is_drop(record)) continue;
        if (!same) r.varied = 1;
        if (r.count != UINT32_MAX) ++r.count;
        r.worst_us = std::max(r.worst_us, microseconds(record.first - r.last()));
        end_at(r, record.first);
        return;
    }
    static_cast<void>(put(h, record));
}

}  // namespace tocsin::bfd
