#include "control/config/listener_reader.hpp"

#include "control/base/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

constexpr std::size_t kLongestSocketPath = 107;  // sun_path without its final zero

/// Why `listener` cannot be listened on; nullopt when it can.
std::optional<std::string> listener_fault(std::string_view listener) {
    constexpr std::string_view kScheme = "unix:";
    if (!listener.starts_with(kScheme)) {
        if (listener.starts_with('/')) {
            return in_quotes(listener) +
                   " lacks its scheme: write \"unix:" + std::string{listener} + '"';
        }
        return in_quotes(listener) +
               " is not offered yet (TCP needs mutual TLS): write a Unix socket, "
               "such as \"unix:/run/tocsin/api.sock\"";
    }
    const std::string_view path = listener.substr(kScheme.size());
    if (!path.starts_with('/') || path.ends_with('/')) {
        return in_quotes(listener) +
               " needs an absolute path of a socket, such as \"unix:/run/tocsin/api.sock\"";
    }
    if (path.size() <= kLongestSocketPath) return std::nullopt;
    return in_quotes(listener) + " is too long: the path of a socket has at most " +
           std::to_string(kLongestSocketPath) + " characters";
}

bool is_host_and_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) return false;
    // The library that serves metrics is built without IPv6 by Debian.
    const auto address = parse_address(text.substr(0, colon));
    if (!address || address->is_v6()) return false;
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
    return error == std::errc{} && end == digits.end() && port != 0;
}

}  // namespace

void read_api(TableReader& in, Api& out) {
    if (const auto listeners = in.get_strings("listen")) {
        out.listen.clear();
        if (listeners->empty()) {
            in.fault("listen", "is empty: name at least one socket, or leave the key out for " +
                                   in_quotes(Api{}.listen.front()));
        }
        for (std::size_t i = 0; i < listeners->size(); ++i) {
            if (!(*listeners)[i]) continue;
            const std::string& listener = *(*listeners)[i];
            const std::string key = "listen[" + std::to_string(i) + ']';
            if (auto why = listener_fault(listener)) in.fault_at(key, std::move(*why));
            if (std::ranges::find(out.listen, listener) != out.listen.end()) {
                in.fault_at(key, in_quotes(listener) + " is listed twice");
            }
            out.listen.push_back(listener);
        }
    }
    in.finish();
}

void read_metrics(TableReader& in, Metrics& out) {
    if (const auto listen = in.get_string("listen")) {
        if (listen->empty() || is_host_and_port(*listen)) {
            out.listen = *listen;
        } else {
            in.fault("listen", in_quotes(*listen) +
                                   " is not IPV4-ADDRESS:PORT: write for instance "
                                   "\"127.0.0.1:9466\" with a port of 1..65535, or \"\" for no "
                                   "metrics server; names and IPv6 are not offered");
        }
    }
    in.finish();
}

}  // namespace tocsin::control::config
