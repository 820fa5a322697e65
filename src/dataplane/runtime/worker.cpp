#include "dataplane/runtime/worker.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/packet.hpp"
#include "dataplane/runtime/mbuf.hpp"
#include "overlay/usual_request.hpp"
#include "overlay/usual_tunnel.hpp"

#include <pthread.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <chrono>

namespace tocsin::runtime {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds kRecordedGap = 100us;  ///< shorter turns are not worth a histogram entry
constexpr Nanoseconds kLoopGap = 1ms;
constexpr int kGapTurns = 2;

/// A packet may be stamped with the start of its turn, but not when the worker stood still in
/// between: that would let a Detection Time begin before the packet was there.
constexpr Nanoseconds kStampTolerance = 50us;
/// Queues that never run empty must not stop transmission for good.
constexpr int kLongestUnjudged = 4;
/// Timers between two looks at the receive queues: their packets fit the nearest cache together.
constexpr std::uint32_t kAdvanceBudget = 128;

/// One tick's timers take a worker that keeps up a dozen turns at most.
constexpr std::uint32_t kUsualUnfinished = 64;

/// A ring to another worker that is filled so far takes no more packets that anybody can send
/// without knowing a discriminator: the rest is for those of established sessions.
constexpr unsigned kMostAskedAround = kHandoverCapacity / 2;

constexpr std::uint32_t kPuntRate = 1000;  // frames a second
constexpr std::uint32_t kPuntBurst = 256;
constexpr std::uint32_t kAsideRate = 100;
constexpr std::uint32_t kAsideBurst = 32;
constexpr std::uint32_t kEarlyRate = 1000;  // packets that may create a session
constexpr std::uint32_t kEarlyBurst = 256;
constexpr std::uint32_t kUnmatchedRate = 2;  // packets in tunnels that control is told of
constexpr std::uint32_t kUnmatchedBurst = 16;

/// Sleep in Idle::Adaptive: bounded by how late a received packet may be seen, and by how many may
/// come meanwhile, since a kernel queue can be as short as 512 frames; not worth a system call when
/// shorter than waking up takes.
constexpr Nanoseconds kLongestSleep =
    2200us;  // a little more than kWidestGrid; times least_leisure()
constexpr Nanoseconds kLongestSleepUnderLoad = 200us;
constexpr Nanoseconds kShortestSleep = 20us;
constexpr std::uint32_t kCrowd = 128;  ///< received after one sleep: the next one is half as long

/// The kernel stops a real-time thread for 50 ms when it has used 95 % of a second: one that never
/// becomes idle leaves a tenth of the time to others by itself.
constexpr Nanoseconds kLongestRun = 900us;
constexpr Nanoseconds kShortestRest = 100us;
constexpr int kRealTimePriority = 10;

std::uint64_t count(Nanoseconds n) noexcept {
    return n.count() > 0 ? static_cast<std::uint64_t>(n.count()) : 0;
}

overlay::ChecksumHint ip_hint(const rte_mbuf& m) noexcept {
    switch (m.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) {
        case RTE_MBUF_F_RX_IP_CKSUM_GOOD:
        case RTE_MBUF_F_RX_IP_CKSUM_NONE:
            return overlay::ChecksumHint::Good;
        case RTE_MBUF_F_RX_IP_CKSUM_BAD:
            return overlay::ChecksumHint::Bad;
        default:
            return overlay::ChecksumHint::Unknown;
    }
}

/// NONE means that the octets hold no valid sum but the driver knows the data to be intact
/// (virtio).
overlay::ChecksumHint udp_hint(const rte_mbuf& m) noexcept {
    switch (m.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
        case RTE_MBUF_F_RX_L4_CKSUM_GOOD:
        case RTE_MBUF_F_RX_L4_CKSUM_NONE:
            return overlay::ChecksumHint::Good;
        case RTE_MBUF_F_RX_L4_CKSUM_BAD:
            return overlay::ChecksumHint::Bad;
        default:
            return overlay::ChecksumHint::Unknown;
    }
}

/// A tag that the NIC took off and that is still nobody's: VLAN 0 is a priority only.
bool foreign_vlan(const rte_mbuf& m) noexcept {
    return (m.ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0 && (m.vlan_tci & 0xfffU) != 0;
}

overlay::Classified dropped(DropReason reason) noexcept {
    overlay::Classified out;
    out.reason = reason;
    return out;
}

/// Of the ports that have one.
std::span<const WorkerPort> devices(const std::vector<WorkerPort>& ports) {
    const auto first =
        std::ranges::find_if(ports, [](const WorkerPort& p) { return p.tags.size != 0; });
    return {ports.begin(), first};
}

std::vector<TxTarget> targets(std::span<const WorkerPort> ports) {
    std::vector<TxTarget> out;
    out.reserve(ports.size());
    for (const WorkerPort& p : ports) out.push_back(p.tx);
    return out;
}

/// Whose keys have an instance that the peer and we have to agree upon.
constexpr bool in_tunnel(SessionType type) noexcept {
    return type == SessionType::Vxlan || type == SessionType::Geneve;
}

bfd::EngineConfig with_templates(bfd::EngineConfig engine) noexcept {
    engine.beside_hot = kTemplateOctets;
    return engine;
}

/// Long packets lie behind everything else, so that sessions that have none are not further apart.
std::size_t long_ones(std::uint32_t slots, bool overlays) noexcept {
    return overlays ? slots * kLongestTemplate : 0;
}

}  // namespace

std::size_t Worker::memory_needed(bfd::EngineConfig engine, bool overlays) noexcept {
    return bfd::Engine::memory_needed(with_templates(engine)) + long_ones(engine.slots, overlays);
}

Worker::Worker(WorkerSetup setup)
    : clock_{setup.clock},
      id_{setup.id},
      workers_{setup.workers},
      idle_{setup.idle},
      nap_{kLongestSleep},
      real_time_{setup.real_time},
      time_{setup.clock.now()},
      ports_{std::move(setup.ports)},
      devices_{devices(ports_)},
      handover_from_{std::move(setup.handover_from)},
      outboxes_(setup.handover_to.size()),
      discriminators_{setup.engine.discriminators},
      hearing_{setup.id.value, setup.notices, setup.readers, time_},
      punt_tokens_{kPuntRate, kPuntBurst, time_},
      aside_tokens_{kAsideRate, kAsideBurst, time_},
      early_tokens_{kEarlyRate, kEarlyBurst, time_},
      unmatched_tokens_{kUnmatchedRate, kUnmatchedBurst, time_},
      engine_{with_templates(setup.engine), setup.memory, time_},
      out_{{setup.engine.slots, setup.memory.data() + sizeof(bfd::SessionHot),
            bfd::HotLines::spacing(kTemplateOctets),
            setup.memory.last(long_ones(setup.engine.slots, setup.overlays))},
           setup.pool,
           targets(devices_),
           hearing_,
           stats_} {
    echo_limits_.reserve(ports_.size());
    reflector_limits_.reserve(ports_.size());
    for (const WorkerPort& p : ports_) {
        port_by_id_[p.context.port.value] = &p;
        echo_limits_.emplace_back(setup.engine.seed ^ 0x9e3779b97f4a7c15U);
        reflector_limits_.emplace_back(setup.engine.seed ^ 0xbf58476d1ce4e5b9U);
    }
    for (std::size_t i = 0; i < outboxes_.size(); ++i) outboxes_[i].ring = setup.handover_to[i];
}

void Worker::run() noexcept {
    if (idle_ == Idle::Adaptive) {
        // The kernel rounds sleeps of ordinary threads up by 50 us.
        prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
        real_time_ = real_time_ && become_real_time();
    }
    Instant previous = clock_.now();
    rested_ = previous;
    Nanoseconds slept{};
    while (!stop_.load(std::memory_order_relaxed)) {
        const Instant now = clock_.now();
        account(now - previous, slept, worked_);
        previous = now;
        worked_ = turn(now);
        stats_.heartbeat.add();
        if (idle_ == Idle::Poll) continue;
        slept = worked_ ? Nanoseconds{} : doze(now);
        if (slept == Nanoseconds{} && now - rested_ > kLongestRun) {
            if (real_time_) {
                slept = rest(kShortestRest);
            } else {
                announce();
            }
        }
    }
    ended_.store(true, std::memory_order_release);
}

/// `slept`: what was asked for. Sleeping longer than that is a gap as any other.
void Worker::account(Nanoseconds turn, Nanoseconds slept, bool worked) noexcept {
    (worked ? stats_.busy_ns : stats_.idle_ns).add(count(turn));
    const Nanoseconds gap = turn - slept;
    if (gap <= kRecordedGap) [[likely]]
        return;
    stats_.loop_gap.record(count(gap));
    if (gap <= kLoopGap) return;
    stats_.loop_gaps.add();
    recent_gap_ = gap;
    gap_turns_ = kGapTurns;
}

/// System calls of ours in a worker are only here and below. Returns how long it was asked to
/// sleep.
Nanoseconds Worker::doze(Instant now) noexcept {
    const Nanoseconds longest = kLongestSleep * (1 << hearing_.least_leisure(engine_.leisure()));
    if (heard_ > kCrowd) {
        nap_ = std::max(nap_ / 2, kLongestSleepUnderLoad);
    } else if (heard_ < kCrowd / 4) {
        nap_ *= 2;
    }
    nap_ = std::min(nap_, longest);
    heard_ = 0;
    const Instant due = engine_.next_due(now + nap_);
    const Nanoseconds wait = due - clock_.now();
    return wait < kShortestSleep ? Nanoseconds{} : rest(wait);
}

Nanoseconds Worker::rest(Nanoseconds wait) noexcept {
    announce();
    const timespec ts{0, static_cast<long>(wait.count())};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, nullptr);
    rested_ = clock_.now();
    return wait;
}

