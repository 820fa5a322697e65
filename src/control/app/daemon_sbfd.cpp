// Part of daemon.hpp: reflectors of S-BFD, RFC 7880.

#include "control/app/daemon.hpp"
#include "control/config/sbfd.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::app {

void Daemon::set_reflectors(const config::Sbfd& sbfd) {
    manager_->reflectors().set(sbfd);
    note_reflectors();
    // RFC 7880 3: others cannot tell which stands for what.
    if (sbfd.reflectors.size() > 1) {
        log::write(log::Level::Warn, "sbfd", "several_discriminators",
                   {{"reflectors", sbfd.reflectors.size()},
                    {"advice",
                     "one for each system is enough unless its entities go out of "
                     "service one by one"}});
    }
    for (const config::Reflector& r : sbfd.reflectors) {
        if (r.auth.type != bfd::AuthType::SimplePassword) continue;
        log::write(log::Level::Warn, "sbfd", "simple_password",
                   {{"reflector", config::discriminator_text(r.discriminator)},
                    {"advice",
                     "everybody on the path can read it: use meticulous_keyed_sha1 "
                     "(RFC 7880 11)"}});
    }
}

Result<Ok> Daemon::set_reflectors_admin(std::span<const Discriminator> which, bool down) {
    auto done = manager_->reflectors().set_admin(which, down);
    if (!done) return done;
    note_reflectors();
    for (const Discriminator d : which) {
        log::write(log::Level::Info, "sbfd", down ? "reflector_admin_down" : "reflector_admin_up",
                   {{"reflector", config::discriminator_text(d)}});
    }
    return done;
}

/// For threads that read them.
void Daemon::note_reflectors() {
    std::vector<session::ReflectorView> now = manager_->reflectors().views();
    const std::lock_guard lock{mutex_};
    reflectors_ = std::move(now);
}

}  // namespace tocsin::control::app
