#pragma once

#include "control/base/boxed.hpp"
#include "control/config/lag.hpp"
#include "control/config/tunnel.hpp"
#include "control/notify/telling.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/session_event.hpp"

#include <cstdint>
#include <string>

namespace tocsin::control::session {

using SessionId = Id<struct SessionIdTag, std::uint64_t>;  ///< grows, never reused; 0 = none

/// Who asked for a session. One origin never deletes another's sessions.
enum class Origin : std::uint8_t { Config, Api, Unsolicited };

[[nodiscard]] constexpr const char* name(Origin o) noexcept {
    constexpr const char* kNames[]{"config", "api", "unsolicited"};
    return kNames[static_cast<std::size_t>(o)];
}

/// For sentences.
[[nodiscard]] constexpr const char* owner(Origin o) noexcept {
    constexpr const char* kOwners[]{"the configuration file", "the API",
                                    "the policy for unsolicited sessions of its port"};
    return kOwners[static_cast<std::size_t>(o)];
}

/// Why no worker has a session yet.
enum class Waiting : std::uint8_t { No, ForSlot, ForLoad };

/// A session that should exist, and what is known of it. Control thread only. Text is interned by
/// the registry, since there may be a million of these.
struct SessionRecord {
    SessionId id;
    const std::string* name = nullptr;     ///< nullptr: none
    const std::string* profile = nullptr;  ///< as written, for people; nullptr: none
    bfd::SessionHandle handle;             ///< discriminator 0 while it waits for a free slot
    WorkerId worker;
    PortId port;                    ///< that packets leave by; single hop: and come in by
    std::uint16_t source_port = 0;  ///< constant for the life of the session, RFC 5881 4
    Origin origin = Origin::Api;
    std::uint8_t dscp = 48;
    bool follow_link = true;
    bool admin_down = false;
    Waiting waiting = Waiting::No;
    SessionType type = SessionType::SingleHop;
    std::uint16_t padded_pdu_size = 0;
    config::MemberFrames frames;      ///< as config::Session
    bool interval_alignment = false;  ///< RFC 7419
    bool dampened = false;            ///< an Up would be held back
    bool has_policy = false;          ///< the registry's tellings have it
    notify::Told told;                ///< what clients know
    notify::Initiator initiator{};    ///< of the last change of the state
    bool next_hop_resolved = false;   ///< the worker has headers, or is about to
    /// The last reload that ends or changes it, and so lets another session have its name.
    std::uint32_t touched_by_reload = 0;
    IpAddress remote;
    IpAddress local;
    IpAddress next_hop;     ///< family None: no route to `remote`
    IpAddress seen_source;  ///< the peer's source address when it is not `remote`, RFC 5881 6
    bfd::SessionParameters parameters;
    Boxed<config::Tunnel> tunnel;        ///< as config::Session
    Discriminator remote_discriminator;  ///< likewise
    bfd::SessionSnapshot status;         ///< as last heard of from the worker
};

}  // namespace tocsin::control::session
