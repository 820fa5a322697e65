#include "control/grpc/page_token.hpp"

#include <fmt/format.h>

#include <charconv>

namespace tocsin::control::api {

namespace {

constexpr std::size_t kDigits = 16;

/// FNV-1a: finds mistakes, keeps nobody out.
std::uint64_t check(const PageToken& token, std::string_view scope) {
    const std::uint64_t id = token.after.value ^ token.total * 0x9e3779b97f4a7c15U;
    std::uint64_t h = 0xcbf29ce484222325U ^ id;
    for (const char c : scope) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return (h ^ id) * 0x100000001b3U;
}

std::optional<std::uint64_t> hexadecimal(std::string_view digits) {
    std::uint64_t value = 0;
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (r.ec != std::errc{} || r.ptr != digits.data() + digits.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string page_token(const PageToken& token, std::string_view scope) {
    return fmt::format("{:016x}{:016x}{:016x}", token.after.value, token.total,
                       check(token, scope));
}

std::optional<PageToken> read_page_token(std::string_view token, std::string_view scope) {
    if (token.size() != 3 * kDigits) return std::nullopt;
    const auto id = hexadecimal(token.substr(0, kDigits));
    const auto total = hexadecimal(token.substr(kDigits, kDigits));
    const auto sum = hexadecimal(token.substr(2 * kDigits));
    if (!id || !total || !sum) return std::nullopt;
    const PageToken out{.after = {*id}, .total = *total};
    if (*sum != check(out, scope)) return std::nullopt;
    return out;
}

}  // namespace tocsin::control::api