/// Control sleeps too.
void Worker::announce() noexcept {
    if (!news_) return;
    news_ = false;
    const int fd = announce_fd_.load(std::memory_order_relaxed);
    if (fd >= 0) eventfd_write(fd, 1);
}

/// On a CPU that others use too, an ordinary thread waits up to several milliseconds for its turn.
bool Worker::become_real_time() noexcept {
    const sched_param priority{.sched_priority = kRealTimePriority};
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority) == 0;
}

/// True when there was anything to do.
///
/// A deadline is judged with the time that was read before the queues were emptied, and only if
/// they were: whatever was there by then has been heard, however long this worker stood still
/// before.
bool Worker::turn(Instant now) noexcept {
    time_ = std::max(time_, now);
    const Instant start = time_;
    const std::uint64_t turned = rte_rdtsc();
    bool emptied = true;
    worked_ = false;
    hearing_.look(time_);
    for (const WorkerPort& p : devices_) {
        if (p.receives) emptied &= drain(p);
    }
    for (rte_ring* const ring : handover_from_) {
        if (ring != nullptr) emptied &= take_handed_over(ring);
    }
    for (Outbox& box : outboxes_) flush_outbox(box);

    const std::uint64_t received = rte_rdtsc();
    if (worked_) stats_.rx_cycles.add(received - turned);

    bool more = false;
    if ((emptied && time_ == start) || ++unjudged_ > kLongestUnjudged) {
        unjudged_ = 0;
        hearing_.tell(time_, engine_.sessions() == 0 ? bfd::kMostLeisure : engine_.leisure());
        const Nanoseconds gap =
            std::max(gap_turns_ > 0 ? recent_gap_ : Nanoseconds{}, hearing_.recent_gap(time_));
        more = !engine_.advance(time_, gap, kAdvanceBudget, out_);
        if (gap_turns_ > 0 && !more) --gap_turns_;
    } else {
        more = true;
    }
    unfinished_ = more ? unfinished_ + 1 : 0;
    if (unfinished_ > kUsualUnfinished) [[unlikely]]
        stats_.backlog_turns.add();
    bool worked = worked_ || more || out_.pending();
    out_.flush();
    const std::uint64_t sent = rte_rdtsc();
    if (worked) stats_.tx_cycles.add(sent - received);

    bool asked = take_commands();
    asked |= send_frames();
    asked |= report();
    out_.flush();
    if (asked) stats_.control_cycles.add(rte_rdtsc() - sent);
    worked |= asked;
    stats_.rx_fast.set(engine_.steady_packets());
    stats_.sessions.set(engine_.sessions());
    stats_.sessions_up.set(engine_.sessions_up());
    return worked;
}

