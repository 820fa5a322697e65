#include "control/grpc/page_token.hpp"

#include "control/base/address.hpp"

#include <fmt/format.h>

#include <charconv>

namespace tocsin::control::api {

namespace {

constexpr std::size_t kDigits = 16;

/// FNV-1a: finds mistakes, keeps nobody out.
std::uint64_t check(std::string_view digits, std::string_view scope) {
    std::uint64_t h = 0xcbf29ce484222325U;
    for (const std::string_view text : {digits, scope, digits}) {
        for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return h;
}

std::string sealed(std::string digits, std::string_view scope) {
    return digits + fmt::format("{:016x}", check(digits, scope));
}

std::optional<std::uint64_t> hexadecimal(std::string_view digits) {
    std::uint64_t value = 0;
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (r.ec != std::errc{} || r.ptr != digits.data() + digits.size()) return std::nullopt;
    return value;
}

/// What sealed() was given, of this length; nullopt: it was not.
std::optional<std::string_view> opened(std::string_view token, std::size_t length,
                                       std::string_view scope) {
    if (token.size() != length + kDigits) return std::nullopt;
    const std::string_view digits = token.substr(0, length);
    const auto sum = hexadecimal(token.substr(length));
    if (!sum || *sum != check(digits, scope)) return std::nullopt;
    return digits;
}

}  // namespace

std::optional<Error> page_size_fault(std::uint32_t asked) {
    if (asked <= kLargestPage) return std::nullopt;
    return Error{ErrorKind::InvalidArgument,
                 std::to_string(asked) + " is out of range: 1.." + std::to_string(kLargestPage) +
                     " are accepted, 0 means " + std::to_string(kDefaultPage),
                 "page_size"};
}

Error page_token_fault(std::string_view what) {
    return {ErrorKind::InvalidArgument,
            "this is not the next_page_token of an answer to " + std::string{what}, "page_token"};
}

std::string page_token(const PageToken& token, std::string_view scope) {
    return sealed(fmt::format("{:016x}{:016x}", token.after.value, token.total), scope);
}

std::optional<PageToken> read_page_token(std::string_view token, std::string_view scope) {
    const auto digits = opened(token, 2 * kDigits, scope);
    if (!digits) return std::nullopt;
    const auto id = hexadecimal(digits->substr(0, kDigits));
    const auto total = hexadecimal(digits->substr(kDigits));
    if (!id || !total) return std::nullopt;
    return PageToken{.after = {*id}, .total = *total};
}

std::string page_token(const net::NeighborPlace& after, std::string_view scope) {
    return sealed(fmt::format("{:04x}{}", after.port.value, to_string(after.address)), scope);
}

std::optional<net::NeighborPlace> read_neighbor_token(std::string_view token,
                                                      std::string_view scope) {
    constexpr std::size_t kPort = 4;
    if (token.size() < kDigits + kPort) return std::nullopt;
    const auto text = opened(token, token.size() - kDigits, scope);
    if (!text) return std::nullopt;
    const auto port = hexadecimal(text->substr(0, kPort));
    const auto address = parse_address(text->substr(kPort));
    if (!port || !address) return std::nullopt;
    return net::NeighborPlace{.port = {static_cast<std::uint16_t>(*port)}, .address = *address};
}

}  // namespace tocsin::control::api
