#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/packet.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

/// Auth Type, RFC 5880 4.1.
enum class AuthType : std::uint8_t {
    None,
    SimplePassword,
    KeyedMd5,
    MeticulousKeyedMd5,
    KeyedSha1,
    MeticulousKeyedSha1,
};

inline constexpr std::size_t kAuthOffset = kControlPacketLength;  ///< Auth Type
inline constexpr std::size_t kLongestAuthSection = 28;            ///< SHA1, RFC 5880 4.4
inline constexpr std::size_t kLongestControlPacket = kControlPacketLength + kLongestAuthSection;
inline constexpr std::size_t kLongestSecret = 20;  ///< SHA1's; 16 for all others

[[nodiscard]] constexpr bool is_meticulous(AuthType t) noexcept {
    return t == AuthType::MeticulousKeyedMd5 || t == AuthType::MeticulousKeyedSha1;
}
/// Whether the section carries a Sequence Number and a digest.
[[nodiscard]] constexpr bool has_sequence(AuthType t) noexcept { return t >= AuthType::KeyedMd5; }
[[nodiscard]] constexpr std::size_t longest_secret(AuthType t) noexcept {
    return t >= AuthType::KeyedSha1 ? kLongestSecret : 16;
}

struct AuthKey {
    std::uint8_t id = 0;                                ///< Auth Key ID
    std::uint8_t length = 0;                            ///< of the secret, 1..longest_secret()
    std::array<std::uint8_t, kLongestSecret> secret{};  ///< zeros behind `length`

    friend constexpr bool operator==(const AuthKey&, const AuthKey&) = default;
};

/// How SHA1 is applied.
enum class DigestMethod : std::uint8_t {
    Rfc5880,  ///< SHA1 over the packet with the key in the field of the digest, 6.7.4
    FrrHmac,  ///< HMAC-SHA1 over the packet with zeros in that field, as FRR 10 does
};

/// The keys that are in force now. Which these are, by lifetimes, is the owner's business.
struct AuthKeys {
    static constexpr std::size_t kMost = 8;
    static constexpr std::uint8_t kNone = 0xff;

    AuthType type = AuthType::None;
    DigestMethod method = DigestMethod::Rfc5880;  ///< matters to SHA1 only
    std::uint8_t count = 0;                       ///< keys that are accepted
    std::uint8_t current = kNone;  ///< index of the key to sign with; kNone: nothing may be sent
    std::array<AuthKey, kMost> keys{};

    friend constexpr bool operator==(const AuthKeys&, const AuthKeys&) = default;
};

/// A Control packet with its Authentication Section, as it leaves.
struct SignedPacket {
    std::array<std::uint8_t, kLongestControlPacket> octets{};
    std::uint8_t length = 0;  ///< 0: there is no key to sign with

    [[nodiscard]] std::span<const std::uint8_t> span() const noexcept {
        return {octets.data(), length};
    }
};

/// Octets of the Authentication Section that sign() makes; 0 without a key to sign with.
[[nodiscard]] std::uint8_t section_length(const AuthKeys& keys) noexcept;

/// `packet` with the A bit, the Length that goes with it, and an Authentication Section by the
/// current key, RFC 5880 6.7.2 to 6.7.4. `sequence` is bfd.XmitAuthSeq; Simple Password has none.
[[nodiscard]] SignedPacket sign(const AuthKeys& keys, const ControlOctets& packet,
                                std::uint32_t sequence) noexcept;

/// The same by the key and with the Sequence Number of `other`, which verify() has accepted.
[[nodiscard]] SignedPacket sign_alike(const AuthKeys& keys, const ControlOctets& packet,
                                      std::span<const std::uint8_t> other) noexcept;
/// The Sequence Number of a packet that verify() has accepted with a type that has one.
[[nodiscard]] std::uint32_t sequence_of(std::span<const std::uint8_t> packet) noexcept;

/// What a receiver remembers of a session's sequence numbers, RFC 5880 6.8.1.
struct AuthSequence {
    std::uint32_t rcv_auth_seq = 0;  ///< bfd.RcvAuthSeq
    bool known = false;              ///< bfd.AuthSeqKnown
};

/// Reception, RFC 5880 6.7.2 to 6.7.4, 6.7.4 as corrected by erratum 7083, in their order: type,
/// key, length, sequence, digest. `packet` has passed decode() with A set and is cut to its Length.
/// The sequence moves with accepted packets only. Returns None, or the reason to discard.
[[nodiscard]] DropReason verify(const AuthKeys& keys, std::span<const std::uint8_t> packet,
                                AuthSequence& sequence) noexcept;

}  // namespace tocsin::bfd
