#pragma once

#include "dataplane/bfd/engine_sink.hpp"
#include "dataplane/message/command.hpp"
#include "dataplane/message/frame.hpp"
#include "dataplane/message/worker_stats.hpp"
#include "dataplane/runtime/hearing.hpp"
#include "dataplane/runtime/mbuf.hpp"
#include "dataplane/runtime/member_links.hpp"
#include "dataplane/runtime/packet_templates.hpp"
#include "dataplane/runtime/tx_batch.hpp"
#include "dataplane/runtime/vlan.hpp"

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

namespace tocsin::runtime {

/// The engine's sink of one worker: templates to mbufs to transmit batches. No allocation but of
/// mbufs.
class Transmitter {
public:
    Transmitter(PacketTemplates templates, rte_mempool* pool, std::span<const TxTarget> targets,
                Hearing& hearing, message::WorkerStats& stats) noexcept
        : templates_{templates}, stash_{pool}, hearing_{hearing}, stats_{stats} {
        for (const TxTarget& t : targets) {
            batches_[t.port.value].set_target(t);
            echo_batches_[t.port.value] = TxBatch{&message::WorkerStats::tx_echo};
            echo_batches_[t.port.value].set_target(t);
            ports_[count_++] = t.port.value;
            open_ |= 1U << t.port.value;
        }
    }

    // bfd::EngineSink
    void prefetch(Slot slot) const noexcept { templates_.prefetch(slot); }
    void set_payload(Slot slot, bfd::ControlPayload payload) noexcept {
        templates_.set_payload(slot, payload);
    }
    [[nodiscard]] bool transmit(Slot slot) noexcept {
        rte_mbuf* const mbuf = copy(slot);
        if (mbuf == nullptr) [[unlikely]]
            return false;
        push(slot, mbuf);
        return true;
    }
    /// A payload of another length stays in the template: where they differ, the engine sets the
    /// next periodic one in any case.
    [[nodiscard]] bool transmit_once(Slot slot, bfd::ControlPayload payload) noexcept {
        if (payload.size() != templates_.payload_length(slot)) [[unlikely]] {
            templates_.set_payload(slot, payload);
            return transmit(slot);
        }
        rte_mbuf* const mbuf = copy(slot);
        if (mbuf == nullptr) [[unlikely]]
            return false;
        templates_.replace_payload(slot, payload, rte_pktmbuf_mtod(mbuf, std::uint8_t*));
        push(slot, mbuf);
        return true;
    }
    /// Not on the way of Control packets: made anew each time.
    [[nodiscard]] bool transmit_echo(Slot slot, const bfd::EchoOctets& payload) noexcept {
        if (!templates_.has_headers(slot)) return false;  // drops count Control packets
        rte_mbuf* const mbuf = stash_.take(kTemplateOctets);
        if (mbuf == nullptr) {
            drop(DropReason::TxNoMbuf);
            return false;
        }
        TxBatch& batch = echo_batches_[templates_.port(slot).value];
        const TxTarget& target = batch.target();
        const std::uint16_t length = templates_.make_echo(
            slot, templates_.is_v4(slot) ? target.echo_source_v4 : target.echo_source_v6, payload,
            rte_pktmbuf_mtod(mbuf, std::uint8_t*));
        mbuf->data_len = length;
        mbuf->pkt_len = length;
        pending_ = true;
        echo_pending_ = true;
        batch.push(mbuf, stats_);
        return true;
    }
    void state_changed(Slot slot, bfd::SessionState was, bfd::SessionState is) noexcept {
        if (templates_.member(slot) != 0) [[unlikely]]
            members_.state_changed(slot, is == bfd::SessionState::Up, templates_);
        if (is == bfd::SessionState::Up) stats_.transitions_up.add();
        if (was == bfd::SessionState::Up) stats_.transitions_down.add();
    }
    [[nodiscard]] Nanoseconds missing(Instant now) noexcept { return hearing_.missing(now); }
    /// Packets of one tick are equally late: they are counted together.
    void late_tx(Nanoseconds late) noexcept {
        if (late != late_) [[unlikely]]
            count_late();
        late_ = late;
        ++late_count_;
    }
    void late_detection(Nanoseconds late) noexcept {
        stats_.late_detection.record(nanoseconds(late));
    }

    // for commands
    [[nodiscard]] PacketTemplates& templates() noexcept { return templates_; }
    [[nodiscard]] bool has_port(PortId port) const noexcept {
        return port.value < message::kMaxPorts && (open_ >> port.value & 1U) != 0;
    }

    /// A session begins in `slot`, of a member link if its key says so.
    void begin_member(Slot slot, const SessionKey& key, bool learns_mac) noexcept {
        members_.begin(slot, key, learns_mac, templates_);
    }
    /// Its headers are new.
    void restart_member(Slot slot, bool learns_mac) noexcept {
        if (templates_.member(slot) != 0) members_.restart(slot, learns_mac, templates_);
    }
    /// See MemberLinks::heard().
    template <class Facts>
    void hear_member(PortId port, AddressFamily family, const MacAddress& source,
                     Facts facts) noexcept {
        members_.heard(port, family, source, facts, templates_);
    }

