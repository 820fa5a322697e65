#include "control/ctl/selector.hpp"

#include "control/base/address.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace tocsin::control::ctl {

namespace {

template <class Integer>
std::optional<Integer> read(std::string_view digits, int base) {
    Integer value{};
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, base);
    if (digits.empty() || error != std::errc{} || end != digits.end()) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> read_discriminator(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return read<std::uint32_t>(text.substr(2), 16);
    }
    return read<std::uint32_t>(text, 10);
}

Error invalid(std::string_view text, std::string_view wanted) {
    return {.kind = ErrorKind::InvalidArgument,
            .message = '"' + std::string{text} + "\" is not " + std::string{wanted},
            .where = {}};
}

}  // namespace

Result<v1::SessionSelector> selector_of(std::string_view text, const std::string& port,
                                        const std::string& local) {
    v1::SessionSelector out;
    const auto after = [&](std::string_view prefix) -> std::optional<std::string_view> {
        if (!text.starts_with(prefix)) return std::nullopt;
        return text.substr(prefix.size());
    };
    const auto by_peer = [&](std::string_view address) {
        out.mutable_peer()->set_remote(std::string{address});
        out.mutable_peer()->set_port(port);
        out.mutable_peer()->set_local(local);
    };
    if (text.empty())
        return invalid(text, "a session: write an id, name, discriminator or address");
    if (const auto rest = after("id:")) {
        const auto id = read<std::uint64_t>(*rest, 10);
        if (!id) return invalid(text, "an id: write a number such as id:42");
        out.set_id(*id);
    } else if (const auto discr = after("discr:")) {
        const auto value = read_discriminator(*discr);
        if (!value) return invalid(text, "a discriminator: write for instance discr:0x8f21c0de");
        out.set_local_discr(*value);
    } else if (const auto name = after("name:")) {
        out.set_name(std::string{*name});
    } else if (const auto peer = after("peer:")) {
        if (!parse_address(*peer))
            return invalid(text, "an address: write for instance peer:192.0.2.2");
        by_peer(*peer);
    } else if (const auto id = read<std::uint64_t>(text, 10)) {
        out.set_id(*id);
    } else if (text.starts_with("0x") && read_discriminator(text)) {
        out.set_local_discr(*read_discriminator(text));
    } else if (parse_address(text)) {
        by_peer(text);
    } else if (const auto zone = text.rfind('%');
               zone != text.npos && parse_address(text.substr(0, zone))) {
        // As `watch` and the log write it. No name has a per cent sign.
        const std::string_view behind = text.substr(zone + 1);
        if (behind.empty() || (!port.empty() && port != behind)) {
            return invalid(text, "ADDRESS%PORT with the port that --port names");
        }
        by_peer(text.substr(0, zone));
        out.mutable_peer()->set_port(std::string{behind});
    } else {
        out.set_name(std::string{text});
    }
    return out;
}

}  // namespace tocsin::control::ctl
