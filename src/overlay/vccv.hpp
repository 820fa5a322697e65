#pragma once

#include "overlay/encap.hpp"
#include "overlay/label_stack.hpp"

#include <cstdint>

namespace tocsin::overlay {

/// How the control channel of a pseudowire is told from its data: CC types, RFC 5085 and 7708.
enum class ControlChannel : std::uint8_t {
    Ach = 1,          ///< 0x01: the channel header in the place of the control word
    RouterAlert = 2,  ///< 0x02: the router alert label above that of the pseudowire
    Ttl = 3,          ///< 0x04: TTL 1 in the pseudowire's label
    Gal = 4,          ///< 0x08: the generic associated channel label under the pseudowire's
};

// Channel types of the header that takes the place of the control word, RFC 5885 5.
inline constexpr std::uint16_t kChannelBfd = 0x0007;
inline constexpr std::uint16_t kChannelIpv4 = 0x0021;
inline constexpr std::uint16_t kChannelIpv6 = 0x0057;

/// BFD of a pseudowire, RFC 5885: over IP and UDP, or without, in its control channel. With Gal
/// also that of an LSP whose channel is marked so, its label in the place of the pseudowire's.
///
/// SessionKey: `instance` is identity(); the family says what follows the channel header, None: the
/// Control packet itself.
struct Vccv {
    static constexpr SessionType kType = SessionType::Vccv;

    struct Headers {
        Link link{};
        LabelStack tunnel{};  ///< above the pseudowire's; none behind penultimate hop popping
        Label pseudowire{};   ///< its TTL is 1 with Ttl, else as given
        ControlChannel channel = ControlChannel::Ach;
        bool control_word = true;  ///< there is a channel header; Ach and Gal have no other way
        IpAddress source{};        ///< family None: neither IP nor UDP, which needs the header
        IpAddress destination{};   ///< in 127/8 or ::ffff:127/104
        std::uint16_t source_port = 49152;  ///< 49152..65535, constant per session
        std::uint8_t dscp = 48;
    };
    [[nodiscard]] static HeaderTemplate headers(const Headers& h) noexcept;

    /// `c.octets` begins with a label stack of which is_control_channel() is true.
    [[nodiscard]] static Classified open(const Carrier& c) noexcept;

    /// Whether what follows the labels is a pseudowire's control channel rather than a packet of an
    /// LSP or data: a channel header follows, or IP with TTL 255 under labels that say so. Of an
    /// LSP the TTL is 1, also where its channel is marked by Gal.
    [[nodiscard]] static bool is_control_channel(const BottomLabels& labels) noexcept;

    /// SessionKey::instance: the label with which packets arrive, and the marks that do not change
    /// from one to the next. Ach and Ttl look alike behind a channel header.
    [[nodiscard]] static constexpr std::uint32_t identity(std::uint32_t label,
                                                          ControlChannel channel,
                                                          bool control_word) noexcept {
        return (label & kMostLabel) | (channel == ControlChannel::RouterAlert ? kAlert : 0U) |
               (channel == ControlChannel::Gal ? kUnderGal : 0U) | (control_word ? 0U : kBare);
    }

private:
    static constexpr std::uint32_t kAlert = 1U << 20U;
    static constexpr std::uint32_t kUnderGal = 1U << 21U;
    static constexpr std::uint32_t kBare = 1U << 22U;  ///< no channel header
};
static_assert(Encap<Vccv>);

}  // namespace tocsin::overlay
