#include "control/config/unsolicited_reader.hpp"

#include "control/base/address.hpp"
#include "control/base/duration.hpp"
#include "control/config/nearest.hpp"
#include "control/config/prefix_reader.hpp"
#include "control/config/references.hpp"
#include "control/config/value_reader.hpp"
#include "control/config/value_rules.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLongestUnsolicitedLinger = 1h;
constexpr std::int64_t kMostUnsolicited = 1'000'000;

/// `min_interval` stands for both intervals, RFC 9468 4.2.
UnsolicitedTimers read_timers(TableReader& in) {
    UnsolicitedTimers out;
    const auto interval = [&](const char* key, auto fault_of) {
        return read_duration<WireInterval>(in, key, fault_of);
    };
    out.desired_min_tx_interval = interval("desired_min_tx_interval", desired_min_tx_fault);
    out.required_min_rx_interval = interval("required_min_rx_interval", required_min_rx_fault);
    if (const auto both = interval("min_interval", required_min_rx_fault)) {
        if (in.has("desired_min_tx_interval") || in.has("required_min_rx_interval")) {
            in.fault("min_interval",
                     "stands for desired_min_tx_interval and required_min_rx_interval: write "
                     "either it or those");
        }
        out.desired_min_tx_interval = out.required_min_rx_interval = both;
    }
    out.detect_mult = read_number<std::uint8_t>(in, "detect_mult", detect_mult_fault);
    return out;
}

const Profile* profile_of(const Unsolicited& policy, const Config& config, const std::string& path,
                          const std::function<void(const std::string&, std::string)>& add) {
    if (policy.profile.empty()) return nullptr;
    std::string why;
    const Profile* const found = profile_named(config.profiles, policy.profile, why);
    if (found == nullptr) add(path + ".profile", std::move(why));
    return found;
}

/// Value by value: the policy's own, its profile's, that of all policies, RFC 9468's.
bfd::SessionParameters parameters_of(const Unsolicited& policy, const Profile* profile,
                                     const UnsolicitedTimers& defaults) {
    static const Profile none;
    const Profile& p = profile != nullptr ? *profile : none;
    const auto first = [](const auto& a, const auto& b, const auto& c, auto otherwise) {
        return a ? *a : b ? *b : c.value_or(otherwise);
    };
    bfd::SessionParameters out;
    out.desired_min_tx_interval =
        first(policy.timers.desired_min_tx_interval, p.desired_min_tx_interval,
              defaults.desired_min_tx_interval, kUnsolicitedInterval);
    out.required_min_rx_interval =
        first(policy.timers.required_min_rx_interval, p.required_min_rx_interval,
              defaults.required_min_rx_interval, kUnsolicitedInterval);
    out.detect_mult = first(policy.timers.detect_mult, p.detect_mult, defaults.detect_mult,
                            kUnsolicitedDetectMult);
    out.required_min_echo_rx_interval =
        p.required_min_echo_rx_interval.value_or(out.required_min_echo_rx_interval);
    // Echo packets of our own are not sent to strangers: only Polls verify connectivity then.
    const WireInterval poll = p.demand_poll_interval.value_or(WireInterval{0});
    if (p.demand_mode.value_or(false) && poll > WireInterval{0}) {
        out.demand_mode = true;
        out.demand_poll_interval = poll;
    }
    out.passive = true;       // the role that RFC 9468 2 gives us
    out.match_source = true;  // sources outside of the subnet are not processed, RFC 9468 2
    return out;
}

/// What only a profile says.
void take_over(const Profile& profile, Unsolicited& out) {
    const auto take = [](auto& to, const auto& from) {
        if (from) to = *from;
    };
    take(out.auth, profile.auth);
    take(out.padded_pdu_size, profile.padded_pdu_size);
    take(out.interval_alignment, profile.interval_alignment);
    take(out.notification.up_hold, profile.up_hold);
    take(out.notification.down_hold, profile.down_hold);
    take(out.notification.dampening, profile.dampening);
}

