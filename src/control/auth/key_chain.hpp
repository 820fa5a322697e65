#pragma once

#include "control/auth/secret.hpp"
#include "dataplane/bfd/auth.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::auth {

using WallTime = std::chrono::sys_seconds;

/// From `from` on until just before `until`; without bounds where they are not given.
struct Lifetime {
    std::optional<WallTime> from{};
    std::optional<WallTime> until{};

    [[nodiscard]] bool contains(WallTime t) const noexcept {
        return (!from || *from <= t) && (!until || t < *until);
    }
    friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

struct Key {
    std::uint8_t id = 0;  ///< Auth Key ID, RFC 5880 4.2
    std::shared_ptr<const Secret> secret;
    std::string secret_file;  ///< where it came from, for people
    Lifetime accept;          ///< packets signed with it are accepted
    Lifetime send;            ///< it may sign; within `accept`

    /// The secret is compared too.
    friend bool operator==(const Key& a, const Key& b) {
        return a.id == b.id && a.secret_file == b.secret_file && a.accept == b.accept &&
               a.send == b.send && *a.secret == *b.secret;
    }
};

struct KeyChain {
    std::string name;
    std::vector<Key> keys;  ///< by file
    friend bool operator==(const KeyChain&, const KeyChain&) = default;
};

/// How a session is authenticated.
struct Authentication {
    bfd::AuthType type = bfd::AuthType::None;
    bfd::DigestMethod method = bfd::DigestMethod::Rfc5880;
    std::string key_chain;  ///< name; empty with AuthType::None

    friend auto operator<=>(const Authentication&, const Authentication&) = default;
};

/// The word for it in files, API and command line, such as "meticulous_keyed_sha1"; "none".
[[nodiscard]] std::string_view type_name(bfd::AuthType type, bfd::DigestMethod method) noexcept;
/// The type and method of such a word; nullopt: there is none.
[[nodiscard]] std::optional<std::pair<bfd::AuthType, bfd::DigestMethod>> type_named(
    std::string_view word) noexcept;
/// All of them but "none".
[[nodiscard]] std::vector<std::string_view> type_names();

/// Octets of the longest secret.
[[nodiscard]] std::size_t longest_secret(const KeyChain& chain) noexcept;
/// nullopt when the chain's secrets fit the type, RFC 5880 6.7.
[[nodiscard]] std::optional<std::string> secret_fault(const Authentication& how,
                                                      const KeyChain& chain);
/// The most keys that are accepted at one instant.
[[nodiscard]] std::size_t most_accepted(const KeyChain& chain);

/// The key to sign with at `t`: of those that may, the one that became valid last; of several, the
/// first. nullptr: none may.
[[nodiscard]] const Key* signing_key(const KeyChain& chain, WallTime t) noexcept;
/// When a key of the chain becomes valid or invalid next, after `t`; nullopt: never again.
[[nodiscard]] std::optional<WallTime> next_change(const KeyChain& chain, WallTime t) noexcept;
/// Until when there is a key to sign with, from `t` on without a gap; nullopt: for ever. `t`
/// itself: there is none now.
[[nodiscard]] std::optional<WallTime> signs_until(const KeyChain& chain, WallTime t) noexcept;

/// What the engine shall use at `t`, in secret pages. Of more than AuthKeys::kMost accepted keys
/// the first ones, and the one to sign with.
[[nodiscard]] std::shared_ptr<const bfd::AuthKeys> keys_at(const KeyChain& chain,
                                                           bfd::AuthType type,
                                                           bfd::DigestMethod method, WallTime t);

}  // namespace tocsin::control::auth
