#pragma once

#include "dataplane/bfd/engine.hpp"
#include "recording_sink.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace tocsin::test {

inline constexpr Nanoseconds kUnlimited = std::chrono::hours{24 * 365};

/// An Engine with its memory, sink and time; plays the worker's part in virtual time.
class EngineBox {
public:
    struct Setup {
        std::uint32_t slots = 8;
        WorkerId worker{};
        std::uint32_t workers = 4;
        std::uint64_t seed = 1;
        std::uint64_t discriminator_key = 0x0123456789abcdefU;
        Instant start{std::chrono::seconds{10}};
        std::uint32_t budget = 1U << 20U;  ///< of each advance()
        bool gather = false;
        std::uint16_t key_chains = 0;
        bool echo = false;
        bool congestion_control = false;
        std::uint8_t history = 0;
    };

    EngineBox() : EngineBox(Setup{}) {}
    explicit EngineBox(const Setup& setup)
        : time{setup.start},
          sink{time, setup.slots},
          codec{setup.discriminator_key, setup.slots, setup.workers},
          setup_{setup},
          config_{.slots = setup.slots,
                  .worker = setup.worker,
                  .discriminators = codec,
                  .seed = setup.seed,
                  .gather = setup.gather,
                  .key_chains = setup.key_chains,
                  .echo = setup.echo,
                  .echo_secret = {0xe5, 0xc4, 0x01},
                  .congestion_control = setup.congestion_control,
                  .history = setup.history},
          size_{bfd::Engine::memory_needed(config_)},
          memory_{static_cast<std::byte*>(::operator new (size_, std::align_val_t{64}))},
          engine_{config_, {memory_.get(), size_}, time.now} {}

    [[nodiscard]] bfd::Engine& engine() { return engine_; }
    [[nodiscard]] Instant now() const { return time.now; }

    /// The handle that control would compute for `slot` in its `generation`.
    [[nodiscard]] bfd::SessionHandle handle(std::uint32_t slot,
                                            std::uint32_t generation = 1) const {
        return {Slot{slot}, codec.encode({Slot{slot}, setup_.worker, generation})};
    }

