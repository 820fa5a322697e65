#include "control/auth/key_chain.hpp"

#include <algorithm>

namespace tocsin::control::auth {

namespace {

struct Word {
    std::string_view word;
    bfd::AuthType type;
    bfd::DigestMethod method;
};
constexpr Word kWords[]{
    {"none", bfd::AuthType::None, bfd::DigestMethod::Rfc5880},
    {"simple_password", bfd::AuthType::SimplePassword, bfd::DigestMethod::Rfc5880},
    {"keyed_md5", bfd::AuthType::KeyedMd5, bfd::DigestMethod::Rfc5880},
    {"meticulous_keyed_md5", bfd::AuthType::MeticulousKeyedMd5, bfd::DigestMethod::Rfc5880},
    {"keyed_sha1", bfd::AuthType::KeyedSha1, bfd::DigestMethod::Rfc5880},
    {"meticulous_keyed_sha1", bfd::AuthType::MeticulousKeyedSha1, bfd::DigestMethod::Rfc5880},
    {"frr_hmac_sha1", bfd::AuthType::MeticulousKeyedSha1, bfd::DigestMethod::FrrHmac},
};

/// Whether `a` became valid later than `b`. What is valid from the beginning of time did so first.
bool later(const Lifetime& a, const Lifetime& b) noexcept {
    return a.from.has_value() && (!b.from || *a.from > *b.from);
}

std::size_t accepted_at(const KeyChain& chain, WallTime t) noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(chain.keys, [&](const Key& k) { return k.accept.contains(t); }));
}

}  // namespace

std::size_t longest_secret(const KeyChain& chain) noexcept {
    std::size_t out = 0;
    for (const Key& k : chain.keys) out = std::max(out, k.secret->size());
    return out;
}

std::string_view type_name(bfd::AuthType type, bfd::DigestMethod method) noexcept {
    for (const Word& w : kWords) {
        if (w.type == type && w.method == method) return w.word;
    }
    return "none";
}

std::optional<std::pair<bfd::AuthType, bfd::DigestMethod>> type_named(
    std::string_view word) noexcept {
    for (const Word& w : kWords) {
        if (w.word == word) return std::pair{w.type, w.method};
    }
    return std::nullopt;
}

std::vector<std::string_view> type_names() {
    std::vector<std::string_view> out;
    for (const Word& w : kWords) {
        if (w.type != bfd::AuthType::None) out.push_back(w.word);
    }
    return out;
}

std::optional<std::string> secret_fault(const Authentication& how, const KeyChain& chain) {
    const std::size_t longest = longest_secret(chain);
    const std::size_t accepted = bfd::longest_secret(how.type);
    if (longest <= accepted) return std::nullopt;
    return "key chain \"" + chain.name + "\" has a secret of " + std::to_string(longest) +
           " octets: " + std::string{type_name(how.type, how.method)} + " takes at most " +
           std::to_string(accepted) + " (RFC 5880 6.7)";
}

/// The number grows only where a lifetime begins.
std::size_t most_accepted(const KeyChain& chain) {
    std::size_t out = accepted_at(chain, WallTime::min());
    for (const Key& k : chain.keys) {
        if (k.accept.from) out = std::max(out, accepted_at(chain, *k.accept.from));
    }
    return out;
}

const Key* signing_key(const KeyChain& chain, WallTime t) noexcept {
    const Key* out = nullptr;
    for (const Key& k : chain.keys) {
        if (k.send.contains(t) && (out == nullptr || later(k.send, out->send))) out = &k;
    }
    return out;
}

std::optional<WallTime> next_change(const KeyChain& chain, WallTime t) noexcept {
    std::optional<WallTime> out;
    for (const Key& k : chain.keys) {
        for (const auto& bound : {k.accept.from, k.accept.until, k.send.from, k.send.until}) {
            if (bound && *bound > t && (!out || *bound < *out)) out = bound;
        }
    }
    return out;
}

std::optional<WallTime> signs_until(const KeyChain& chain, WallTime t) noexcept {
    // Each round ends one key's lifetime, and no key is looked at twice.
    for (std::size_t round = 0; round <= chain.keys.size(); ++round) {
        bool covered = false;
        std::optional<WallTime> until;
        for (const Key& k : chain.keys) {
            if (!k.send.contains(t)) continue;
            covered = true;
            if (!k.send.until) return std::nullopt;
            until = std::max(until.value_or(t), *k.send.until);
        }
        if (!covered) break;
        t = *until;
    }
    return t;
}

std::shared_ptr<const bfd::AuthKeys> keys_at(const KeyChain& chain, bfd::AuthType type,
                                             bfd::DigestMethod method, WallTime t) {
    auto made = make_secret<bfd::AuthKeys>({});
    bfd::AuthKeys& out = *made;  // where it stays: no copy of a key lies anywhere else
    out.type = type;
    out.method = method;
    const auto add = [&out](const Key& k) {
        bfd::AuthKey& key = out.keys[out.count++];
        key.id = k.id;
        key.length = static_cast<std::uint8_t>(std::min(k.secret->size(), bfd::kLongestSecret));
        std::copy_n(k.secret->begin(), key.length, key.secret.begin());
    };
    const Key* const signing = signing_key(chain, t);
    if (signing != nullptr) {
        out.current = 0;
        add(*signing);
    }
    for (const Key& k : chain.keys) {
        if (&k != signing && k.accept.contains(t) && out.count < bfd::AuthKeys::kMost) add(k);
    }
    return made;
}

}  // namespace tocsin::control::auth
