#include "control/config/session_rules.hpp"

#include "control/base/address.hpp"
#include "control/base/duration.hpp"
#include "control/config/address_rules.hpp"
#include "control/config/multihop_path.hpp"
#include "control/config/nearest.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tocsin::control::config {

namespace {

/// Below it a tick of the timing wheel is no longer small against the jitter of RFC 5880 6.8.7.
constexpr std::chrono::microseconds kShortestInterval{1000};
constexpr std::chrono::microseconds kLongestInterval{std::numeric_limits<std::uint32_t>::max()};
/// A session in Demand mode that is verified more often than that has no use for it.
constexpr std::chrono::microseconds kShortestDemandPoll{10'000};
constexpr std::chrono::microseconds kLongestDemandPoll = std::chrono::hours{1};

std::optional<std::string> interval_fault(std::chrono::microseconds value) {
    if (value >= kShortestInterval && value <= kLongestInterval) return std::nullopt;
    return to_string(value) + " is out of range: " + to_string(kShortestInterval) + ".." +
           to_string(kLongestInterval) +
           " are accepted (what timers of 65 us keep with jitter, and 32 bits of microseconds, "
           "RFC 5880 4.1)";
}

std::optional<std::string> number_fault(std::int64_t value, std::int64_t lowest,
                                        std::int64_t highest, std::string_view why) {
    if (value >= lowest && value <= highest) return std::nullopt;
    return std::to_string(value) + " is out of range: " + std::to_string(lowest) + ".." +
           std::to_string(highest) + " are accepted" + std::string{why};
}

/// The listed address of `port` from which `remote` is reached without a router.
const IpPrefix* address_towards(const Port& port, const IpAddress& remote) {
    const auto reaches = [&](const IpPrefix& own) {
        return is_ipv6_link_local(remote) ? is_ipv6_link_local(own.address) : own.contains(remote);
    };
    const auto found = std::ranges::find_if(port.addresses, reaches);
    return found == port.addresses.end() ? nullptr : &*found;
}

/// Every port answers for a link-local address, listed or derived from its MAC.
bool on_link(const Port& port, const IpAddress& remote) {
    return is_ipv6_link_local(remote) || address_towards(port, remote) != nullptr;
}

std::string addresses_of(const Port& port) {
    std::string out;
    for (const IpPrefix& own : port.addresses) {
        if (!out.empty()) out += ", ";
        out += to_string(own);
    }
    return out.empty() ? "none" : out;
}

std::string names_of(const std::vector<const Port*>& ports) {
    std::string out;
    for (const Port* port : ports) {
        if (!out.empty()) out += ", ";
        out += port->name;
    }
    return out;
}

class Check {
public:
    Check(const SessionDraft& draft, const std::vector<Port>& ports,
          const std::vector<Profile>& profiles)
        : draft_{draft}, ports_{ports}, profiles_{profiles} {}

    SessionCheck run() && {
        session_.name = draft_.name;
        session_.profile = draft_.profile;
        session_.follow_link = draft_.follow_link.value_or(true);
        session_.admin_down = draft_.admin_down;
        session_.type = draft_.type;
        if (!draft_.name.empty()) add("name", name_fault(draft_.name, kLongestSessionName));
        check_parameters();
        check_addresses();
        check_demand_and_echo();
        return std::move(out_);
    }

private:
    void add(std::string_view member, std::optional<std::string> message,
             bool about_addresses = false) {
        if (message) out_.faults.push_back({member, std::move(*message), about_addresses});
    }

    const Profile* find_profile() {
        if (draft_.profile.empty()) return nullptr;
        const auto found = std::ranges::find(profiles_, draft_.profile, &Profile::name);
        if (found != profiles_.end()) return &*found;
        std::vector<std::string_view> names;
        for (const Profile& profile : profiles_) names.emplace_back(profile.name);
        add("profile", "there is no profile " + in_quotes(draft_.profile) +
                           (names.empty() ? ": the configuration has no [[profile]]"
                                          : did_you_mean(draft_.profile, names)));
        return nullptr;
    }

    void check_parameters() {
        static const Profile kNoProfile;
        const Profile* const named = find_profile();
        const Profile& profile = named != nullptr ? *named : kNoProfile;
        bfd::SessionParameters& out = session_.parameters;
        out.desired_min_tx_interval =
            profile.desired_min_tx_interval.value_or(kDefaultDesiredMinTxInterval);
        out.required_min_rx_interval =
            profile.required_min_rx_interval.value_or(kDefaultRequiredMinRxInterval);
        out.detect_mult = profile.detect_mult.value_or(kDefaultDetectMult);
        out.passive = draft_.passive.value_or(profile.passive.value_or(false));
        // Over several hops nothing else stops a forged packet that knows the discriminators.
        out.match_source = draft_.match_source.value_or(multihop());
        if (multihop()) out.min_ttl = kDefaultMultihopMinTtl;
        session_.auth = profile.auth.value_or(auth::Authentication{});
        if (draft_.auth) check_auth();
        check_notification(profile);
        if (const auto value = draft_.desired_min_tx_interval) {
            add("desired_min_tx_interval", desired_min_tx_fault(*value));
            out.desired_min_tx_interval = std::chrono::duration_cast<WireInterval>(*value);
        }
        if (const auto value = draft_.required_min_rx_interval) {
            add("required_min_rx_interval", required_min_rx_fault(*value));
            out.required_min_rx_interval = std::chrono::duration_cast<WireInterval>(*value);
        }
        if (const auto value = draft_.detect_mult) {
            add("detect_mult", detect_mult_fault(*value));
            out.detect_mult = static_cast<std::uint8_t>(*value);
        }
        read_demand_and_echo(profile);
        if (const auto value = draft_.dscp) {
            add("dscp", number_fault(*value, 0, 63, ", such as 48 (CS6)"));
            session_.dscp = static_cast<std::uint8_t>(*value);
        }
        session_.padded_pdu_size = profile.padded_pdu_size.value_or(0);
        if (const auto value = draft_.padded_pdu_size) {
            add("padded_pdu_size", padded_pdu_size_fault(*value));
            session_.padded_pdu_size = static_cast<std::uint16_t>(*value);
        }
        if (draft_.min_ttl && multihop()) {
            add("min_ttl", number_fault(*draft_.min_ttl, 1, 255,
                                        ": 255 less the routers on the way (RFC 5883 3)"));
            out.min_ttl = static_cast<std::uint8_t>(*draft_.min_ttl);
        } else if (draft_.min_ttl && *draft_.min_ttl != 255) {
            add("min_ttl", std::to_string(*draft_.min_ttl) +
                               " is not accepted: a single-hop session takes only packets with TTL "
                               "255 (RFC 5881 5), leave it out or write 255");
        }
    }

    void read_demand_and_echo(const Profile& profile) {
        bfd::SessionParameters& out = session_.parameters;
        out.demand_mode = draft_.demand_mode.value_or(profile.demand_mode.value_or(false));
        const auto take = [this](std::string_view member, const auto& given, const auto& otherwise,
                                 auto fault_of, WireInterval& to) {
            to = otherwise.value_or(WireInterval{0});
            if (!given) return;
            add(member, fault_of(*given));
            to = std::chrono::duration_cast<WireInterval>(*given);
        };
        take("demand_poll_interval", draft_.demand_poll_interval, profile.demand_poll_interval,
             demand_poll_fault, out.demand_poll_interval);
        take("desired_min_echo_tx_interval", draft_.desired_min_echo_tx_interval,
             profile.desired_min_echo_tx_interval, echo_interval_fault,
             out.desired_min_echo_tx_interval);
        take("required_min_echo_rx_interval", draft_.required_min_echo_rx_interval,
             profile.required_min_echo_rx_interval, echo_interval_fault,
             out.required_min_echo_rx_interval);
    }

    /// A session with ourselves, RFC 9747: nobody is asked for anything. What a profile says about
    /// peers is not for it.
    void check_looped() {
        bfd::SessionParameters& p = session_.parameters;
        constexpr const char* kNobody =
            "means nothing to a session of type echo, which has no BFD peer (RFC 9747): leave it "
            "out";
        const auto refuse = [&](std::string_view member, bool given) {
            if (given) add(member, kNobody);
        };
        refuse("required_min_rx_interval", draft_.required_min_rx_interval.has_value());
        refuse("passive", draft_.passive.value_or(false));
        refuse("match_source", draft_.match_source.value_or(false));
        refuse("demand_mode", draft_.demand_mode.value_or(false));
        refuse("desired_min_echo_tx_interval",
               draft_.desired_min_echo_tx_interval.value_or(std::chrono::microseconds{0}).count() !=
                   0);
        refuse(
            "required_min_echo_rx_interval",
            draft_.required_min_echo_rx_interval.value_or(std::chrono::microseconds{0}).count() !=
                0);
        p.passive = false;
        p.demand_mode = false;
        p.demand_poll_interval = WireInterval{0};
        p.desired_min_echo_tx_interval = WireInterval{0};
        p.required_min_echo_rx_interval = WireInterval{0};
        p.required_min_rx_interval = p.desired_min_tx_interval;  // all that is sent comes back
        if (is_ipv6_link_local(session_.remote)) {
            add("remote", draft_.remote +
                              " is link-local: packets to an address of ours that is link-local "
                              "are not forwarded back, write an address of a subnet");
        }
    }

    /// What only the whole session shows.
    void check_demand_and_echo() {
        if (session_.type == SessionType::Echo) return check_looped();
        const bfd::SessionParameters& p = session_.parameters;
        const bool echo = p.desired_min_echo_tx_interval > WireInterval{0};
        if (multihop()) {
            constexpr const char* kNotOverHops =
                "Echo is not used over several hops (RFC 5883 3): leave it out, or write \"0s\" "
                "against a profile's";
            if (echo) add("desired_min_echo_tx_interval", kNotOverHops);
            if (p.required_min_echo_rx_interval > WireInterval{0}) {
                add("required_min_echo_rx_interval", kNotOverHops);
            }
        }
        if (p.demand_mode && !echo && p.demand_poll_interval == WireInterval{0}) {
            add("demand_mode",
                "needs another proof that the peer is there, since it falls silent (RFC 5880 6.6): "
                "give demand_poll_interval, such as \"1s\", or desired_min_echo_tx_interval");
        }
        if (!p.demand_mode && draft_.demand_poll_interval.value_or(std::chrono::microseconds{0}) >
                                  std::chrono::microseconds{0}) {
            add("demand_poll_interval",
                "is given without Demand mode: write demand_mode = true, or leave it out");
        }
        if (echo && is_ipv6_link_local(session_.remote)) {
            add("desired_min_echo_tx_interval",
                "Echo packets to an IPv6 link-local address of ours are not forwarded back: use "
                "addresses of a subnet, or leave it out");
        }
    }

    void check_notification(const Profile& profile) {
        session_.interval_alignment =
            draft_.interval_alignment.value_or(profile.interval_alignment.value_or(false));
        notify::Policy& out = session_.notification;
        out.up_hold = profile.up_hold.value_or(out.up_hold);
        out.down_hold = profile.down_hold.value_or(out.down_hold);
        out.dampening = profile.dampening.value_or(out.dampening);
        if (const auto value = draft_.up_hold) {
            add("up_hold", up_hold_fault(*value));
            out.up_hold = std::chrono::duration_cast<notify::Milliseconds>(*value);
        }
        if (const auto value = draft_.down_hold) {
            add("down_hold", down_hold_fault(*value));
            out.down_hold = std::chrono::duration_cast<notify::Milliseconds>(*value);
        }
        if (!draft_.dampening) return;
        std::string_view member;
        std::string why;
        if (const auto read = read_dampening(*draft_.dampening, member, why)) {
            out.dampening = *read;
        } else {
            add(dampening_member(member), std::move(why));
        }
    }

    /// Names of members live as long as the program.
    static std::string_view dampening_member(std::string_view member) {
        for (const std::string_view m : {"dampening.half_life", "dampening.suppress",
                                         "dampening.reuse", "dampening.max_suppress"}) {
            if (m.ends_with('.' + std::string{member})) return m;
        }
        return "dampening.penalty";
    }

    void check_auth() {
        std::string_view member;
        std::string why;
        auto read = read_auth(*draft_.auth, member, why);
        if (read) {
            session_.auth = std::move(*read);
        } else {
            add(member == "type" ? "auth.type" : "auth.key_chain", std::move(why));
        }
    }

    void check_addresses() {
        const std::optional<IpAddress> remote = checked("remote", draft_.remote);
        if (draft_.remote.empty()) {
            add("remote", "is missing: write the peer's address, such as remote = \"192.0.2.2\"");
        }
        std::optional<IpAddress> local;
        if (!draft_.local.empty()) local = checked("local", draft_.local);
        if (remote) session_.remote = *remote;
        if (local) session_.local = *local;
        if (remote && local && remote->family != local->family) {
            add("local", draft_.local + " and remote " + draft_.remote +
                             " are of different families: both must be IPv4 or both IPv6");
            local.reset();
        }
        if (multihop()) return check_path(remote, local);
        const Port* const port = find_port(remote);
        if (port == nullptr || !remote) return;
        session_.port = port->name;
        check_remote_on(*port, *remote);
        if (local) return check_local_on(*port, *remote, *local);
        if (!draft_.local.empty()) return;
        const IpPrefix* const own = address_towards(*port, *remote);
        if (own != nullptr) session_.local = own->address;
    }

    [[nodiscard]] bool multihop() const noexcept { return draft_.type == SessionType::MultiHop; }

    /// Multihop, RFC 5883: any peer that a subnet or a static route leads to, from any address of
    /// ours.
    void check_path(const std::optional<IpAddress>& remote, const std::optional<IpAddress>& local) {
        const Port* named = nullptr;
        if (!draft_.port.empty() && (named = find_port(remote)) == nullptr) return;
        if (!remote) return;
        if (is_ipv6_link_local(*remote)) {
            return add("remote", draft_.remote +
                                     " is link-local, which no router passes on: write a "
                                     "single_hop session, or another address of the peer");
        }
        for (const Port& port : ports_) {
            if (std::ranges::find(port.addresses, *remote, &IpPrefix::address) ==
                port.addresses.end()) {
                continue;
            }
            return add("remote",
                       draft_.remote + " is our own address on port " + port.name +
                           ": write the peer's address",
                       true);
        }
        const std::vector<MultihopPath> paths = multihop_paths(ports_, *remote, named);
        if (paths.empty()) {
            return add("remote",
                       draft_.remote + " is in no subnet and behind no [[port.route]] of " +
                           (named == nullptr ? std::string{"any port"} : "port " + named->name) +
                           ": write a route that leads there",
                       true);
        }
        if (paths.size() > 1) {
            std::vector<const Port*> candidates;
            for (const MultihopPath& p : paths) candidates.push_back(p.port);
            return add("port",
                       "is missing, and " + draft_.remote +
                           " is reached equally well through several (" + names_of(candidates) +
                           "): name one of them",
                       true);
        }
        const MultihopPath& path = paths.front();
        session_.port = path.port->name;
        if (local) return check_own(*local);
        if (!draft_.local.empty()) return;
        if (path.local.family == AddressFamily::None) {
            return add("local",
                       "is missing, and port " + path.port->name +
                           " has no address of this family: write one of ours",
                       true);
        }
        session_.local = path.local;
    }

    void check_own(const IpAddress& local) {
        if (is_ipv6_link_local(local)) {
            return add("local", draft_.local +
                                    " is link-local, which no router passes on: write an address "
                                    "of wider scope");
        }
        const bool ours = std::ranges::any_of(ports_, [&](const Port& port) {
            return std::ranges::find(port.addresses, local, &IpPrefix::address) !=
                   port.addresses.end();
        });
        if (ours) return;
        add("local",
            draft_.local + " is no address of any port: write one of ours or leave local out",
            true);
    }

    std::optional<IpAddress> checked(std::string_view member, const std::string& given) {
        if (given.empty()) return std::nullopt;
        std::string why;
        const auto address = read_address(given, why);
        if (!address) {
            add(member, std::move(why));
            return std::nullopt;
        }
        const auto fault = not_a_host(*address);
        if (!fault) return address;
        add(member, given + ' ' + *fault + ": BFD needs the unicast address of one system");
        return std::nullopt;
    }

    const Port* find_port(const std::optional<IpAddress>& remote) {
        if (!draft_.port.empty()) {
            const auto found = std::ranges::find(ports_, draft_.port, &Port::name);
            if (found != ports_.end()) return &*found;
            std::vector<std::string_view> names;
            for (const Port& port : ports_) names.emplace_back(port.name);
            add("port",
                "there is no port " + in_quotes(draft_.port) + did_you_mean(draft_.port, names));
            return nullptr;
        }
        if (!remote) return nullptr;
        std::vector<const Port*> candidates;
        for (const Port& port : ports_) {
            if (on_link(port, *remote)) candidates.push_back(&port);
        }
        if (candidates.size() == 1) return candidates.front();
        if (candidates.empty()) {
            add("remote",
                draft_.remote +
                    " is in no subnet of any port: give a port an address in the peer's "
                    "subnet",
                true);
        } else {
            add("port",
                "is missing, and " + draft_.remote + " can be reached through several (" +
                    names_of(candidates) + "): name one of them",
                true);
        }
        return nullptr;
    }

    void check_remote_on(const Port& port, const IpAddress& remote) {
        if (std::ranges::find(port.addresses, remote, &IpPrefix::address) != port.addresses.end()) {
            add("remote",
                draft_.remote + " is our own address on port " + port.name +
                    ": write the peer's address",
                true);
            return;
        }
        if (is_ipv6_link_local(remote)) return;
        const IpPrefix* const own = address_towards(port, remote);
        if (own == nullptr) {
            add("remote",
                draft_.remote + " is in no subnet of port " + port.name + " (" +
                    addresses_of(port) + "): a single-hop peer shares a subnet with the port",
                true);
        } else if (is_network_or_broadcast(*own, remote)) {
            add("remote",
                draft_.remote + " is the " +
                    (remote == network_address(*own) ? "network" : "broadcast") + " address of " +
                    to_string(*own) + ": write the peer's own address",
                true);
        }
    }

    void check_local_on(const Port& port, const IpAddress& remote, const IpAddress& local) {
        const auto own = std::ranges::find(port.addresses, local, &IpPrefix::address);
        if (own == port.addresses.end()) {
            add("local",
                draft_.local + " is not an address of port " + port.name + " (" +
                    addresses_of(port) + "): write one of them or leave local out",
                true);
        } else if (is_ipv6_link_local(remote) != is_ipv6_link_local(local)) {
            add("local",
                draft_.local + " and remote " + draft_.remote +
                    " must both be link-local or neither",
                true);
        } else if (!is_ipv6_link_local(remote) && !own->contains(remote) &&
                   address_towards(port, remote) != nullptr) {
            add("local",
                draft_.local + " is not in the subnet of remote " + draft_.remote + ": use " +
                    to_string(address_towards(port, remote)->address) + " or leave local out",
                true);
        }
    }

    const SessionDraft& draft_;
    const std::vector<Port>& ports_;
    const std::vector<Profile>& profiles_;
    SessionCheck out_;
    Session& session_ = out_.session;
};

}  // namespace

SessionCheck validate_session(const SessionDraft& draft, const std::vector<Port>& ports,
                              const std::vector<Profile>& profiles) {
    return Check{draft, ports, profiles}.run();
}

SessionDraft draft_of(const Session& session) {
    const bfd::SessionParameters& p = session.parameters;
    SessionDraft out{
        .type = session.type,
        .name = session.name,
        .remote = to_string(session.remote),
        .local = to_string(session.local),
        .port = session.port,
        .profile = session.profile,
        .desired_min_tx_interval = p.desired_min_tx_interval,
        .required_min_rx_interval = p.required_min_rx_interval,
        .detect_mult = p.detect_mult,
        .min_ttl = p.min_ttl,
        .dscp = session.dscp,
        .passive = p.passive,
        .demand_mode = p.demand_mode,
        .demand_poll_interval = p.demand_poll_interval,
        .desired_min_echo_tx_interval = p.desired_min_echo_tx_interval,
        .required_min_echo_rx_interval = p.required_min_echo_rx_interval,
        .match_source = p.match_source,
        .follow_link = session.follow_link,
        .auth =
            AuthDraft{.type = std::string{auth::type_name(session.auth.type, session.auth.method)},
                      .key_chain = session.auth.key_chain},
        .padded_pdu_size = session.padded_pdu_size,
        .interval_alignment = session.interval_alignment,
        .up_hold = session.notification.up_hold,
        .down_hold = session.notification.down_hold,
        .dampening = draft_of(session.notification.dampening),
        .admin_down = session.admin_down};
    if (session.type == SessionType::Echo) {  // it has none of them
        out.required_min_rx_interval.reset();
        out.demand_mode.reset();
        out.demand_poll_interval.reset();
        out.desired_min_echo_tx_interval.reset();
        out.required_min_echo_rx_interval.reset();
    }
    return out;
}

SessionIdentity identity(const Session& session, const std::vector<Port>& ports) {
    if (session.type == SessionType::MultiHop) return {{}, session.remote, session.local};
    const auto port = std::ranges::find(ports, session.port, &Port::name);
    if (port == ports.end() || !port->point_to_point) return {session.port, session.remote};
    return {session.port, IpAddress{.family = session.remote.family}};
}

std::string_view type_name(SessionType type) noexcept { return name(type); }

std::optional<SessionType> session_type_named(std::string_view name) noexcept {
    for (const SessionType type :
         {SessionType::SingleHop, SessionType::MultiHop, SessionType::Echo}) {
        if (name == type_name(type)) return type;
    }
    return std::nullopt;
}

std::string describe(const Session& session) {
    const std::string peer =
        to_string(session.remote) + (session.type == SessionType::MultiHop
                                         ? " from " + to_string(session.local) + ", multihop"
                                         : " on " + session.port);
    return session.name.empty() ? peer : in_quotes(session.name) + " (" + peer + ')';
}

std::optional<std::string> name_fault(std::string_view name, std::size_t longest) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    if (!name.empty() && name.size() <= longest && std::ranges::all_of(name, allowed)) {
        return std::nullopt;
    }
    return in_quotes(name) + " is not a name: use 1.." + std::to_string(longest) +
           " letters, digits, '-', '_' or '.'";
}

