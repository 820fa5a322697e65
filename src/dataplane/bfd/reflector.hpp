#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/auth.hpp"
#include "dataplane/bfd/packet.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

/// A local entity that S-BFD packets ask for, RFC 7880 3.
struct ReflectorEntity {
    Discriminator discriminator;  ///< of the S-BFD pool; never 0
    bool in_service = true;       ///< Up; else AdminDown, RFC 7880 7.2.3
    std::uint8_t counter = 0;     ///< under which its answers are counted; the owner's
    /// Least interval between packets that we can answer, told to initiators, RFC 7880 7.2.3.
    WireInterval required_min_rx_interval{10'000};
    WireInterval required_min_echo_rx_interval{0};  ///< 0 = S-BFD Echo packets are not looped
    std::uint16_t key_chain = 0;  ///< number of the keys of requests and answers; 0 = none
};

/// The S-BFD discriminators of a system, apart from those of sessions, and who may ask for them.
/// Few, fixed, without heap.
class ReflectorTable {
public:
    static constexpr std::size_t kCapacity = 64;
    static constexpr std::size_t kPrefixes = 1024;  ///< of all entities together

    /// Replaces the entity of the same discriminator; what it said of sources is kept. False: full,
    /// or discriminator 0.
    bool set(const ReflectorEntity& entity) noexcept;
    /// Sources in `deny` are not answered, nor are those outside of `allow` unless it is empty.
    /// Once for each entity, which is known. False: no room, nobody is answered then.
    bool set_sources(Discriminator discriminator, std::span<const IpPrefix> allow,
                     std::span<const IpPrefix> deny) noexcept;
    /// Nothing when it is not there.
    void remove(Discriminator discriminator) noexcept;
    /// nullptr: not one of ours.
    [[nodiscard]] const ReflectorEntity* find(Discriminator discriminator) const noexcept;
    /// Whether `entity`, which find() has returned, may be asked from there.
    [[nodiscard]] bool admits(const ReflectorEntity& entity,
                              const IpAddress& source) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    struct Sources {
        std::uint16_t first = 0;  ///< in prefixes_: first those of `allow`, then those of `deny`
        std::uint16_t allow = 0;
        std::uint16_t deny = 0;
        bool none = false;  ///< nobody
    };

    [[nodiscard]] std::size_t index_of(Discriminator discriminator) const noexcept;

    std::size_t size_ = 0;
    std::array<Discriminator, kCapacity> discriminators_{};  ///< searched, close together
    std::array<ReflectorEntity, kCapacity> entities_{};
    std::array<Sources, kCapacity> sources_{};
    std::size_t prefixes_used_ = 0;
    std::array<IpPrefix, kPrefixes> prefixes_{};
};

/// What became of a request.
struct Reflection {
    DropReason reason = DropReason::None;     ///< None: `payload` is the response, send it back
    const ReflectorEntity* entity = nullptr;  ///< that was asked; nullptr: not known
};

/// Turns a request to one of `table`'s entities into its response where it stands, RFC 7880 7.2:
/// no state is kept of who asked. `payload` is the UDP payload; what is behind the Control packet
/// stays. `chains`: keys by number, less one. Requests without D, which may be the response of
/// another reflector, are answered by nobody. The Sequence Number decides nothing and is repeated,
/// the key is that of the request, RFC 7880 11.
[[nodiscard]] Reflection reflect(std::span<std::uint8_t> payload, const IpAddress& source,
                                 const ReflectorTable& table,
                                 std::span<const AuthKeys* const> chains = {}) noexcept;

}  // namespace tocsin::bfd
