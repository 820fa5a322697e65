#pragma once

#include "dataplane/bfd/engine.hpp"
#include "dataplane/message/event.hpp"

namespace tocsin::message {

/// Answers QueryHistory: gives the events one after the other to `put`, at most kMostAnswers.
/// Returns how many there were.
template <class Put>
unsigned answer_history(const bfd::Engine& engine, RequestId id, bfd::SessionHandle session,
                        Instant now, Put&& put) noexcept {
    Event event;
    event.id = id;
    HistoryBegin begin{.session = session, .taken_at = now, .history = {}};
    const bfd::Status status = engine.history(session, begin.history);
    if (status != bfd::Status::Ok) {
        event.body = Reply{status};
        put(event);
        return 1;
    }
    event.body = begin;
    put(event);
    unsigned told = 1;
    auto& out = event.body.emplace<HistoryRecords>().records;
    std::size_t n = 0;
    const auto flush = [&]() noexcept {
        put(event);
        ++told;
        n = 0;
    };
    for (const bool frozen : {false, true}) {
        for (std::size_t i = 0; i < begin.history.size[frozen ? 1 : 0]; ++i) {
            out[n++] = engine.history_record(session.slot, frozen, i, now);
            if (n == out.size()) flush();
        }
    }
    if (n != 0) flush();
    return told;
}

}  // namespace tocsin::message