std::optional<std::string> desired_min_tx_fault(std::chrono::microseconds value) {
    return interval_fault(value);
}

std::optional<std::string> required_min_rx_fault(std::chrono::microseconds value) {
    if (value.count() == 0) {
        return "0us asks the peer for silence for good: write demand_mode = true to have it silent "
               "while the session is Up; " +
               to_string(kShortestInterval) + ".." + to_string(kLongestInterval) + " are accepted";
    }
    return interval_fault(value);
}

std::optional<std::string> detect_mult_fault(std::int64_t value) {
    return number_fault(value, 1, 255, " (RFC 5880 6.8.1)");
}

std::optional<std::string> demand_poll_fault(std::chrono::microseconds value) {
    if (value.count() == 0 || (value >= kShortestDemandPoll && value <= kLongestDemandPoll)) {
        return std::nullopt;
    }
    return to_string(value) + " is out of range: 0s (only when asked for) or " +
           to_string(kShortestDemandPoll) + ".." + to_string(kLongestDemandPoll) + " are accepted";
}

std::optional<std::string> echo_interval_fault(std::chrono::microseconds value) {
    if (value.count() == 0 || (value >= kShortestInterval && value <= kLongestInterval)) {
        return std::nullopt;
    }
    return to_string(value) + " is out of range: 0s (no Echo) or " + to_string(kShortestInterval) +
           ".." + to_string(kLongestInterval) + " are accepted";
}

