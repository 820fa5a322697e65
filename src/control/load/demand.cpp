#include "control/load/demand.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace tocsin::control::load {

namespace {

/// In thousandths of the interval, RFC 5880 6.8.7.
constexpr std::uint64_t kMeanGap = 875;
constexpr std::uint64_t kMeanGapDetectMultOne = 825;

/// Packets at an interval in microseconds, in millionths of a packet a second.
std::uint64_t packets_at(WireInterval interval, std::uint64_t gap) {
    if (interval.count() == 0) return 0;
    return 1'000'000'000'000U * 1000 / (gap * interval.count());
}

std::string whole(double value) { return std::to_string(std::llround(value)); }

}  // namespace

Demand demand_of(const bfd::SessionParameters& p) noexcept {
    const std::uint64_t gap = p.detect_mult == 1 ? kMeanGapDetectMultOne : kMeanGap;
    // Echo packets of ours come back, those of the peer are sent back.
    const std::uint64_t ours = packets_at(p.desired_min_echo_tx_interval, gap);
    const std::uint64_t theirs = packets_at(p.required_min_echo_rx_interval, kMeanGap);
    return {.rx = packets_at(p.required_min_rx_interval, kMeanGap) + ours + theirs,
            .tx = packets_at(p.desired_min_tx_interval, gap) + ours + theirs};
}

double packets(std::uint64_t millionths) noexcept { return static_cast<double>(millionths) / 1e6; }

bool passes_the_kernel(const std::string& driver) {
    static constexpr std::array<std::string_view, 4> kDrivers{"net_af_packet", "net_pcap",
                                                              "net_tap", "net_virtio_user"};
    return std::ranges::find(kDrivers, driver) != kDrivers.end();
}

void CostEstimate::learn(const Load& load) noexcept {
    const bool busy = load.busy >= kBusyEnough;
    const auto learn = [busy](std::uint64_t packets, double seen, double assumed, double& cost,
                              bool& measured) {
        if (busy && packets >= kPacketsEnough) {
            cost = seen;
            measured = true;
        } else if (!busy && measured && packets >= kPacketsEnoughForLess) {
            cost = std::min(cost, std::max(seen, assumed));
        }
    };
    learn(load.rx_packets, load.rx_cycles_per_packet, assumed_.rx_cycles, cost_.rx_cycles,
          rx_measured_);
    learn(load.tx_packets, load.tx_cycles_per_packet, assumed_.tx_cycles, cost_.tx_cycles,
          tx_measured_);
    cost_.measured = rx_measured_ && tx_measured_;
}

double cycles(const Demand& demand, const Cost& cost) noexcept {
    return packets(demand.rx) * cost.rx_cycles + packets(demand.tx) * cost.tx_cycles;
}

double Capacity::share(const Demand& demand) const noexcept {
    const double available = cycles_per_second * static_cast<double>(costs.size());
    return available <= 0 ? 0 : cycles(demand, cost()) / available;
}

Cost Capacity::cost() const noexcept {
    Cost out{.measured = true};
    for (const Cost& c : costs) {
        out.rx_cycles += c.rx_cycles / static_cast<double>(costs.size());
        out.tx_cycles += c.tx_cycles / static_cast<double>(costs.size());
        out.measured &= c.measured;
    }
    return out;
}

std::string Capacity::describe(const Demand& demand) const {
    const Cost c = cost();
    const double percent = share(demand) * 100;
    // What is refused for a little more than all of it must not read as "100 %".
    return whole(percent > 100 ? std::max(percent, 101.0) : percent) + " % of " +
           std::to_string(costs.size()) + (costs.size() == 1 ? " worker (" : " workers (") +
           whole(packets(demand.rx)) + " + " + whole(packets(demand.tx)) +
           " packets/s received + sent, " + whole(c.rx_cycles) + " + " + whole(c.tx_cycles) +
           " cycles each, " + (c.measured ? "measured" : "assumed") + ')';
}

}  // namespace tocsin::control::load
