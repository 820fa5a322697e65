#pragma once

#include "control/auth/chains.hpp"
#include "control/base/result.hpp"
#include "control/config/diff.hpp"
#include "control/session/admission.hpp"
#include "control/session/desired_set.hpp"
#include "control/session/pieces.hpp"
#include "control/session/registry.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace tocsin::control::session {

/// What a reload did.
struct Applied {
    std::size_t added = 0;
    std::size_t removed = 0;
    std::size_t changed = 0;
};

/// Takes the sessions of origin Config to a new file.
class Reload {
public:
    using WallClock = std::function<auth::WallTime()>;

    Reload(Registry& registry, DesiredSet& desired, Admission& admission, auth::Chains& chains,
           Pieces& pieces, WallClock clock);

    /// All or nothing: on an error nothing has changed.
    [[nodiscard]] Result<Applied> apply(const config::Diff& diff);

private:
    [[nodiscard]] std::optional<Error> check(const config::Diff& diff);
    [[nodiscard]] std::optional<Error> check_demand(const config::Diff& diff);
    [[nodiscard]] std::optional<Error> check_added(const config::Session& session);
    [[nodiscard]] std::optional<Error> check_name(const config::Session& session);
    void give_up_names(const config::Diff& diff);
    void change(SessionRecord& record, const config::SessionChange& change);
    [[nodiscard]] SessionRecord* find(const config::Session& session);
    SessionRecord* touch(const config::Session& session);

    Registry& registry_;
    DesiredSet& desired_;
    Admission& admission_;
    auth::Chains& chains_;
    Pieces& pieces_;
    WallClock clock_;
    std::uint32_t reloads_ = 0;  ///< that were looked at
};

}  // namespace tocsin::control::session
