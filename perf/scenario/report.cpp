#include "scenario/report.hpp"

#include "dataplane/runtime/worker.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <numeric>

namespace tocsin::perf {

namespace {

double resident_megabytes() {
    std::ifstream in{"/proc/self/statm"};
    double size = 0;
    double resident = 0;
    in >> size >> resident;
    return resident * 4096 / 1e6;
}

double dataplane_octets(const Options& o) {
    const std::uint32_t n = o.sessions;
    const bfd::EngineConfig config{
        .slots = n,
        .worker = {},
        .discriminators = {1, n, 1},
        .seed = 1,
        .key_chains = static_cast<std::uint16_t>(o.auth == "none" ? 0 : 1)};
    return static_cast<double>(runtime::Worker::memory_needed(config)) / n;
}

}  // namespace

double Values::at(double quantile) const {
    if (values_.empty()) return 0;
    if (!sorted_) std::ranges::sort(values_);
    sorted_ = true;
    const auto last = static_cast<double>(values_.size() - 1);
    return values_[static_cast<std::size_t>(last * quantile)];
}

Buckets Buckets::take(const DurationHistogram& h) {
    Buckets out;
    for (std::size_t i = 0; i < out.counts.size(); ++i) out.counts[i] = h.bucket(i);
    out.max_ns = h.max_ns();
    return out;
}

Buckets operator-(const Buckets& later, const Buckets& earlier) {
    Buckets out = later;
    for (std::size_t i = 0; i < out.counts.size(); ++i) out.counts[i] -= earlier.counts[i];
    return out;
}

Buckets operator+(const Buckets& a, const Buckets& b) {
    Buckets out = a;
    for (std::size_t i = 0; i < out.counts.size(); ++i) out.counts[i] += b.counts[i];
    out.max_ns = std::max(a.max_ns, b.max_ns);
    return out;
}

std::uint64_t Buckets::total() const {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t Buckets::below_us(double quantile) const {
    const auto wanted = static_cast<double>(total()) * quantile;
    double seen = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        seen += static_cast<double>(counts[i]);
        if (seen >= wanted && seen > 0) return DurationHistogram::bound_us(i);
    }
    return 0;
}

Sample Sample::take(const message::WorkerStats& s) {
    return {.rx = s.rx_control.get(),
            .tx = s.tx_control.get(),
            .steady = s.rx_fast.get(),
            .rx_cycles = s.rx_cycles.get(),
            .tx_cycles = s.tx_cycles.get(),
            .busy_ns = s.busy_ns.get(),
            .idle_ns = s.idle_ns.get(),
            .loop_gaps = s.loop_gaps.get(),
            .loop_gap = Buckets::take(s.loop_gap),
            .late_tx = Buckets::take(s.late_tx)};
}

namespace {

template <class Operation>
Sample combined(const Sample& a, const Sample& b, Operation op) {
    return {.rx = op(a.rx, b.rx),
            .tx = op(a.tx, b.tx),
            .steady = op(a.steady, b.steady),
            .rx_cycles = op(a.rx_cycles, b.rx_cycles),
            .tx_cycles = op(a.tx_cycles, b.tx_cycles),
            .busy_ns = op(a.busy_ns, b.busy_ns),
            .idle_ns = op(a.idle_ns, b.idle_ns),
            .loop_gaps = op(a.loop_gaps, b.loop_gaps),
            .loop_gap = op(a.loop_gap, b.loop_gap),
            .late_tx = op(a.late_tx, b.late_tx)};
}

}  // namespace

Sample operator-(const Sample& a, const Sample& b) { return combined(a, b, std::minus<>{}); }
Sample operator+(const Sample& a, const Sample& b) { return combined(a, b, std::plus<>{}); }

void Report::print(const Options& o) const {
    const auto per = [](std::uint64_t a, std::uint64_t b) {
        return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
    };
    const double rx_rate = held_s > 0 ? static_cast<double>(held.rx) / held_s : 0;
    const double tx_rate = held_s > 0 ? static_cast<double>(held.tx) / held_s : 0;
    const double rx_cycles = per(held.rx_cycles, held.rx);
    const double tx_cycles = per(held.tx_cycles, held.tx);
    const double busy = per(held.busy_ns, held.busy_ns + held.idle_ns);
    const auto ull = [](std::uint64_t v) { return static_cast<unsigned long long>(v); };
    std::printf("\n%-34s %.2f s\n", "commands for all sessions given", added_s);
    for (const auto& [percent, seconds] : up_after_s) {
        std::printf("%3.0f %% %-28s %.2f s\n", percent, "Up after", seconds);
    }
    std::printf("%-34s %.0f received, %.0f sent\n", "packets a second", rx_rate, tx_rate);
    std::printf("%-34s %.1f + %.1f = %.1f (received + sent)\n", "cycles a packet", rx_cycles,
                tx_cycles, rx_cycles + tx_cycles);
    std::printf("%-34s %.1f %%\n", "busy", busy * 100);
    std::printf("%-34s %llu in %.0f s\n", "false Downs", ull(false_downs), held_s);
    const auto histogram = [&](const char* what, const Buckets& h) {
        std::printf("%-34s %llu: p50 < %llu us, p99 < %llu us, p99.9 < %llu us, all < %llu us\n",
                    what, ull(h.total()), ull(h.below_us(0.5)), ull(h.below_us(0.99)),
                    ull(h.below_us(0.999)), ull(h.below_us(1)));
    };
    histogram("late transmits", held.late_tx);
    histogram("turns of the loop above 100 us", held.loop_gap);
    if (packet_gaps.size() != 0) {
        std::printf(
            "%-34s %zu: least %.0f us, p0.1 %.0f us, p50 %.0f us, p99.9 %.0f us, most %.0f us\n",
            "between packets of a session", packet_gaps.size(), packet_gaps.at(0),
            packet_gaps.at(0.001), packet_gaps.at(0.5), packet_gaps.at(0.999), packet_gaps.at(1));
    }
    std::printf("%-34s %llu, refused commands %llu\n", "dropped packets", ull(drops), ull(refused));
    if (failed != 0) {
        std::printf("%-34s %llu, %llu not detected, all events after %.3f s\n", "failed at once",
                    ull(failed), ull(missing_downs), fail_s);
        std::printf("%-34s p50 %.1f us, p99 %.1f us, p99.9 %.1f us, most %.1f us\n",
                    "Down after the deadline", detection.at(0.5), detection.at(0.99),
                    detection.at(0.999), detection.at(1));
        std::printf("%-34s p50 %.1f us, p99 %.1f us, most %.1f us\n",
                    "event at control after the Down", delivery.at(0.5), delivery.at(0.99),
                    delivery.at(1));
    }
    std::printf("%-34s %.0f octets a session in the dataplane, %.0f MB resident in all\n", "memory",
                dataplane_octets(o), resident_megabytes());
    if (o.json.empty()) return;
    std::ofstream out{o.json};
    out << "{\"sessions\": " << o.sessions << ", \"interval_us\": " << o.interval.count()
        << ", \"detect_mult\": " << o.detect_mult << ", \"seconds\": " << held_s << ", \"peer\": \""
        << (o.peer_on_other_core ? "other" : "here") << "\", \"auth\": \"" << o.auth
        << "\", \"encap\": \"" << o.encap << "\", \"all_up\": " << (all_up ? "true" : "false")
        << ", \"up_after_s\": " << up_after_s.back().second << ", \"rx_per_s\": " << rx_rate
        << ", \"tx_per_s\": " << tx_rate << ", \"rx_cycles\": " << rx_cycles
        << ", \"tx_cycles\": " << tx_cycles << ", \"busy\": " << busy
        << ", \"false_downs\": " << false_downs
        << ", \"late_tx_p999_below_us\": " << held.late_tx.below_us(0.999)
        << ", \"workers\": " << o.workers << ", \"ports\": " << o.ports
        << ", \"late_tx_p99_below_us\": " << held.late_tx.below_us(0.99)
        << ", \"late_tx_all_below_us\": " << held.late_tx.below_us(1)
        << ", \"packet_gap_least_us\": " << packet_gaps.at(0)
        << ", \"packet_gap_p50_us\": " << packet_gaps.at(0.5)
        << ", \"packet_gap_p999_us\": " << packet_gaps.at(0.999)
        << ", \"packet_gap_most_us\": " << packet_gaps.at(1)
        << ", \"octets_per_session\": " << dataplane_octets(o)
        << ", \"loop_gaps\": " << held.loop_gaps << ", \"drops\": " << drops
        << ", \"failed\": " << failed << ", \"missing_downs\": " << missing_downs
        << ", \"detection_p999_us\": " << detection.at(0.999) << ", \"memory\": \"" << memory
        << "\"}\n";
}

}  // namespace tocsin::perf
