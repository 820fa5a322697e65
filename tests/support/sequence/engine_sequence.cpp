#include "sequence/engine_sequence.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/engine.hpp"
#include "octet_reader.hpp"
#include "sequence/reference_session.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

namespace tocsin::sequence {

using bfd::ControlOctets;
using bfd::SessionHandle;
using bfd::SessionSnapshot;
using bfd::Status;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kSlots = 4;
constexpr std::uint32_t kSessions = 3;  // the last one is multihop

/// Everything that an observer can see of a session, to prove that a discarded packet left no
/// trace.
bool same(const SessionSnapshot& a, const SessionSnapshot& b) {
    return a.session == b.session && a.session_state == b.session_state &&
           a.remote_session_state == b.remote_session_state && a.local_diag == b.local_diag &&
           a.remote_diag == b.remote_diag && a.remote_discr == b.remote_discr &&
           a.desired_min_tx_interval == b.desired_min_tx_interval &&
           a.required_min_rx_interval == b.required_min_rx_interval &&
           a.remote_min_rx_interval == b.remote_min_rx_interval &&
           a.remote_desired_min_tx_interval == b.remote_desired_min_tx_interval &&
           a.tx_interval == b.tx_interval && a.detection_time == b.detection_time &&
           a.detect_mult == b.detect_mult && a.remote_detect_mult == b.remote_detect_mult &&
           a.remote_demand_mode == b.remote_demand_mode &&
           a.poll_in_progress == b.poll_in_progress && a.rx_packets == b.rx_packets &&
           a.tx_packets == b.tx_packets && a.up_count == b.up_count &&
           a.down_count == b.down_count && a.last_rx == b.last_rx &&
           a.last_state_change == b.last_state_change;
}

class Run {
public:
    explicit Run(std::span<const std::uint8_t> octets)
        : in_{octets},
          codec_{0x5eedU, kSlots, 1},
          config_{.slots = kSlots,
                  .worker = {0},
                  .discriminators = codec_,
                  .seed = 7,
                  .history = octets.size() % 2 == 0 ? std::uint8_t{0} : kHistory},
          memory_(bfd::Engine::memory_needed(config_) / sizeof(Line) + 1),
          engine_{config_, std::as_writable_bytes(std::span{memory_}), now_} {}

    std::string all() {
        for (std::uint32_t i = 0; i < kSessions; ++i) add(i);
        while (!in_.empty() && fault_.empty()) {
            one();
            drain();
            check();
        }
        return fault_;
    }

    // EngineSink
    void set_payload(Slot slot, bfd::ControlPayload payload) noexcept {
        std::ranges::copy(payload, templates_[slot.value].begin());
    }
    bool transmit(Slot slot) noexcept { return sent(slot, templates_[slot.value], true); }
    bool transmit_once(Slot slot, bfd::ControlPayload payload) noexcept {
        ControlOctets octets;
        std::ranges::copy(payload, octets.begin());
        return sent(slot, octets, false);
    }
    void state_changed(Slot, bfd::SessionState, bfd::SessionState) noexcept {}
    void late_tx(Nanoseconds) noexcept {}
    void late_detection(Nanoseconds) noexcept {}

private:
    static constexpr std::uint8_t kHistory = 6;

    /// What is true of any history. Every packet is in it once, as long as nothing made room.
    void check_history(const SessionSnapshot& snap) {
        bfd::HistorySummary summary;
        expect(engine_.history(snap.session, summary) == Status::Ok, "no history");
        std::uint64_t received = 0;
        std::uint64_t sent = 0;
        for (const bool frozen : {false, true}) {
            const std::size_t n = summary.size.at(frozen ? 1 : 0);
            expect(n <= kHistory, "a ring beyond its room");
            for (std::size_t i = 0; i < n; ++i) {
                const bfd::PacketRecord r =
                    engine_.history_record(snap.session.slot, frozen, i, now_);
                expect(r.count >= 1, "a record of nothing");
                expect(r.first <= now_ && r.last() <= now_, "a record of the future");
                if (r.failed != 0 || r.kind != 0 || r.reason() != DropReason::None) continue;
                (r.sent != 0 ? sent : received) += r.count;
            }
        }
        const bool whole = snap.down_count <= 1 && summary.overwritten[0] == 0 &&
                           summary.overwritten[1] == 0 && config_.history != 0;
        if (!whole) return;
        expect(received == snap.rx_packets, "received packets that are not in the history");
        expect(sent == snap.tx_packets, "sent packets that are not in the history");
    }

    struct alignas(64) Line {
        std::array<std::byte, 64> octets;
    };
    struct Session {
        SessionHandle handle;
        SessionKey key;
        ReferenceSession reference;
        ControlOctets last{};
        bfd::SessionState reported{};
    };

