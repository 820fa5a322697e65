#include "control/session/key_sender.hpp"

#include <utility>

namespace tocsin::control::session {

KeySender::~KeySender() {
    for (auto& [number, keys] : in_force_) dataplane_->keep(std::move(keys));
    for (Sent& s : sent_) dataplane_->keep(std::move(s.before));
}

bool KeySender::pump() {
    while (!waiting_.empty()) {
        const auto first = waiting_.begin();
        const message::SetKeys body{.number = first->first, .keys = first->second.get()};
        if (!link_->send({.id = message::RequestId{next_}, .body = body})) return false;
        sent_.push_back(
            {.id = next_, .before = std::exchange(in_force_[first->first], first->second)});
        ++next_;
        waiting_.erase(first);
    }
    return true;
}

bool KeySender::answered(message::RequestId id) {
    if (static_cast<std::uint64_t>(id) < kFirstId) return false;
    // A worker answers in the order in which it was asked.
    while (!sent_.empty() && sent_.front().id <= static_cast<std::uint64_t>(id)) {
        sent_.pop_front();
    }
    return true;
}

}  // namespace tocsin::control::session
