#include "dataplane/bfd/auth.hpp"

#include "dataplane/base/bytes.hpp"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha1.h>

#include <algorithm>
#include <cstring>

namespace tocsin::bfd {

namespace {

// Octets of a section, RFC 5880 4.2 to 4.4.
constexpr std::size_t kTypeOctet = 0;
constexpr std::size_t kLengthOctet = 1;
constexpr std::size_t kKeyIdOctet = 2;
constexpr std::size_t kPasswordOctet = 3;
constexpr std::size_t kSequenceOctet = 4;
constexpr std::size_t kDigestOctet = 8;
constexpr std::size_t kShortestSection = 3;
constexpr std::uint8_t kMd5Section = kDigestOctet + MD5_DIGEST_SIZE;
constexpr std::uint8_t kSha1Section = kDigestOctet + SHA1_DIGEST_SIZE;

using Digest = std::array<std::uint8_t, kLongestSecret>;

constexpr bool is_md5(AuthType t) noexcept {
    return t == AuthType::KeyedMd5 || t == AuthType::MeticulousKeyedMd5;
}

std::uint8_t section_length(AuthType type, const AuthKey& key) noexcept {
    if (type == AuthType::SimplePassword) {
        return static_cast<std::uint8_t>(kPasswordOctet + key.length);
    }
    return is_md5(type) ? kMd5Section : kSha1Section;
}

/// Overwrites what the callees of its caller have left on the stack.
[[gnu::noinline]] void wipe_below() noexcept {
    std::array<std::uint8_t, 512> octets;
    explicit_bzero(octets.data(), octets.size());
}

/// Over the packet up to its digest, whose field holds the key, padded with zeros. Nothing of the
/// key stays behind on the stack, which is part of a core dump.
Digest digest(const AuthKeys& keys, const AuthKey& key,
              std::span<const std::uint8_t> before) noexcept {
    Digest out{};
    union {
        md5_ctx md5;
        sha1_ctx sha1;
        hmac_sha1_ctx hmac;
    } context;
    if (is_md5(keys.type)) {
        md5_init(&context.md5);
        md5_update(&context.md5, before.size(), before.data());
        md5_update(&context.md5, MD5_DIGEST_SIZE, key.secret.data());
        md5_digest(&context.md5, MD5_DIGEST_SIZE, out.data());
    } else if (keys.method == DigestMethod::Rfc5880) {
        sha1_init(&context.sha1);
        sha1_update(&context.sha1, before.size(), before.data());
        sha1_update(&context.sha1, SHA1_DIGEST_SIZE, key.secret.data());
        sha1_digest(&context.sha1, SHA1_DIGEST_SIZE, out.data());
    } else {
        hmac_sha1_set_key(&context.hmac, key.length, key.secret.data());
        hmac_sha1_update(&context.hmac, before.size(), before.data());
        hmac_sha1_update(&context.hmac, out.size(), out.data());
        hmac_sha1_digest(&context.hmac, SHA1_DIGEST_SIZE, out.data());
    }
    explicit_bzero(&context, sizeof context);
    wipe_below();
    return out;
}

const AuthKey* key_of(const AuthKeys& keys, std::uint8_t id) noexcept {
    for (std::size_t i = 0; i < keys.count; ++i) {
        if (keys.keys[i].id == id) return &keys.keys[i];
    }
    return nullptr;
}

/// "Outside of the range" of RFC 5880 6.7.3 and 6.7.4, in a circular space of 32 bits.
bool out_of_window(AuthType type, const AuthSequence& known, std::uint32_t sequence,
                   std::uint8_t detect_mult) noexcept {
    if (!known.known) return false;
    const std::uint32_t ahead = sequence - known.rcv_auth_seq;
    return ahead > 3U * detect_mult || (ahead == 0 && is_meticulous(type));
}

/// By `key`, one of `keys`.
SignedPacket sign_with(const AuthKeys& keys, const AuthKey& key, const ControlOctets& packet,
                       std::uint32_t sequence) noexcept {
    SignedPacket out;
    const std::uint8_t length = section_length(keys.type, key);
    out.length = static_cast<std::uint8_t>(kControlPacketLength + length);
    std::memcpy(out.octets.data(), packet.data(), packet.size());
    out.octets[kStateOffset] |= kAuthenticationBit;
    out.octets[kLengthOffset] = out.length;
    std::uint8_t* const section = &out.octets[kAuthOffset];
    section[kTypeOctet] = static_cast<std::uint8_t>(keys.type);
    section[kLengthOctet] = length;
    section[kKeyIdOctet] = key.id;
    if (keys.type == AuthType::SimplePassword) {
        std::memcpy(section + kPasswordOctet, key.secret.data(), key.length);
        return out;
    }
    store_be32(section + kSequenceOctet, sequence);
    const Digest found = digest(keys, key, {out.octets.data(), kAuthOffset + kDigestOctet});
    std::memcpy(section + kDigestOctet, found.data(), length - kDigestOctet);
    return out;
}

}  // namespace

std::uint8_t section_length(const AuthKeys& keys) noexcept {
    if (keys.type == AuthType::None || keys.current >= keys.count) return 0;
    return section_length(keys.type, keys.keys[keys.current]);
}

SignedPacket sign(const AuthKeys& keys, const ControlOctets& packet,
                  std::uint32_t sequence) noexcept {
    if (section_length(keys) == 0) return {};
    return sign_with(keys, keys.keys[keys.current], packet, sequence);
}

SignedPacket sign_alike(const AuthKeys& keys, const ControlOctets& packet,
                        std::span<const std::uint8_t> other) noexcept {
    const AuthKey* const key = key_of(keys, other[kAuthOffset + kKeyIdOctet]);
    if (key == nullptr) return {};
    const bool sequence = has_sequence(keys.type);
    return sign_with(keys, *key, packet, sequence ? sequence_of(other) : 0);
}

std::uint32_t sequence_of(std::span<const std::uint8_t> packet) noexcept {
    return load_be32(&packet[kAuthOffset + kSequenceOctet]);
}

DropReason verify(const AuthKeys& keys, std::span<const std::uint8_t> packet,
                  AuthSequence& sequence) noexcept {
    const auto section = packet.subspan(std::min(packet.size(), kAuthOffset));
    if (section.size() < kShortestSection) return DropReason::AuthLength;
    if (keys.type == AuthType::None ||
        section[kTypeOctet] != static_cast<std::uint8_t>(keys.type)) {
        return DropReason::AuthTypeMismatch;
    }
    const AuthKey* const key = key_of(keys, section[kKeyIdOctet]);
    if (key == nullptr) return DropReason::AuthKeyUnknown;
    const std::size_t length = section_length(keys.type, *key);
    if (section[kLengthOctet] != length || section.size() != length) return DropReason::AuthLength;

    if (keys.type == AuthType::SimplePassword) {
        return memeql_sec(&section[kPasswordOctet], key->secret.data(), key->length) != 0
                   ? DropReason::None
                   : DropReason::AuthDigest;
    }
    const std::uint32_t received = load_be32(&section[kSequenceOctet]);
    if (out_of_window(keys.type, sequence, received, packet[kDetectMultOffset])) {
        return DropReason::AuthSequence;
    }
    const Digest expected = digest(keys, *key, packet.first(kAuthOffset + kDigestOctet));
    if (memeql_sec(&section[kDigestOctet], expected.data(), length - kDigestOctet) == 0) {
        return DropReason::AuthDigest;
    }
    sequence = {received, true};
    return DropReason::None;
}

}  // namespace tocsin::bfd