    void fail(const std::string& what) {
        if (fault_.empty())
            fault_ = what + " at " + std::to_string(now_.time_since_epoch().count());
    }
    void expect(bool holds, const char* what) {
        if (!holds) fail(what);
    }

    bool sent(Slot slot, const ControlOctets& octets, bool periodic) noexcept {
        const PlainPacket p{octets.data()};
        expect(p.is_valid(octets.size()), "sent an invalid packet");
        expect(!(p.poll && p.final), "P and F together, 6.5");
        expect(!p.authentication && !p.demand && p.diag <= 8, "sent a bit that is not in use");
        expect(p.desired_min_tx > 0 && (p.state == 3 || p.desired_min_tx >= 1'000'000),
               "faster than a second while not Up, 6.8.3");
        expect(!p.final || answering_, "F without a P to answer");
        if (p.final) answered_ = true;
        if (!can_send_) return false;
        for (auto& [index, session] : live_) {
            if (session.handle.slot != slot) continue;
            expect(p.my_discriminator == session.handle.local_discr.value, "My Discriminator");
            expect(!p.poll || session.reference.may_poll(), "P without a change, 6.5");
            expect(!p.poll || periodic, "P off the schedule, 6.5");
            if (p.poll) session.reference.poll_sent();
        }
        return true;
    }