/// Reads the queue until it is empty: drivers may return less than a full burst when there is more.
/// False: the limit was reached first.
bool Worker::drain(const WorkerPort& port) noexcept {
    std::array<rte_mbuf*, kBurst> mbufs;
    message::PortStats& stats = stats_.ports[port.context.port.value];
    std::uint32_t total = 0;
    while (total < port.drain_limit) {
        const std::uint16_t n =
            rte_eth_rx_burst(port.context.port.value, port.rx_queue.value, mbufs.data(), kBurst);
        if (n == 0) {
            flush_looped(port.context.port);
            flush_reflected(port.context.port);
            return true;
        }
        got(mbufs.data(), n);
        stamp_burst();
        std::uint64_t octets = 0;
        for (std::uint16_t i = 0; i < n; ++i) {
            rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const void*));
            mbufs[i]->port = port.context.port.value;  // not every driver fills it in
            octets += mbufs[i]->pkt_len;
        }
        stats.rx_packets.add(n);
        stats.rx_bytes.add(octets);
        heard_ += n;
        process({mbufs.data(), n}, false);
        total += n;
    }
    flush_looped(port.context.port);
    flush_reflected(port.context.port);
    return false;
}

/// As drain(), for what another worker handed over.
bool Worker::take_handed_over(rte_ring* from) noexcept {
    std::array<rte_mbuf*, kBurst> mbufs;
    std::array<rte_mbuf*, kBurst> leaving;
    for (std::uint32_t total = 0; total < kHandoverCapacity;) {
        const unsigned n = rte_ring_sc_dequeue_burst(from, reinterpret_cast<void**>(mbufs.data()),
                                                     kBurst, nullptr);
        if (n == 0) return true;
        stamp_burst();
        heard_ += n;
        for (unsigned i = 0; i < n; ++i) rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const void*));
        std::size_t left = 0;
        std::size_t received = 0;
        for (unsigned i = 0; i < n; ++i) {  // each kind in the order in which it came
            rte_mbuf* const m = mbufs[i];
            if ((m->hash.usr & kForTransmission) != 0) {
                leaving[left++] = m;
            } else {
                mbufs[received++] = m;
            }
        }
        forward({leaving.data(), left});
        process({mbufs.data(), received}, true);
        total += n;
    }
    return false;
}

