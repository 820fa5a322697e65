#include "control/config/parse.hpp"

#include "control/base/address.hpp"
#include "control/base/duration.hpp"
#include "control/config/address_rules.hpp"
#include "control/config/key_chain_reader.hpp"
#include "control/config/unsolicited_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

namespace tocsin::control::config {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kShortestShutdown = 100ms;
constexpr std::chrono::milliseconds kLongestShutdown = 60s;
constexpr std::int64_t kMostLcores = 128;  // RTE_MAX_LCORE of distributions' builds
constexpr std::int64_t kMostSessions = 16'000'000;
constexpr std::int64_t kLeastMemoryMb = 64;
constexpr std::int64_t kMostMemoryMb = 1'048'576;
constexpr std::int64_t kFewestDescriptors = 64;
constexpr std::int64_t kMostDescriptors = 32'768;
constexpr std::size_t kLongestSocketPath = 107;  // sun_path without its final zero

void read_daemon(TableReader& in, Daemon& out) {
    if (const auto dir = in.get_string("state_dir")) {
        if (dir->starts_with('/')) {
            out.state_dir = *dir;
        } else {
            in.fault("state_dir", in_quotes(*dir) +
                                      " is not an absolute path: write one such as \"" +
                                      Daemon{}.state_dir + '"');
        }
    }
    if (auto log = in.get_table("log")) {
        out.log_level = log->get_choice<LogLevel>("level", {{"debug", LogLevel::Debug},
                                                            {"info", LogLevel::Info},
                                                            {"warn", LogLevel::Warn},
                                                            {"error", LogLevel::Error}})
                            .value_or(out.log_level);
        out.log_format = log->get_choice<LogFormat>(
                                "format", {{"text", LogFormat::Text}, {"json", LogFormat::Json}})
                             .value_or(out.log_format);
        log->finish();
    }
    if (const auto timeout = in.get_duration("shutdown_timeout")) {
        if (*timeout < kShortestShutdown || *timeout > kLongestShutdown || *timeout % 1ms != 0us) {
            in.fault("shutdown_timeout", to_string(*timeout) +
                                             " is out of range: whole milliseconds, " +
                                             to_string(kShortestShutdown) + ".." +
                                             to_string(kLongestShutdown) + " are accepted");
        } else {
            out.shutdown_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
        }
    }
    in.finish();
}

void read_workers(TableReader& in, Dataplane& out) {
    const auto lcores = in.get_integers("workers");
    if (!lcores) return;
    for (std::size_t i = 0; i < lcores->size(); ++i) {
        if (!(*lcores)[i]) continue;
        const std::int64_t lcore = *(*lcores)[i];
        const std::string key = "workers[" + std::to_string(i) + ']';
        if (lcore < 0 || lcore >= kMostLcores) {
            in.fault_at(key, std::to_string(lcore) + " is not an lcore: CPU numbers 0.." +
                                 std::to_string(kMostLcores - 1) + " are accepted");
            continue;
        }
        const auto worker = static_cast<unsigned>(lcore);
        if (std::ranges::find(out.workers, worker) != out.workers.end()) {
            in.fault_at(key, "lcore " + std::to_string(lcore) +
                                 " is listed twice: a worker has an lcore of its own");
            continue;
        }
        out.workers.push_back(worker);
    }
}

void read_dataplane(TableReader& in, Draft& draft) {
    Dataplane& out = draft.config.dataplane;
    read_workers(in, out);
    out.max_sessions = static_cast<std::uint32_t>(
        in.get_integer("max_sessions", 1, kMostSessions).value_or(out.max_sessions));
    out.idle = in.get_choice<Idle>("idle", {{"poll", Idle::Poll}, {"adaptive", Idle::Adaptive}})
                   .value_or(out.idle);
    out.real_time = in.get_bool("real_time").value_or(out.real_time);
    out.huge_pages = in.get_choice<HugePages>("huge_pages", {{"auto", HugePages::Auto},
                                                             {"require", HugePages::Require},
                                                             {"off", HugePages::Off}})
                         .value_or(out.huge_pages);
    out.admission = in.get_choice<Admission>("admission", {{"refuse", Admission::Refuse},
                                                           {"warn", Admission::Warn},
                                                           {"off", Admission::Off}})
                        .value_or(out.admission);
    draft.authentication = in.get_bool("authentication");
    draft.echo = in.get_bool("echo");
    if (const auto memory = in.get_integer("memory_mb")) {
        if (*memory != 0 && (*memory < kLeastMemoryMb || *memory > kMostMemoryMb)) {
            in.fault("memory_mb", std::to_string(*memory) +
                                      " is out of range: 0 (by max_sessions) or " +
                                      std::to_string(kLeastMemoryMb) + ".." +
                                      std::to_string(kMostMemoryMb) + " are accepted");
        } else {
            out.memory_mb = static_cast<std::uint32_t>(*memory);
        }
    }
    out.history = default_history(out.max_sessions);
    if (const auto history = in.get_integer("history")) {
        if (*history != 0 && (*history < kLeastHistory || *history > kMostHistory)) {
            in.fault("history", std::to_string(*history) + " is out of range: 0 (none) or " +
                                    std::to_string(kLeastHistory) + ".." +
                                    std::to_string(kMostHistory) + " are accepted");
        } else {
            out.history = static_cast<std::uint8_t>(*history);
        }
    }
    for (const auto& argument : in.get_strings("eal_args").value_or(Elements<std::string>{})) {
        if (argument) out.eal_args.push_back(*argument);
    }
    in.finish();
}

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

bool is_device(std::string_view device) {
    // A bus address (0000:3b:00.0, 3b:00.0, vmbus:...) has a colon before any argument.
    return device.substr(0, device.find(',')).find(':') != device.npos ||
           device.starts_with("net_") || device.starts_with("eth_") ||
           device.starts_with("virtio_user");
}

void read_device(TableReader& in, Port& out) {
    const auto device = in.get_string("device");
    if (!in.has("device")) {
        in.fault("device",
                 "is missing: write a PCI address such as \"0000:3b:00.0\" or a vdev such "
                 "as \"net_af_packet0,iface=eth1\"");
    }
    if (!device) return;
    out.device = *device;
    if (is_device(*device)) return;
    std::string message = in_quotes(*device) + " is neither a PCI address nor a vdev";
    if (!device->empty() && device->size() < 16 && device->find_first_of(", /") == device->npos) {
        message +=
            ": for the kernel's interface of that name write \"net_af_xdp0,iface=" + *device +
            "\" or \"net_af_packet0,iface=" + *device + '"';
    } else {
        message += ": write for instance \"0000:3b:00.0\" or \"net_af_packet0,iface=eth1\"";
    }
    in.fault("device", std::move(message));
}

/// Addresses that are right by themselves; a wrong one is left out and makes the draft doubtful.
bool read_port_addresses(TableReader& in, Port& out) {
    const auto texts = in.get_strings("addresses");
    if (!texts) return !in.has("addresses");
    bool good = true;
    for (std::size_t i = 0; i < texts->size(); ++i) {
        if (!(*texts)[i]) {
            good = false;
            continue;
        }
        const std::string& text = *(*texts)[i];
        const auto prefix = parse_prefix(text);
        std::optional<std::string> why;
        if (!prefix) {
            const auto bare = parse_address(text);
            why = bare ? in_quotes(text) + " has no prefix length: write for instance \"" + text +
                             (bare->is_v4() ? "/24\"" : "/64\"")
                       : in_quotes(text) + " is not ADDRESS/LENGTH, such as \"192.0.2.1/24\"";
        } else if (auto fault = not_a_host(prefix->address)) {
            why = text + ' ' + *fault + ": a port needs unicast addresses";
        } else if (prefix->length == 0) {
            why = text +
                  " has the length 0, which makes every address a neighbour: write the "
                  "length of the link's subnet";
        } else if (is_network_or_broadcast(*prefix, prefix->address)) {
            why = text + " is the " +
                  (prefix->address == network_address(*prefix) ? "network" : "broadcast") +
                  " address of its subnet: write the port's own address";
        }
        if (why) {
            in.fault_at("addresses[" + std::to_string(i) + ']', std::move(*why));
            good = false;
        } else {
            out.addresses.push_back(*prefix);
        }
    }
    return good;
}

void read_route(TableReader& in, std::vector<Route>& out) {
    Route route;
    const auto missing = [&](const char* key, std::string_view example) {
        if (in.has(key)) return;
        in.fault(key, "is missing: write for instance " + std::string{key} + " = \"" +
                          std::string{example} + '"');
    };
    const auto to = in.get_string("to");
    missing("to", "0.0.0.0/0");
    const auto prefix = to ? parse_prefix(*to) : std::nullopt;
    if (to && !prefix) {
        in.fault("to", in_quotes(*to) + " is not NETWORK/LENGTH, such as \"198.51.100.0/24\"");
    } else if (prefix) {
        route.to = *prefix;
        if (prefix->address != network_address(*prefix)) {
            const IpPrefix network{.address = network_address(*prefix), .length = prefix->length};
            in.fault("to",
                     *to + " has bits set behind its length: write \"" + to_string(network) + '"');
        }
    }
    const auto via = in.get_string("via");
    missing("via", "192.0.2.254");
    std::string why;
    const auto gateway = via ? read_address(*via, why) : std::nullopt;
    if (via && !gateway) in.fault("via", std::move(why));
    if (gateway) {
        route.via = *gateway;
        if (const auto fault = not_a_host(*gateway)) {
            in.fault("via", *via + ' ' + *fault + ": a gateway needs a unicast address");
            route.via = {};
        }
    }
    in.finish();
    out.push_back(route);  // keeps the index; validate() skips what is empty
}

void read_echo_source(TableReader& in, Port& out) {
    const auto texts = in.get_strings("echo_source").value_or(Elements<std::string>{});
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!texts[i]) continue;
        const std::string key = "echo_source[" + std::to_string(i) + ']';
        std::string why;
        const auto address = read_address(*texts[i], why);
        if (!address) {
            in.fault_at(key, std::move(why));
        } else if (auto fault = not_a_host(*address)) {
            in.fault_at(key, *texts[i] + ' ' + *fault + ": Echo needs a unicast source");
        } else if (is_ipv6_link_local(*address)) {
            in.fault_at(key, *texts[i] +
                                 " is link-local, which routers answer with redirects: write a "
                                 "global address (RFC 5881 4)");
        } else if (std::ranges::find(out.echo_source, address->family, &IpAddress::family) !=
                   out.echo_source.end()) {
            in.fault_at(key,
                        "is the second of its family: one IPv4 and one IPv6 address are "
                        "accepted");
        } else {
            out.echo_source.push_back(*address);
        }
    }
}

