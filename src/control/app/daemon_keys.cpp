// Part of daemon.hpp: the key chains, whose keys begin and end by the wall clock.

#include "control/app/daemon.hpp"
#include "control/base/log.hpp"
#include "control/base/wall_time.hpp"

#include <string>

namespace tocsin::control::app {

void Daemon::look_at_keys() {
    using What = auth::Chains::News::What;
    for (const auth::Chains::News& n : manager_->look_at_keys()) {
        switch (n.what) {
            case What::SigningKey:
                log::write(log::Level::Info, "auth", "signing_key",
                           {{"key_chain", n.chain}, {"key_id", static_cast<unsigned>(*n.key_id)}});
                break;
            case What::EndsSoon:
                log::write(log::Level::Warn, "auth", "keys_end_soon",
                           {{"key_chain", n.chain},
                            {"until", to_string(*n.until)},
                            {"advice",
                             "afterwards its sessions send nothing and go Down: give the chain a "
                             "key that may sign for longer, and reload"}});
                break;
            case What::Md5:
                log::write(log::Level::Warn, "auth", "md5_in_use",
                           {{"key_chain", n.chain},
                            {"type", auth::type_name(n.type, bfd::DigestMethod::Rfc5880)},
                            {"advice",
                             "MD5 is for peers that know nothing better (RFC 5880 4.3): "
                             "meticulous_keyed_sha1 where they do"}});
                break;
            case What::NoSigningKey:
                log::write(log::Level::Error, "auth", "no_signing_key",
                           {{"key_chain", n.chain},
                            {"sessions", manager_->chains().sessions(n.chain)},
                            {"clock", to_string(manager_->wall_now())},
                            {"advice",
                             "its sessions send nothing and go Down: if that is not the time, set "
                             "the clock; else give the chain a key whose lifetime (send) is now, "
                             "and reload"}});
                break;
        }
    }
}

}  // namespace tocsin::control::app
