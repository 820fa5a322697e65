#pragma once

#include "dataplane/bfd/engine.hpp"
#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/history_answer.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tocsin::test {

/// A message::Dataplane in virtual time: real engines behind deques instead of rings, and the peers
/// of all sessions as one more engine at the other end of a wire without loss or delay.
///
/// Time moves by advance(), or by itself when `step_per_receive` is set: then every look of control
/// at the first worker's events is one step. Control thread only; statistics may be read by any.
class EngineDataplane final : public message::Dataplane {
public:
    struct Setup {
        std::uint16_t workers = 1;
        std::uint32_t slots = 64;  ///< per worker
        std::size_t command_ring = 1024;
        std::vector<message::PortStatus> ports{};
        Nanoseconds step_per_receive{0};
    };

    static constexpr std::uint16_t kKeyChains = 4096;
    static constexpr std::uint8_t kHistory = 16;
    static constexpr Nanoseconds kStep = std::chrono::milliseconds{1};

    explicit EngineDataplane(Setup setup)
        : setup_{std::move(setup)},
          codec_{0x0123456789abcdefU, setup_.slots, setup_.workers},
          peer_codec_{0xfedcba9876543210U, setup_.slots * setup_.workers, 1},
          peer_{*this, WorkerId{0}, setup_.slots * setup_.workers, peer_codec_, now_} {
        for (std::uint16_t i = 0; i < setup_.workers; ++i) {
            workers_.push_back(
                std::make_unique<Worker>(*this, WorkerId{i}, setup_.slots, codec_, now_));
        }
    }