void check_unsolicited_port(const Unsolicited& policy, const Config& config,
                            const std::string& path,
                            const std::function<void(const std::string&, std::string)>& add) {
    if (policy.port.empty()) return;
    std::string why;
    const Port* const port = port_named(config.ports, policy.port, why);
    if (port == nullptr) {
        add(path + ".port", std::move(why));
    } else if (port->point_to_point) {
        add(path + ".port",
            in_quotes(policy.port) +
                " is point-to-point, where packets of any source belong to one session: write a "
                "[[session]] for it");
    }
}

}  // namespace

void read_unsolicited_defaults(TableReader& in, Draft& draft) {
    draft.config.unsolicited_defaults = read_timers(in);
    in.finish();
}

void read_unsolicited(TableReader& in, Draft& draft) {
    Unsolicited out;
    if (!in.has("port")) in.fault("port", "is missing: a policy is about one port, by its name");
    out.port = in.get_string("port").value_or("");
    out.enabled = in.get_bool("enabled").value_or(out.enabled);
    out.allow = read_prefixes(in, "allow");
    out.deny = read_prefixes(in, "deny");
    if (out.enabled && (!in.has("allow") || in.is_empty_array("allow"))) {
        in.fault("allow",
                 "is missing: name the networks whose hosts may create sessions, such as "
                 "[\"192.0.2.0/24\", \"fe80::/10\"]; [\"0.0.0.0/0\", \"::/0\"] stands for every "
                 "neighbour of the port");
    }
    out.profile = in.get_string("profile").value_or("");
    out.max_sessions = static_cast<std::uint32_t>(
        in.get_integer("max_sessions", 1, kMostUnsolicited).value_or(out.max_sessions));
    if (const auto linger = in.get_duration("linger")) {
        if (*linger < 0us || *linger > kLongestUnsolicitedLinger || *linger % 1ms != 0us) {
            in.fault("linger", to_string(*linger) + " is out of range: whole milliseconds, 0ms.." +
                                   to_string(kLongestUnsolicitedLinger) + " are accepted");
        } else {
            out.linger = std::chrono::duration_cast<std::chrono::milliseconds>(*linger);
        }
    }
    out.timers = read_timers(in);
    in.finish();
    draft.config.unsolicited.push_back(std::move(out));
}

void check_unsolicited(Config& config,
                       const std::function<void(const std::string&, std::string)>& add) {
    std::map<std::string_view, std::string> ports;
    std::size_t together = config.sessions.size();
    for (std::size_t i = 0; i < config.unsolicited.size(); ++i) {
        Unsolicited& policy = config.unsolicited[i];
        const std::string path = "unsolicited[" + std::to_string(i) + ']';
        check_unsolicited_port(policy, config, path, add);
        const auto [first, is_new] = ports.emplace(policy.port, path);
        if (!is_new && !policy.port.empty()) {
            add(path + ".port", in_quotes(policy.port) + " is already the port of " +
                                    first->second + ": one policy for each port");
        }
        const Profile* const profile = profile_of(policy, config, path, add);
        policy.parameters = parameters_of(policy, profile, config.unsolicited_defaults);
        if (profile != nullptr) take_over(*profile, policy);
        if (!policy.enabled) continue;
        together += policy.max_sessions;
        if (together > config.dataplane.max_sessions) {
            add(path + ".max_sessions",
                std::to_string(policy.max_sessions) + " of this policy, with those before it and " +
                    std::to_string(config.sessions.size()) + " sessions of this file, are " +
                    std::to_string(together) + ", more than dataplane.max_sessions = " +
                    std::to_string(config.dataplane.max_sessions) +
                    ": lower this or raise that, so that strangers never take the room of "
                    "configured sessions");
        }
    }
}

}  // namespace tocsin::control::config
