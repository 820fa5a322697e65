#include "control/config/validate.hpp"

#include "control/base/address.hpp"
#include "control/config/address_rules.hpp"
#include "control/config/lag_rules.hpp"
#include "control/config/nearest.hpp"
#include "control/config/sbfd_reader.hpp"
#include "control/config/session_identity.hpp"
#include "control/config/session_rules.hpp"
#include "control/config/unsolicited_reader.hpp"
#include "control/config/vlan_port.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace tocsin::control::config {

namespace {

/// The kernel interface that a vdev attaches to: the value of its argument `iface`.
std::string interface_of(std::string_view device) {
    constexpr std::string_view kArgument = ",iface=";
    const auto at = device.find(kArgument);
    if (at == device.npos) return {};
    const std::string_view value = device.substr(at + kArgument.size());
    return std::string{value.substr(0, value.find(','))};
}

/// Remembers who used a value first. `key` is compared, `path` named in the message.
template <class Key>
class FirstUse {
public:
    /// The path of the earlier use; nullptr for the first one.
    const std::string* claim(Key key, const std::string& path) {
        const auto [entry, is_new] = first_.emplace(std::move(key), path);
        return is_new ? nullptr : &entry->second;
    }

private:
    std::map<Key, std::string> first_;
};

/// Sessions between two ends of tunnels.
using Pairs = std::map<std::tuple<SessionType, IpAddress, IpAddress>, std::uint32_t>;

class Validation {
public:
    Validation(Draft draft, Faults& faults)
        : draft_{std::move(draft)}, config_{draft_.config}, faults_{faults} {
        for (const Fault& fault : faults) reported_.insert(fault.path);
    }

    Config run() && {
        check_ports();
        check_key_chain_names();
        check_profiles();
        expand_lags(draft_, [this](const std::string& path, std::string message) {
            add(path, std::move(message));
        });
        check_sessions();
        check_unsolicited(config_, [this](const std::string& path, std::string message) {
            add(path, std::move(message));
        });
        check_reflectors(config_, [this](const std::string& path, std::string message) {
            add(path, std::move(message));
        });
        for (std::size_t i = 0; i < config_.sbfd.reflectors.size(); ++i) {
            check_key_chain(config_.sbfd.reflectors[i].auth, indexed("reflector", i) + ".auth");
        }
        check_room_for_authentication();
        return std::move(config_);
    }

private:
    /// One message for each key: what parse() said first stays.
    void add(const std::string& path, std::string message) {
        if (reported_.contains(path)) return;
        faults_.push_back({.path = path, .line = 0, .message = std::move(message)});
    }

    void check_ports() {
        FirstUse<std::string> names;
        FirstUse<std::string> devices;
        FirstUse<std::string> interfaces;
        FirstUse<IpAddress> addresses;
        for (std::size_t i = 0; i < config_.ports.size(); ++i) {
            const Port& port = config_.ports[i];
            const std::string path = indexed("port", i);
            if (const auto* first = port.name.empty() ? nullptr : names.claim(port.name, path)) {
                add(path + ".name", in_quotes(port.name) + " is already the name of " + *first +
                                        ": give each port its own");
            }
            const std::string device = port.device.substr(0, port.device.find(','));
            if (const auto* first = device.empty() ? nullptr : devices.claim(device, path)) {
                add(path + ".device",
                    in_quotes(device) + " is already the device of " + *first +
                        ": number vdevs differently, such as net_tap0 and net_tap1");
            }
            const std::string interface = interface_of(port.device);
            if (const auto* first =
                    interface.empty() ? nullptr : interfaces.claim(interface, path)) {
                add(path + ".device", "interface " + interface + " is already used by " + *first +
                                          ": one port takes all of it");
            }
            check_subnets(port, path, addresses);
            check_routes(port, path);
        }
        check_vlan_ports(config_.ports, [this](const std::string& path, std::string message) {
            add(path, std::move(message));
        });
    }

