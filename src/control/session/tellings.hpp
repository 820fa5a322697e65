#pragma once

#include "control/notify/telling.hpp"
#include "control/session/sharded_map.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tocsin::control::session {

/// The sessions with a notify::Policy, by id, and when each is to be looked at. Sessions without
/// one cost nothing here. Of each one deadline is in force; they are gathered by the millisecond,
/// so that a million sessions that hold equally long are few entries.
class Tellings {
public:
    /// nullptr when the session has none.
    [[nodiscard]] notify::Telling* find(std::uint64_t session);
    void add(std::uint64_t session, const notify::Telling& telling);
    void erase(std::uint64_t session) { entries_.erase(session); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Deadlines that are kept, some of them of sessions that no longer have them.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

    /// Follows the deadline of the session's telling, after that may have changed.
    void arm(std::uint64_t session);
    /// The session is due now.
    void hurry(std::uint64_t session) { arm_at(session, 0); }
    /// A session whose deadline has passed; nullopt: there is none. It is not due again before the
    /// next arm().
    [[nodiscard]] std::optional<std::uint64_t> next_due(Instant now);
    /// Nothing is due before; nullopt: nothing at all.
    [[nodiscard]] std::optional<Instant> next_deadline() const;

private:
    static constexpr std::int64_t kNever = -1;
    struct Entry {
        notify::Telling telling;
        std::int64_t armed = kNever;  ///< tick under which it waits
    };

    void arm_at(std::uint64_t session, std::int64_t tick);
    void forget_stale();

    ShardedMap<std::uint64_t, Entry> entries_;
    std::map<std::int64_t, std::vector<std::uint64_t>>
        due_;                  ///< by tick; also some that wait no more
    std::size_t waiting_ = 0;  ///< in `due_`
};

}  // namespace tocsin::control::session
