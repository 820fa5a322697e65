#include "control/lsp_ping/requester.hpp"

#include <algorithm>

namespace tocsin::control::lsp_ping {

std::uint32_t Requester::new_handle() {
    for (;;) {
        random_ ^= random_ >> 12U;
        random_ ^= random_ << 25U;
        random_ ^= random_ >> 27U;
        const auto handle = static_cast<std::uint32_t>(random_ * 0x2545f4914f6cdd1dU >> 32U);
        if (!by_handle_.contains(handle)) return handle;
    }
}

void Requester::set(std::uint64_t id, Nanoseconds interval, Instant now) {
    const auto [it, fresh] = sessions_.try_emplace(id);
    Session& s = it->second;
    if (!fresh && s.interval == interval) return;
    if (fresh) {
        s.handle = new_handle();
        by_handle_.emplace(s.handle, id);
    }
    s.interval = interval;
    set_due(id, s, now);
}

void Requester::remove(std::uint64_t id) {
    const auto it = sessions_.find(id);
    if (it == sessions_.end()) return;
    queue_.erase({it->second.due, id});
    by_handle_.erase(it->second.handle);
    sessions_.erase(it);
}

void Requester::set_due(std::uint64_t id, Session& session, Instant due) {
    queue_.erase({session.due, id});
    session.due = due;
    if (session.interval > Nanoseconds{0}) queue_.emplace(due, id);
}

void Requester::hurry(std::uint64_t id, Instant now) {
    const auto it = sessions_.find(id);
    if (it == sessions_.end()) return;
    Session& s = it->second;
    const Instant latest = now + std::min(s.interval, Nanoseconds{kBootstrap});
    if (latest < s.due) set_due(id, s, latest);
}

void Requester::put_off(std::uint64_t id, Instant now) {
    const auto it = sessions_.find(id);
    if (it != sessions_.end()) set_due(id, it->second, now + kRetry);
}

std::vector<std::uint64_t> Requester::due(Instant now, std::size_t most) const {
    std::vector<std::uint64_t> out;
    for (auto it = queue_.begin(); it != queue_.end() && it->first <= now && out.size() < most;
         ++it) {
        out.push_back(it->second);
    }
    return out;
}

Message Requester::request(std::uint64_t id, const Fec& fec, std::uint32_t local_discr, bool up,
                           std::uint64_t now_ntp, Instant now) {
    Session& s = sessions_.at(id);
    set_due(id, s, now + (up ? s.interval : std::min(s.interval, Nanoseconds{kBootstrap})));
    s.outstanding = true;
    return {.handle = s.handle,
            .sequence = ++s.sequence,
            .sent = now_ntp,
            .fecs = {fec},
            .discriminator = local_discr};
}

std::optional<std::uint64_t> Requester::on_reply(const Message& reply) {
    const auto known = by_handle_.find(reply.handle);
    if (known == by_handle_.end()) return std::nullopt;
    Session& s = sessions_.at(known->second);
    if (!s.outstanding || s.sequence != reply.sequence) return std::nullopt;
    s.outstanding = false;
    return known->second;
}

}  // namespace tocsin::control::lsp_ping
