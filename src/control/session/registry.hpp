#pragma once

#include "control/config/schema.hpp"
#include "control/session/record_table.hpp"
#include "control/session/tellings.hpp"
#include "dataplane/base/session_key.hpp"
#include "overlay/vlan.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tocsin::control::session {

/// A port as sessions know it.
struct SessionPort {
    PortId id;
    std::string name;
    MacAddress mac{};
    bool point_to_point = false;
    bool link_up = true;
    std::uint16_t mtu = 1500;              ///< octets of IP packet
    std::vector<IpAddress> echo_source{};  ///< as config::Port
    overlay::VlanTags tags{};              ///< that its frames leave with
};

/// The sessions that should exist, by id, name and address. Owns their records and interned texts;
/// knows nothing of workers. Records keep their place in memory until they are removed.
class Registry {
public:
    /// What can exist once: port, family and remote, RFC 5881 3; without the remote's octets on a
    /// point-to-point port or for micro-BFD. Of multihop: the pair of addresses, RFC 5883 4.1. Of a
    /// tunnel: 128 bits that stand for config::tunnel_identity(), so that the others need no room
    /// for it; of S-BFD for config::sbfd_key().
    struct Identity {
        std::array<std::uint8_t, 16> remote{};
        std::uint16_t here = 0;  ///< the port; of multihop: the number of the local address
        AddressFamily family = AddressFamily::None;
        SessionType type = SessionType::SingleHop;
        friend bool operator==(const Identity&, const Identity&) = default;
    };
    struct IdentityHash {
        std::size_t operator()(const Identity& i) const noexcept;
    };

    /// Room for `most` sessions is prepared, so that growing never makes the loop wait.
    Registry(std::vector<SessionPort> ports, std::uint32_t most);
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    /// A record with the next id. The caller has seen that name and identity are free and the port
    /// exists.
    SessionRecord& insert(const config::Session& session, PortId port, Origin origin);
    void erase(SessionRecord& record);

    [[nodiscard]] SessionRecord* find(SessionId id);
    [[nodiscard]] SessionRecord* find_name(std::string_view name);
    /// The single-hop session that packets of `remote` on `port` belong to, RFC 5881 3: one for
    /// each port, family and remote; on a point-to-point port one for each family.
    [[nodiscard]] SessionRecord* find_identity(PortId port, const IpAddress& remote);

    /// The multihop sessions with this peer: one for each of our addresses at most.
    [[nodiscard]] std::vector<SessionRecord*> find_multihop(const IpAddress& remote);
    /// The micro-BFD sessions with this peer: one for each member link at most.
    [[nodiscard]] std::vector<SessionRecord*> find_micro(const IpAddress& remote);
    /// The micro-BFD session of a member link, RFC 7130 2.2; nullptr: there is none.
    [[nodiscard]] SessionRecord* find_micro(PortId port, AddressFamily family);
    /// The sessions in tunnels with this peer, and initiators of S-BFD that ask it.
    [[nodiscard]] std::vector<SessionRecord*> find_tunnels(const IpAddress& remote);
    /// How many initiators of S-BFD there are.
    [[nodiscard]] std::size_t initiators() const noexcept { return initiators_; }
    /// Sessions of LSPs whose ingress we are, by id.
    [[nodiscard]] const std::map<std::uint64_t, SessionRecord*>& ingresses() const noexcept {
        return ingresses_;
    }
    /// How many sessions of a type of tunnel these two ends have between them.
    [[nodiscard]] std::size_t between(SessionType type, const IpAddress& local,
                                      const IpAddress& remote) const;
    /// The one that `session`, which has a known port, cannot exist beside; nullptr: there is none.
    [[nodiscard]] SessionRecord* find_same(const config::Session& session);

    [[nodiscard]] Identity identity(const SessionRecord& record) {
        if (record.tunnel) {
            return key_identity(
                config::tunnel_identity(record.type, record.local, record.remote, *record.tunnel));
        }
        if (record.type == SessionType::Sbfd) {
            return key_identity(
                config::sbfd_key(record.local, record.remote, record.remote_discriminator));
        }
        return identity(record.type, record.port, record.local, record.remote);
    }
    [[nodiscard]] Identity identity(const config::Session& session, PortId port) {
        if (session.tunnel) {
            return key_identity(config::tunnel_identity(session.type, session.local, session.remote,
                                                        *session.tunnel));
        }
        if (session.type == SessionType::Sbfd) {
            return key_identity(
                config::sbfd_key(session.local, session.remote, session.remote_discriminator));
        }
        return identity(session.type, port, session.local, session.remote);
    }

    /// False when another session has that name. Empty: none.
    bool rename(SessionRecord& record, std::string_view name);
    void set_profile(SessionRecord& record, std::string_view profile);
    /// When its clients are told. A change takes effect with the next turn of the Notifier.
    void set_policy(SessionRecord& record, const notify::Policy& policy);
    /// Of a session whose policy holds nothing back.
    void forget_policy(SessionRecord& record);
    [[nodiscard]] Tellings& tellings() noexcept { return tellings_; }

    [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
    [[nodiscard]] SessionId last_id() const noexcept { return last_id_; }
    [[nodiscard]] RecordTable& records() noexcept { return records_; }
    [[nodiscard]] const RecordTable& records() const noexcept { return records_; }

    [[nodiscard]] const std::vector<SessionPort>& ports() const noexcept { return ports_; }
    [[nodiscard]] SessionPort* port(PortId id);
    [[nodiscard]] const SessionPort* port(PortId id) const;
    [[nodiscard]] const SessionPort* port_named(std::string_view name) const;

    /// As an operator would write it.
    [[nodiscard]] config::Session spec(const SessionRecord& record) const;

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept {
            return std::hash<std::string_view>{}(s);
        }
    };

    [[nodiscard]] Identity identity(SessionType type, PortId port, const IpAddress& local,
                                    const IpAddress& remote);
    [[nodiscard]] static Identity key_identity(const SessionKey& key);

    std::vector<SessionPort> ports_;
    std::vector<IpAddress> locals_;  ///< that multihop was ever asked for; few, all are ours
    SessionId last_id_;
    RecordTable records_;
    std::unordered_map<std::string, SessionRecord*, TextHash, std::equal_to<>> by_name_;
    std::unordered_map<Identity, SessionRecord*, IdentityHash> by_identity_;
    std::unordered_set<std::string, TextHash, std::equal_to<>> profiles_;
    std::set<std::pair<IpAddress, SessionRecord*>> tunnels_;  ///< by remote; initiators too
    std::size_t initiators_ = 0;
    std::map<std::tuple<SessionType, IpAddress, IpAddress>, std::size_t> pairs_;  ///< of tunnels
    std::map<std::uint64_t, SessionRecord*> ingresses_;
    mutable Tellings tellings_;  ///< a map whose search is not const
};

}  // namespace tocsin::control::session
