#pragma once

#include "control/config/notification_rules.hpp"
#include "control/config/schema.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

// The rules for one session, whoever asks for it: the file and SessionService use the same.

/// How a session shall be authenticated, as somebody wrote it.
struct AuthDraft {
    std::string type{};       ///< required: a word of auth::type_named()
    std::string key_chain{};  ///< required, but for "none"
};

/// A session as somebody wrote it: text and numbers that nobody has checked. Empty text and nullopt
/// mean not given. Every member has an initializer, so that drafts can be written with names.
struct SessionDraft {
    SessionType type = SessionType::SingleHop;
    std::string name{};
    std::string remote{};  ///< required
    std::string local{};
    std::string port{};
    std::string profile{};
    std::optional<std::chrono::microseconds> desired_min_tx_interval{};
    std::optional<std::chrono::microseconds> required_min_rx_interval{};
    std::optional<std::int64_t> detect_mult{};
    std::optional<std::int64_t> min_ttl{};
    std::optional<std::int64_t> dscp{};
    std::optional<bool> passive{};
    std::optional<bool> demand_mode{};
    std::optional<std::chrono::microseconds> demand_poll_interval{};
    std::optional<std::chrono::microseconds> desired_min_echo_tx_interval{};
    std::optional<std::chrono::microseconds> required_min_echo_rx_interval{};
    std::optional<bool> match_source{};
    std::optional<bool> follow_link{};
    std::optional<AuthDraft> auth{};
    std::optional<std::int64_t> padded_pdu_size{};
    std::optional<bool> interval_alignment{};
    std::optional<std::chrono::microseconds> up_hold{};
    std::optional<std::chrono::microseconds> down_hold{};
    std::optional<DampeningDraft> dampening{};
    bool admin_down = false;
};

struct MemberFault {
    /// Name of the member of SessionDraft: `remote`, `detect_mult`, ... The proto's field has the
    /// same name, but the two intervals end in `_us` there.
    std::string_view member;
    std::string message;  ///< repeats the offending value and says what is accepted
    /// True when the fault would vanish with other addresses on the ports. The loader leaves such
    /// faults out when it already complained about the addresses.
    bool about_addresses = false;
};

struct SessionCheck {
    Session session;  ///< complete when `faults` is empty
    std::vector<MemberFault> faults;
    [[nodiscard]] bool ok() const noexcept { return faults.empty(); }
};

/// Checks every member of `draft` and reports all faults. The session in the result has defaults
/// and the profile's values applied, in this order: the draft's own value, the profile's, the
/// default.
///
/// - `port` left out: the only port with the remote in a subnet (for an IPv6 link-local remote: the
/// only
///   port there is).
/// - For multihop `port` left out is the one with the longest subnet or static route to the remote,
///   and `local` left out its address towards the next hop.
/// - `local` left out: the port's address in the remote's subnet. For an IPv6 link-local remote on
/// a
///   port without a listed link-local address it stays of family None: the daemon uses the address
///   that it derives from the port's MAC. SessionService may pass ports with that address added to
///   `addresses`; then `local` is filled in and accepted like any other.
///
/// Not checked here, because it depends on more than the session: uniqueness (see name and
/// identity()), max_sessions, and whether there is such a key chain.
[[nodiscard]] SessionCheck validate_session(const SessionDraft& draft,
                                            const std::vector<Port>& ports,
                                            const std::vector<Profile>& profiles);

/// The draft that validate_session() would read as `session`: to change one member of a session
/// that exists, draft it, set the member, and validate again.
[[nodiscard]] SessionDraft draft_of(const Session& session);

/// What can exist once: two sessions of the same identity would take each other's packets. RFC 5881
/// 3: one session for each port, family and remote; on a point-to-point port one for each family,
/// then `remote` has the family and zeros. RFC 5883 4.1: one multihop session for each pair of
/// addresses, whatever the port; the others have no `local` here.
struct SessionIdentity {
    std::string port;
    IpAddress remote;
    IpAddress local{};
    friend auto operator<=>(const SessionIdentity&, const SessionIdentity&) = default;
};
[[nodiscard]] SessionIdentity identity(const Session& session, const std::vector<Port>& ports);

/// "single_hop" or "multihop", as the file writes it.
[[nodiscard]] std::string_view type_name(SessionType type) noexcept;
[[nodiscard]] std::optional<SessionType> session_type_named(std::string_view name) noexcept;

/// For messages: `"rr1" (192.0.2.2 on wan0)`, without the name when there is none.
[[nodiscard]] std::string describe(const Session& session);

/// nullopt when `name` is 1..`longest` letters, digits, '-', '_' or '.'.
[[nodiscard]] std::optional<std::string> name_fault(std::string_view name, std::size_t longest);
inline constexpr std::size_t kLongestSessionName = 64;
inline constexpr std::size_t kLongestPortName = 32;
inline constexpr std::size_t kLongestProfileName = 64;
inline constexpr std::size_t kLongestKeyChainName = 64;

/// The accepted ranges of the numbers, used for sessions and profiles alike. nullopt = in range.
[[nodiscard]] std::optional<std::string> desired_min_tx_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> required_min_rx_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> detect_mult_fault(std::int64_t value);
[[nodiscard]] std::optional<std::string> demand_poll_fault(std::chrono::microseconds value);
/// Of both intervals of Echo; 0 = none.
[[nodiscard]] std::optional<std::string> echo_interval_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> padded_pdu_size_fault(std::int64_t value);
/// What `draft` says; nullopt and `member` (`type` or `key_chain`) and `why` when it is wrong.
[[nodiscard]] std::optional<auth::Authentication> read_auth(const AuthDraft& draft,
                                                            std::string_view& member,
                                                            std::string& why);
/// nullopt when `chains` has what `how` needs: the chain, with secrets that fit the type.
[[nodiscard]] std::optional<std::string> key_chain_fault(const auth::Authentication& how,
                                                         const std::vector<auth::KeyChain>& chains);

}  // namespace tocsin::control::config