void read_port(TableReader& in, Draft& draft) {
    Port port;
    const auto name = in.get_string("name");
    if (!in.has("name")) in.fault("name", "is missing: sessions refer to a port by its name");
    if (name) {
        port.name = *name;
        if (auto why = name_fault(*name, kLongestPortName)) in.fault("name", std::move(*why));
    }
    read_device(in, port);
    if (!read_port_addresses(in, port)) draft.addresses_are_doubtful = true;
    if (const auto mode = in.get_string("mode"); mode && *mode != "whole") {
        in.fault("mode",
                 *mode == "shared"
                     ? "\"shared\" is not offered yet by this version: write \"whole\", and "
                       "tocsin owns the port"
                     : in_quotes(*mode) + " is not accepted: write \"whole\"");
    }
    if (const auto exception = in.get_string("exception"); exception && *exception != "none") {
        in.fault("exception", *exception == "tap"
                                  ? "\"tap\" is not offered yet by this version: write \"none\""
                                  : in_quotes(*exception) + " is not accepted: write \"none\"");
    }
    read_echo_source(in, port);
    port.point_to_point = in.get_bool("point_to_point").value_or(port.point_to_point);
    port.rx_checksum =
        in.get_choice<RxChecksum>("rx_checksum", {{"auto", RxChecksum::Auto},
                                                  {"verify", RxChecksum::Verify},
                                                  {"accept_partial", RxChecksum::AcceptPartial},
                                                  {"ignore", RxChecksum::Ignore}})
            .value_or(port.rx_checksum);
    const auto descriptors = [&](const char* key, std::uint16_t otherwise) {
        return static_cast<std::uint16_t>(
            in.get_integer(key, kFewestDescriptors, kMostDescriptors).value_or(otherwise));
    };
    port.rx_descriptors = descriptors("rx_descriptors", port.rx_descriptors);
    port.tx_descriptors = descriptors("tx_descriptors", port.tx_descriptors);
    for (TableReader& route : in.get_tables("route")) read_route(route, port.routes);
    in.finish();
    draft.config.ports.push_back(std::move(port));
}

