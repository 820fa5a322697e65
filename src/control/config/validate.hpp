#pragma once

#include "control/config/draft.hpp"

namespace tocsin::control::config {

/// What only shows when parts of the file are compared: duplicates, references, subnets, limits.
/// Every mistake is added to `faults`; without any the result is complete.
[[nodiscard]] Config validate(Draft draft, Faults& faults);

}  // namespace tocsin::control::config
