#pragma once

#include "control/session/record.hpp"
#include "dataplane/bfd/discriminator.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace tocsin::control::session {

/// What a worker still has to be told about a slot; bits.
enum Need : std::uint16_t {
    kNeedAdd = 1,
    kNeedParameters = 2,
    kNeedAdmin = 4,
    kNeedHeaders = 8,
    kNeedPathDown = 16,
    kNeedQuery = 32,
    kNeedDelete = 64,
    kNeedDeleteNow = 128,
    kNeedPoll = 256,
};

enum class SlotPhase : std::uint8_t { Free, Wanted, Known, Leaving };

struct SlotEntry {
    SessionRecord* owner = nullptr;  ///< nullptr while Free or Leaving
    std::uint32_t generation = 0;
    std::uint16_t source_port = 0;
    SlotPhase phase = SlotPhase::Free;  ///< Known: AddSession was sent
    std::uint16_t needs = 0;
    bool queued = false;  ///< in the reconciler's queue
};

/// The slots of one worker: who has them, and which are free.
class WorkerSlots {
public:
    WorkerSlots(WorkerId worker, std::uint32_t slots, const bfd::DiscriminatorCodec& codec);

    /// A free slot in its next generation: packets of the session before do not find the new one.
    /// The slot that has been free for longest comes first. nullopt when all are taken.
    [[nodiscard]] std::optional<bfd::SessionHandle> take();
    void free(Slot slot);

    [[nodiscard]] SlotEntry& at(Slot slot) { return entries_[slot.value]; }
    /// nullptr unless the slot is in use under this very discriminator.
    [[nodiscard]] SlotEntry* find(bfd::SessionHandle handle);
    [[nodiscard]] bfd::SessionHandle handle(Slot slot) const;

    /// Where the slot is kept, without reading it; nullptr when it was never used.
    [[nodiscard]] const SlotEntry* place(Slot slot) const noexcept {
        return slot.value < entries_.size() ? &entries_[slot.value] : nullptr;
    }

    [[nodiscard]] std::uint32_t in_use() const noexcept { return in_use_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

private:
    [[nodiscard]] bfd::DiscriminatorCodec::Parts parts(Slot slot) const;

    WorkerId worker_;
    bfd::DiscriminatorCodec codec_;
    std::uint32_t capacity_;
    std::uint32_t in_use_ = 0;
    std::vector<SlotEntry> entries_;  ///< grows up to capacity_ as slots are first used
    std::deque<Slot> freed_;
};

}  // namespace tocsin::control::session