void Worker::stamp_burst() noexcept {
    worked_ = true;
    const Instant now = clock_.now();
    if (now - time_ > kStampTolerance) time_ = now;
}

/// Sends what a worker without a transmit queue of its own gave us.
void Worker::forward(std::span<rte_mbuf*> burst) noexcept {
    while (!burst.empty()) {
        const std::uint16_t port = burst.front()->port;
        const std::uint32_t kind = burst.front()->hash.usr;
        const auto run = static_cast<std::size_t>(
            std::ranges::find_if(burst,
                                 [port, kind](const rte_mbuf* m) {
                                     return m->port != port || m->hash.usr != kind;
                                 }) -
            burst.begin());
        const auto n = static_cast<std::uint16_t>(run);
        if ((kind & kOthers) == 0) {
            out_.forward({port}, burst.data(), n);
        } else {
            const Others what = (kind & kReflected) != 0 ? Others::Reflected : Others::Echo;
            out_.forward_others({port}, burst.data(), n, what, time_);
        }
        burst = burst.subspan(run);
    }
}

[[gnu::always_inline]] inline overlay::UsualFrame Worker::usual(const rte_mbuf& m) const noexcept {
    if (m.nb_segs != 1 || foreign_vlan(m)) [[unlikely]]
        return overlay::UsualFrame::No;
    return overlay::usual_frame({rte_pktmbuf_mtod(&m, const std::uint8_t*), m.data_len},
                                port_by_id_[m.port]->context, ip_hint(m), udp_hint(m));
}

overlay::Classified Worker::classify(const rte_mbuf& m) const noexcept {
    if (m.nb_segs != 1) [[unlikely]]
        return dropped(DropReason::EthernetTruncated);
    if (foreign_vlan(m)) [[unlikely]]
        return dropped(DropReason::VlanUnknown);
    return overlay::classify({rte_pktmbuf_mtod(&m, const std::uint8_t*), m.data_len},
                             port_by_id_[m.port]->context, ip_hint(m), udp_hint(m));
}

/// A packet in a tunnel or a request to a reflector, as they usually are; Drop: neither.
overlay::Verdict Worker::usual_of_others(const rte_mbuf& m, ReceivedPacket& out) const noexcept {
    if (m.nb_segs != 1 || foreign_vlan(m)) return overlay::Verdict::Drop;
    const std::span frame{rte_pktmbuf_mtod(&m, const std::uint8_t*), m.data_len};
    const overlay::PortContext& port = port_by_id_[m.port]->context;
    if (overlay::usual_tunnel(frame, port, ip_hint(m), udp_hint(m), out)) {
        return overlay::Verdict::Bfd;
    }
    return overlay::usual_request(frame, port, ip_hint(m), udp_hint(m), out)
               ? overlay::Verdict::SbfdRequest
               : overlay::Verdict::Drop;
}

