#pragma once

#include "dataplane/bfd/engine.hpp"
#include "dataplane/bfd/reflector.hpp"
#include "dataplane/message/event.hpp"
#include "dataplane/message/worker_stats.hpp"
#include "dataplane/runtime/clock.hpp"
#include "dataplane/runtime/echo_limit.hpp"
#include "dataplane/runtime/hearing.hpp"
#include "dataplane/runtime/reflector_limit.hpp"
#include "dataplane/runtime/ring_link.hpp"
#include "dataplane/runtime/runtime.hpp"
#include "dataplane/runtime/token_bucket.hpp"
#include "dataplane/runtime/transmitter.hpp"
#include "dataplane/runtime/vlan.hpp"
#include "overlay/classify.hpp"
#include "overlay/usual_frame.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tocsin::runtime {

/// A port as one worker sees it.
struct WorkerPort {
    overlay::PortContext context;
    bool receives = false;     ///< there is a receive queue of this worker's
    bool unsolicited = false;  ///< control wants to know of packets without a session
    QueueId rx_queue;
    std::uint32_t drain_limit = 0;  ///< packets after which one turn stops reading the queue
    TxTarget tx;                    ///< of the device: a port on a VLAN has its parent's
    VlanTable vlans;                ///< of a device: whose its tagged frames are
    overlay::VlanTags tags{};       ///< of a port on a VLAN: what its frames are tagged with
};

/// What a worker is made of. Pointers outlive it.
struct WorkerSetup {
    WorkerId id;
    std::uint16_t workers = 1;
    Idle idle = Idle::Poll;
    bool real_time = false;  ///< run under SCHED_FIFO if permitted; only with Idle::Adaptive
    Clock clock;
    bfd::EngineConfig engine;     ///< beside_hot is the worker's to set
    bool overlays = false;        ///< room for the longest headers at every session
    std::span<std::byte> memory;  ///< Worker::memory_needed() octets of zeros, aligned to 64
    rte_mempool* pool = nullptr;
    std::vector<WorkerPort> ports;         ///< those with a device first
    std::vector<rte_ring*> handover_to;    ///< by worker; own: nullptr
    std::vector<rte_ring*> handover_from;  ///< likewise
    std::span<Notice> notices;             ///< by worker
    std::uint16_t readers = 1;             ///< so many of the first workers read queues
};

/// The poll loop of one lcore and everything it owns.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which a turn uses them
class Worker {
public:
    /// Octets for the sessions of such an engine and their packets.
    [[nodiscard]] static std::size_t memory_needed(bfd::EngineConfig engine,
                                                   bool overlays = false) noexcept;

    explicit Worker(WorkerSetup setup);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] const message::WorkerStats& stats() const noexcept { return stats_; }
    /// Before run(), once.
    void connect(const LinkRings& rings) noexcept { rings_ = rings; }

    /// With Idle::Adaptive: see message::Dataplane::announce_on(). Any thread.
    void announce_on(int eventfd) noexcept {
        announce_fd_.store(eventfd, std::memory_order_relaxed);
    }

    /// On the worker's lcore, until request_stop().
    void run() noexcept;
    void request_stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
    /// run() has returned; what it did is seen by who sees this.
    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

    /// One turn of the loop with `now` as its time; run() calls it with the clock's. True when
    /// there was anything to do. For benchmarks, which have a time of their own ahead of the
    /// clock's.
    [[nodiscard]] bool turn(Instant now) noexcept;