/// `auth = { type = ..., key_chain = ... }`, as written.
std::optional<AuthDraft> read_auth_table(TableReader& in) {
    auto table = in.get_table("auth");
    if (!table) return std::nullopt;
    const auto type = table->get_string("type");
    const auto key_chain = table->get_string("key_chain");
    table->finish();
    // A value that is no text was complained about.
    if (table->has("type") != type.has_value()) return std::nullopt;
    if (table->has("key_chain") != key_chain.has_value()) return std::nullopt;
    return AuthDraft{.type = type.value_or(""), .key_chain = key_chain.value_or("")};
}

/// `dampening = { ... }`, as written.
std::optional<DampeningDraft> read_dampening_table(TableReader& in) {
    auto table = in.get_table("dampening");
    if (!table) return std::nullopt;
    DampeningDraft out{.enabled = table->get_bool("enabled").value_or(true),
                       .half_life = table->get_duration("half_life"),
                       .suppress = table->get_integer("suppress"),
                       .reuse = table->get_integer("reuse"),
                       .max_suppress = table->get_duration("max_suppress"),
                       .penalty = table->get_integer("penalty")};
    table->finish();
    return out;
}

void read_notification(TableReader& in, Profile& out) {
    out.interval_alignment = in.get_bool("interval_alignment");
    const auto hold = [&](const char* key, auto fault_of) -> std::optional<notify::Milliseconds> {
        const auto value = in.get_duration(key);
        if (!value) return std::nullopt;
        if (auto why = fault_of(*value)) {
            in.fault(key, std::move(*why));
            return std::nullopt;
        }
        return std::chrono::duration_cast<notify::Milliseconds>(*value);
    };
    out.up_hold = hold("up_hold", up_hold_fault);
    out.down_hold = hold("down_hold", down_hold_fault);
    if (const auto written = read_dampening_table(in)) {
        std::string_view member;
        std::string why;
        out.dampening = read_dampening(*written, member, why);
        if (!out.dampening) in.fault_at("dampening." + std::string{member}, std::move(why));
    }
}

