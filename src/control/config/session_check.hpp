#pragma once

#include "control/config/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// What is wrong with one member of a draft.
struct MemberFault {
    /// Name of the member of SessionDraft: `remote`, `detect_mult`, ... The proto's field has the
    /// same name, but the two intervals end in `_us` there.
    std::string_view member;
    std::string message;  ///< repeats the offending value and says what is accepted
    /// True when the fault would vanish with other addresses on the ports. The loader leaves such
    /// faults out when it already complained about the addresses.
    bool about_addresses = false;
};

struct SessionCheck {
    Session session;  ///< complete when `faults` is empty
    std::vector<MemberFault> faults;
    [[nodiscard]] bool ok() const noexcept { return faults.empty(); }
};

}  // namespace tocsin::control::config