private:
    /// mbufs for one other worker, given away together.
    struct Outbox {
        rte_ring* ring = nullptr;
        std::uint16_t size = 0;
        std::array<rte_mbuf*, kBurst> mbufs{};
    };

    void account(Nanoseconds turn, Nanoseconds slept, bool worked) noexcept;
    [[nodiscard]] Nanoseconds doze(Instant now) noexcept;
    Nanoseconds rest(Nanoseconds wait) noexcept;
    void announce() noexcept;
    [[nodiscard]] static bool become_real_time() noexcept;

    [[nodiscard]] bool drain(const WorkerPort& port) noexcept;
    [[nodiscard]] bool take_handed_over(rte_ring* from) noexcept;
    void stamp_burst() noexcept;
    void forward(std::span<rte_mbuf*> burst) noexcept;
    /// nullptr: there is none.
    [[nodiscard]] const WorkerPort* port_by_id(PortId id) const noexcept {
        return id.value < port_by_id_.size() ? port_by_id_[id.value] : nullptr;
    }
    [[nodiscard]] inline overlay::UsualFrame usual(const rte_mbuf& mbuf) const noexcept;
    [[nodiscard]] overlay::Classified classify(const rte_mbuf& mbuf) const noexcept;
    [[nodiscard]] overlay::Verdict usual_of_others(const rte_mbuf& mbuf,
                                                   ReceivedPacket& out) const noexcept;
    [[nodiscard]] overlay::UsualFrame look_closely(rte_mbuf& mbuf, overlay::Classified& out,
                                                   Slot& slot) noexcept;
    void process(std::span<rte_mbuf*> burst, bool handed_over) noexcept;
    /// False: the mbuf went to another worker.
    [[nodiscard]] bool deliver(rte_mbuf* mbuf, const overlay::Classified& found,
                               bool handed_over) noexcept;
    [[nodiscard]] bool deliver_echo(rte_mbuf* mbuf, const overlay::Classified& found,
                                    bool handed_over) noexcept;
    [[nodiscard]] bool loop_back(rte_mbuf* mbuf, const overlay::Classified& found) noexcept;
    void flush_looped(PortId port) noexcept;
    [[nodiscard]] bool again(Slot slot, const rte_mbuf& mbuf,
                             const ReceivedPacket& packet) noexcept;
    void hear_member(const rte_mbuf& mbuf, const ReceivedPacket& packet) noexcept;
    [[nodiscard]] bool reflect(rte_mbuf* mbuf, const overlay::Classified& found) noexcept;
    void flush_reflected(PortId port) noexcept;
    void punt(const rte_mbuf& mbuf, TokenBucket& tokens) noexcept;
    void give_to_control(const ReceivedPacket& packet) noexcept;
    void tell_unmatched(const ReceivedPacket& packet, PortId arrival) noexcept;
    void hand_over(rte_mbuf* mbuf, std::uint16_t worker, std::uint32_t visited) noexcept;
    void flush_outbox(Outbox& box) noexcept;
    void drop(DropReason reason, std::uint64_t n = 1) noexcept {
        stats_.drops[static_cast<std::size_t>(reason)].add(n);
    }

    [[nodiscard]] bool take_commands() noexcept;
    [[nodiscard]] bool send_frames() noexcept;
    [[nodiscard]] bool report() noexcept;
    void answer(const message::Event& event) noexcept;
    [[nodiscard]] message::Event carry_out(const message::Command& command) noexcept;
    [[nodiscard]] bfd::Status apply(const message::AddSession& c) noexcept;
    [[nodiscard]] bfd::Status apply(const message::SetHeaders& c) noexcept;
    [[nodiscard]] bfd::Status apply(const message::SetEchoLooping& c) noexcept;
    void set_member(const message::SetMember& c) noexcept;
    [[nodiscard]] bfd::Status apply(const message::SetReflectors& c) noexcept;
    void set_unsolicited(const message::SetUnsolicited& c) noexcept;
    void hear(const message::EarlyPacket& packet) noexcept;

    // Everything a turn touches first.
    Clock clock_;
    WorkerId id_;
    std::uint16_t workers_;
    Idle idle_;
    Nanoseconds nap_;          ///< longest sleep that the load allows
    std::uint32_t heard_ = 0;  ///< packets received since the last sleep
    bool real_time_;
    Instant rested_{};  ///< end of the last sleep
    Instant time_{};    ///< what the engine was last told; never goes backwards
    bool worked_ = false;
    Nanoseconds recent_gap_{};
    int gap_turns_ = 0;             ///< turns for which recent_gap_ counts as just before
    int unjudged_ = 0;              ///< turns in a row without advance()
    std::uint32_t unfinished_ = 0;  ///< turns in a row that left due work
    LinkRings rings_;
    std::vector<WorkerPort> ports_;
    std::span<const WorkerPort> devices_;  ///< of ports_, those that have one
    std::array<const WorkerPort*, message::kPortIds> port_by_id_{};
    std::vector<rte_ring*> handover_from_;
    std::vector<Outbox> outboxes_;
    std::vector<EchoLimit> echo_limits_;        ///< by the port's place in ports_
    std::uint16_t looped_ = 0;                  ///< mbufs in loop_box_
    std::array<rte_mbuf*, kBurst> loop_box_{};  ///< Echo packets to be sent back, all of one port
    const bfd::ReflectorTable* reflectors_ = nullptr;  ///< control's; nullptr: none
    std::vector<ReflectorLimit> reflector_limits_;     ///< by the port's place in ports_
    std::uint16_t reflected_ = 0;                      ///< mbufs in reflect_box_
    std::array<rte_mbuf*, kBurst> reflect_box_{};      ///< answers, all by one port
    bfd::DiscriminatorCodec discriminators_;
    Hearing hearing_;
    TokenBucket punt_tokens_;
    TokenBucket aside_tokens_;  ///< for what is not for us
    TokenBucket early_tokens_;  ///< for packets that may create a session
    TokenBucket unmatched_tokens_;
    message::Frame scratch_;
    std::array<overlay::Classified, kBurst> unusual_;  ///< of process()
    bfd::Engine engine_;
    message::WorkerStats stats_;
    Transmitter out_;
    bool news_ = false;  ///< something was put into a ring to control since announce()
    alignas(64) std::atomic<bool> stop_{false};  // control: wo, worker: ro
    std::atomic<int> announce_fd_{-1};           // control: wo, worker: ro
    std::atomic<bool> ended_{false};             // worker: wo, control: ro
};

}  // namespace tocsin::runtime