/// Of a packet that is none of the plain ones on its port: what it is, unless it is a plain one of
/// a VLAN, and where its session is, if it has one.
[[gnu::noinline]] overlay::UsualFrame Worker::look_closely(rte_mbuf& m, overlay::Classified& out,
                                                           Slot& slot) noexcept {
    slot = bfd::Engine::kNowhere;
    if (m.nb_segs == 1 && untag(m, port_by_id_[m.port]->vlans)) {
        const overlay::UsualFrame kind = usual(m);
        if (kind != overlay::UsualFrame::No) {
            const bool v4 = kind == overlay::UsualFrame::V4;
            slot = engine_.locate(rte_pktmbuf_mtod(&m, const std::uint8_t*) +
                                  (v4 ? overlay::kUsualPayloadV4 : overlay::kUsualPayloadV6));
            return kind;
        }
    }
    out.verdict = usual_of_others(m, out.packet);
    if (out.verdict == overlay::Verdict::Drop) out = classify(m);
    if (out.verdict == overlay::Verdict::Bfd) slot = engine_.locate(out.packet.payload);
    return overlay::UsualFrame::No;
}

/// At most kBurst mbufs whose data is being fetched. What repeats the packet before it takes a way
/// of its own: headers first, sessions, which are being fetched meanwhile, after. All others
/// go through deliver().
void Worker::process(std::span<rte_mbuf*> burst, bool handed_over) noexcept {
    struct Found {
        Slot slot;
        overlay::UsualFrame kind;
    };
    std::array<Found, kBurst> found;
    for (std::size_t i = 0; i < burst.size(); ++i) {
        rte_mbuf& m = *burst[i];
        const overlay::UsualFrame kind = usual(m);
        if (kind == overlay::UsualFrame::No) [[unlikely]] {
            found[i].kind = look_closely(m, unusual_[i], found[i].slot);
            continue;
        }
        const auto* const frame = rte_pktmbuf_mtod(&m, const std::uint8_t*);
        const bool v4 = kind == overlay::UsualFrame::V4;
        found[i] = {
            engine_.locate(frame + (v4 ? overlay::kUsualPayloadV4 : overlay::kUsualPayloadV6)),
            kind};
    }
    std::array<rte_mbuf*, kBurst> done;
    unsigned n = 0;
    std::uint64_t steady = 0;
    for (std::size_t i = 0; i < burst.size(); ++i) {
        rte_mbuf* const m = burst[i];
        const overlay::UsualFrame kind = found[i].kind;
        if (kind != overlay::UsualFrame::No && found[i].slot != bfd::Engine::kNowhere &&
            engine_.on_steady_packet(found[i].slot,
                                     overlay::usual_packet(rte_pktmbuf_mtod(m, const std::uint8_t*),
                                                           kind, port_by_id_[m->port]->context),
                                     time_)) [[likely]] {
            ++steady;
            done[n++] = m;
        } else if (kind == overlay::UsualFrame::No && found[i].slot != bfd::Engine::kNowhere &&
                   again(found[i].slot, *m, unusual_[i].packet)) {
            ++steady;
            done[n++] = m;
        } else if (deliver(m, kind == overlay::UsualFrame::No ? unusual_[i] : classify(*m),
                           handed_over)) {
            done[n++] = m;
        }
    }
    if (steady != 0) stats_.rx_control.add(steady);
    if (n != 0) free_burst(done.data(), n);
}

/// As Engine::on_steady_packet(), for a packet that is none of the plain ones.
bool Worker::again(Slot slot, const rte_mbuf& mbuf, const ReceivedPacket& packet) noexcept {
    const bool out = engine_.on_steady_packet(slot, packet, time_);
    if (out && packet.type == SessionType::Micro) hear_member(mbuf, packet);
    return out;
}

