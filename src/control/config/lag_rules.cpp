#include "control/config/lag_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/address_rules.hpp"
#include "control/config/end_rules.hpp"
#include "control/config/nearest.hpp"
#include "control/config/references.hpp"
#include "control/config/value_rules.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::config {

namespace {

using Add = std::function<void(const std::string&, std::string)>;

constexpr std::string_view kFamilies = "one IPv4 address, one IPv6 address, or one of each";

/// At most one address of each family; what is wrong with one by itself is for its session.
std::vector<IpAddress> read_ends(const std::vector<std::string>& texts, const std::string& path,
                                 const Add& add) {
    std::vector<IpAddress> out;
    if (texts.empty()) add(path, "is missing: write " + std::string{kFamilies});
    for (const std::string& text : texts) {
        std::string why;
        const auto address = read_address(text, why);
        if (!address) {
            add(path, std::move(why));
            continue;
        }
        const auto same = std::ranges::find(out, address->family, &IpAddress::family);
        if (same != out.end()) {
            add(path, text + " and " + to_string(*same) +
                          " are of one family: there is one session for each family on a member "
                          "link (RFC 7130 2.2), write " +
                          std::string{kFamilies});
            continue;
        }
        out.push_back(*address);
    }
    std::ranges::sort(out, {}, &IpAddress::family);
    return out;
}

/// What is the same for all LAGs of a file.
class Expansion {
public:
    Expansion(Draft& draft, const Add& add) : draft_{draft}, add_{add} {}

    void run(LagDraft& from) {
        Lag& lag = from.lag;
        if (!lag.name.empty()) {
            const auto [first, is_new] = names_.emplace(lag.name, from.path);
            if (!is_new) {
                add_(from.path + ".name",
                     in_quotes(lag.name) + " is already the name of " + first->second);
            }
        }
        for (const LagMemberDraft& member : from.members) {
            if (!member.port.empty()) lag.members.push_back(member.port);
        }
        lag.local = read_ends(from.local, from.path + ".local", add_);
        lag.remote = read_ends(from.remote, from.path + ".remote", add_);
        check_families(from);
        check_members(from);
        if (lag.minimum_links > std::max<std::size_t>(lag.members.size(), 1)) {
            add_(from.path + ".minimum_links",
                 std::to_string(lag.minimum_links) + " is more than the " +
                     std::to_string(lag.members.size()) + " members: the LAG would never be up");
        }
        draft_.config.lags.push_back(lag);
    }

private:
    void check_families(const LagDraft& from) {
        const Lag& lag = from.lag;
        if (lag.local.empty() || lag.remote.empty()) return;
        if (!std::ranges::equal(lag.local, lag.remote, {}, &IpAddress::family,
                                &IpAddress::family)) {
            add_(from.path + ".remote",
                 "has other families than local: each family in use needs an address of ours and "
                 "one of the peer's (RFC 7130 2.1)");
        }
    }

    void check_members(LagDraft& from) {
        Lag& lag = from.lag;
        if (lag.members.empty()) {
            add_(from.path + ".members", "is missing: name the ports of the LAG");
        }
        std::vector<std::string> known;
        for (const std::string& port : lag.members) {
            const LagMemberDraft* const own = draft_of(from, port);
            const std::string path = own == nullptr ? from.path + ".members" : own->path + ".port";
            std::string why;
            const Port* const found = port_named(draft_.config.ports, port, why);
            if (found == nullptr) {
                if (!draft_.addresses_are_doubtful) add_(path, std::move(why));
                continue;
            }
            if (!found->parent.empty()) {
                add_(path, in_quotes(port) + " is a VLAN of " + found->parent +
                               ": members of a LAG are devices (RFC 7130 2.3), name that one");
                continue;
            }
            const auto [first, is_new] = ports_.emplace(port, from.path);
            if (!is_new) {
                add_(path, in_quotes(port) + " is already a member of " + first->second +
                               ": a port is a member of one LAG, once");
                continue;
            }
            known.push_back(port);
            add_sessions(from, port, own);
        }
        lag.members = std::move(known);
    }

    [[nodiscard]] static const LagMemberDraft* draft_of(const LagDraft& from,
                                                        const std::string& port) {
        const auto found = std::ranges::find(from.members, port, &LagMemberDraft::port);
        return found == from.members.end() ? nullptr : &*found;
    }

    void add_sessions(const LagDraft& from, const std::string& port, const LagMemberDraft* own) {
        const Lag& lag = from.lag;
        for (const IpAddress& remote : lag.remote) {
            const auto local = std::ranges::find(lag.local, remote.family, &IpAddress::family);
            if (local == lag.local.end()) continue;  // a fault already
            SessionDraft session = from.session;
            if (!lag.name.empty()) {
                session.name = member_session_name(lag.name, port, remote.family);
            }
            session.port = port;
            session.remote = to_string(remote);
            session.local = to_string(*local);
            if (own != nullptr) {
                if (!own->profile.empty()) session.profile = own->profile;
                const auto take = [](auto& to, const auto& value) {
                    if (value) to = value;
                };
                take(session.desired_min_tx_interval, own->desired_min_tx_interval);
                take(session.required_min_rx_interval, own->required_min_rx_interval);
                take(session.detect_mult, own->detect_mult);
            }
            draft_.sessions.push_back(std::move(session));
            draft_.session_paths.push_back(own == nullptr ? from.path : own->path);
        }
    }

    Draft& draft_;
    const Add& add_;
    std::map<std::string, std::string> names_;  ///< and the LAG that had it first
    std::map<std::string, std::string> ports_;  ///< likewise
};

}  // namespace

std::string member_session_name(std::string_view lag, std::string_view port, AddressFamily family) {
    std::string out{lag};
    out.append(".").append(port).append(".").append(family_name(family));
    return out;
}

void expand_lags(Draft& draft, const Add& add) {
    Expansion expansion{draft, add};
    for (LagDraft& lag : draft.lags) expansion.run(lag);
}

void check_member_link(RuleContext& in) {
    const Ends ends = read_ends(in);
    const Port* const port = named_port(in);
    if (in.draft.local.empty()) {
        in.add("local", "is missing: write our address of the LAG");
    }
    if (port == nullptr) return;
    in.session.port = port->name;
    if (!ends.remote || !ends.local) return;
    if (*ends.remote == *ends.local) {
        in.add("remote", in.draft.remote + " is local as well: write the peer's address");
    } else {
        static_cast<void>(refuse_own(in, *port, *ends.remote));
    }
}

void check_micro(RuleContext& in) {
    const bfd::SessionParameters& p = in.session.parameters;
    const auto refuse = [&](std::string_view member, bool given, bool own, const char* what) {
        if (!given) return;
        in.add(own ? member : std::string_view{"profile"},
               std::string{what} + " is not used on member links of a LAG (RFC 7130 2.2): leave " +
                   (own ? "it" : std::string{member}) + " out" +
                   (own ? std::string{} : " of the profile, or take another one"));
    };
    refuse("demand_mode", p.demand_mode, in.draft.demand_mode.has_value(), "Demand mode");
    refuse("desired_min_echo_tx_interval", p.desired_min_echo_tx_interval > WireInterval{0},
           in.draft.desired_min_echo_tx_interval.has_value(), "Echo");
    refuse("required_min_echo_rx_interval", p.required_min_echo_rx_interval > WireInterval{0},
           in.draft.required_min_echo_rx_interval.has_value(), "Echo");
    in.session.frames = in.draft.frames;
    in.session.on_request = in.draft.on_request;
}

}  // namespace tocsin::control::config
