// Pieces of the core by themselves: the timing wheel, discriminators, the table of session keys,
// and classification of a received frame.

#include "dataplane/bfd/key_table.hpp"
#include "dataplane/bfd/timing_wheel.hpp"
#include "micro/cycles.hpp"
#include "micro/rig.hpp"
#include "overlay/classify.hpp"
#include "overlay/single_hop.hpp"

#include <rte_cycles.h>

#include <cstring>
#include <string>

namespace tocsin::perf {

namespace {

/// One entry taken out and put back somewhere in the second that follows, of as many as there are.
void wheel(benchmark::State& state, std::uint32_t sessions) {
    using bfd::TimingWheel;
    const std::uint32_t capacity = 2 * sessions + 4096;
    std::vector<std::uint32_t> heads(TimingWheel::kTicks);
    std::vector<std::uint64_t> occupied(TimingWheel::kTicks / 64);
    std::vector<TimingWheel::Chunk> chunks(TimingWheel::chunks_needed(capacity));
    TimingWheel wheel{heads, occupied, chunks, capacity, 0};
    std::uint32_t random = 12345;
    const auto draw = [&random] { return (random = random * 1664525U + 1013904223U) >> 18U; };
    for (std::uint32_t i = 0; i < sessions; ++i) wheel.insert(1 + draw(), i);
    bfd::Tick now = 0;
    std::uint64_t fired = 0;
    const std::uint64_t start = rte_rdtsc_precise();
    for (auto _ : state) {
        wheel.advance(
            ++now, ~0U, [](std::uint32_t) {},
            [&](std::uint32_t entry, bfd::Tick tick) {
                wheel.insert(tick + 1 + draw(), entry);
                ++fired;
            });
    }
    report(state, sessions, rte_rdtsc_precise() - start, fired);
}

void discriminator(benchmark::State& state, std::uint32_t sessions) {
    const bfd::DiscriminatorCodec codec{0x123456789abcdef, sessions, 4};
    const std::vector<std::uint32_t> order = shuffled(sessions, 3);
    std::uint64_t n = 0;
    const std::uint64_t start = rte_rdtsc_precise();
    for (auto _ : state) {
        for (const std::uint32_t slot : order) {
            benchmark::DoNotOptimize(codec.decode({slot * 2654435761U}));
        }
        n += order.size();
    }
    report(state, sessions, rte_rdtsc_precise() - start, n);
}

SessionKey key_of(std::uint32_t i) {
    SessionKey key;
    key.family = AddressFamily::V4;
    std::memcpy(key.remote.data(), &i, sizeof i);
    return key;
}

/// What a packet without Your Discriminator costs to find its session.
void session_key(benchmark::State& state, std::uint32_t sessions) {
    std::vector<std::uint32_t> buckets(bfd::KeyTable::buckets_needed(sessions));
    bfd::KeyTable table{buckets, 0x1234567};
    std::vector<SessionKey> keys(sessions);
    for (std::uint32_t i = 0; i < sessions; ++i) {
        keys[i] = key_of(i);
        table.insert(keys[i], {i});
    }
    const std::vector<std::uint32_t> order = shuffled(sessions, 4);
    std::uint64_t n = 0;
    std::uint64_t found = 0;
    const std::uint64_t start = rte_rdtsc_precise();
    for (auto _ : state) {
        for (const std::uint32_t i : order) {
            Slot slot;
            found += table.find(
                key_of(i), [&](Slot s) -> const SessionKey& { return keys[s.value]; }, slot);
        }
        n += order.size();
    }
    if (found != n) state.SkipWithError("a key was not found");
    report(state, sessions, rte_rdtsc_precise() - start, n);
}

IpAddress station(std::uint8_t last) {
    return ip_address(std::array<std::uint8_t, 4>{192, 0, 2, last});
}

/// The frame of a session, checksums verified in software, out of the cache of this core.
void classification(benchmark::State& state, std::uint32_t sessions) {
    overlay::PortContext port;
    port.port = {0};
    port.mac = {2, 0, 0, 0, 0, 2};
    port.addresses.add(station(2));
    const overlay::HeaderTemplate headers =
        overlay::single_hop_headers({.source_mac = {2, 0, 0, 0, 0, 1},
                                     .destination_mac = port.mac,
                                     .source = station(1),
                                     .destination = station(2)});
    std::array<std::uint8_t, 128> frame{};
    std::memcpy(frame.data(), headers.octets.data(), headers.length);
    frame[headers.length] = 0x20;
    overlay::finish_udp_checksum({frame.data(), headers.length + 24U}, headers);
    std::uint64_t n = 0;
    std::uint64_t accepted = 0;
    const std::uint64_t start = rte_rdtsc_precise();
    for (auto _ : state) {
        for (int i = 0; i < 1024; ++i) {
            benchmark::ClobberMemory();
            const overlay::Classified found =
                overlay::classify({frame.data(), headers.length + 24U}, port,
                                  overlay::ChecksumHint::Unknown, overlay::ChecksumHint::Unknown);
            accepted += found.verdict == overlay::Verdict::Bfd ? 1 : 0;
        }
        n += 1024;
    }
    if (accepted != n) state.SkipWithError("a frame was not accepted");
    report(state, sessions, rte_rdtsc_precise() - start, n);
}

}  // namespace

void register_engine_parts(std::uint32_t sessions) {
    const std::string n = std::to_string(sessions);
    benchmark::RegisterBenchmark(("wheel/" + n).c_str(), wheel, sessions);
    benchmark::RegisterBenchmark(("discriminator/" + n).c_str(), discriminator, sessions);
    benchmark::RegisterBenchmark(("session_key/" + n).c_str(), session_key, sessions);
    benchmark::RegisterBenchmark(("classification/" + n).c_str(), classification, sessions);
}

}  // namespace tocsin::perf
