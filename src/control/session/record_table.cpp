#include "control/session/record_table.hpp"

#include <algorithm>

namespace tocsin::control::session {

SessionRecord& RecordTable::append(SessionId id) {
    if (free_.empty()) {
        blocks_.push_back(std::make_unique<SessionRecord[]>(kBlock));
        for (std::size_t i = kBlock; i-- != 0;) free_.push_back(&blocks_.back()[i]);
    }
    SessionRecord& record = *free_.back();
    free_.pop_back();
    record = {};
    record.id = id;
    entries_.push_back({.id = id.value, .record = &record});
    return record;
}

void RecordTable::erase(SessionId id) {
    const std::size_t at = position(id.value);
    Entry& entry = entries_[at];
    entry.record->id = {};
    free_.push_back(entry.record);
    entry.record = nullptr;
    ++erased_;
    if (at == first_) {
        while (first_ < entries_.size() && entries_[first_].record == nullptr) ++first_;
    }
    if (erased_ > kBlock && erased_ > entries_.size() / 2) compact();
}

SessionRecord* RecordTable::find(SessionId id) const {
    const std::size_t at = position(id.value);
    return at < entries_.size() && entries_[at].id == id.value ? entries_[at].record : nullptr;
}

std::size_t RecordTable::position(std::uint64_t id) const {
    if (entries_.empty() || id <= entries_.front().id) return 0;
    // Ids are handed out one after another: without gaps it is there, with gaps before it.
    const std::uint64_t most = id - entries_.front().id;
    if (most < entries_.size() && entries_[most].id == id) return most;
    const auto end = entries_.begin() +
                     static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(most, entries_.size()));
    return static_cast<std::size_t>(
        std::ranges::lower_bound(entries_.begin(), end, id, {}, &Entry::id) - entries_.begin());
}

void RecordTable::compact() {
    std::erase_if(entries_, [](const Entry& e) { return e.record == nullptr; });
    erased_ = 0;
    first_ = 0;
}

}  // namespace tocsin::control::session
