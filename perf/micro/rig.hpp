#pragma once

#include "dataplane/runtime/handover.hpp"
#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/ring_link.hpp"
#include "dataplane/runtime/worker.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tocsin::perf {

/// EAL for benchmarks: in memory, on huge pages when there are `megabytes` of them. The description
/// of the memory, or an empty string and a message on stderr.
[[nodiscard]] std::string start_eal(unsigned cpu, unsigned megabytes);

/// Zeroed memory of DPDK.
class Memory {
public:
    explicit Memory(std::size_t size);
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory();
    [[nodiscard]] std::span<std::byte> span() const noexcept { return {octets_, size_}; }

private:
    std::byte* octets_;
    std::size_t size_;
};

/// Two in-memory ports joined back to back. Made once for the whole process.
struct Cable {
    static constexpr unsigned kRing = 32768;
    static Cable& get();
    std::uint16_t west = 0;
    std::uint16_t east = 0;
};

/// One worker, as the daemon has it, with both ends of `sessions` / 2 paths on it and a time of its
/// own: every tick of the wheel is one turn.
class Rig {
public:
    /// `interval`: of every session. Slots are given out in random order. `keys`: all are
    /// authenticated, unless the type is None; they outlive the rig. `encap`: see carry_in().
    Rig(std::uint32_t sessions, WireInterval interval, const bfd::AuthKeys& keys,
        const std::string& encap = "none");
    /// What is still on the cable belongs to the pool that goes.
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    /// Turns until every session is Up and its intervals are in force; false when that does not
    /// happen within `seconds` of virtual time.
    [[nodiscard]] bool bring_up(int seconds = 60);
    /// One tick.
    void turn() noexcept;
    /// Events so far, forgotten afterwards.
    std::size_t take_events();

    void send(const message::Command& command);
    [[nodiscard]] const message::WorkerStats& stats() const noexcept { return worker_->stats(); }
    [[nodiscard]] Instant now() const noexcept { return now_; }
    [[nodiscard]] bfd::SessionHandle handle(std::uint32_t index) const;
    [[nodiscard]] std::uint32_t sessions() const noexcept { return sessions_; }
    [[nodiscard]] const bfd::AuthKeys& keys() const noexcept { return keys_; }
    [[nodiscard]] bool authenticated() const noexcept { return keys_.type != bfd::AuthType::None; }
    [[nodiscard]] const std::string& encap() const noexcept { return encap_; }

private:
    void add(std::uint32_t index);

    std::string encap_;
    std::uint32_t sessions_;
    WireInterval interval_;
    bfd::DiscriminatorCodec discriminators_;
    std::vector<std::uint32_t> slots_;  ///< by index, shuffled
    const bfd::AuthKeys& keys_;
    bfd::EngineConfig engine_;
    Memory memory_;
    runtime::Pool pool_;
    runtime::Notice notice_;
    std::unique_ptr<runtime::Worker> worker_;
    std::unique_ptr<runtime::RingLink> link_;
    Instant now_;
};

/// So long that about 200 packets are due in each tick of 65.536 us, whatever the number.
[[nodiscard]] WireInterval interval_for(std::uint32_t sessions);

/// 0, 1, ... `n` - 1 in random order, the same in every run.
[[nodiscard]] std::vector<std::uint32_t> shuffled(std::uint32_t n, std::uint64_t seed);

}  // namespace tocsin::perf
