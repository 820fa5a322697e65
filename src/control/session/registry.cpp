#include "control/session/registry.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tocsin::control::session {

Registry::Registry(std::vector<SessionPort> ports, std::uint32_t most) : ports_{std::move(ports)} {
    records_.reserve(most);
    by_identity_.reserve(most);
    by_name_.reserve(most);
}

SessionRecord& Registry::insert(const config::Session& session, PortId port, Origin origin) {
    last_id_ = {last_id_.value + 1};
    SessionRecord& record = records_.append(last_id_);
    record.type = session.type;
    record.port = port;
    record.origin = origin;
    record.dscp = session.dscp;
    record.padded_pdu_size = session.padded_pdu_size;
    record.follow_link = session.follow_link;
    record.admin_down = session.admin_down;
    record.remote = session.remote;
    record.local = session.local;
    record.parameters = session.parameters;
    record.frames = session.frames;
    record.tunnel = session.tunnel;
    record.remote_discriminator = session.remote_discriminator;
    if (record.type == SessionType::Sbfd) {
        tunnels_.emplace(record.remote, &record);
        ++initiators_;
    }
    if (record.tunnel) {
        tunnels_.emplace(record.remote, &record);
        ++pairs_[{record.type, record.local, record.remote}];
        const bool ingress =
            record.type == SessionType::Mpls && record.tunnel->labels->remote_discr.value == 0;
        if (ingress) ingresses_.emplace(record.id.value, &record);
    }
    record.status.session_state =
        session.admin_down ? bfd::SessionState::AdminDown : bfd::SessionState::Down;
    record.status.remote_session_state = bfd::SessionState::Down;
    record.interval_alignment = session.interval_alignment;
    if (session.admin_down) record.told.indication = notify::Indication::AdminDown;
    set_policy(record, session.notification);
    if (!session.name.empty()) {
        // The name of another session stays that one's: check_diff() and check_new() refuse before.
        const auto [named, fresh] = by_name_.try_emplace(session.name, &record);
        if (fresh) record.name = &named->first;
    }
    set_profile(record, session.profile);
    by_identity_.emplace(identity(record), &record);
    return record;
}

void Registry::erase(SessionRecord& record) {
    if (record.name != nullptr) by_name_.erase(by_name_.find(*record.name));
    by_identity_.erase(identity(record));
    if (record.type == SessionType::Sbfd) {
        tunnels_.erase({record.remote, &record});
        --initiators_;
    }
    if (record.tunnel) {
        tunnels_.erase({record.remote, &record});
        ingresses_.erase(record.id.value);
        const auto pair = pairs_.find({record.type, record.local, record.remote});
        if (--pair->second == 0) pairs_.erase(pair);
    }
    if (record.has_policy) forget_policy(record);
    records_.erase(record.id);
}

SessionRecord* Registry::find(SessionId id) { return records_.find(id); }

SessionRecord* Registry::find_name(std::string_view name) {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second;
}

SessionRecord* Registry::find_identity(PortId port, const IpAddress& remote) {
    const auto it = by_identity_.find(identity(SessionType::SingleHop, port, {}, remote));
    return it == by_identity_.end() ? nullptr : it->second;
}

std::vector<SessionRecord*> Registry::find_multihop(const IpAddress& remote) {
    std::vector<SessionRecord*> out;
    for (const IpAddress& local : locals_) {
        const auto it = by_identity_.find(identity(SessionType::MultiHop, {}, local, remote));
        if (it != by_identity_.end()) out.push_back(it->second);
    }
    return out;
}

std::vector<SessionRecord*> Registry::find_micro(const IpAddress& remote) {
    std::vector<SessionRecord*> out;
    for (const SessionPort& p : ports_) {
        const auto it = by_identity_.find(identity(SessionType::Micro, p.id, {}, remote));
        if (it != by_identity_.end() && it->second->remote == remote) out.push_back(it->second);
    }
    return out;
}

SessionRecord* Registry::find_micro(PortId port, AddressFamily family) {
    const auto it =
        by_identity_.find(identity(SessionType::Micro, port, {}, IpAddress{.family = family}));
    return it == by_identity_.end() ? nullptr : it->second;
}

std::vector<SessionRecord*> Registry::find_tunnels(const IpAddress& remote) {
    std::vector<SessionRecord*> out;
    for (auto it = tunnels_.lower_bound({remote, nullptr});
         it != tunnels_.end() && it->first == remote; ++it) {
        out.push_back(it->second);
    }
    return out;
}

std::size_t Registry::between(SessionType type, const IpAddress& local,
                              const IpAddress& remote) const {
    const auto pair = pairs_.find({type, local, remote});
    return pair == pairs_.end() ? 0 : pair->second;
}

SessionRecord* Registry::find_same(const config::Session& session) {
    const SessionPort* const p = port_named(session.port);
    if (p == nullptr) return nullptr;
    const auto it = by_identity_.find(identity(session, p->id));
    return it == by_identity_.end() ? nullptr : it->second;
}