std::optional<std::string> padded_pdu_size_fault(std::int64_t value) {
    if (value == 0) return std::nullopt;
    return number_fault(value, 24, 65535,
                        " (octets of UDP payload, RFC 9764), or 0 for no padding");
}

std::optional<auth::Authentication> read_auth(const AuthDraft& draft, std::string_view& member,
                                              std::string& why) {
    member = "type";
    const auto type = auth::type_named(draft.type);
    if (!type) {
        why = (draft.type.empty() ? "is missing: write "
                                  : in_quotes(draft.type) +
                                        " is not a type of "
                                        "authentication: write ") +
              one_of(auth::type_names());
        return std::nullopt;
    }
    member = "key_chain";
    const bool none = type->first == bfd::AuthType::None;
    if (none != draft.key_chain.empty()) {
        why = none ? "is given without authentication: leave it out, or choose another type"
                   : "is missing: write the name of a [[key_chain]]";
        return std::nullopt;
    }
    return auth::Authentication{
        .type = type->first, .method = type->second, .key_chain = draft.key_chain};
}

std::optional<std::string> key_chain_fault(const auth::Authentication& how,
                                           const std::vector<auth::KeyChain>& chains) {
    if (how.type == bfd::AuthType::None) return std::nullopt;
    const auto found = std::ranges::find(chains, how.key_chain, &auth::KeyChain::name);
    if (found == chains.end()) {
        std::vector<std::string_view> names;
        for (const auth::KeyChain& chain : chains) names.emplace_back(chain.name);
        return "there is no key chain " + in_quotes(how.key_chain) +
               (names.empty() ? ": the configuration has no [[key_chain]]"
                              : did_you_mean(how.key_chain, names));
    }
    return auth::secret_fault(how, *found);
}

}  // namespace tocsin::control::config