    // Commands, at the present time.
    bfd::Status add(bfd::SessionHandle h, const SessionKey& key, const bfd::SessionParameters& p,
                    bool admin_down = false) {
        return engine_.add(h, key, p, admin_down, now(), sink);
    }
    bfd::Status set_parameters(bfd::SessionHandle h, const bfd::SessionParameters& p) {
        return engine_.set_parameters(h, p, now(), sink);
    }
    bfd::Status set_admin(bfd::SessionHandle h, bool down,
                          bfd::Diag diag = bfd::Diag::AdministrativelyDown) {
        return engine_.set_admin(h, down, diag, now(), sink);
    }
    bfd::Status signal_path_down(bfd::SessionHandle h, bfd::Diag diag = bfd::Diag::PathDown) {
        return engine_.signal_path_down(h, diag, now(), sink);
    }
    bfd::Status set_concatenated_diag(bfd::SessionHandle h, bfd::Diag diag) {
        return engine_.set_concatenated_diag(h, diag, now(), sink);
    }
    bfd::Status set_keys(std::uint16_t number, const bfd::AuthKeys& keys) {
        return engine_.set_keys(number, &keys_.emplace_back(keys));
    }
    bfd::Status start_poll(bfd::SessionHandle h) { return engine_.start_poll(h, now()); }
    DropReason receive_echo(const ReceivedPacket& packet) { return engine_.on_echo(packet, now()); }
    bfd::Status remove(bfd::SessionHandle h, bool immediate = false) {
        return engine_.remove(h, immediate, now(), sink);
    }
    DropReason receive(const ReceivedPacket& packet) {
        static_cast<void>(engine_.locate(packet.payload));
        return engine_.on_packet(packet, now(), sink);
    }
    /// A session that is not there gives a value-initialised snapshot.
    [[nodiscard]] bfd::SessionSnapshot snapshot(bfd::SessionHandle h) const {
        bfd::SessionSnapshot out;
        static_cast<void>(engine_.snapshot(h, out));
        return out;
    }
    /// The records of a session that is there, by the time of their first packet.
    [[nodiscard]] std::vector<bfd::PacketRecord> history(bfd::SessionHandle h, bool frozen) const {
        bfd::HistorySummary summary;
        static_cast<void>(engine_.history(h, summary));
        std::vector<bfd::PacketRecord> out;
        for (std::size_t i = 0; i < summary.size[frozen ? 1 : 0]; ++i) {
            out.push_back(engine_.history_record(h.slot, frozen, i, now()));
        }
        std::stable_sort(out.begin(), out.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        return out;
    }
    [[nodiscard]] bfd::HistorySummary history_summary(bfd::SessionHandle h) const {
        bfd::HistorySummary out;
        static_cast<void>(engine_.history(h, out));
        return out;
    }
    [[nodiscard]] bool has(bfd::SessionHandle h) const {
        bfd::SessionSnapshot out;
        return engine_.snapshot(h, out) == bfd::Status::Ok;
    }

    /// Carries out what is due at the present time.
    void advance(Nanoseconds loop_gap = {}) {
        while (!engine_.advance(now(), loop_gap, setup_.budget, sink)) {
        }
    }
    /// Goes to `end` from one due instant to the next, each carried out exactly when it is due.
    void run_until(Instant end) {
        for (;;) {
            const Instant due = engine_.next_due(end + 2 * bfd::kTickLength);
            if (due > end) break;
            if (due > time.now) time.now = due;
            advance();
        }
        time.now = std::max(time.now, end);
    }
    void run_for(Nanoseconds span) { run_until(now() + span); }
    /// Stands still for `span`, then carries out what has become due.
    void stall_for(Nanoseconds span, Nanoseconds reported_gap = {}) {
        time.now += span;
        advance(reported_gap);
    }

    [[nodiscard]] std::vector<bfd::SessionEvent> events() {
        std::vector<bfd::SessionEvent> out;
        for (bfd::SessionEvent e; engine_.next_event(e);) out.push_back(e);
        return out;
    }
    [[nodiscard]] std::vector<bfd::SessionHandle> deleted() {
        std::vector<bfd::SessionHandle> out;
        for (bfd::SessionHandle h; engine_.next_deleted(h);) out.push_back(h);
        return out;
    }
    std::vector<SentEcho> take_echoes() { return std::exchange(sink.echoes, {}); }
    /// What was sent since the last call.
    std::vector<Sent> take_sent() { return std::exchange(sink.sent, {}); }

    ManualTime time;
    RecordingSink sink;
    bfd::DiscriminatorCodec codec;

private:
    struct Free {
        void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{64}); }
    };

    Setup setup_;
    bfd::EngineConfig config_;
    std::size_t size_;
    std::unique_ptr<std::byte, Free> memory_;
    bfd::Engine engine_;
    std::deque<bfd::AuthKeys> keys_;  ///< whatever the engine was ever given
};

/// The far end of a session, by hand: it sends what the test says and does nothing by itself.
class Peer {
public:
    Peer(EngineBox& box, bfd::SessionHandle ours, const SessionKey& key)
        : session{ours},
          source{key.remote},
          destination{key.local},
          port{key.port},
          type{key.type},
          family{key.family},
          domain{key.domain},
          instance{key.instance},
          link{key.link},
          box_{&box} {
        says.state = bfd::SessionState::Down;
        says.detect_mult = 3;
        says.my_discriminator = {0xa1b2c3d4U};
        says.your_discriminator = ours.local_discr;
        says.desired_min_tx_interval = std::chrono::milliseconds{100};
        says.required_min_rx_interval = std::chrono::milliseconds{100};
    }

