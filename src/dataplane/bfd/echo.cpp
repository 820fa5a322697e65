#include "dataplane/bfd/echo.hpp"

#include "dataplane/base/bytes.hpp"

#include <nettle/memops.h>
#include <nettle/sha1.h>

#include <algorithm>
#include <cstring>

namespace tocsin::bfd {

namespace {

// Its first octet says version 2: no Control packet begins like this.
constexpr std::uint32_t kMark = 0x54434801;  // "TCH", layout 1
constexpr std::size_t kTagLength = kEchoLength - kEchoTagOffset;

using EchoTag = std::array<std::uint8_t, kTagLength>;

/// The length of what is covered never changes, so that the secret in front of it is enough.
EchoTag tag_of(const std::uint8_t* payload, const EchoSecret& secret) noexcept {
    EchoTag out;
    sha1_ctx context;
    sha1_init(&context);
    sha1_update(&context, secret.size(), secret.data());
    sha1_update(&context, kEchoTagOffset, payload);
    sha1_digest(&context, out.size(), out.data());
    return out;
}

/// Our clock is nobody's business.
std::uint64_t clock_mask(const EchoSecret& secret) noexcept {
    std::uint64_t out = 0;
    std::memcpy(&out, secret.data() + secret.size() - sizeof out, sizeof out);
    return out;
}

void store_be64(std::uint8_t* to, std::uint64_t v) noexcept {
    store_be32(to, static_cast<std::uint32_t>(v >> 32U));
    store_be32(to + 4, static_cast<std::uint32_t>(v));
}

std::uint64_t load_be64(const std::uint8_t* from) noexcept {
    return std::uint64_t{load_be32(from)} << 32U | load_be32(from + 4);
}

}  // namespace

EchoOctets encode_echo(const EchoPacket& packet, const EchoSecret& secret) noexcept {
    EchoOctets out{};
    store_be32(&out[kEchoMarkOffset], kMark);
    store_be32(&out[kEchoDiscriminatorOffset], packet.local_discr.value);
    store_be32(&out[kEchoSequenceOffset], packet.sequence);
    const auto departure = static_cast<std::uint64_t>(packet.departure.time_since_epoch().count());
    store_be64(&out[kEchoDepartureOffset], departure ^ clock_mask(secret));
    std::ranges::copy(tag_of(out.data(), secret), &out[kEchoTagOffset]);
    return out;
}

bool looks_like_echo(std::span<const std::uint8_t> payload) noexcept {
    return payload.size() == kEchoLength && load_be32(&payload[kEchoMarkOffset]) == kMark;
}

EchoPacket decode_echo(std::span<const std::uint8_t> payload, const EchoSecret& secret) noexcept {
    const std::uint64_t departure = load_be64(&payload[kEchoDepartureOffset]) ^ clock_mask(secret);
    return {.local_discr = {load_be32(&payload[kEchoDiscriminatorOffset])},
            .sequence = load_be32(&payload[kEchoSequenceOffset]),
            .departure = Instant{Nanoseconds{static_cast<std::int64_t>(departure)}}};
}

bool echo_is_ours(std::span<const std::uint8_t> payload, const EchoSecret& secret) noexcept {
    const EchoTag tag = tag_of(payload.data(), secret);
    return memeql_sec(tag.data(), &payload[kEchoTagOffset], tag.size()) != 0;
}

void EchoRoundTrip::record(Nanoseconds round_trip) noexcept {
    constexpr std::int64_t kMost = UINT32_MAX;
    const auto t =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(round_trip.count(), 1, kMost));
    last = t;
    least = least == 0 ? t : std::min(least, t);
    most = std::max(most, t);
    average = average == 0 ? t : static_cast<std::uint32_t>((std::uint64_t{average} * 7 + t) / 8);
}

}  // namespace tocsin::bfd
