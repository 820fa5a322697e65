#include "control/config/key_chain_reader.hpp"

#include "control/auth/secret_file.hpp"
#include "control/base/wall_time.hpp"
#include "control/config/nearest.hpp"
#include "control/config/value_rules.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tocsin::control::config {

namespace {

using auth::SecretFormat;

constexpr std::string_view kAlways = "always";    // since
constexpr std::string_view kForever = "forever";  // until

/// One end of a lifetime. False: a fault.
bool read_bound(TableReader& in, const std::string& element, const std::string& text,
                std::string_view unbounded, std::optional<auth::WallTime>& out) {
    if (text == unbounded) return true;
    out = parse_wall_time(text);
    if (out) return true;
    in.fault_at(element, in_quotes(text) +
                             " is neither a time such as \"2026-01-01T00:00:00Z\" "
                             "(RFC 3339) nor " +
                             in_quotes(unbounded));
    return false;
}

/// `[FROM, UNTIL]`; nullopt: not given, or a fault (then `good` is false).
std::optional<auth::Lifetime> read_lifetime(TableReader& in, const char* key, bool& good) {
    const auto bounds = in.get_strings(key);
    if (!bounds) {
        good &= !in.has(key);
        return std::nullopt;
    }
    if (bounds->size() != 2) {
        in.fault(key,
                 "needs two times, [FROM, UNTIL]: write \"always\" for no beginning, "
                 "\"forever\" for no end");
        good = false;
        return std::nullopt;
    }
    if (!(*bounds)[0] || !(*bounds)[1]) {
        good = false;
        return std::nullopt;
    }
    auth::Lifetime out;
    bool read = read_bound(in, std::string{key} + "[0]", *(*bounds)[0], kAlways, out.from);
    read &= read_bound(in, std::string{key} + "[1]", *(*bounds)[1], kForever, out.until);
    if (read && out.from && out.until && *out.until <= *out.from) {
        in.fault(key, "ends at " + to_string(*out.until) + ", not after it begins, " +
                          to_string(*out.from));
        read = false;
    }
    good &= read;
    return out;
}

bool within(const auth::Lifetime& inner, const auth::Lifetime& outer) {
    const bool begins = !outer.from || (inner.from && *inner.from >= *outer.from);
    const bool ends = !outer.until || (inner.until && *inner.until <= *outer.until);
    return begins && ends;
}

bool read_lifetimes(TableReader& in, auth::Key& key) {
    bool good = true;
    const auto accept = read_lifetime(in, "accept", good);
    const auto send = read_lifetime(in, "send", good);
    if (!good) return false;
    key.accept = accept.value_or(auth::Lifetime{});
    key.send = send.value_or(key.accept);
    if (within(key.send, key.accept)) return true;
    in.fault("send", "reaches beyond accept: a key signs only while it is accepted");
    return false;
}

bool read_secret(TableReader& in, SecretFiles files, auth::Key& key) {
    const auto format =
        in.get_choice<SecretFormat>("secret_format", {{"ascii", SecretFormat::Ascii},
                                                      {"hex", SecretFormat::Hex},
                                                      {"base64", SecretFormat::Base64}});
    const auto file = in.get_string("secret_file");
    if (in.asks_for("secret")) {
        in.fault("secret",
                 "a secret does not stand in this file, which others read: write it to a "
                 "file of its own and that file's path to secret_file");
        return false;
    }
    if (!in.has("secret_file")) {
        in.fault("secret_file", "is missing: write the path of a file that only root can read");
    }
    if (!file || in.has("secret_format") != format.has_value()) return false;
    if (!file->starts_with('/')) {
        in.fault("secret_file", in_quotes(*file) + " is not an absolute path");
        return false;
    }
    key.secret_file = *file;
    key.secret = std::make_shared<const auth::Secret>();
    if (files == SecretFiles::Ignored) return true;
    auto secret =
        auth::read_secret_file(*file, format.value_or(SecretFormat::Ascii), bfd::kLongestSecret);
    if (!secret) {
        in.fault("secret_file", in_quotes(*file) + ' ' + secret.error().message);
        return false;
    }
    key.secret = std::make_shared<const auth::Secret>(std::move(secret).value());
    return true;
}

bool read_key(TableReader& in, SecretFiles files, auth::KeyChain& chain) {
    auth::Key key;
    const auto id = in.get_integer("id", 0, 255);
    if (!in.has("id")) in.fault("id", "is missing: write the Auth Key ID, 0..255");
    bool good = id.has_value();
    if (id) {
        key.id = static_cast<std::uint8_t>(*id);
        if (std::ranges::find(chain.keys, key.id, &auth::Key::id) != chain.keys.end()) {
            in.fault("id", std::to_string(*id) + " is already a key of this chain");
            good = false;
        }
    }
    good &= read_secret(in, files, key);
    good &= read_lifetimes(in, key);
    const std::size_t faults = in.faults();
    in.finish();
    good &= in.faults() == faults;
    if (good) chain.keys.push_back(std::move(key));
    return good;
}

}  // namespace

void read_key_chain(TableReader& in, Draft& draft) {
    auth::KeyChain chain;
    const auto name = in.get_string("name");
    if (!in.has("name")) in.fault("name", "is missing: sessions refer to a key chain by its name");
    bool good = name.has_value();
    if (name) {
        chain.name = *name;
        if (auto why = name_fault(*name, kLongestKeyChainName)) {
            in.fault("name", std::move(*why));
            good = false;
        }
    }
    auto keys = in.get_tables("keys");
    if (keys.empty()) {
        good = false;
        if (!in.has("keys") || in.is_empty_array("keys")) {
            in.fault("keys",
                     "are missing: write keys = [{ id = 1, secret_file = "
                     "\"/etc/tocsin/keys/1\" }]");
        }
    }
    if (keys.size() > kMostKeys) {
        in.fault("keys", std::to_string(keys.size()) + " keys: a chain has at most " +
                             std::to_string(kMostKeys));
        keys.clear();
        good = false;
    }
    for (TableReader& key : keys) good &= read_key(key, draft.secret_files, chain);
    const std::size_t accepted = auth::most_accepted(chain);
    if (accepted > bfd::AuthKeys::kMost) {
        in.fault("keys", std::to_string(accepted) +
                             " of them are accepted at the same time: at "
                             "most " +
                             std::to_string(bfd::AuthKeys::kMost) +
                             ", give them lifetimes (accept)");
        good = false;
    }
    in.finish();
    draft.key_chains_are_doubtful |= !good;
    draft.config.key_chains.push_back(std::move(chain));
}

}  // namespace tocsin::control::config
