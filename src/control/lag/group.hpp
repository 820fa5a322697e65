#pragma once

#include "control/config/lag.hpp"
#include "control/lag/place.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::lag {

/// Of a member link, as LACP has it (IEEE 802.1AX 6.4.15; Standby: selected, but not needed now).
enum class LinkState : std::uint8_t { Detached, Standby, Collecting, Distributing };
inline constexpr std::size_t kLinkStates = 4;
[[nodiscard]] constexpr std::string_view name(LinkState state) noexcept {
    constexpr std::array<std::string_view, kLinkStates> kNames{"detached", "standby", "collecting",
                                                               "distributing"};
    return kNames[static_cast<std::size_t>(state)];
}
/// Its micro-BFD sessions exist, RFC 7130 3.
[[nodiscard]] constexpr bool wants_sessions(LinkState state) noexcept {
    return state == LinkState::Standby || state == LinkState::Distributing;
}

/// Load-balancing tables: one for both families, or one for each.
enum class Table : std::uint8_t { Both, V4, V6 };
inline constexpr std::size_t kTables = 3;
[[nodiscard]] constexpr std::string_view name(Table table) noexcept {
    constexpr std::array<std::string_view, kTables> kNames{"both", "ipv4", "ipv6"};
    return kNames[static_cast<std::size_t>(table)];
}

/// What clients know of the sessions of a member; those that do not exist are None.
struct Sessions {
    notify::Indication v4 = notify::Indication::None;
    notify::Indication v6 = notify::Indication::None;
};

/// Which members of one LAG may be used by its load balancer, RFC 7130 3 and 5: a function of what
/// LACP, links and sessions say, and of time. Knows no session and no load balancer.
class Group {
public:
    struct Member {
        std::string port;
        LinkState state = LinkState::Detached;
        bool link_up = true;
        /// By Table; only those that tables() names.
        std::array<Place, kTables> places{};
        Sessions sessions{};

        [[nodiscard]] const Place& place(Table table) const {
            return places[static_cast<std::size_t>(table)];
        }
    };

    /// Members without LACP are Distributing from the start and their links up. `forwards`: whether
    /// members are taken to be in the load balancer already.
    explicit Group(config::Lag lag);

    /// Another version of the same LAG: members that stay keep what they are.
    void set_config(config::Lag lag);
    [[nodiscard]] const config::Lag& config() const noexcept { return lag_; }

    /// What LACP says. A member that comes back was out in between, whatever it was before.
    void report(std::size_t member, LinkState state);
    /// The load balancer does not use the member, whatever was assumed.
    void not_forwarding(std::size_t member, Table table) {
        members_[member].places[static_cast<std::size_t>(table)].inactive();
    }
    void set_link(std::size_t member, bool up) { members_[member].link_up = up; }
    void set_sessions(std::size_t member, Sessions sessions) {
        members_[member].sessions = sessions;
    }
    /// Judges all members anew; after any of the above, and at deadline().
    void judge(Instant now);

    [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
    [[nodiscard]] std::optional<std::size_t> find(std::string_view port) const;
    /// Both, or V4 and V6.
    [[nodiscard]] const std::vector<Table>& tables() const noexcept { return tables_; }
    /// What micro-BFD permits, and LACP wants: the load balancer may use the member.
    [[nodiscard]] bool in_use(const Member& member, Table table) const {
        return member.state == LinkState::Distributing && member.link_up &&
               member.place(table).in();
    }
    /// The same for any table.
    [[nodiscard]] bool in_use(const Member& member) const;
    /// All sessions of the member are Up.
    [[nodiscard]] bool confirmed(const Member& member) const;
    [[nodiscard]] std::size_t members_in_use() const;
    /// At least minimum_links members are in use.
    [[nodiscard]] bool up() const noexcept { return up_; }
    [[nodiscard]] std::optional<Instant> deadline() const;

private:
    void begin(Member& member, bool forwards) const;
    void set_tables();
    [[nodiscard]] Verdict verdict_of(const Member& member, Table table) const;

    config::Lag lag_;
    std::vector<Member> members_;
    std::vector<Table> tables_;
    bool up_ = false;
};

}  // namespace tocsin::control::lag
