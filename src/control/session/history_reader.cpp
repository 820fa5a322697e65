#include "control/session/history_reader.hpp"

#include <algorithm>
#include <variant>

namespace tocsin::control::session {

bool HistoryReader::ask(bfd::SessionHandle session, Done done) {
    if (asked_.size() >= kMostWaiting) return false;
    asked_.push_back({.id = next_++, .session = session, .done = std::move(done)});
    pump();
    return true;
}

void HistoryReader::pump() {
    for (; sent_ < asked_.size(); ++sent_) {
        const Asked& a = asked_[sent_];
        if (!link_->send({.id = message::RequestId{a.id},
                          .body = message::QueryHistory{.session = a.session}})) {
            return;
        }
    }
}

bool HistoryReader::answered(const message::Event& event) {
    const auto id = static_cast<std::uint64_t>(event.id);
    if (id < kFirstId || id >= kBeyondIds) return false;
    if (asked_.empty() || asked_.front().id != id) return true;
    const bool refused = std::holds_alternative<message::Reply>(event.body);
    if (const auto* begin = std::get_if<message::HistoryBegin>(&event.body)) {
        answer_ = {.begin = *begin, .records = {}};
    } else if (const auto* more = std::get_if<message::HistoryRecords>(&event.body)) {
        const std::size_t left = answer_.begin.records() - answer_.records.size();
        const auto n = static_cast<std::ptrdiff_t>(std::min(left, more->records.size()));
        answer_.records.insert(answer_.records.end(), more->records.begin(),
                               more->records.begin() + n);
    }
    if (!refused && answer_.records.size() < answer_.begin.records()) return true;
    const Done done = std::move(asked_.front().done);
    asked_.pop_front();
    --sent_;
    done(refused ? std::nullopt : std::optional{std::exchange(answer_, {})});
    return true;
}

}  // namespace tocsin::control::session
