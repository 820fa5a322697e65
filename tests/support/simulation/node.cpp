#include "simulation/node.hpp"

namespace tocsin::simulation {

using bfd::SessionHandle;
using bfd::Status;

Node::Node(const Config& config, TrueTime now, Observer& observer)
    : config_{config},
      observer_{observer},
      now_{config.clock.at(now)},
      codec_{config.seed * 0x9e3779b97f4a7c15U, config.slots, 1},
      chains_(config.slots),
      handles_(config.slots),
      present_(config.slots),
      slot_index_(config.slots),
      generations_(config.slots),
      payloads_(config.slots) {
    if (config.carriage) carriage_.emplace(*config.carriage, config.number);
    const bfd::EngineConfig engine{
        .slots = config.slots,
        .worker = {0},
        .discriminators = codec_,
        .seed = config.seed,
        .key_chains = kChains,
        .echo = true,
        .echo_secret = {static_cast<std::uint8_t>(config.seed), config.number},
        .congestion_control = true};
    memory_.resize((bfd::Engine::memory_needed(engine) + sizeof(Aligned) - 1) / sizeof(Aligned));
    engine_ =
        std::make_unique<bfd::Engine>(engine, std::as_writable_bytes(std::span{memory_}), now_);
    for (std::uint16_t i = 0; i < kChains; ++i) {
        set_keys(static_cast<std::uint16_t>(i + 1), config.keys[i]);
    }
    for (std::uint32_t i = 0; i < config.slots; ++i) {
        free_.push_back({i});
        for (std::uint8_t end : {config.number, static_cast<std::uint8_t>(1 - config.number)}) {
            const auto high = static_cast<std::uint8_t>(i >> 8U);
            addresses_.push_back(
                {10, static_cast<std::uint8_t>(1 + end), high, static_cast<std::uint8_t>(i)});
            if (config.family == AddressFamily::V6) addresses_.back()[15] = 1;
        }
    }
}

SessionKey Node::key(Index index) const {
    if (carriage_) return carriage_->key(index);
    SessionKey key;
    key.type = config_.type;
    key.family = config_.family;
    if (config_.type == SessionType::SingleHop) key.port = {1};
    key.local = addresses_[2 * index];
    key.remote = addresses_[2 * index + 1];
    return key;
}

ReceivedPacket Node::packet(Index index, const Packet& octets) const {
    return {.payload = octets.octets.data(),
            .source = addresses_[2 * index + 1].data(),
            .destination = addresses_[2 * index].data(),
            .payload_length = octets.length,
            .port = {1},
            .type = config_.type,
            .family = config_.family,
            .ttl = 255};
}

Status Node::add(Index index, const bfd::SessionParameters& parameters, bool admin_down) {
    if (free_.empty()) return Status::SlotTaken;
    const Slot slot = free_.front();
    auto& generation = generations_[slot.value];
    generation = codec_.next_generation({slot, {0}, generation});
    const SessionHandle handle{slot, codec_.encode({slot, {0}, generation})};
    slot_index_[slot.value] = index;
    chains_[slot.value] = parameters.key_chain;
    handles_[index] = handle;
    const Status status = engine_->add(handle, key(index), parameters, admin_down, now_, *this);
    if (status != Status::Ok) return status;
    free_.pop_front();
    present_[index] = true;
    observer_.added(*this, index, now_);
    drain();
    return status;
}

Status Node::commanded(Index index, Status status) {
    drain();
    observer_.commanded(*this, index, now_);
    return status;
}

Status Node::set_parameters(Index index, const bfd::SessionParameters& parameters) {
    chains_[handles_[index].slot.value] = parameters.key_chain;
    return commanded(index, engine_->set_parameters(handles_[index], parameters, now_, *this));
}

void Node::set_keys(std::uint16_t chain, const bfd::AuthKeys& keys) {
    config_.keys[chain - 1U] = keys;
    [[maybe_unused]] const Status status = engine_->set_keys(chain, &keys_.emplace_back(keys));
}

bfd::AuthKeys Node::keys_of(Slot slot) const {
    const std::uint16_t chain = chains_[slot.value];
    return chain == 0 ? bfd::AuthKeys{} : config_.keys[chain - 1U];
}

Status Node::set_admin(Index index, bool down) {
    return commanded(index, engine_->set_admin(handles_[index], down,
                                               bfd::Diag::AdministrativelyDown, now_, *this));
}

Status Node::signal_path_down(Index index, bfd::Diag diag) {
    return commanded(index, engine_->signal_path_down(handles_[index], diag, now_, *this));
}

Status Node::remove(Index index, bool immediate) {
    present_[index] = false;
    const Status status = engine_->remove(handles_[index], immediate, now_, *this);
    if (status == Status::Ok && immediate) free_.push_back(handles_[index].slot);
    return commanded(index, status);
}

void Node::step(std::span<const Packet> arrived, std::span<const Index> to, Nanoseconds gap) {
    gap_ = gap;
    for (std::size_t i = 0; i < arrived.size(); ++i) {
        const ReceivedPacket p =
            carriage_ ? carriage_->receive(to[i], arrived[i]) : packet(to[i], arrived[i]);
        static_cast<void>(engine_->locate(p.payload));
        judging_ = &arrived[i];
        observer_.received(*this, arrived[i], engine_->on_packet(p, now_, *this), now_);
        judging_ = nullptr;
    }
    while (!engine_->advance(now_, gap, 64, *this)) {
    }
    drain();
    observer_.stepped(*this, now_);
    gap_ = Nanoseconds{0};
}

void Node::drain() {
    bfd::SessionEvent event;
    while (engine_->next_event(event)) observer_.event(*this, event, now_);
    SessionHandle gone;
    while (engine_->next_deleted(gone)) {
        free_.push_back(gone.slot);
        observer_.deleted(*this, gone, now_);
    }
}

TrueTime Node::due(TrueTime limit) const {
    return std::min(limit, config_.clock.when(engine_->next_due(config_.clock.at(limit))));
}

bfd::SessionSnapshot Node::snapshot(Index index) const {
    bfd::SessionSnapshot out;
    [[maybe_unused]] const Status status = engine_->snapshot(handles_[index], out);
    return out;
}

namespace {

Packet packet_of(bfd::ControlPayload payload) {
    Packet out;
    out.length = static_cast<std::uint8_t>(payload.size());
    std::ranges::copy(payload, out.octets.begin());
    return out;
}

}  // namespace

void Node::set_payload(Slot slot, bfd::ControlPayload payload) noexcept {
    payloads_[slot.value] = packet_of(payload);
}

bool Node::transmit(Slot slot) noexcept {
    return send(slot, payloads_[slot.value], Sent::Periodic);
}

bool Node::transmit_once(Slot slot, bfd::ControlPayload payload) noexcept {
    const bool is_final = (payload[bfd::kStateOffset] & bfd::kFinalBit) != 0;
    return send(slot, packet_of(payload), is_final ? Sent::Final : Sent::Extra);
}

bool Node::send(Slot slot, const Packet& packet, Sent kind) noexcept {
    if (!can_send) {
        observer_.refused(*this, slot, now_);
        return false;
    }
    const Index index = slot_index_[slot.value];
    outbox.push_back({index, packet});
    observer_.sent(*this, index, packet, kind, now_);
    return true;
}

bool Node::transmit_echo(Slot slot, const bfd::EchoOctets& octets) noexcept {
    if (!can_send) return false;
    outbox.push_back({slot_index_[slot.value], packet_of(octets), true});
    return true;
}

void Node::looped(Index index, const Packet& echo) {
    ReceivedPacket p = packet(index, echo);
    p.type = SessionType::Echo;
    p.ttl = 254;
    static_cast<void>(engine_->on_echo(p, now_));
}

void Node::state_changed(Slot slot, bfd::SessionState was, bfd::SessionState is) noexcept {
    observer_.state_changed(*this, slot_index_[slot.value], was, is, now_);
}

}  // namespace tocsin::simulation