    WireInterval interval() {
        static constexpr std::array<std::uint32_t, 8> kIntervals{
            50'000, 5'000, 10'000, 100'000, 300'000, 1'000'000, 1'500'000, 4'000'000};
        return WireInterval{kIntervals[in_.octet() % kIntervals.size()]};
    }
    std::uint32_t remote_interval() {
        static constexpr std::array<std::uint32_t, 8> kIntervals{
            50'000, 0, 1, 10'000, 100'000, 1'000'000, 2'000'000, ~0U};
        return kIntervals[in_.octet() % kIntervals.size()];
    }
    bfd::SessionParameters parameters() {
        bfd::SessionParameters p;
        p.desired_min_tx_interval = interval();
        p.required_min_rx_interval = interval();
        const std::uint8_t bits = in_.octet();
        p.detect_mult = static_cast<std::uint8_t>(1 + bits % 5);
        p.passive = (bits & 0x10U) != 0;
        p.match_source = (bits & 0x20U) != 0;
        p.control_plane_independent = (bits & 0x40U) != 0;
        if ((bits & 0x80U) != 0) p.required_min_rx_interval = {};
        p.min_ttl = 250;
        return p;
    }

    void add(std::uint32_t index) {
        const bfd::SessionParameters p = parameters();
        const bool admin_down = p.control_plane_independent && p.passive;
        std::uint32_t slot = 0;
        while (slot < kSlots && used_[slot]) ++slot;
        if (slot == kSlots) return;
        generations_[slot] = codec_.next_generation({{slot}, {0}, generations_[slot]});
        const SessionHandle handle{{slot}, codec_.encode({{slot}, {0}, generations_[slot]})};
        SessionKey key;
        key.type = index == kSessions - 1 ? SessionType::MultiHop : SessionType::SingleHop;
        key.family = AddressFamily::V4;
        if (key.type == SessionType::SingleHop) key.port = {1};
        key.local = {10, 0, 0, 1};
        key.remote = {10, 0, 1, static_cast<std::uint8_t>(index)};
        const Status status = engine_.add(handle, key, p, admin_down, now_, *this);
        if (live_.contains(index)) return expect(status == Status::KeyExists, "a key twice");
        if (status == Status::Busy) return;
        if (status != Status::Ok) return fail("add refused");
        used_[slot] = true;
        live_.emplace(index,
                      Session{handle, key, {handle.local_discr.value, p, admin_down}, {}, {}});
        live_.at(index).reported = snapshot(handle).session_state;
    }

    SessionSnapshot snapshot(SessionHandle handle) {
        SessionSnapshot s;
        if (engine_.snapshot(handle, s) != Status::Ok) fail("a session has gone");
        return s;
    }

    void packet() {
        const std::uint32_t index = in_.octet() % kSessions;
        const std::uint8_t how = in_.octet();
        const std::uint8_t bits = in_.octet();
        const auto at = live_.find(index);
        ControlOctets octets{};
        if (at != live_.end() && how % 4 == 0) {
            octets = at->second.last;  // the same again
        } else {
            octets[0] = static_cast<std::uint8_t>(0x20U | (bits & 1U ? in_.octet() % 32U : 0U));
            octets[1] = static_cast<std::uint8_t>(bits & 0xc0U);
            if ((bits & 0x30U) == 0x10U) octets[1] |= 0x20U;
            if ((bits & 0x30U) == 0x20U) octets[1] |= 0x10U;
            if ((bits & 0x0eU) == 0x0eU) octets[1] |= 0x02U;
            octets[2] = static_cast<std::uint8_t>(1 + how / 16 % 5);
            octets[3] = 24;
            store_be32(&octets[4], 0x1000U + index + ((how & 8U) != 0 ? 0x100U : 0U));
            const bool to_us = at != live_.end() && (how & 0x04U) == 0;
            store_be32(&octets[8], to_us ? at->second.handle.local_discr.value : 0);
            store_be32(&octets[12], remote_interval());
            store_be32(&octets[16], remote_interval());
        }
        Arrival arrival{.octets = {}, .index = index};
        std::ranges::copy(octets, arrival.octets.begin());
        receive(arrival);
    }

    void mutated_packet() {
        Arrival arrival{.octets = {}, .index = in_.octet() % kSessions};
        const auto at = live_.find(arrival.index);
        if (at != live_.end()) std::ranges::copy(at->second.last, arrival.octets.begin());
        for (int n = in_.octet() % 4; n > 0; --n) {
            const std::uint8_t where = in_.octet();
            arrival.octets[where % 26U] = in_.octet();
        }
        const std::uint8_t bits = in_.octet();
        arrival.length = static_cast<std::uint16_t>(24U + bits % 8U * 2U);
        if ((bits & 0x08U) != 0) arrival.ttl = in_.octet();
        if ((bits & 0x10U) != 0) arrival.port = {static_cast<std::uint16_t>(in_.octet() % 3U)};
        if ((bits & 0x20U) != 0) arrival.other_source = true;
        if ((bits & 0x40U) != 0) arrival.domain = 1;
        if ((bits & 0x80U) != 0) arrival.other_type = true;
        receive(arrival);
    }

    struct Arrival {
        std::array<std::uint8_t, 40> octets;  ///< some, behind the packet, belong to the payload
        std::uint32_t index;
        std::uint16_t length = 24;
        std::uint8_t ttl = 255;
        PortId port{1};
        std::uint16_t domain = 0;
        bool other_source = false;
        bool other_type = false;
    };

    /// The session that 6.8.6, RFC 5881 and RFC 5883 select, if the packet is good for it.
    Session* session_for(const Arrival& a, const PlainPacket& p, SessionType type) {
        if (!p.is_valid(a.length)) return nullptr;
        for (auto& [index, s] : live_) {
            const SessionKey& key = s.key;
            const bool selected = p.your_discriminator != 0
                                      ? p.your_discriminator == s.handle.local_discr.value
                                      : index == a.index && !a.other_source;
            if (!selected) continue;
            const auto& parameters = s.reference.parameters();
            const bool other = a.other_source || index != a.index;
            if (key.type != type || a.domain != 0 ||
                (type == SessionType::MultiHop && a.ttl < parameters.min_ttl) ||
                (type == SessionType::SingleHop && a.port != key.port) ||
                (parameters.match_source && other) || p.authentication) {
                return nullptr;
            }
            return &s;
        }
        return nullptr;
    }

    void receive(const Arrival& a) {
        const std::array<std::uint8_t, 4> source{10, 0,
                                                 static_cast<std::uint8_t>(a.other_source ? 9 : 1),
                                                 static_cast<std::uint8_t>(a.index)};
        const std::array<std::uint8_t, 4> destination{10, 0, 0, 1};
        const bool multihop = (a.index == kSessions - 1) != a.other_type;
        ReceivedPacket packet;
        const std::vector<std::uint8_t> payload(a.octets.begin(), a.octets.begin() + a.length);
        packet.payload = payload.data();
        packet.payload_length = a.length;
        packet.source = source.data();
        packet.destination = destination.data();
        packet.domain = a.domain;
        packet.port = a.port;
        packet.type = multihop ? SessionType::MultiHop : SessionType::SingleHop;
        packet.family = AddressFamily::V4;
        packet.ttl = multihop ? a.ttl : 255;  // overlay has enforced it

        const PlainPacket p{a.octets.data()};
        Session* const session = session_for(a, p, packet.type);
        std::map<std::uint32_t, SessionSnapshot> before;
        for (const auto& [index, s] : live_) before[index] = snapshot(s.handle);

        answering_ = p.poll;
        answered_ = false;
        static_cast<void>(engine_.locate(packet.payload));
        const DropReason reason = engine_.on_packet(packet, now_, *this);
        answering_ = false;

        if (session == nullptr) {
            expect(reason != DropReason::None, "accepted what 6.8.6 discards");
            expect(!answered_, "answered a discarded Poll");
        } else {
            const bool accepted = session->reference.receive(p, now_.time_since_epoch().count());
            expect(accepted == (reason == DropReason::None), "6.8.6 decides otherwise");
            expect(answered_ == (accepted && p.poll), "a Final for each Poll, 6.8.7");
            std::copy_n(a.octets.begin(), session->last.size(), session->last.begin());
        }
        for (const auto& [index, s] : live_) {
            if (session != &s) {
                expect(same(before[index], snapshot(s.handle)), "a packet changed another session");
            }
        }
    }

    void pass(Nanoseconds time) {
        const Instant until = now_ + time;
        do {
            now_ = std::max(now_, engine_.next_due(until));
            while (!engine_.advance(now_, 0ns, 3, *this)) {
            }
            for (auto& [index, s] : live_) {
                s.reference.pass(now_.time_since_epoch().count(), bfd::kTickLength.count());
            }
            drain();
            check();
        } while (now_ < until && fault_.empty());
    }

    void command() {
        const std::uint32_t index = in_.octet() % kSessions;
        const std::uint8_t what = in_.octet();
        const auto at = live_.find(index);
        if (at == live_.end()) return add(index);
        Session& s = at->second;
        Status status = Status::Ok;
        switch (what % 8) {
            case 0:
                return add(index);  // exists
            case 1: {
                const bool immediate = (what & 0x80U) != 0;
                status = engine_.remove(s.handle, immediate, now_, *this);
                if (immediate) {
                    used_[s.handle.slot.value] = false;
                } else {
                    lingering_[s.handle.slot.value] = s.handle;
                }
                live_.erase(at);
                break;
            }
            case 2:
                status = engine_.set_admin(s.handle, (what & 0x80U) != 0,
                                           bfd::Diag::AdministrativelyDown, now_, *this);
                s.reference.set_admin((what & 0x80U) != 0, 7);
                break;
            case 3:
                status = engine_.signal_path_down(s.handle, bfd::Diag::PathDown, now_, *this);
                s.reference.path_down(5);
                break;
            case 4: {
                const auto diag = static_cast<bfd::Diag>(what / 16U);
                status = engine_.set_concatenated_diag(s.handle, diag, now_, *this);
                s.reference.concatenated(what / 16U);
                break;
            }
            case 5:
                can_send_ = !can_send_;
                status = engine_.headers_changed(s.handle, now_);
                break;
            default: {
                const bfd::SessionParameters p = parameters();
                s.reference.set_parameters(p);
                status = engine_.set_parameters(s.handle, p, now_, *this);
                break;
            }
        }
        expect(status == Status::Ok, "a command on a session was refused");
    }

    void one() {
        const std::uint8_t what = in_.octet();
        switch (what % 8) {
            case 0:
            case 1:
            case 2:
                return packet();
            case 3:
                return mutated_packet();
            case 4:
                return command();
            case 5:
                return pass(1ms * (1 + what / 8));
            case 6:
                return pass(std::max<Nanoseconds>(engine_.next_due(now_ + 1s) - now_, 100us));
            default:
                return pass(50ms * (1 + what / 8));
        }
    }

    void drain() {
        bfd::SessionEvent event;
        while (engine_.next_event(event)) {
            for (auto& [index, s] : live_) {
                if (s.handle != event.now.session) continue;
                expect(event.reported_state == s.reported, "an event is missing");
                s.reported = event.now.session_state;
            }
        }
        SessionHandle gone;
        while (engine_.next_deleted(gone)) {
            expect(lingering_.erase(gone.slot.value) == 1, "deleted what did not linger");
            used_[gone.slot.value] = false;
        }
    }

    void check() {
        std::uint32_t up = 0;
        for (const auto& [index, s] : live_) {
            const SessionSnapshot snap = snapshot(s.handle);
            check_history(snap);
            const std::string difference = s.reference.compare(snap);
            if (!difference.empty()) fail("session " + std::to_string(index) + ": " + difference);
            if (snap.session_state == bfd::SessionState::Up) ++up;
            expect(s.reported == snap.session_state, "a change without an event");
        }
        expect(engine_.sessions() == live_.size() + lingering_.size(), "sessions()");
        expect(engine_.sessions_up() == up, "sessions_up()");
    }

    test::OctetReader in_;
    Instant now_{1h};
    bfd::DiscriminatorCodec codec_;
    bfd::EngineConfig config_;
    std::vector<Line> memory_;
    bfd::Engine engine_;
    std::map<std::uint32_t, Session> live_;
    std::map<std::uint32_t, SessionHandle> lingering_;  ///< by slot
    std::array<bool, kSlots> used_{};
    std::array<std::uint32_t, kSlots> generations_{};
    std::array<ControlOctets, kSlots> templates_{};
    bool can_send_ = true;
    bool answering_ = false;
    bool answered_ = false;
    std::string fault_;
};

}  // namespace

std::string run(std::span<const std::uint8_t> octets) { return Run{octets}.all(); }

}  // namespace tocsin::sequence
