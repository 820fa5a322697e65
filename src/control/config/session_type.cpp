#include "control/config/session_type.hpp"

namespace tocsin::control::config {

std::string_view type_name(SessionType type) noexcept { return name(type); }

std::optional<SessionType> session_type_named(std::string_view name) noexcept {
    for (const SessionType type :
         {SessionType::SingleHop, SessionType::MultiHop, SessionType::Echo, SessionType::Vxlan,
          SessionType::Geneve, SessionType::Mpls, SessionType::Vccv, SessionType::Sbfd}) {
        if (name == type_name(type)) return type;
    }
    return std::nullopt;
}

}  // namespace tocsin::control::config
