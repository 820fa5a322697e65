#pragma once

#include "dataplane/base/ip.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::config {

/// Reads one address of the configuration or the API. On failure `why` is a sentence that repeats
/// the text and says what to write.
[[nodiscard]] std::optional<IpAddress> read_address(std::string_view text, std::string& why);

/// Why `address` cannot be one host of a link, such as "is a multicast address"; nullopt when it
/// can.
[[nodiscard]] std::optional<std::string> not_a_host(const IpAddress& address);

/// fe80::/10.
[[nodiscard]] constexpr bool is_ipv6_link_local(const IpAddress& address) noexcept {
    return address.is_v6() && is_link_local(address);
}

/// Whether two subnets share an address.
[[nodiscard]] bool overlap(const IpPrefix& a, const IpPrefix& b);

}  // namespace tocsin::control::config