    void check_subnets(const Port& port, const std::string& path, FirstUse<IpAddress>& addresses) {
        const std::string at = path + ".addresses";
        if (port.addresses.size() > kMostAddresses) {
            add(at, std::to_string(port.addresses.size()) + " addresses: a port takes at most " +
                        std::to_string(kMostAddresses));
        }
        for (std::size_t i = 0; i < port.addresses.size(); ++i) {
            const IpPrefix& own = port.addresses[i];
            const auto earlier = std::ranges::find_if(
                port.addresses.begin(), port.addresses.begin() + static_cast<std::ptrdiff_t>(i),
                [&](const IpPrefix& other) {  // several addresses of one subnet are welcome
                    return other.length != own.length && overlap(other, own);
                });
            if (earlier != port.addresses.begin() + static_cast<std::ptrdiff_t>(i)) {
                add(at, to_string(own) + " and " + to_string(*earlier) +
                            " overlap: the subnets of one port must be apart or the same");
                continue;
            }
            if (is_ipv6_link_local(own.address)) continue;  // means something else on each link
            if (const auto* first = addresses.claim(own.address, path)) {
                add(at, to_string(own.address) + " is already an address of " + *first);
            }
        }
    }

    void check_routes(const Port& port, const std::string& path) {
        FirstUse<IpPrefix> destinations;
        for (std::size_t i = 0; i < port.routes.size(); ++i) {
            const Route& route = port.routes[i];
            const std::string at = path + '.' + indexed("route", i);
            const bool has_to = route.to.address.family != AddressFamily::None;
            if (const auto* first = has_to ? destinations.claim(route.to, at) : nullptr) {
                add(at + ".to", to_string(route.to) + " is already the destination of " + *first);
            }
            if (route.via.family == AddressFamily::None) continue;
            if (has_to && route.to.address.family != route.via.family) {
                add(at + ".via", to_string(route.via) + " and " + to_string(route.to) +
                                     " are of different families: both must be IPv4 or both IPv6");
                continue;
            }
            check_gateway(port, route.via, at + ".via");
        }
    }

    void check_gateway(const Port& port, const IpAddress& via, const std::string& path) {
        if (draft_.addresses_are_doubtful) return;
        if (std::ranges::find(port.addresses, via, &IpPrefix::address) != port.addresses.end()) {
            return add(path, to_string(via) + " is the port's own address: write the gateway's");
        }
        if (is_ipv6_link_local(via)) return;
        const auto subnet = std::ranges::find_if(
            port.addresses, [&](const IpPrefix& own) { return own.contains(via); });
        if (subnet == port.addresses.end()) {
            add(path,
                to_string(via) + " is in no subnet of the port: a gateway must be on the link");
        } else if (is_network_or_broadcast(*subnet, via)) {
            add(path, to_string(via) + " is the network or broadcast address of " +
                          to_string(*subnet) + ": write the gateway's own address");
        }
    }

    void check_profiles() {
        FirstUse<std::string> names;
        for (std::size_t i = 0; i < config_.profiles.size(); ++i) {
            const Profile& profile = config_.profiles[i];
            const std::string& name = profile.name;
            const std::string path = indexed("profile", i);
            if (const auto* first = name.empty() ? nullptr : names.claim(name, path)) {
                add(path + ".name", in_quotes(name) + " is already the name of " + *first);
            }
            if (profile.auth) check_key_chain(*profile.auth, path + ".auth");
        }
    }

