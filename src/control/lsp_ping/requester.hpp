#pragma once

#include "control/lsp_ping/message.hpp"
#include "dataplane/base/types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tocsin::control::lsp_ping {

/// Echo requests of ingress sessions, RFC 5884 3.2 and 6: when they leave, and which replies are
/// theirs. Is told the time; `id` is a session's.
class Requester {
public:
    /// Between two requests of a session that is not Up, unless its interval is shorter: far rarer
    /// than Control packets, RFC 5884 4.
    static constexpr std::chrono::seconds kBootstrap{5};
    /// Until a request that could not be sent is tried again.
    static constexpr std::chrono::milliseconds kRetry{200};

    /// `seed`: of handles; random in production.
    explicit Requester(std::uint64_t seed) : random_{seed | 1U} {}

    /// A session, or another interval of one; 0: it sends none. The first request is due at once.
    void set(std::uint64_t id, Nanoseconds interval, Instant now);
    void remove(std::uint64_t id);
    /// The session is not Up: its next request leaves within kBootstrap.
    void hurry(std::uint64_t id, Instant now);
    /// Sessions that are due, at most `most`, the longest due first. request() and put_off() put
    /// them off.
    [[nodiscard]] std::vector<std::uint64_t> due(Instant now, std::size_t most) const;
    /// It cannot be sent now: by kRetry.
    void put_off(std::uint64_t id, Instant now);

    /// The next request of a session that there is. While `up` the interval is its own.
    [[nodiscard]] Message request(std::uint64_t id, const Fec& fec, std::uint32_t local_discr,
                                  bool up, std::uint64_t now_ntp, Instant now);

    /// The session whose last request this answers; nullopt: none, or it was answered already.
    [[nodiscard]] std::optional<std::uint64_t> on_reply(const Message& reply);

    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }

private:
    struct Session {
        Nanoseconds interval{};
        Instant due{};
        std::uint32_t handle = 0;
        std::uint32_t sequence = 0;
        bool outstanding = false;
    };
    [[nodiscard]] std::uint32_t new_handle();
    void set_due(std::uint64_t id, Session& session, Instant due);

    std::unordered_map<std::uint64_t, Session> sessions_;
    std::unordered_map<std::uint32_t, std::uint64_t> by_handle_;
    std::set<std::pair<Instant, std::uint64_t>> queue_;
    std::uint64_t random_;
};

}  // namespace tocsin::control::lsp_ping
