#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
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
    /// Least interval between packets that we can answer, told to initiators, RFC 7880 7.2.3.
    WireInterval required_min_rx_interval{10'000};
};

/// The S-BFD discriminators of a system, apart from those of sessions. Few, fixed, without heap.
class ReflectorTable {
public:
    static constexpr std::size_t kCapacity = 64;

    /// Replaces the entity of the same discriminator. False: full, or discriminator 0.
    bool set(const ReflectorEntity& entity) noexcept;
    /// Nothing when it is not there.
    void remove(Discriminator discriminator) noexcept;
    /// nullptr: not one of ours.
    [[nodiscard]] const ReflectorEntity* find(Discriminator discriminator) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::size_t size_ = 0;
    std::array<ReflectorEntity, kCapacity> entities_{};
};

/// Turns a request to one of `table`'s entities into its response where it stands, RFC 7880 7.2:
/// no state is kept of who asked. `payload` is the UDP payload; what is behind the Control packet
/// stays. None: send it back. Requests without D, which may be the response of another reflector,
/// are answered by nobody. Requests with authentication are not answered: no entity has keys.
[[nodiscard]] DropReason reflect(std::span<std::uint8_t> payload,
                                 const ReflectorTable& table) noexcept;

}  // namespace tocsin::bfd