    void check_sessions() {
        FirstUse<std::string> names;
        FirstUse<SessionIdentity> identities;
        Pairs pairs;
        config_.sessions.reserve(draft_.sessions.size());
        for (std::size_t i = 0; i < draft_.sessions.size(); ++i) {
            const SessionDraft& draft = draft_.sessions[i];
            const std::string& path = draft_.session_paths[i];
            SessionCheck check =
                validate_session(draft, config_.ports, config_.profiles, config_.tunnels);
            for (MemberFault& fault : check.faults) {
                if (fault.about_addresses && draft_.addresses_are_doubtful) continue;
                std::string at = path;
                at += '.';
                at += fault.member;
                add(at, std::move(fault.message) + whose(draft));
                // All members of a LAG have what was written once.
                if (draft.type == SessionType::Micro) reported_.insert(at);
            }
            if (!draft.name.empty()) {
                if (const auto* first = names.claim(draft.name, path)) {
                    add(path + ".name", in_quotes(draft.name) + " is already the name of " +
                                            *first + ": names are unique");
                }
            }
            // A profile's was looked at there.
            if (draft.auth) check_key_chain(check.session.auth, path + ".auth");
            check_identity(check.session, path, identities);
            check_pair(check.session, path, pairs);
            config_.sessions.push_back(std::move(check.session));
        }
        check_room_for_echo();
        check_room_for_congestion_control();
        check_room_for_overlays();
        if (config_.sessions.size() <= config_.dataplane.max_sessions) return;
        add("dataplane.max_sessions",
            std::to_string(config_.dataplane.max_sessions) + " is less than the " +
                std::to_string(config_.sessions.size()) + " sessions of this file: raise it");
    }

    void check_key_chain_names() {
        FirstUse<std::string> names;
        for (std::size_t i = 0; i < config_.key_chains.size(); ++i) {
            const std::string& name = config_.key_chains[i].name;
            const std::string path = indexed("key_chain", i);
            if (const auto* first = name.empty() ? nullptr : names.claim(name, path)) {
                add(path + ".name", in_quotes(name) + " is already the name of " + *first);
            }
        }
        if (config_.key_chains.size() > kMostKeyChains) {
            add("key_chain", std::to_string(config_.key_chains.size()) + " key chains: at most " +
                                 std::to_string(kMostKeyChains) + " are accepted");
        }
    }

    void check_room_for_authentication() {
        if (config_.dataplane.authentication || !draft_.authentication) return;
        const auto authenticated = [](const auto& s) { return s.auth.type != bfd::AuthType::None; };
        if (std::ranges::none_of(config_.sessions, authenticated) &&
            std::ranges::none_of(config_.unsolicited, authenticated) &&
            std::ranges::none_of(config_.sbfd.reflectors, authenticated)) {
            return;
        }
        add("dataplane.authentication",
            "is false, but reflectors or sessions are authenticated: leave the key out, or write "
            "true");
    }

    /// When the key is not given there is room if anybody in the file asks for Echo.
    void check_room_for_echo() {
        const bool wanted = std::ranges::any_of(config_.sessions, [](const Session& s) {
            return s.parameters.desired_min_echo_tx_interval > WireInterval{0};
        });
        const bool offered = std::ranges::any_of(config_.profiles, [](const Profile& p) {
            return p.desired_min_echo_tx_interval.value_or(WireInterval{0}) > WireInterval{0};
        });
        config_.dataplane.echo = draft_.echo.value_or(wanted || offered);
        if (config_.dataplane.echo || !wanted) return;
        add("dataplane.echo",
            "is false, but sessions send Echo packets: leave the key out, or write true");
    }

    /// When the key is not given there is room unless it is much and nobody in the file needs it.
    void check_room_for_congestion_control() {
        const bool wanted = std::ranges::any_of(config_.sessions, [](const Session& s) {
            return s.parameters.congestion_doublings != 0;
        });
        const bool little = config_.dataplane.max_sessions <= kCongestionRoomFor;
        config_.dataplane.congestion_control = draft_.congestion_control.value_or(wanted || little);
        if (config_.dataplane.congestion_control || !wanted) return;
        add("dataplane.congestion_control",
            "is false, but sessions of type multihop or sbfd use it: leave the key out, or write "
            "congestion_control = false for each of them");
    }

