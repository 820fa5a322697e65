#include "scenario/gap_probe.hpp"

#include "dataplane/bfd/packet.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>

namespace tocsin::perf {

namespace {

constexpr std::uint64_t kSample = 4096;
constexpr std::size_t kTable = 4 * kSample;
constexpr std::size_t kMostGaps = 8'000'000;
constexpr unsigned kUnitShift = 8;
constexpr std::uint32_t kMix = 0x85ebca6bU;

}  // namespace

GapProbe::GapProbe(std::uint16_t port, std::uint16_t queue, std::uint64_t sessions,
                   std::size_t headers)
    : port_{port},
      queue_{queue},
      my_discriminator_{headers + bfd::kMyDiscriminatorOffset},
      every_{static_cast<std::uint32_t>(std::max<std::uint64_t>(1, sessions / kSample))},
      table_(kTable) {
    gaps_.reserve(kMostGaps);
}

bool GapProbe::start() {
    on_ = true;
    return rte_eth_add_rx_callback(port_, queue_, on_burst, this) != nullptr;
}

std::uint16_t GapProbe::on_burst(std::uint16_t, std::uint16_t, rte_mbuf* mbufs[], std::uint16_t n,
                                 std::uint16_t, void* probe) {
    auto& self = *static_cast<GapProbe*>(probe);
    if (!self.on_.load(std::memory_order_relaxed)) return n;
    const std::uint64_t now = rte_rdtsc();
    for (std::uint16_t i = 0; i < n; ++i) self.look(*mbufs[i], now);
    return n;
}

void GapProbe::look(const rte_mbuf& mbuf, std::uint64_t now) {
    if (mbuf.data_len < my_discriminator_ + 4) return;
    std::uint32_t discriminator = 0;
    std::memcpy(&discriminator, rte_pktmbuf_mtod_offset(&mbuf, const char*, my_discriminator_), 4);
    const std::uint32_t mixed = discriminator * kMix;
    if ((mixed >> 8U) % every_ != 0) return;
    std::size_t at = (mixed ^ mixed >> 15U) % kTable;
    for (std::size_t tries = 0; tries < 16; ++tries, at = (at + 1) % kTable) {
        Seen& seen = table_[at];
        if (seen.discriminator == 0) seen.discriminator = discriminator;
        if (seen.discriminator != discriminator) continue;
        if (seen.tsc != 0 && gaps_.size() < kMostGaps) {
            gaps_.push_back(static_cast<std::uint32_t>((now - seen.tsc) >> kUnitShift));
        }
        seen.tsc = now;
        return;
    }
}

void GapProbe::collect(Values& out) const {
    const double us = 1e6 * (1U << kUnitShift) / static_cast<double>(rte_get_tsc_hz());
    for (const std::uint32_t gap : gaps_) out.add(gap * us);
}

}  // namespace tocsin::perf
