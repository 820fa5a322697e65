#include "control/config/sbfd_reader.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "control/config/prefix_reader.hpp"
#include "control/config/value_reader.hpp"
#include "control/config/value_rules.hpp"
#include "dataplane/base/bytes.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tocsin::control::config {

namespace {

/// The first IPv4 address of ours that no reflector has yet, as RFC 7880 4.2 suggests; 0: none.
Discriminator free_one(const Config& config) {
    for (const Port& port : config.ports) {
        for (const IpPrefix& own : port.addresses) {
            if (!own.address.is_v4()) continue;
            const Discriminator d{load_be32(own.address.octets.data())};
            const auto& taken = config.sbfd.reflectors;
            if (std::ranges::find(taken, d, &Reflector::discriminator) == taken.end()) return d;
        }
    }
    return {};
}

}  // namespace

std::string discriminator_text(Discriminator discriminator) {
    std::array<std::uint8_t, 4> octets{};
    store_be32(octets.data(), discriminator.value);
    return to_string(ip_address(octets));
}

void read_sbfd(TableReader& in, Sbfd& out) {
    const auto rate = [&](const char* key, std::uint32_t& to) {
        to = static_cast<std::uint32_t>(in.get_integer(key, 1, kMostReflections).value_or(to));
    };
    rate("rate", out.rate);
    rate("rate_per_source", out.rate_per_source);
    in.finish();
}

void read_reflector(TableReader& in, Draft& draft) {
    Reflector out;
    if (const auto name = in.get_string("name")) {
        if (auto why = name_fault(*name, kLongestSessionName)) in.fault("name", std::move(*why));
        out.name = *name;
    }
    out.discriminator = in.get_discriminator("discriminator").value_or(Discriminator{});
    out.admin_down = in.get_bool("admin_down").value_or(false);
    out.required_min_rx_interval =
        read_duration<WireInterval>(in, "required_min_rx_interval", required_min_rx_fault)
            .value_or(out.required_min_rx_interval);
    out.required_min_echo_rx_interval =
        read_duration<WireInterval>(in, "required_min_echo_rx_interval", echo_interval_fault)
            .value_or(out.required_min_echo_rx_interval);
    out.allow = read_prefixes(in, "allow");
    out.deny = read_prefixes(in, "deny");
    if (in.is_empty_array("allow")) {
        in.fault("allow", "is empty: leave it out to answer everybody, or write admin_down = true");
    }
    if (const auto written = read_auth_table(in)) {
        std::string_view member;
        std::string why;
        if (const auto how = read_auth(*written, member, why)) {
            out.auth = *how;
        } else {
            in.fault_at("auth." + std::string{member}, std::move(why));
        }
    }
    in.finish();
    draft.config.sbfd.reflectors.push_back(std::move(out));
}

void check_reflectors(Config& config,
                      const std::function<void(const std::string& path, std::string)>& add) {
    std::map<std::string, std::string> names;
    std::map<Discriminator, std::string> discriminators;
    std::size_t prefixes = 0;
    std::vector<Reflector>& reflectors = config.sbfd.reflectors;
    if (reflectors.size() > kMostReflectors) {
        add("reflector", std::to_string(reflectors.size()) + " reflectors: at most " +
                             std::to_string(kMostReflectors) + " are accepted");
    }
    for (std::size_t i = 0; i < reflectors.size(); ++i) {
        Reflector& r = reflectors[i];
        const std::string path = "reflector[" + std::to_string(i) + ']';
        if (r.discriminator.value == 0) r.discriminator = free_one(config);
        if (r.discriminator.value == 0) {
            add(path + ".discriminator",
                "is missing, and there is no IPv4 address of ours left to take it from: write a "
                "number, or an IPv4 address that stands for it");
            continue;
        }
        const auto [first, fresh] = discriminators.emplace(r.discriminator, path);
        if (!fresh) {
            add(path + ".discriminator", discriminator_text(r.discriminator) +
                                             " is already the discriminator of " + first->second +
                                             ": each entity has its own (RFC 7880 4.1)");
        }
        const auto [named, unused] = names.emplace(r.name, path);
        if (!unused && !r.name.empty()) {
            add(path + ".name", in_quotes(r.name) + " is already the name of " + named->second);
        }
        prefixes += r.allow.size() + r.deny.size();
        if (prefixes > kMostReflectorPrefixes) {
            add(path + ".allow", "makes more than the " + std::to_string(kMostReflectorPrefixes) +
                                     " prefixes that all reflectors together may have");
        }
    }
}

}  // namespace tocsin::control::config