    /// When the key is not given there is room if anybody in the file needs it, or sessions are
    /// few.
    void check_room_for_overlays() {
        const bool few = config_.dataplane.max_sessions <= kMostWithOverlays;
        const auto tunnel = [](const Session& s) { return static_cast<bool>(s.tunnel); };
        config_.dataplane.overlays =
            draft_.overlays.value_or(few || std::ranges::any_of(config_.sessions, tunnel));
        if (config_.dataplane.overlays ||
            std::ranges::none_of(config_.sessions, needs_room_for_overlays)) {
            return;
        }
        add("dataplane.overlays",
            "is false, but sessions in tunnels have headers that need the room: leave the key "
            "out, or write true");
    }

    /// RFC 8971 9, RFC 9521 6.
    void check_pair(const Session& session, const std::string& path, Pairs& pairs) {
        if (!session.tunnel || session.local.family == AddressFamily::None) return;
        const std::uint32_t most = config_.tunnels.per_pair(session.type);
        if (++pairs[{session.type, session.local, session.remote}] <= most) return;
        add(path + ".remote", "is one session more than the " + std::to_string(most) + " that " +
                                  std::string{name(session.type)} +
                                  ".sessions_per_pair allows from " + to_string(session.local) +
                                  " to " + to_string(session.remote) + ": raise it");
    }

    void check_key_chain(const auth::Authentication& how, const std::string& path) {
        if (draft_.key_chains_are_doubtful) return;
        if (auto why = key_chain_fault(how, config_.key_chains)) {
            add(path + ".key_chain", std::move(*why));
        }
    }

    void check_identity(const Session& session, const std::string& path,
                        FirstUse<SessionIdentity>& identities) {
        const bool multihop = session.type == SessionType::MultiHop;
        if (is_routed(session.type) && session.local.family == AddressFamily::None) return;
        if (session.port.empty() || session.remote.family == AddressFamily::None) return;
        const auto* first = identities.claim(identity(session, config_.ports), path);
        if (first == nullptr) return;
        if (session.tunnel) {
            return add(path + ".remote",
                       to_string(session.remote) + ", " +
                           describe_tunnel(session.type, session.local, *session.tunnel) +
                           ", is already " + *first +
                           ": packets of the two could not be told apart (" +
                           (session.type == SessionType::Vxlan  ? "RFC 8971 6)"
                            : session.type == SessionType::Mpls ? "RFC 7726 2.1), write an instance"
                            : session.type == SessionType::Vccv ? "RFC 5885 3.1)"
                                                                : "RFC 9521 4.1)"));
        }
        if (session.type == SessionType::Sbfd) {
            return add(path + ".remote", to_string(session.remote) + " from " +
                                             to_string(session.local) + " is already asked for " +
                                             discriminator_text(session.remote_discriminator) +
                                             " by " + *first + ": one session is enough");
        }
        if (multihop) {
            return add(path + ".remote", to_string(session.remote) + " from " +
                                             to_string(session.local) + " is already " + *first +
                                             ": one multihop session for each pair of addresses "
                                             "(RFC 5883 4.1)");
        }
        const auto port = std::ranges::find(config_.ports, session.port, &Port::name);
        if (port != config_.ports.end() && port->point_to_point) {
            add(path + ".remote", "port " + session.port + " is point-to-point and " + *first +
                                      " is its session of this family: there can be one");
        } else {
            add(path + ".remote", to_string(session.remote) + " on port " + session.port +
                                      " is already the peer of " + *first +
                                      ": one session for each peer (RFC 5881 3)");
        }
    }

    /// " (session "rr1")", so that the reader need not count tables.
    static std::string whose(const SessionDraft& draft) {
        if (!draft.name.empty()) return " (session " + in_quotes(draft.name) + ')';
        if (!draft.remote.empty()) return " (session to " + in_quotes(draft.remote) + ')';
        return {};
    }

    Draft draft_;
    Config& config_;
    Faults& faults_;
    std::unordered_set<std::string> reported_;
};

}  // namespace

Config validate(Draft draft, Faults& faults) { return Validation{std::move(draft), faults}.run(); }

}  // namespace tocsin::control::config