void read_profile(TableReader& in, std::vector<Profile>& out) {
    Profile profile;
    const auto name = in.get_string("name");
    if (!in.has("name")) in.fault("name", "is missing: sessions refer to a profile by its name");
    if (name) {
        profile.name = *name;
        if (auto why = name_fault(*name, kLongestProfileName)) in.fault("name", std::move(*why));
    }
    const auto interval = [&](const char* key, auto fault_of) -> std::optional<WireInterval> {
        const auto value = in.get_duration(key);
        if (!value) return std::nullopt;
        if (auto why = fault_of(*value)) {
            in.fault(key, std::move(*why));
            return std::nullopt;
        }
        return std::chrono::duration_cast<WireInterval>(*value);
    };
    profile.desired_min_tx_interval = interval("desired_min_tx_interval", desired_min_tx_fault);
    profile.required_min_rx_interval = interval("required_min_rx_interval", required_min_rx_fault);
    if (const auto value = in.get_integer("detect_mult")) {
        auto why = detect_mult_fault(*value);
        if (why)
            in.fault("detect_mult", std::move(*why));
        else
            profile.detect_mult = static_cast<std::uint8_t>(*value);
    }
    if (const auto value = in.get_integer("padded_pdu_size")) {
        auto why = padded_pdu_size_fault(*value);
        if (why)
            in.fault("padded_pdu_size", std::move(*why));
        else
            profile.padded_pdu_size = static_cast<std::uint16_t>(*value);
    }
    profile.passive = in.get_bool("passive");
    profile.demand_mode = in.get_bool("demand_mode");
    profile.demand_poll_interval = interval("demand_poll_interval", demand_poll_fault);
    profile.desired_min_echo_tx_interval =
        interval("desired_min_echo_tx_interval", echo_interval_fault);
    profile.required_min_echo_rx_interval =
        interval("required_min_echo_rx_interval", echo_interval_fault);
    if (const auto written = read_auth_table(in)) {
        std::string_view member;
        std::string why;
        profile.auth = read_auth(*written, member, why);
        if (!profile.auth) in.fault_at("auth." + std::string{member}, std::move(why));
    }
    read_notification(in, profile);
    in.finish();
    out.push_back(std::move(profile));
}

