#include "control/auth/chains.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::auth {

namespace {

constexpr std::size_t index(User user) noexcept { return static_cast<std::size_t>(user); }

const KeyChain* find_in(const std::vector<KeyChain>& chains, std::string_view name) noexcept {
    const auto found = std::ranges::find(chains, name, &KeyChain::name);
    return found == chains.end() ? nullptr : &*found;
}

}  // namespace

const KeyChain* Chains::find(std::string_view name) const noexcept {
    return find_in(chains_, name);
}

std::optional<Error> Chains::check(const std::vector<KeyChain>& wanted) const {
    for (const Entry& e : entries_) {
        if (e.users[index(User::Api)] == 0) continue;
        const std::string users = std::to_string(e.users[index(User::Api)]) +
                                  " sessions of the API use key chain \"" + e.how.key_chain + '"';
        const KeyChain* const chain = find_in(wanted, e.how.key_chain);
        if (chain == nullptr) {
            return Error{.kind = ErrorKind::FailedPrecondition,
                         .message = users + ", which the file lacks: delete them first",
                         .where = "key_chain"};
        }
        if (const auto why = secret_fault(e.how, *chain)) {
            return Error{.kind = ErrorKind::FailedPrecondition,
                         .message = *why + ", and " + users,
                         .where = "key_chain"};
        }
    }
    return std::nullopt;
}

void Chains::set(std::vector<KeyChain> chains, WallTime now) {
    chains_ = std::move(chains);
    looked_ = now;
    std::erase_if(told_, [this](const Told& t) { return find(t.chain) == nullptr; });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        refresh(static_cast<std::uint16_t>(i + 1), now);
    }
    next_ = now;
}

std::optional<Error> Chains::check(const Authentication& how) const {
    if (how.type == bfd::AuthType::None) return std::nullopt;
    if (!possible()) {
        return Error{.kind = ErrorKind::FailedPrecondition,
                     .message =
                         "the workers were started without room for authentication: set "
                         "dataplane.authentication = true, or write a [[key_chain]], and "
                         "restart",
                     .where = {}};
    }
    const KeyChain* const chain = find(how.key_chain);
    std::optional<std::string> why;
    if (chain == nullptr) {
        why = "there is no key chain \"" + how.key_chain +
              "\": the configuration file has to have it first";
    } else {
        why = secret_fault(how, *chain);
    }
    if (!why) return std::nullopt;
    return Error{.kind = ErrorKind::InvalidArgument, .message = std::move(*why), .where = {}};
}

Result<std::uint16_t> Chains::acquire(const Authentication& how, User user) {
    if (how.type == bfd::AuthType::None) return std::uint16_t{0};
    if (auto error = check(how)) return std::move(*error);
    const auto number = number_for(how);
    if (!number) {
        return Error{.kind = ErrorKind::ResourceExhausted,
                     .message = "all " + std::to_string(most_) +
                                " pairs of an authentication type and a key chain are in use",
                     .where = {}};
    }
    Entry& entry = entries_[*number - 1U];
    ++entry.users[index(user)];
    if (!entry.keys) {
        refresh(*number, looked_);
        note_md5(how);
    }
    return *number;
}

/// One that stands for it already, a new one, or the one that nobody has used for longest: sessions
/// that have just ended still tell their peers so, which another chain's keys must not sign.
std::optional<std::uint16_t> Chains::number_for(const Authentication& how) {
    auto found = std::ranges::find(entries_, how, &Entry::how);
    if (found == entries_.end() && entries_.size() < most_) {
        entries_.push_back({.how = how, .chain = {}, .keys = {}});
        found = entries_.end() - 1;
    }
    if (found == entries_.end()) {
        const auto unused = [](const Entry& e) { return e.users == decltype(e.users){}; };
        for (auto e = entries_.begin(); e != entries_.end(); ++e) {
            if (unused(*e) && (found == entries_.end() || e->left < found->left)) found = e;
        }
        if (found == entries_.end()) return std::nullopt;
        *found = {.how = how, .chain = {}, .keys = {}};
    }
    return static_cast<std::uint16_t>(found - entries_.begin() + 1);
}

/// MD5 is for peers that know nothing better, RFC 5880 4.3.
void Chains::note_md5(const Authentication& how) {
    if (how.type == bfd::AuthType::KeyedMd5 || how.type == bfd::AuthType::MeticulousKeyedMd5) {
        pending_.push_back({.what = News::What::Md5, .chain = how.key_chain, .type = how.type});
    }
}

void Chains::release(std::uint16_t number, User user) noexcept {
    if (number == 0 || number > entries_.size()) return;
    Entry& entry = entries_[number - 1U];
    std::size_t& users = entry.users[index(user)];
    if (users != 0) --users;
    entry.left = ++leavings_;
}

const Authentication& Chains::at(std::uint16_t number) const noexcept {
    static const Authentication kNone;
    return number == 0 || number > entries_.size() ? kNone : entries_[number - 1U].how;
}

std::size_t Chains::sessions(std::string_view chain) const noexcept {
    std::size_t out = 0;
    for (const Entry& e : entries_) {
        if (e.how.key_chain == chain) out += e.users[0] + e.users[1];
    }
    return out;
}

/// A chain that is gone goes on as it was for sessions that are leaving or wait for a restart.
void Chains::refresh(std::uint16_t number, WallTime now) {
    Entry& entry = entries_[number - 1U];
    if (const KeyChain* const chain = find(entry.how.key_chain)) entry.chain = *chain;
    Keys keys = keys_at(entry.chain, entry.how.type, entry.how.method, now);
    if (entry.keys && *entry.keys == *keys) return;
    entry.keys = std::move(keys);
    tell_(number, entry.keys);
}

std::vector<Chains::News> Chains::look(WallTime now) {
    std::vector<News> out = std::exchange(pending_, {});
    const bool went_back = now < looked_;
    looked_ = now;
    if (!went_back && (!next_ || now < *next_)) return out;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        refresh(static_cast<std::uint16_t>(i + 1), now);
    }
    next_.reset();
    const auto sooner = [this, now](WallTime t) {
        if (t > now && (!next_ || t < *next_)) next_ = t;
    };
    for (const Entry& e : entries_) {
        if (const auto change = next_change(e.chain, now)) sooner(*change);
    }
    for (const KeyChain& chain : chains_) {
        note(out, chain, now);
        if (const auto change = next_change(chain, now)) sooner(*change);
        if (const auto end = signs_until(chain, now)) sooner(*end - kSoon);
    }
    return out;
}

void Chains::note(std::vector<News>& out, const KeyChain& chain, WallTime now) {
    auto told = std::ranges::find(told_, chain.name, &Told::chain);
    if (told == told_.end()) {
        told_.push_back({.chain = chain.name, .key_id = {}});
        told = told_.end() - 1;
    }
    const Key* const signing = signing_key(chain, now);
    if (signing == nullptr) {
        if (told->signs) out.push_back({.what = News::What::NoSigningKey, .chain = chain.name});
        *told = {.chain = chain.name, .signs = false, .key_id = {}};
        return;
    }
    if (told->key_id != signing->id) {
        out.push_back({.what = News::What::SigningKey, .chain = chain.name, .key_id = signing->id});
    }
    told->signs = true;
    told->key_id = signing->id;
    const auto until = signs_until(chain, now);
    const bool soon = until && *until - now <= kSoon;
    if (soon && !told->ends_soon) {
        out.push_back({.what = News::What::EndsSoon,
                       .chain = chain.name,
                       .key_id = signing->id,
                       .until = until});
    }
    told->ends_soon = soon;
}

}  // namespace tocsin::control::auth
