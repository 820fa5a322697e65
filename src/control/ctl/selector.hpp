#pragma once

#include "control/base/result.hpp"
#include "tocsin/v1/session.pb.h"

#include <string>
#include <string_view>

namespace tocsin::control::ctl {

/// A session as people name it: an id (`42`), a discriminator (`0x8f21c0de`), the peer's address,
/// or a name. `id:`, `discr:`, `peer:` or `name:` in front decides when a name looks like something
/// else. `port` and `local` narrow down an address and are ignored for the others.
[[nodiscard]] Result<v1::SessionSelector> selector_of(std::string_view text,
                                                      const std::string& port = {},
                                                      const std::string& local = {});

}  // namespace tocsin::control::ctl