    /// A slow-path frame that leaves by `device` with these tags, padded to Ethernet's minimum.
    /// False when it could not leave; counted.
    bool send_frame(const message::Frame& frame, PortId device,
                    const overlay::VlanTags& tags) noexcept;
    /// Sends at most kBurst mbufs that another worker handed over for `port`.
    void forward(PortId port, rte_mbuf** mbufs, std::uint16_t n) noexcept {
        batches_[port.value].forward(mbufs, n, stats_);
    }
    /// The same for mbufs of others, as far as there is room to spare.
    void forward_others(PortId port, rte_mbuf** mbufs, std::uint16_t n, Others what,
                        Instant now) noexcept {
        batches_[port.value].forward_others(mbufs, n, what, now, stats_);
    }

    /// Sends at most kBurst mbufs of others by `port`, as far as there is room to spare. How many
    /// left; the rest is counted and freed.
    std::uint16_t send_others(PortId port, rte_mbuf** mbufs, std::uint16_t n, Others what,
                              Instant now) noexcept {
        return batches_[port.value].send_others(mbufs, n, what, now, stats_);
    }

    /// Everything that waits leaves now.
    void flush() noexcept {
        count_late();
        if (!pending_) return;
        pending_ = false;
        for (std::size_t i = 0; i < count_; ++i) batches_[ports_[i]].flush(stats_);
        if (!echo_pending_) return;
        echo_pending_ = false;
        for (std::size_t i = 0; i < count_; ++i) echo_batches_[ports_[i]].flush(stats_);
    }
    /// Whether anything was put in a batch since the last flush().
    [[nodiscard]] bool pending() const noexcept { return pending_; }

private:
    [[nodiscard]] static std::uint64_t nanoseconds(Nanoseconds n) noexcept {
        return n.count() > 0 ? static_cast<std::uint64_t>(n.count()) : 0;
    }
    void drop(DropReason reason) noexcept { stats_.drops[static_cast<std::size_t>(reason)].add(); }

    [[nodiscard]] rte_mbuf* copy(Slot slot) noexcept {
        const std::uint16_t length = templates_.packet_length(slot);
        if (length == 0) [[unlikely]]
            return copy_rare(slot);
        rte_mbuf* const mbuf = stash_.take(length);
        if (mbuf == nullptr) [[unlikely]] {
            drop(DropReason::TxNoMbuf);
            return nullptr;
        }
        templates_.copy(slot, length, rte_pktmbuf_mtod(mbuf, std::uint8_t*));
        return mbuf;
    }
    [[nodiscard]] rte_mbuf* copy_rare(Slot slot) noexcept {
        const std::size_t length = templates_.rare_packet_length(slot);
        if (length == 0) {
            drop(DropReason::TxUnresolved);
            return nullptr;
        }
        rte_mbuf* const mbuf = stash_.take(static_cast<std::uint16_t>(length));
        if (mbuf == nullptr) {
            drop(DropReason::TxNoMbuf);
            return nullptr;
        }
        templates_.copy_rare(slot, rte_pktmbuf_mtod(mbuf, std::uint8_t*));
        return mbuf;
    }
    void push(Slot slot, rte_mbuf* mbuf) noexcept {
        pending_ = true;
        batches_[templates_.port(slot).value].push(mbuf, stats_);
    }

    void count_late() noexcept {
        if (late_count_ == 0) return;
        stats_.late_tx.record(nanoseconds(late_), late_count_);
        late_count_ = 0;
    }

    PacketTemplates templates_;
    MbufStash stash_;
    Hearing& hearing_;
    message::WorkerStats& stats_;
    bool pending_ = false;
    bool echo_pending_ = false;
    Nanoseconds late_{};  ///< of late_count_ packets that are not in the histogram yet
    std::uint32_t late_count_ = 0;
    std::uint32_t open_ = 0;  ///< bit by port id
    std::size_t count_ = 0;
    std::array<std::uint16_t, message::kMaxPorts> ports_{};
    std::array<TxBatch, message::kMaxPorts> batches_{};
    std::array<TxBatch, message::kMaxPorts> echo_batches_{};
    MemberLinks members_;
};
static_assert(bfd::EngineSink<Transmitter>);

inline bool Transmitter::send_frame(const message::Frame& frame, PortId device,
                                    const overlay::VlanTags& tags) noexcept {
    constexpr std::uint16_t kShortest = 60;  // without FCS; not every driver pads by itself
    if (!has_port(device) || frame.length == 0 || frame.length > message::Frame::kCapacity) {
        drop(DropReason::NotHandled);
        return false;
    }
    const std::uint16_t length = frame.length < kShortest ? kShortest : frame.length;
    rte_mbuf* const mbuf = stash_.take(length);
    if (mbuf == nullptr) {
        drop(DropReason::TxNoMbuf);
        return false;
    }
    auto* const data = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
    std::memcpy(data, frame.octets.data(), frame.length);
    std::memset(data + frame.length, 0, length - frame.length);
    tag(*mbuf, tags);
    return batches_[device.value].send_one(mbuf, stats_) == 1;
}

}  // namespace tocsin::runtime