    /// Any octets, as the payload of a packet from this peer.
    DropReason send_octets(const std::vector<std::uint8_t>& payload) {
        // Its own allocation of exactly this size, so that a sanitizer sees reads behind it; the
        // engine may read 24 octets whatever the length.
        const auto octets =
            std::make_unique<std::uint8_t[]>(std::max(payload.size(), bfd::kControlPacketLength));
        std::copy(payload.begin(), payload.end(), octets.get());
        return box_->receive({.payload = octets.get(),
                              .source = source.data(),
                              .destination = destination.data(),
                              .instance = instance,
                              .payload_length = static_cast<std::uint16_t>(payload.size()),
                              .domain = domain,
                              .port = port,
                              .link = link,
                              .type = type,
                              .family = family,
                              .ttl = ttl,
                              .point_to_point = point_to_point});
    }
    DropReason send(const bfd::ControlPacket& packet) {
        const bfd::ControlOctets octets = bfd::encode(packet);
        return send_octets({octets.begin(), octets.end()});
    }
    DropReason send() { return send(says); }
    DropReason send(bfd::SessionState state) {
        says.state = state;
        return send();
    }
    /// As it stands, with P set.
    DropReason send_poll() {
        bfd::ControlPacket packet = says;
        packet.poll = true;
        return send(packet);
    }
    DropReason send_final() {
        bfd::ControlPacket packet = says;
        packet.final = true;
        return send(packet);
    }
    /// Sends every `period` for `span`, engine running meanwhile.
    void keep_sending(Nanoseconds span, Nanoseconds period) {
        const Instant end = box_->now() + span;
        while (box_->now() + period <= end) {
            box_->run_for(period);
            send();
        }
        box_->run_until(end);
    }
    /// From Down to Up: it has heard us already, as an Init packet says. Then it is Up too.
    void bring_up() {
        send(bfd::SessionState::Init);
        send(bfd::SessionState::Up);
    }

    bfd::ControlPacket says;  ///< next packet
    bfd::SessionHandle session;
    std::array<std::uint8_t, 16> source;
    std::array<std::uint8_t, 16> destination;
    PortId port;
    SessionType type;
    AddressFamily family;
    std::uint16_t domain;
    std::uint32_t instance;
    std::uint16_t link;
    std::uint8_t ttl = 255;
    bool point_to_point = false;

private:
    EngineBox* box_;
};

/// A single-hop IPv4 key on port 0: 192.0.2.1 here, 192.0.2.`host` there.
[[nodiscard]] inline SessionKey v4_key(std::uint8_t host = 2, std::uint16_t port = 0) {
    SessionKey key;
    key.family = AddressFamily::V4;
    key.port = {port};
    key.local = {192, 0, 2, 1};
    key.remote = {192, 0, 2, host};
    return key;
}

/// fe80::1 here, fe80::`host` there.
[[nodiscard]] inline SessionKey v6_key(std::uint8_t host = 2, std::uint16_t port = 0) {
    SessionKey key;
    key.family = AddressFamily::V6;
    key.port = {port};
    key.local = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    key.remote = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host};
    return key;
}

[[nodiscard]] inline SessionKey multi_hop_key(std::uint8_t host = 2) {
    SessionKey key = v4_key(host);
    key.type = SessionType::MultiHop;
    return key;
}

/// Between two VTEPs, VNI 1, IPv4 inside.
[[nodiscard]] inline SessionKey vxlan_key(std::uint8_t host = 2) {
    SessionKey key = v4_key(host);
    key.type = SessionType::Vxlan;
    key.port = port_in_key(key.type, {});
    key.instance = 1;
    return key;
}

/// Between two VAPs with Ethernet payload, VNI 5001.
[[nodiscard]] inline SessionKey geneve_key(std::uint8_t host = 2) {
    SessionKey key = v4_key(host);
    key.type = SessionType::Geneve;
    key.port = port_in_key(key.type, {});
    key.instance = 0xab001389;
    key.link = 0xcdef;
    return key;
}

/// An initiator of S-BFD that asks for entity 0xc6336401 from port 50100.
[[nodiscard]] inline SessionKey sbfd_key(std::uint8_t host = 2) {
    SessionKey key = v4_key(host);
    key.type = SessionType::Sbfd;
    key.port = port_in_key(key.type, {});
    key.instance = 0xc6336401;
    key.link = 50100;
    return key;
}

/// What unless said otherwise a test's session has: 100 ms each way, three packets.
[[nodiscard]] inline bfd::SessionParameters fast_parameters() {
    bfd::SessionParameters p;
    p.desired_min_tx_interval = std::chrono::milliseconds{100};
    p.required_min_rx_interval = std::chrono::milliseconds{100};
    return p;
}

}  // namespace tocsin::test
