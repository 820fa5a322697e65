#pragma once

#include "control/session/record.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tocsin::control::session {

/// Session records by id, for very many: a record keeps its place in memory until it is erased,
/// costs 16 octets beside itself, and going through all of them in the order of their ids reads
/// memory in a row. Memory of erased records is used again, not given back: a pointer to one stays
/// readable, and its `id` is no longer that of the session.
class RecordTable {
    struct Entry {
        std::uint64_t id = 0;
        SessionRecord* record = nullptr;  ///< nullptr: erased
    };

public:
    /// Goes up by id. Stays valid while nothing is added or erased.
    template <class Record>
    class Iterator {
    public:
        using Entries = std::vector<Entry>;

        Iterator(const Entries& entries, std::size_t at) : entries_{&entries}, at_{at} { skip(); }
        [[nodiscard]] Record& operator*() const { return *(*entries_)[at_].record; }
        [[nodiscard]] Record* operator->() const { return (*entries_)[at_].record; }
        Iterator& operator++() {
            ++at_;
            skip();
            return *this;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

    private:
        void skip() {
            while (at_ < entries_->size() && (*entries_)[at_].record == nullptr) ++at_;
        }
        const Entries* entries_;
        std::size_t at_;
    };

    /// Memory for the index of `most` records.
    void reserve(std::size_t most) { entries_.reserve(most); }
    /// A fresh record. `id` is greater than every one before.
    SessionRecord& append(SessionId id);
    /// `id` is in the table.
    void erase(SessionId id);
    [[nodiscard]] SessionRecord* find(SessionId id) const;

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - erased_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    [[nodiscard]] Iterator<SessionRecord> begin() { return {entries_, first_}; }
    [[nodiscard]] Iterator<SessionRecord> end() { return {entries_, entries_.size()}; }
    [[nodiscard]] Iterator<const SessionRecord> begin() const { return {entries_, first_}; }
    [[nodiscard]] Iterator<const SessionRecord> end() const { return {entries_, entries_.size()}; }
    /// The first session with an id above `id`.
    [[nodiscard]] Iterator<SessionRecord> after(SessionId id) {
        return {entries_, position(id.value + 1)};
    }
    [[nodiscard]] Iterator<const SessionRecord> after(SessionId id) const {
        return {entries_, position(id.value + 1)};
    }

private:
    static constexpr std::size_t kBlock = 128;  ///< records that are taken from the heap together

    /// Of the first entry whose id is not below `id`.
    [[nodiscard]] std::size_t position(std::uint64_t id) const;
    void compact();

    std::vector<Entry> entries_;  ///< by id; erased ones until there are too many of them
    std::size_t erased_ = 0;
    std::size_t first_ = 0;  ///< none before it is left
    std::vector<std::unique_ptr<SessionRecord[]>> blocks_;
    std::vector<SessionRecord*> free_;
};

}  // namespace tocsin::control::session