bool Registry::rename(SessionRecord& record, std::string_view name) {
    const SessionRecord* const holder = name.empty() ? nullptr : find_name(name);
    if (holder == &record) return true;
    if (holder != nullptr) return false;
    if (record.name != nullptr) by_name_.erase(by_name_.find(*record.name));
    record.name =
        name.empty() ? nullptr : &by_name_.try_emplace(std::string{name}, &record).first->first;
    return true;
}

void Registry::set_profile(SessionRecord& record, std::string_view profile) {
    // Profiles are few and stay interned for the life of the daemon.
    record.profile = profile.empty() ? nullptr : &*profiles_.emplace(profile).first;
}

void Registry::set_policy(SessionRecord& record, const notify::Policy& policy) {
    const std::uint64_t id = record.id.value;
    if (record.has_policy) {
        notify::Telling* const telling = tellings_.find(id);
        if (telling->policy() == policy) return;
        telling->set_policy(policy);
        tellings_.hurry(id);
    } else if (policy.active()) {
        tellings_.add(id, {policy, record.status, record.told.indication});
        record.has_policy = true;
    }
}

void Registry::forget_policy(SessionRecord& record) {
    tellings_.erase(record.id.value);
    record.has_policy = false;
}

SessionPort* Registry::port(PortId id) {
    const auto it = std::ranges::find(ports_, id, &SessionPort::id);
    return it == ports_.end() ? nullptr : &*it;
}

const SessionPort* Registry::port(PortId id) const {
    const auto it = std::ranges::find(ports_, id, &SessionPort::id);
    return it == ports_.end() ? nullptr : &*it;
}

const SessionPort* Registry::port_named(std::string_view name) const {
    const auto it = std::ranges::find(ports_, name, &SessionPort::name);
    return it == ports_.end() ? nullptr : &*it;
}

config::Session Registry::spec(const SessionRecord& record) const {
    config::Session out;
    out.type = record.type;
    if (record.name != nullptr) out.name = *record.name;
    if (record.profile != nullptr) out.profile = *record.profile;
    if (const SessionPort* p = port(record.port)) out.port = p->name;
    out.remote = record.remote;
    out.local = record.local;
    out.parameters = record.parameters;
    out.dscp = record.dscp;
    out.padded_pdu_size = record.padded_pdu_size;
    out.follow_link = record.follow_link;
    out.admin_down = record.admin_down;
    out.interval_alignment = record.interval_alignment;
    out.frames = record.frames;
    out.tunnel = record.tunnel;
    out.remote_discriminator = record.remote_discriminator;
    if (record.has_policy) out.notification = tellings_.find(record.id.value)->policy();
    return out;
}

Registry::Identity Registry::identity(SessionType type, PortId port_id, const IpAddress& local,
                                      const IpAddress& remote) {
    Identity out;
    out.here = port_id.value;
    out.family = remote.family;
    // A system has a session of its own or one of Echo, RFC 9747 4.
    out.type = type == SessionType::Echo ? SessionType::SingleHop : type;
    if (type == SessionType::MultiHop) {
        const auto known = std::ranges::find(locals_, local);
        out.here = static_cast<std::uint16_t>(known - locals_.begin());
        if (known == locals_.end()) locals_.push_back(local);
        out.remote = remote.octets;
        return out;
    }
    if (type == SessionType::Micro) return out;  // addresses say nothing, RFC 7130 2.2
    const SessionPort* p = port(port_id);
    if (p == nullptr || !p->point_to_point) out.remote = remote.octets;
    return out;
}

Registry::Identity Registry::key_identity(const SessionKey& key) {
    std::array<std::uint32_t, sizeof(SessionKey) / 4> words{};
    std::memcpy(words.data(), &key, sizeof key);
    // Two hashes of 64 bits: that two keys share both is no more likely than a broken machine.
    std::uint64_t a = 0x243f6a8885a308d3U;
    std::uint64_t b = 0x13198a2e03707344U;
    for (const std::uint32_t word : words) {
        a = (a ^ word) * 0x9e3779b97f4a7c15U;
        a ^= a >> 32U;
        b = (b + word) * 0xbf58476d1ce4e5b9U;
        b ^= b >> 29U;
    }
    Identity out;
    out.family = key.family;
    out.type = key.type;
    std::memcpy(out.remote.data(), &a, 8);
    std::memcpy(out.remote.data() + 8, &b, 8);
    return out;
}

std::size_t Registry::IdentityHash::operator()(const Identity& i) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, i.remote.data(), 8);
    std::memcpy(&low, i.remote.data() + 8, 8);
    std::uint64_t h = high * 0x9e3779b97f4a7c15U;
    h = (h ^ (h >> 29U) ^ low) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 32U) ^ i.here ^ static_cast<std::uint64_t>(i.family) << 16U ^
         static_cast<std::uint64_t>(i.type) << 24U) *
        0x94d049bb133111ebU;
    return static_cast<std::size_t>(h ^ (h >> 31U));
}

}  // namespace tocsin::control::session
