#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tocsin::bfd {

/// Diagnostic codes, RFC 5880 4.1. Others may be received and are kept by number.
enum class Diag : std::uint8_t {
    None = 0,
    ControlDetectionTimeExpired = 1,
    EchoFunctionFailed = 2,
    NeighborSignaledSessionDown = 3,
    ForwardingPlaneReset = 4,
    PathDown = 5,
    ConcatenatedPathDown = 6,
    AdministrativelyDown = 7,
    ReverseConcatenatedPathDown = 8,
};

/// The registered name, RFC 5880 8; "Unassigned" for 9..31.
[[nodiscard]] constexpr std::string_view name(Diag d) noexcept {
    constexpr std::array<std::string_view, 9> kNames{
        "No Diagnostic",
        "Control Detection Time Expired",
        "Echo Function Failed",
        "Neighbor Signaled Session Down",
        "Forwarding Plane Reset",
        "Path Down",
        "Concatenated Path Down",
        "Administratively Down",
        "Reverse Concatenated Path Down",
    };
    const auto i = static_cast<std::uint8_t>(d);
    return i < kNames.size() ? kNames[i] : "Unassigned";
}

}  // namespace tocsin::bfd
