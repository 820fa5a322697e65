#pragma once

#include "control/base/result.hpp"
#include "tocsin/v1/notification.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::control::ctl {

/// A duration with its unit in whole milliseconds; the error begins with `option`.
[[nodiscard]] Result<std::uint32_t> milliseconds_of(const char* option, const std::string& text);

/// "off", "on", or members as the configuration names them, such as
/// "half_life=5s,suppress=2000,reuse=1000,max_suppress=20s,penalty=1000", each of which may be left
/// out.
[[nodiscard]] Result<v1::Dampening> dampening_of(std::string_view text);

}  // namespace tocsin::control::ctl
