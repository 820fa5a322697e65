#include "control/config/prefix_reader.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"

#include <string>

namespace tocsin::control::config {

namespace {

constexpr std::size_t kMostPrefixes = 256;

}  // namespace

std::vector<IpPrefix> read_prefixes(TableReader& in, const char* key) {
    std::vector<IpPrefix> out;
    const auto texts = in.get_strings(key);
    if (!texts) return out;
    if (texts->size() > kMostPrefixes) {
        in.fault(key, std::to_string(texts->size()) + " prefixes: at most " +
                          std::to_string(kMostPrefixes) + " are accepted");
    }
    for (std::size_t i = 0; i < texts->size(); ++i) {
        if (!(*texts)[i]) continue;
        const std::string& text = *(*texts)[i];
        const std::string element = std::string{key} + '[' + std::to_string(i) + ']';
        auto prefix = parse_prefix(text);
        if (const auto host = parse_address(text)) {
            prefix = IpPrefix{.address = *host,
                              .length = static_cast<std::uint8_t>(host->is_v4() ? 32 : 128)};
        }
        if (!prefix) {
            in.fault_at(element, in_quotes(text) +
                                     " is neither NETWORK/LENGTH, such as \"192.0.2.0/24\", nor "
                                     "an address");
        } else if (prefix->address != network_address(*prefix)) {
            const IpPrefix network{.address = network_address(*prefix), .length = prefix->length};
            in.fault_at(element, text + " has bits set behind its length: write \"" +
                                     to_string(network) + '"');
        } else {
            out.push_back(*prefix);
        }
    }
    return out;
}

}  // namespace tocsin::control::config
