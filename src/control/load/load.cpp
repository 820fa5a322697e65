#include "control/load/load.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tocsin::control::load {

namespace {

Buckets read(const DurationHistogram& h) {
    Buckets out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = h.bucket(i);
    return out;
}

Buckets difference(const Buckets& from, const Buckets& to) {
    Buckets out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = to[i] - from[i];
    return out;
}

double ratio(std::uint64_t a, std::uint64_t b) {
    return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

}  // namespace

Sample take_sample(const message::WorkerStats& stats, Instant at) {
    return {.at = at,
            .turns = stats.heartbeat.get(),
            .rx_packets = stats.rx_control.get(),
            .tx_packets = stats.tx_control.get(),
            .busy_ns = stats.busy_ns.get(),
            .idle_ns = stats.idle_ns.get(),
            .rx_cycles = stats.rx_cycles.get(),
            .tx_cycles = stats.tx_cycles.get(),
            .backlog_turns = stats.backlog_turns.get(),
            .loop_gap = read(stats.loop_gap),
            .late_tx = read(stats.late_tx)};
}

double Load::rate(std::uint64_t packets) const noexcept {
    if (span <= Nanoseconds{}) return 0;
    return static_cast<double>(packets) * 1e9 / static_cast<double>(span.count());
}

Load between(const Sample& from, const Sample& to) {
    const std::uint64_t busy = to.busy_ns - from.busy_ns;
    const std::uint64_t rx = to.rx_packets - from.rx_packets;
    const std::uint64_t tx = to.tx_packets - from.tx_packets;
    return {.span = to.at - from.at,
            .turns = to.turns - from.turns,
            .rx_packets = rx,
            .tx_packets = tx,
            .busy = ratio(busy, busy + (to.idle_ns - from.idle_ns)),
            .rx_cycles_per_packet = ratio(to.rx_cycles - from.rx_cycles, rx),
            .tx_cycles_per_packet = ratio(to.tx_cycles - from.tx_cycles, tx),
            .backlog_turns = to.backlog_turns - from.backlog_turns,
            .loop_gap = difference(from.loop_gap, to.loop_gap),
            .late_tx = difference(from.late_tx, to.late_tx)};
}

std::uint64_t quantile_us(const Buckets& buckets, std::uint64_t total, double share) {
    const std::uint64_t recorded = sum(buckets);
    total = std::max(total, recorded);
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
    std::uint64_t below = total - recorded;
    if (rank <= below) return 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        below += buckets[i];
        if (rank <= below) return DurationHistogram::bound_us(i);
    }
    return 0;
}

std::uint64_t sum(const Buckets& buckets) noexcept {
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

void Window::add(const Sample& sample) {
    samples_.push_back(sample);
    if (samples_.size() > kSamples + 1) samples_.pop_front();
}

Load Window::recent() const {
    return samples_.empty() ? Load{} : between(samples_.front(), samples_.back());
}

Load Window::last() const {
    if (samples_.size() < 2) return {};
    return between(samples_[samples_.size() - 2], samples_.back());
}

}  // namespace tocsin::control::load
