#include "control/config/lsp_ping_reader.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "overlay/label_stack.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::config {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMostRequests = 10'000;
constexpr std::int64_t kMostPerFec = 10'000;
constexpr std::size_t kMostReturnLabels = 5;
constexpr std::chrono::hours kLongestStay{24};

/// Networks, or single hosts without a length.
void read_allow(TableReader& in, LspPing& out) {
    const auto texts = in.get_strings("allow");
    if (!texts) return;
    for (std::size_t i = 0; i < texts->size(); ++i) {
        if (!(*texts)[i]) continue;
        const std::string& text = *(*texts)[i];
        auto prefix = parse_prefix(text);
        if (const auto host = parse_address(text)) {
            prefix = IpPrefix{*host, static_cast<std::uint8_t>(host->is_v4() ? 32 : 128)};
        }
        if (prefix) {
            out.allow.push_back(*prefix);
        } else {
            in.fault_at("allow[" + std::to_string(i) + ']',
                        in_quotes(text) + " is no prefix, such as \"198.51.100.0/24\"");
        }
    }
}

void read_egress(TableReader& in, LspPing& to) {
    LspEgress out;
    if (const auto text = in.get_string("fec")) {
        auto fec = lsp_ping::parse_fec(*text);
        if (fec) {
            out.fec = std::move(fec).value();
            if (std::ranges::find(to.egress, out.fec, &LspEgress::fec) != to.egress.end()) {
                in.fault("fec", in_quotes(*text) + " is there already: a FEC has one table");
            }
        } else {
            in.fault("fec", fec.error().message);
        }
    } else if (!in.has("fec")) {
        in.fault("fec", "is missing: write what ends with us, such as \"ldp 203.0.113.2/32\"");
    }
    if (const auto local = in.get_string("local")) {
        if (!parse_address(*local)) in.fault("local", in_quotes(*local) + " is no address");
        out.local = *local;
    } else if (!in.has("local")) {
        in.fault("local", "is missing: write our address that the sessions send from");
    }
    if (const auto label = in.get_integer("label", overlay::kFirstFreeLabel, overlay::kMostLabel)) {
        out.label = static_cast<std::uint32_t>(*label);
    }
    for (const auto& label : in.get_integers("return_labels").value_or(Elements<std::int64_t>{})) {
        if (label) out.return_labels.push_back(*label);
    }
    const bool in_range = std::ranges::all_of(out.return_labels, [](std::int64_t l) {
        return l >= overlay::kFirstFreeLabel && l <= overlay::kMostLabel;
    });
    if (!in_range || out.return_labels.size() > kMostReturnLabels) {
        in.fault("return_labels", "at most five labels of 16..1048575 are accepted");
    }
    out.profile = in.get_string("profile").value_or("");
    out.max_sessions = static_cast<std::uint32_t>(
        in.get_integer("max_sessions", 1, kMostPerFec).value_or(out.max_sessions));
    const auto stay = [&](const char* key, std::chrono::microseconds& value) {
        const auto given = in.get_duration(key);
        if (!given) return;
        if (*given > kLongestStay) in.fault(key, "is too long: \"24h\" is the most");
        value = *given;
    };
    stay("removal_delay", out.removal_delay);
    stay("max_down_time", out.max_down_time);
    in.finish();
    to.egress.push_back(std::move(out));
}

}  // namespace

void read_lsp_ping(TableReader& in, LspPing& out) {
    read_allow(in, out);
    out.requests_per_second = static_cast<std::uint32_t>(
        in.get_integer("requests_per_second", 1, kMostRequests).value_or(out.requests_per_second));
    for (TableReader& egress : in.get_tables("egress")) read_egress(egress, out);
    in.finish();
}

}  // namespace tocsin::control::config
