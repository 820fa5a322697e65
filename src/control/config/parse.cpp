#include "control/config/parse.hpp"

#include "control/config/daemon_reader.hpp"
#include "control/config/dataplane_reader.hpp"
#include "control/config/key_chain_reader.hpp"
#include "control/config/lag_reader.hpp"
#include "control/config/listener_reader.hpp"
#include "control/config/lsp_ping_reader.hpp"
#include "control/config/port_reader.hpp"
#include "control/config/profile_reader.hpp"
#include "control/config/sbfd_reader.hpp"
#include "control/config/session_reader.hpp"
#include "control/config/tunnel_reader.hpp"
#include "control/config/unsolicited_reader.hpp"

namespace tocsin::control::config {

Draft parse(const toml::value& root, SecretFiles secrets, Faults& faults) {
    Draft draft;
    draft.secret_files = secrets;
    TableReader in{root, "", faults};
    if (auto daemon = in.get_table("daemon")) read_daemon(*daemon, draft.config.daemon);
    if (auto dataplane = in.get_table("dataplane")) read_dataplane(*dataplane, draft);
    if (auto api = in.get_table("api")) read_api(*api, draft.config.api);
    if (auto metrics = in.get_table("metrics")) read_metrics(*metrics, draft.config.metrics);
    if (auto vxlan = in.get_table("vxlan")) read_vxlan(*vxlan, draft.config.tunnels);
    if (auto geneve = in.get_table("geneve")) read_geneve(*geneve, draft.config.tunnels);
    if (auto lsp_ping = in.get_table("lsp_ping")) read_lsp_ping(*lsp_ping, draft.config.lsp_ping);
    for (TableReader& port : in.get_tables("port")) read_port(port, draft);
    if (!in.has("port")) {
        in.fault("port",
                 "there is no [[port]]: write at least one, BFD packets have to arrive somewhere");
    }
    for (TableReader& chain : in.get_tables("key_chain")) read_key_chain(chain, draft);
    draft.config.dataplane.authentication = draft.authentication.value_or(in.has("key_chain"));
    for (TableReader& profile : in.get_tables("profile"))
        read_profile(profile, draft.config.profiles);
    for (TableReader& session : in.get_tables("session")) read_session(session, draft);
    for (TableReader& lag : in.get_tables("lag")) read_lag(lag, draft);
    if (auto sbfd = in.get_table("sbfd")) read_sbfd(*sbfd, draft.config.sbfd);
    for (TableReader& reflector : in.get_tables("reflector")) read_reflector(reflector, draft);
    if (auto defaults = in.get_table("unsolicited_defaults"))
        read_unsolicited_defaults(*defaults, draft);
    for (TableReader& policy : in.get_tables("unsolicited")) read_unsolicited(policy, draft);
    in.not_offered_yet("offload", "leave it out");
    in.not_offered_yet("actuator", "leave it out and read state changes with tocsinctl watch");
    in.finish();
    return draft;
}

void parse_sessions(const toml::value& piece, std::size_t first, Draft& draft, Faults& faults) {
    const auto& sessions = piece.as_table(std::nothrow).at("session").as_array(std::nothrow);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        TableReader in{sessions[i], "session[" + std::to_string(first + i) + ']', faults};
        read_session(in, draft);
    }
}

}  // namespace tocsin::control::config
