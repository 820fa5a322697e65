#include "dataplane/bfd/auth.hpp"
#include "octet_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

namespace {

using namespace tocsin;
using namespace tocsin::bfd;

void require(bool holds) {
    if (!holds) std::abort();
}

AuthKeys keys_from(test::OctetReader& in) {
    AuthKeys keys;
    const std::uint8_t kind = in.octet();
    keys.type = static_cast<AuthType>(kind % 6U);
    if ((kind & 0x80U) != 0) keys.method = DigestMethod::FrrHmac;
    const std::uint8_t shape = in.octet();
    keys.count = static_cast<std::uint8_t>(shape % (AuthKeys::kMost + 1));
    keys.current =
        shape < 0xf0 ? static_cast<std::uint8_t>(shape / 16U % AuthKeys::kMost) : AuthKeys::kNone;
    for (std::size_t i = 0; i < keys.count; ++i) {
        AuthKey& key = keys.keys[i];
        key.id = static_cast<std::uint8_t>(7 * i + (kind >> 4U));
        key.length = static_cast<std::uint8_t>(1 + in.octet() % longest_secret(keys.type));
        for (std::size_t n = 0; n < key.length; ++n) {
            key.secret[n] = static_cast<std::uint8_t>(in.octet() + n);
        }
    }
    return keys;
}

struct Offered {
    std::vector<std::uint8_t> octets;
    AuthSequence known;
};

/// The verdict, after checks of what holds for every packet.
DropReason offer(const AuthKeys& keys, const Offered& offered, AuthSequence& after) {
    const std::vector<std::uint8_t>& p = offered.octets;
    after = offered.known;
    const DropReason reason = verify(keys, p, after);
    const bool moved =
        after.known != offered.known.known || after.rcv_auth_seq != offered.known.rcv_auth_seq;
    if (reason != DropReason::None) {
        require(reason >= DropReason::AuthTypeMismatch && reason <= DropReason::AuthDigest);
        require(!moved);
        return reason;
    }
    require(keys.type != AuthType::None && p[kAuthOffset] == static_cast<unsigned>(keys.type));
    require(kAuthOffset + p[kAuthOffset + 1] == p.size());
    const auto key = std::find_if(keys.keys.begin(), keys.keys.begin() + keys.count,
                                  [&](const AuthKey& k) { return k.id == p[kAuthOffset + 2]; });
    require(key != keys.keys.begin() + keys.count);
    if (!has_sequence(keys.type)) {
        require(!moved);
        require(std::equal(p.begin() + 27, p.end(), key->secret.begin(),
                           key->secret.begin() + key->length));
        return reason;
    }
    require(after.known);
    const std::uint32_t ahead = after.rcv_auth_seq - offered.known.rcv_auth_seq;
    require(!offered.known.known || ahead <= 3U * p[kDetectMultOffset]);
    require(!offered.known.known || !is_meticulous(keys.type) || ahead != 0);
    // Once more: a meticulous type takes nothing twice.
    AuthSequence twice = after;
    require(is_meticulous(keys.type) == (verify(keys, p, twice) != DropReason::None));
    return reason;
}

/// sign() makes what verify() takes, and what was changed on the way is seen.
void round_trip(const AuthKeys& keys, test::OctetReader& in) {
    ControlPacket control;
    control.detect_mult = static_cast<std::uint8_t>(1 + in.octet() % 255U);
    control.my_discriminator = {1U + in.octet()};
    control.your_discriminator = {in.word() | 1U};
    control.state = static_cast<SessionState>(in.octet() % 4U);
    Offered offered;
    offered.known = {.rcv_auth_seq = in.word(), .known = (in.octet() & 1U) != 0};
    const std::uint32_t sequence = offered.known.rcv_auth_seq + (in.octet() & 0x7fU);

    const SignedPacket packet = sign(keys, encode(control), sequence);
    require((packet.length != 0) == (keys.type != AuthType::None && keys.current < keys.count));
    require(packet.length == 0 || packet.length == kAuthOffset + section_length(keys));
    if (packet.length == 0) return;
    offered.octets.assign(packet.octets.begin(), packet.octets.begin() + packet.length);
    ControlPacket decoded;
    require(decode(offered.octets, decoded) == DropReason::None && decoded.authentication_present);

    AuthSequence after;
    const std::uint32_t ahead = sequence - offered.known.rcv_auth_seq;
    const bool in_window =
        !has_sequence(keys.type) || !offered.known.known ||
        (ahead <= 3U * control.detect_mult && (ahead != 0 || !is_meticulous(keys.type)));
    require((offer(keys, offered, after) == DropReason::None) == in_window);
    require(!in_window || !has_sequence(keys.type) || after.rcv_auth_seq == sequence);

    const std::size_t at = in.octet() % offered.octets.size();
    const std::uint8_t flip = in.octet();
    offered.octets[at] ^= flip;
    // A password covers nothing but itself, and another key may have the same one.
    const bool covered = has_sequence(keys.type) || (at >= kAuthOffset && at != kAuthOffset + 2);
    if (flip != 0 && covered) require(offer(keys, offered, after) != DropReason::None);
}

}  // namespace

// RFC 5880 6.7 over any octets and over signed packets that were changed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::OctetReader in{{data, size}};
    const AuthKeys keys = keys_from(in);
    if ((in.octet() & 1U) != 0) {
        round_trip(keys, in);
        return 0;
    }
    Offered offered;
    offered.known = {.rcv_auth_seq = in.word(), .known = (in.octet() & 1U) != 0};
    const auto rest = in.rest();
    offered.octets.assign(rest.begin(), rest.end());
    ControlPacket control;
    if (decode(offered.octets, control) != DropReason::None || !control.authentication_present) {
        return 0;
    }
    offered.octets.resize(control.length);
    AuthSequence after;
    static_cast<void>(offer(keys, offered, after));
    return 0;
}