SessionType read_type(TableReader& in) {
    const auto type = in.get_string("type");
    if (!type) return SessionType::SingleHop;
    if (const auto known = session_type_named(*type)) return *known;
    const std::vector<std::string_view> later{"micro", "vxlan", "geneve", "mpls", "vccv", "sbfd"};
    if (std::ranges::find(later, *type) != later.end()) {
        in.fault("type", in_quotes(*type) +
                             " is not offered yet by this version: \"single_hop\", "
                             "\"multihop\" and \"echo\" are");
    } else {
        in.fault("type", in_quotes(*type) +
                             " is not a type of session: write \"single_hop\", \"multihop\" "
                             "or \"echo\"");
    }
    return SessionType::SingleHop;
}

void read_session(TableReader& in, Draft& draft) {
    SessionDraft out;
    out.type = read_type(in);
    // An empty text means not given to validate_session(); in a file it is a mistake.
    const auto text = [&](const char* key) -> std::string {
        const auto value = in.get_string(key);
        if (value && value->empty())
            in.fault(key, "\"\" is empty: write a value or leave the key out");
        return value.value_or("");
    };
    out.name = text("name");
    out.remote = text("remote");
    out.local = text("local");
    out.port = text("port");
    out.profile = text("profile");
    out.desired_min_tx_interval = in.get_duration("desired_min_tx_interval");
    out.required_min_rx_interval = in.get_duration("required_min_rx_interval");
    out.detect_mult = in.get_integer("detect_mult");
    out.min_ttl = in.get_integer("min_ttl");
    out.dscp = in.get_integer("dscp");
    out.padded_pdu_size = in.get_integer("padded_pdu_size");
    out.passive = in.get_bool("passive");
    out.demand_mode = in.get_bool("demand_mode");
    out.demand_poll_interval = in.get_duration("demand_poll_interval");
    out.desired_min_echo_tx_interval = in.get_duration("desired_min_echo_tx_interval");
    out.required_min_echo_rx_interval = in.get_duration("required_min_echo_rx_interval");
    out.match_source = in.get_bool("match_source");
    out.follow_link = in.get_bool("follow_link");
    out.admin_down = in.get_bool("admin_down").value_or(false);
    out.auth = read_auth_table(in);
    out.interval_alignment = in.get_bool("interval_alignment");
    out.up_hold = in.get_duration("up_hold");
    out.down_hold = in.get_duration("down_hold");
    out.dampening = read_dampening_table(in);
    in.finish();
    draft.sessions.push_back(std::move(out));
    draft.session_paths.push_back(in.path());
}

}  // namespace

Draft parse(const toml::value& root, SecretFiles secrets, Faults& faults) {
    Draft draft;
    draft.secret_files = secrets;
    TableReader in{root, "", faults};
    if (auto daemon = in.get_table("daemon")) read_daemon(*daemon, draft.config.daemon);
    if (auto dataplane = in.get_table("dataplane")) read_dataplane(*dataplane, draft);
    if (auto api = in.get_table("api")) read_api(*api, draft.config.api);
    if (auto metrics = in.get_table("metrics")) read_metrics(*metrics, draft.config.metrics);
    for (TableReader& port : in.get_tables("port")) read_port(port, draft);
    if (!in.has("port")) {
        in.fault("port",
                 "there is no [[port]]: write at least one, BFD packets have to arrive somewhere");
    }
    for (TableReader& chain : in.get_tables("key_chain")) read_key_chain(chain, draft);
    draft.config.dataplane.authentication = draft.authentication.value_or(in.has("key_chain"));
    for (TableReader& profile : in.get_tables("profile"))
        read_profile(profile, draft.config.profiles);
    for (TableReader& session : in.get_tables("session")) read_session(session, draft);
    if (auto defaults = in.get_table("unsolicited_defaults"))
        read_unsolicited_defaults(*defaults, draft);
    for (TableReader& policy : in.get_tables("unsolicited")) read_unsolicited(policy, draft);
    in.not_offered_yet("offload", "leave it out");
    in.not_offered_yet("actuator", "leave it out and read state changes with tocsinctl watch");
    in.finish();
    return draft;
}

void parse_sessions(const toml::value& piece, std::size_t first, Draft& draft, Faults& faults) {
    const auto& sessions = piece.as_table(std::nothrow).at("session").as_array(std::nothrow);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        TableReader in{sessions[i], "session[" + std::to_string(first + i) + ']', faults};
        read_session(in, draft);
    }
}

}  // namespace tocsin::control::config
