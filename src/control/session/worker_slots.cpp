#include "control/session/worker_slots.hpp"

namespace tocsin::control::session {

WorkerSlots::WorkerSlots(WorkerId worker, std::uint32_t slots, const bfd::DiscriminatorCodec& codec)
    : worker_{worker}, codec_{codec}, capacity_{slots} {
    entries_.reserve(slots);
}

std::optional<bfd::SessionHandle> WorkerSlots::take() {
    Slot slot;
    if (!freed_.empty()) {
        slot = freed_.front();
        freed_.pop_front();
    } else if (entries_.size() < capacity_) {
        slot = {static_cast<std::uint32_t>(entries_.size())};
        entries_.emplace_back();
    } else {
        return std::nullopt;
    }
    SlotEntry& entry = at(slot);
    entry.generation = codec_.next_generation(parts(slot));
    entry.phase = SlotPhase::Wanted;
    entry.needs = 0;
    ++in_use_;
    return handle(slot);
}

void WorkerSlots::free(Slot slot) {
    SlotEntry& entry = at(slot);
    entry.owner = nullptr;
    entry.phase = SlotPhase::Free;
    entry.needs = 0;
    --in_use_;
    freed_.push_back(slot);
}

SlotEntry* WorkerSlots::find(bfd::SessionHandle h) {
    if (h.slot.value >= entries_.size() || handle(h.slot) != h) return nullptr;
    SlotEntry& entry = at(h.slot);
    return entry.phase == SlotPhase::Free ? nullptr : &entry;
}

bfd::SessionHandle WorkerSlots::handle(Slot slot) const {
    return {.slot = slot, .local_discr = codec_.encode(parts(slot))};
}

bfd::DiscriminatorCodec::Parts WorkerSlots::parts(Slot slot) const {
    return {.slot = slot, .worker = worker_, .generation = entries_[slot.value].generation};
}

}  // namespace tocsin::control::session