/// A micro-BFD session, of which there is one for each port and family, took this packet.
void Worker::hear_member(const rte_mbuf& mbuf, const ReceivedPacket& packet) noexcept {
    MacAddress source;
    std::memcpy(source.data(), rte_pktmbuf_mtod(&mbuf, const std::uint8_t*) + source.size(),
                source.size());
    out_.hear_member(packet.port, packet.family, source, [this](Slot slot) noexcept {
        return std::pair{engine_.packets_sent(slot), engine_.detect_mult(slot)};
    });
}

bool Worker::deliver(rte_mbuf* mbuf, const overlay::Classified& found, bool handed_over) noexcept {
    if (found.verdict != overlay::Verdict::Bfd) [[unlikely]] {
        if (found.verdict == overlay::Verdict::Echo) return deliver_echo(mbuf, found, handed_over);
        if (found.verdict == overlay::Verdict::Reflect) return loop_back(mbuf, found);
        if (found.verdict == overlay::Verdict::SbfdRequest) return reflect(mbuf, found);
        if (found.verdict == overlay::Verdict::Punt) {
            punt(*mbuf, punt_tokens_);
        } else if (found.verdict == overlay::Verdict::PuntAside) {
            punt(*mbuf, aside_tokens_);
        } else {
            drop(found.reason);
        }
        return true;
    }
    const std::uint32_t visited = handed_over ? mbuf->hash.usr : 0;
    if (workers_ > 1 && !handed_over) {
        const Discriminator yours{load_be32(found.packet.payload + bfd::kYourDiscriminatorOffset)};
        const std::uint16_t owner = discriminators_.decode(yours).worker.value;
        if (yours.value != 0 && owner != id_.value && owner < workers_) {
            hand_over(mbuf, owner, visited);
            return false;
        }
    }
    const DropReason reason = engine_.on_packet(found.packet, time_, out_);
    if (reason == DropReason::None) [[likely]] {
        stats_.rx_control.add();
        if (found.packet.type == SessionType::Micro) hear_member(*mbuf, found.packet);
        return true;
    }
    // Your Discriminator zero says nothing about the worker: it is asked around, once each.
    if (reason == DropReason::NoSession && visited + 1U < workers_) {
        const auto next = static_cast<std::uint16_t>((id_.value + 1U) % workers_);
        if (rte_ring_count(outboxes_[next].ring) < kMostAskedAround) [[likely]] {
            hand_over(mbuf, next, visited + 1);
            return false;
        }
        drop(DropReason::HandoverRingFull);
        return true;
    }
    if (reason == DropReason::NoSession && port_by_id_[mbuf->port]->unsolicited &&
        found.packet.type == SessionType::SingleHop) {
        give_to_control(found.packet);
        return true;
    }
    if (reason == DropReason::NoSession && in_tunnel(found.packet.type)) {
        tell_unmatched(found.packet, {mbuf->port});
    }
    drop(reason);
    return true;
}

void Worker::punt(const rte_mbuf& mbuf, TokenBucket& tokens) noexcept {
    if (mbuf.data_len > message::Frame::kCapacity) return drop(DropReason::NotHandled);
    if (!tokens.take(time_)) return drop(DropReason::PuntRateLimited);
    scratch_.received_at = time_;
    scratch_.port = {mbuf.port};
    scratch_.length = mbuf.data_len;
    std::memcpy(scratch_.octets.data(), rte_pktmbuf_mtod(&mbuf, const void*), mbuf.data_len);
    if (rte_ring_sp_enqueue_elem(rings_.punted, &scratch_, sizeof scratch_) != 0) {
        return drop(DropReason::PuntRingFull);
    }
    stats_.punted.add();
    news_ = true;
}

void Worker::hand_over(rte_mbuf* mbuf, std::uint16_t worker, std::uint32_t visited) noexcept {
    mbuf->hash.usr = visited;
    Outbox& box = outboxes_[worker];
    box.mbufs[box.size++] = mbuf;
    if (box.size == kBurst) flush_outbox(box);
}

void Worker::flush_outbox(Outbox& box) noexcept {
    if (box.size == 0) return;
    const unsigned taken = rte_ring_sp_enqueue_burst(
        box.ring, reinterpret_cast<void* const*>(box.mbufs.data()), box.size, nullptr);
    if (taken < box.size) {
        drop(DropReason::HandoverRingFull, box.size - taken);
        free_burst(box.mbufs.data() + taken, box.size - taken);
    }
    box.size = 0;
}

}  // namespace tocsin::runtime
