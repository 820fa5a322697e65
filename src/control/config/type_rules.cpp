#include "control/config/type_rules.hpp"

#include "control/config/geneve_rules.hpp"
#include "control/config/label_rules.hpp"
#include "control/config/lag_rules.hpp"
#include "control/config/link_rules.hpp"
#include "control/config/multihop_rules.hpp"
#include "control/config/sbfd_rules.hpp"
#include "control/config/single_hop_rules.hpp"
#include "control/config/unaffiliated_echo_rules.hpp"
#include "control/config/vxlan_rules.hpp"

namespace tocsin::control::config {

const TypeRules& rules_of(SessionType type) noexcept {
    static constexpr TypeRules kSingleHop{
        .ttl = check_single_hop_ttl, .addresses = check_link, .whole = check_single_hop};
    static constexpr TypeRules kMultihop{.match_source = true,
                                         .ttl = check_multihop_ttl,
                                         .addresses = check_path,
                                         .whole = check_multihop};
    static constexpr TypeRules kEcho{
        .ttl = check_single_hop_ttl, .addresses = check_link, .whole = check_unaffiliated_echo};
    // The TTL of the packets inside is that of a single hop, RFC 8971 5 and RFC 9521 4.
    static constexpr TypeRules kVxlan{.match_source = true,
                                      .ttl = check_single_hop_ttl,
                                      .addresses = check_path,
                                      .whole = check_vxlan};
    static constexpr TypeRules kGeneve{.match_source = true,
                                       .ttl = check_single_hop_ttl,
                                       .addresses = check_path,
                                       .whole = check_geneve};
    static constexpr TypeRules kMicro{
        .ttl = check_single_hop_ttl, .addresses = check_member_link, .whole = check_micro};
    static constexpr TypeRules kSbfd{
        .match_source = true, .ttl = check_sbfd_ttl, .addresses = check_path, .whole = check_sbfd};
    // What a source is asked for is RFC 5884 7's own rule.
    static constexpr TypeRules kMpls{
        .ttl = check_mpls_ttl, .addresses = check_path, .whole = check_mpls};
    static constexpr TypeRules kVccv{
        .ttl = check_single_hop_ttl, .addresses = check_path, .whole = check_vccv};
    switch (type) {
        case SessionType::MultiHop:
            return kMultihop;
        case SessionType::Echo:
            return kEcho;
        case SessionType::Vxlan:
            return kVxlan;
        case SessionType::Geneve:
            return kGeneve;
        case SessionType::Micro:
            return kMicro;
        case SessionType::Sbfd:
            return kSbfd;
        case SessionType::Mpls:
            return kMpls;
        case SessionType::Vccv:
            return kVccv;
        default:  // the reader of the file and the API let none of the others in
            return kSingleHop;
    }
}

}  // namespace tocsin::control::config
