#pragma once

#include "control/auth/chains.hpp"
#include "control/base/result.hpp"
#include "control/config/sbfd.hpp"
#include "control/session/echo_looping.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/registry.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tocsin::control::session {

/// A reflector as it is now.
struct ReflectorView {
    config::Reflector reflector;  ///< admin_down: as an operator may have set it since
    std::uint64_t answered = 0;   ///< requests, since it is there
    std::uint64_t refused = 0;
};

/// The reflectors of S-BFD that should exist, RFC 7880 7.2; the workers answer. Control thread
/// only.
class Reflectors {
public:
    Reflectors(const Registry& registry, Reconciler& reconciler, auth::Chains& chains,
               EchoLooping& echo_looping, message::Dataplane& dataplane)
        : registry_{registry},
          reconciler_{reconciler},
          chains_{chains},
          echo_looping_{echo_looping},
          dataplane_{dataplane} {}

    /// Those of a file from now on, whose key chains are already there. One that stays keeps its
    /// counters, and what an operator said of its service unless the file itself says otherwise.
    void set(const config::Sbfd& sbfd);
    /// Takes entities out of service, or back. NOT_FOUND when there is none with a discriminator;
    /// nothing has changed then.
    [[nodiscard]] Result<Ok> set_admin(std::span<const Discriminator> discriminators, bool down);
    [[nodiscard]] std::vector<ReflectorView> views() const;

private:
    struct Entry {
        config::Reflector reflector;  ///< of the file
        bool admin_down = false;      ///< in force
        std::uint16_t key_chain = 0;  ///< number
        std::uint8_t counter = 0;     ///< bfd::ReflectorEntity::counter
        std::uint64_t answered = 0;   ///< what that stood at when it became this one's
        std::uint64_t refused = 0;
    };

    [[nodiscard]] Entry* find(Discriminator discriminator);
    void add(const config::Reflector& reflector, const std::vector<Entry>& before);
    void forget(const Entry& entry);
    void count(const Entry& entry, std::uint64_t& answered, std::uint64_t& refused) const;
    void tell();

    const Registry& registry_;
    Reconciler& reconciler_;
    auth::Chains& chains_;
    EchoLooping& echo_looping_;
    message::Dataplane& dataplane_;
    std::uint32_t rate_ = 1;
    std::uint32_t rate_per_source_ = 1;
    std::vector<Entry> entries_;
};

}  // namespace tocsin::control::session
