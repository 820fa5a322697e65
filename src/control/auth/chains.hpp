#pragma once

#include "control/auth/key_chain.hpp"
#include "control/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::auth {

/// Whose sessions use a chain: those of the file change together with it, those of the API do not.
enum class User : std::uint8_t { Config, Api };

/// The key chains of the daemon, and the numbers under which the workers know what sessions make of
/// them: one for each type and chain. Tells the workers' keys anew when the time of one has come.
/// Control thread only.
class Chains {
public:
    using Keys = std::shared_ptr<const bfd::AuthKeys>;
    /// The keys of a number, for all workers; before any session that uses it.
    using Tell = std::function<void(std::uint16_t number, const Keys& keys)>;

    /// Something a person should know.
    struct News {
        enum class What : std::uint8_t { SigningKey, NoSigningKey, EndsSoon, Md5 };
        What what{};
        std::string chain;
        std::optional<std::uint8_t> key_id{};  ///< that signs from now on
        std::optional<WallTime> until{};       ///< EndsSoon: the last one to sign with ends
        bfd::AuthType type{};                  ///< Md5: a session uses the chain with it
    };

    /// A day before there will be no key to sign with it is time to say so.
    static constexpr std::chrono::hours kSoon{24};

    /// `most` numbers, 1..most; 0: the dataplane was started without authentication.
    Chains(std::uint16_t most, Tell tell) : most_{most}, tell_{std::move(tell)} {}

    [[nodiscard]] bool possible() const noexcept { return most_ != 0; }

    /// Why these cannot come in place of those that are there: FAILED_PRECONDITION when sessions of
    /// the API use one that is gone, or whose secrets are too long for them.
    [[nodiscard]] std::optional<Error> check(const std::vector<KeyChain>& wanted) const;
    void set(std::vector<KeyChain> chains, WallTime now);

    /// The number for one more session; 0 for AuthType::None. INVALID_ARGUMENT without such a chain
    /// or with secrets that are too long for the type, FAILED_PRECONDITION when none is possible,
    /// RESOURCE_EXHAUSTED when there is no number left.
    [[nodiscard]] Result<std::uint16_t> acquire(const Authentication& how, User user);
    /// The same without a session, to see whether it would work.
    [[nodiscard]] std::optional<Error> check(const Authentication& how) const;
    /// Its session has ended. Its keys stay: it may have to tell its peer.
    void release(std::uint16_t number, User user) noexcept;

    /// What a number stands for; AuthType::None for 0.
    [[nodiscard]] const Authentication& at(std::uint16_t number) const noexcept;
    [[nodiscard]] const std::vector<KeyChain>& chains() const noexcept { return chains_; }
    /// Sessions that use the chain.
    [[nodiscard]] std::size_t sessions(std::string_view chain) const noexcept;

    /// About once a second: tells what has changed since.
    [[nodiscard]] std::vector<News> look(WallTime now);

private:
    struct Entry {
        Authentication how;
        std::array<std::size_t, 2> users{};  ///< by User
        KeyChain chain;  ///< as it was last: keys end in time where the file no longer has it
        Keys keys;
        std::uint64_t left = 0;  ///< when its last user went, in the order of such moments
    };

    [[nodiscard]] const KeyChain* find(std::string_view name) const noexcept;
    void refresh(std::uint16_t number, WallTime now);
    [[nodiscard]] std::optional<std::uint16_t> number_for(const Authentication& how);
    void note(std::vector<News>& out, const KeyChain& chain, WallTime now);
    void note_md5(const Authentication& how);

    std::uint16_t most_;
    Tell tell_;
    std::vector<KeyChain> chains_;
    std::vector<Entry> entries_;  ///< by number, less one
    std::uint64_t leavings_ = 0;
    struct Told {
        std::string chain;
        bool signs = true;
        std::optional<std::uint8_t> key_id;
        bool ends_soon = false;
    };
    std::vector<Told> told_;
    std::vector<News> pending_;     ///< for the next look()
    WallTime looked_{};             ///< what time it is, at the latest of set() and look()
    std::optional<WallTime> next_;  ///< when a key becomes valid or invalid; nullopt: never
};

}  // namespace tocsin::control::auth