    [[nodiscard]] std::size_t workers() const noexcept override { return workers_.size(); }
    [[nodiscard]] message::WorkerLink& worker(WorkerId id) noexcept override {
        return *workers_[id.value];
    }
    [[nodiscard]] unsigned lcore(WorkerId id) const noexcept override { return id.value + 1U; }
    [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override { return setup_.slots; }
    [[nodiscard]] const bfd::DiscriminatorCodec& discriminators() const noexcept override {
        return codec_;
    }
    [[nodiscard]] std::vector<message::PortStatus> ports() const override { return setup_.ports; }
    [[nodiscard]] Instant now() const noexcept override { return now_; }
    [[nodiscard]] double cycles_per_second() const noexcept override { return 2e9; }
    [[nodiscard]] std::chrono::system_clock::time_point wall(Instant t) const noexcept override {
        return std::chrono::system_clock::time_point{
            std::chrono::duration_cast<std::chrono::system_clock::duration>(t.time_since_epoch())};
    }

    void advance(Nanoseconds by) {
        for (const Instant end = now_ + by; now_ < end;) {
            now_ = std::min(now_ + kStep, end);
            for (auto& w : workers_) w->run(now_);
            peer_.run(now_);
            carry();
        }
    }

    /// The other end of a session of ours, as a router would configure it.
    void add_peer(PortId port, const IpAddress& ours, const IpAddress& theirs,
                  const bfd::SessionParameters& parameters = {}) {
        const Slot slot{peers_++};
        const bfd::SessionHandle handle{
            .slot = slot,
            .local_discr = peer_codec_.encode({.slot = slot, .worker = {}, .generation = 1})};
        SessionKey key{.family = ours.family, .port = port};
        key.local = theirs.octets;
        key.remote = ours.octets;
        peer_.carry_out({.id = {},
                         .body = message::AddSession{.session = handle,
                                                     .key = key,
                                                     .parameters = parameters,
                                                     .headers = {.length = 1},
                                                     .tx_port = port}});
    }

    /// The other end of a micro-BFD session of ours, RFC 7130.
    void add_member_peer(PortId port, AddressFamily family,
                         const bfd::SessionParameters& parameters = {}) {
        const Slot slot{peers_++};
        peer_.carry_out({.id = {},
                         .body = message::AddSession{
                             .session = peer_handle(slot.value),
                             .key = {.type = SessionType::Micro, .family = family, .port = port},
                             .parameters = parameters,
                             .headers = {.length = 1},
                             .tx_port = port}});
    }
    /// Nothing passes on this link.
    void cut(PortId port, bool is_cut) {
        if (is_cut) {
            cut_.insert(port.value);
        } else {
            cut_.erase(port.value);
        }
    }

    /// New parameters at the peer that was added as the `index`th.
    void change_peer(std::uint32_t index, const bfd::SessionParameters& parameters) {
        peer_.carry_out({.id = {},
                         .body = message::SetParameters{.session = peer_handle(index),
                                                        .parameters = parameters}});
    }
    /// The peer is disabled or enabled.
    void set_peer_admin(std::uint32_t index, bool down) {
        peer_.carry_out(
            {.id = {}, .body = message::SetAdmin{.session = peer_handle(index), .down = down}});
    }

    /// The peer says Down, as if it had heard nothing.
    void fail_peer(std::uint32_t index) {
        peer_.carry_out({.id = {}, .body = message::SignalPathDown{.session = peer_handle(index)}});
    }

    /// Keys that peers whose parameters have this number use from now on.
    void set_peer_keys(std::uint16_t number, const bfd::AuthKeys& keys) {
        peer_keys_.push_back(keys);
        peer_.carry_out(
            {.id = {}, .body = message::SetKeys{.number = number, .keys = &peer_keys_.back()}});
    }

    void set_link(PortId port, bool up) {
        for (auto& p : setup_.ports) {
            if (p.id == port) p.link_up = up;
        }
    }

    /// A packet that arrives at our end: one of the workers knows the session, or the last one
    /// gives it to control.
    void receive(const ReceivedPacket& packet) {
        DropReason reason = DropReason::None;
        for (auto& w : workers_) {
            reason = w->hear(packet, now_);
            if (reason == DropReason::None) return;
            if (reason != DropReason::NoSession && reason != DropReason::YourDiscriminatorUnknown) {
                break;
            }
        }
        Worker& last = *workers_.back();
        if (reason == DropReason::NoSession && last.unsolicited_.contains(packet.port.value)) {
            last.events_.push_back({.id = {}, .body = message::EarlyPacket::of(packet)});
        }
    }

    /// False: nothing passes in either direction.
    void connect(bool connected) { to_peers_ = from_peers_ = connected; }
    /// Each direction by itself.
    void connect(bool to_peers, bool from_peers) {
        to_peers_ = to_peers;
        from_peers_ = from_peers;
    }

    /// What a frame that control sends does; the answer may be queued with punt().
    std::function<void(const message::Frame&)> on_frame;
    void punt(const message::Frame& frame) { workers_[0]->frames.push_back(frame); }

    /// Headers of a slot as last set; length 0: none.
    [[nodiscard]] const overlay::HeaderTemplate& headers(WorkerId worker, Slot slot) const {
        return workers_[worker.value]->slots_[slot.value].headers;
    }
    [[nodiscard]] std::uint32_t engine_sessions() const {
        std::uint32_t n = 0;
        for (const auto& w : workers_) n += w->engine_.sessions();
        return n;
    }
    [[nodiscard]] bfd::SessionState peer_state(std::uint32_t index) const {
        return peer_snapshot(index).remote_session_state;
    }
    [[nodiscard]] bfd::SessionSnapshot peer_snapshot(std::uint32_t index) const {
        bfd::SessionSnapshot out;
        static_cast<void>(peer_.engine_.snapshot(peer_handle(index), out));
        return out;
    }

private:
    [[nodiscard]] bfd::SessionHandle peer_handle(std::uint32_t index) const {
        const Slot slot{index};
        return {.slot = slot,
                .local_discr = peer_codec_.encode({.slot = slot, .worker = {}, .generation = 1})};
    }

    std::deque<bfd::AuthKeys> peer_keys_;
    struct Packet {
        SessionKey key;  ///< of the sender
        bfd::SignedPacket octets;
        bool from_peer = false;
    };

    class Worker final : public message::WorkerLink {
    public:
        struct SlotState {
            SessionKey key;
            overlay::HeaderTemplate headers;
            bfd::SignedPacket payload;
        };

        Worker(EngineDataplane& owner, WorkerId id, std::uint32_t slots,
               const bfd::DiscriminatorCodec& codec, Instant now)
            : slots_(slots),
              owner_{owner},
              config_{.slots = slots,
                      .worker = id,
                      .discriminators = codec,
                      .seed = 7,
                      .key_chains = kKeyChains,
                      .congestion_control = true,
                      .history = kHistory},
              size_{bfd::Engine::memory_needed(config_)},
              memory_{static_cast<std::byte*>(::operator new (size_, std::align_val_t{64}))},
              engine_{config_, {memory_.get(), size_}, now} {}

        // message::WorkerLink
        bool send(const message::Command& command) noexcept override {
            if (commands_.size() >= owner_.setup_.command_ring) return false;
            commands_.push_back(command);
            return true;
        }
        std::size_t receive(std::span<message::Event> out) noexcept override {
            if (config_.worker.value == 0 && owner_.setup_.step_per_receive.count() != 0) {
                owner_.advance(owner_.setup_.step_per_receive);
            }
            const std::size_t n = std::min(out.size(), events_.size());
            std::copy_n(events_.begin(), n, out.begin());
            events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(n));
            return n;
        }
        bool send_frame(const message::Frame& frame) noexcept override {
            if (owner_.on_frame) owner_.on_frame(frame);
            return true;
        }
        bool receive_frame(message::Frame& out) noexcept override {
            if (frames.empty()) return false;
            out = frames.front();
            frames.pop_front();
            return true;
        }
        const message::WorkerStats& stats() const noexcept override { return stats_; }

        // EngineSink
        void set_payload(Slot slot, bfd::ControlPayload payload) noexcept {
            slots_[slot.value].payload = copy_of(payload);
        }
        bool transmit(Slot slot) noexcept { return leave(slot, slots_[slot.value].payload); }
        bool transmit_once(Slot slot, bfd::ControlPayload payload) noexcept {
            return leave(slot, copy_of(payload));
        }
        void state_changed(Slot, bfd::SessionState from, bfd::SessionState to) noexcept {
            if (to == bfd::SessionState::Up) stats_.transitions_up.add();
            if (from == bfd::SessionState::Up) stats_.transitions_down.add();
        }
        void late_tx(Nanoseconds late) noexcept {
            stats_.late_tx.record(static_cast<std::uint64_t>(late.count()));
        }
        void late_detection(Nanoseconds late) noexcept {
            stats_.late_detection.record(static_cast<std::uint64_t>(late.count()));
        }

        void run(Instant now) {
            stats_.heartbeat.add();
            while (!commands_.empty()) {
                const message::Command command = commands_.front();
                commands_.pop_front();
                if (const auto* query = std::get_if<message::QueryHistory>(&command.body)) {
                    message::answer_history(
                        engine_, command.id, query->session, now,
                        [this](const message::Event& event) noexcept { events_.push_back(event); });
                    continue;
                }
                events_.push_back(carry_out(command));
            }
            while (!engine_.advance(now, {}, 1U << 20U, *this)) {
            }
            report();
        }

        void report() {
            bfd::SessionEvent event;
            while (engine_.next_event(event)) events_.push_back({.id = {}, .body = event});
            bfd::SessionHandle gone;
            while (engine_.next_deleted(gone)) {
                events_.push_back({.id = {}, .body = message::SessionDeleted{gone}});
            }
            stats_.sessions.set(engine_.sessions());
            stats_.sessions_up.set(engine_.sessions_up());
        }

        message::Event carry_out(const message::Command& command) {
            const Instant now = owner_.now_;
            bfd::SessionSnapshot snapshot;
            bool found = false;
            const auto handle = [&](const auto& c) -> bfd::Status {
                using C = std::remove_cvref_t<decltype(c)>;
                if constexpr (std::is_same_v<C, message::Barrier>) {
                    return bfd::Status::Ok;
                } else if constexpr (std::is_same_v<C, message::AddSession>) {
                    SlotState& s = slots_[c.session.slot.value];
                    s.key = c.key;
                    s.headers = c.headers;
                    return engine_.add(c.session, c.key, c.parameters, c.admin_down, now, *this);
                } else if constexpr (std::is_same_v<C, message::SetHeaders>) {
                    slots_[c.session.slot.value].headers = c.headers;
                    return engine_.headers_changed(c.session, now);
                } else if constexpr (std::is_same_v<C, message::SetParameters>) {
                    return engine_.set_parameters(c.session, c.parameters, now, *this);
                } else if constexpr (std::is_same_v<C, message::SetAdmin>) {
                    return engine_.set_admin(c.session, c.down, c.diag, now, *this);
                } else if constexpr (std::is_same_v<C, message::SignalPathDown>) {
                    return engine_.signal_path_down(c.session, c.diag, now, *this);
                } else if constexpr (std::is_same_v<C, message::SetConcatenatedDiag>) {
                    return engine_.set_concatenated_diag(c.session, c.diag, now, *this);
                } else if constexpr (std::is_same_v<C, message::DeleteSession>) {
                    return engine_.remove(c.session, c.immediate, now, *this);
                } else if constexpr (std::is_same_v<C, message::SetKeys>) {
                    return engine_.set_keys(c.number, c.keys);
                } else if constexpr (std::is_same_v<C, message::SetMember> ||
                                     std::is_same_v<C, message::SetEchoLooping> ||
                                     std::is_same_v<C, message::SetReflectors>) {
                    return bfd::Status::Ok;
                } else if constexpr (std::is_same_v<C, message::StartPoll>) {
                    return engine_.start_poll(c.session, now);
                } else if constexpr (std::is_same_v<C, message::QueryHistory>) {
                    return bfd::Status::Ok;
                } else if constexpr (std::is_same_v<C, message::SetUnsolicited>) {
                    c.on ? (void)unsolicited_.insert(c.port.value)
                         : (void)unsolicited_.erase(c.port.value);
                    return bfd::Status::Ok;
                } else if constexpr (std::is_same_v<C, message::Hear>) {
                    static_cast<void>(hear(c.packet.received(), now));
                    return bfd::Status::Ok;
                } else {
                    const bfd::Status status = engine_.snapshot(c.session, snapshot);
                    found = status == bfd::Status::Ok;
                    return status;
                }
            };
            const bfd::Status status = std::visit(handle, command.body);
            if (found) return {.id = command.id, .body = snapshot};
            return {.id = command.id, .body = message::Reply{status}};
        }

        DropReason hear(const ReceivedPacket& packet, Instant now) {
            const DropReason reason = engine_.on_packet(packet, now, *this);
            if (reason == DropReason::None) {
                stats_.rx_control.add();
            } else {
                stats_.drops[static_cast<std::size_t>(reason)].add();
            }
            report();
            return reason;
        }

        std::deque<message::Frame> frames;
        std::vector<SlotState> slots_;
        std::set<std::uint16_t>
            unsolicited_;  ///< ports whose packets without a session control wants
        EngineDataplane& owner_;
        message::WorkerStats stats_;
        std::deque<message::Command> commands_;
        std::deque<message::Event> events_;

    private:
        struct Free {
            void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{64}); }
        };
        static bfd::SignedPacket copy_of(bfd::ControlPayload payload) noexcept {
            bfd::SignedPacket out;
            std::ranges::copy(payload, out.octets.begin());
            out.length = static_cast<std::uint8_t>(payload.size());
            return out;
        }
        bool leave(Slot slot, const bfd::SignedPacket& octets) noexcept {
            if (slots_[slot.value].headers.length == 0) return false;
            stats_.tx_control.add();
            owner_.wire_.push_back({.key = slots_[slot.value].key,
                                    .octets = octets,
                                    .from_peer = this == &owner_.peer_});
            return true;
        }

        bfd::EngineConfig config_;
        std::size_t size_;
        std::unique_ptr<std::byte, Free> memory_;

    public:
        bfd::Engine engine_;
    };

    void carry() {
        while (!wire_.empty()) {
            const Packet p = wire_.front();
            wire_.pop_front();
            if (!(p.from_peer ? from_peers_ : to_peers_)) continue;
            if (cut_.contains(p.key.port.value)) continue;
            ReceivedPacket packet;
            packet.payload = p.octets.octets.data();
            packet.source = p.key.local.data();
            packet.destination = p.key.remote.data();
            packet.payload_length = p.octets.length;
            packet.port = p.key.port;
            packet.type = p.key.type;
            packet.family = p.key.family;
            packet.ttl = 255;
            if (!p.from_peer) {
                peer_.hear(packet, now_);
                continue;
            }
            receive(packet);
        }
    }

    Setup setup_;
    Instant now_{std::chrono::seconds{1000}};
    bfd::DiscriminatorCodec codec_;
    bfd::DiscriminatorCodec peer_codec_;
    Worker peer_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::deque<Packet> wire_;
    std::uint32_t peers_ = 0;
    std::set<std::uint16_t> cut_;
    bool to_peers_ = true;
    bool from_peers_ = true;
};

}  // namespace tocsin::test
