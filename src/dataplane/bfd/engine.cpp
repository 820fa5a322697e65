#include "dataplane/bfd/engine.hpp"

#include <memory>

namespace tocsin::bfd {

/// Where each array starts in the engine's memory.
struct Engine::Layout {
    std::size_t hot = 0;
    std::size_t cold = 0;
    std::size_t tails = 0;
    std::size_t occupied = 0;
    std::size_t chunks = 0;
    std::size_t buckets = 0;
    std::size_t events = 0;
    std::size_t auth = 0;
    std::size_t chains = 0;
    std::size_t echo = 0;
    std::size_t congestion = 0;
    std::size_t history = 0;
    std::size_t end = 0;
    std::uint32_t wheel_capacity = 0;
    std::uint32_t chunk_count = 0;
    std::uint32_t bucket_count = 0;

    explicit Layout(const EngineConfig& config) noexcept {
        const std::uint32_t slots = config.slots;
        wheel_capacity = (kWheelEntriesPerSlot + (config.echo ? 2 : 0)) * slots + 4096;
        chunk_count = TimingWheel::chunks_needed(wheel_capacity);
        bucket_count = KeyTable::buckets_needed(slots);
        hot = take<std::byte>(slots * HotLines::spacing(config.beside_hot));
        cold = take<SessionCold>(slots);
        tails = take<std::uint32_t>(TimingWheel::kTicks);
        occupied = take<std::uint64_t>(TimingWheel::kTicks / 64);
        chunks = take<TimingWheel::Chunk>(chunk_count);
        buckets = take<std::uint32_t>(bucket_count);
        events = take<Slot>(slots);
        auth = take<SessionAuth>(config.key_chains == 0 ? 0 : slots);
        chains = take<const AuthKeys*>(config.key_chains);
        echo = take<SessionEcho>(config.echo ? slots : 0);
        congestion = take<SessionCongestion>(config.congestion_control ? slots : 0);
        history = take<std::byte>(PacketHistory::memory_needed(slots, config.history));
    }

private:
    template <class T>
    std::size_t take(std::size_t n) noexcept {
        const std::size_t at = end;
        end += (n * sizeof(T) + 63) / 64 * 64;
        return at;
    }
};

namespace {

template <class T>
std::span<T> array_at(std::span<std::byte> memory, std::size_t offset, std::size_t n) noexcept {
    auto* const first = reinterpret_cast<T*>(memory.data() + offset);
    std::uninitialized_default_construct_n(first, n);
    return {first, n};
}

}  // namespace

std::size_t Engine::memory_needed(const EngineConfig& config) noexcept {
    return Layout{config}.end;
}

Engine::Engine(const EngineConfig& config, std::span<std::byte> memory, Instant now) noexcept
    : Engine{config, Layout{config}, memory, now} {}

Engine::Engine(const EngineConfig& config, const Layout& layout, std::span<std::byte> memory,
               Instant now) noexcept
    : config_{config},
      extras_{static_cast<std::uint8_t>((config.gather ? kGathers : 0U) |
                                        (config.history != 0 ? kWatches : 0U))},
      advanced_to_{now},
      random_state_{fold(config.seed ^ 0xa0761d6478bd642fU, 0xe7037ed1a0b428dbU) | 1U},
      secret_{fold(config.seed ^ 0x8ebc6af09c88c6e3U, 0x589965cc75374cc3U)},
      hot_{memory.subspan(layout.hot), config.slots, config.beside_hot},
      cold_{array_at<SessionCold>(memory, layout.cold, config.slots)},
      wheel_{array_at<std::uint32_t>(memory, layout.tails, TimingWheel::kTicks),
             array_at<std::uint64_t>(memory, layout.occupied, TimingWheel::kTicks / 64),
             array_at<TimingWheel::Chunk>(memory, layout.chunks, layout.chunk_count),
             layout.wheel_capacity, tick_at(now)},
      keys_{array_at<std::uint32_t>(memory, layout.buckets, layout.bucket_count), secret_},
      events_{array_at<Slot>(memory, layout.events, config.slots)},
      auth_{array_at<SessionAuth>(memory, layout.auth, config.key_chains == 0 ? 0 : config.slots)},
      chains_{array_at<const AuthKeys*>(memory, layout.chains, config.key_chains)},
      echo_{array_at<SessionEcho>(memory, layout.echo, config.echo ? config.slots : 0)},
      congestion_{array_at<SessionCongestion>(memory, layout.congestion,
                                              config.congestion_control ? config.slots : 0)},
      history_{memory.subspan(layout.history), config.history} {}

}  // namespace tocsin::bfd
