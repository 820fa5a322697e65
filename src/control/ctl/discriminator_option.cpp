#include "control/ctl/discriminator_option.hpp"

#include "control/base/address.hpp"
#include "dataplane/base/bytes.hpp"

#include <array>
#include <charconv>

namespace tocsin::control::ctl {

std::optional<std::uint32_t> discriminator_of(std::string_view text) {
    std::uint32_t number = 0;
    if (const auto address = parse_address(text)) {
        if (address->is_v4()) number = load_be32(address->octets.data());
    } else {
        const bool hex = text.starts_with("0x");
        const std::string_view digits = text.substr(hex ? 2 : 0);
        const auto end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, number, hex ? 16 : 10);
        if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    }
    return number == 0 ? std::nullopt : std::optional{number};
}

std::string discriminator_text(std::uint32_t discriminator) {
    std::array<std::uint8_t, 4> octets{};
    store_be32(octets.data(), discriminator);
    return to_string(ip_address(octets));
}

}  // namespace tocsin::control::ctl
