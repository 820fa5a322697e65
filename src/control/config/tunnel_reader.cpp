#include "control/config/tunnel_reader.hpp"

#include <utility>

namespace tocsin::control::config {

namespace {

constexpr std::int64_t kMostPerPair = 16'000'000;  // dataplane.max_sessions at most

}  // namespace

void read_tunnel_keys(TableReader& in, SessionDraft& out) {
    TunnelDraft t;
    // An empty text means not given to the rules; in a file it is a mistake.
    const auto text = [&](const char* key) -> std::string {
        const auto value = in.get_string(key);
        if (value && value->empty()) {
            in.fault(key, "\"\" is empty: write a value or leave the key out");
        }
        return value.value_or("");
    };
    t.vni = in.get_integer("vni");
    t.payload = text("payload");
    t.inner_src = text("inner_src");
    t.inner_dst = text("inner_dst");
    t.inner_src_mac = text("inner_src_mac");
    t.inner_dst_mac = text("inner_dst_mac");
    for (const auto& vlan : in.get_integers("inner_vlan").value_or(Elements<std::int64_t>{})) {
        if (vlan) t.inner_vlan.push_back(*vlan);
    }
    t.inner_priority = in.get_integer("inner_priority");
    t.ttl = in.get_integer("ttl");
    t.outer_checksum = in.get_bool("outer_checksum");
    for (const auto& label : in.get_integers("labels").value_or(Elements<std::int64_t>{})) {
        if (label) t.labels.push_back(*label);
    }
    t.fec = text("fec");
    t.instance = in.get_integer("instance");
    t.inner_label_ttl = in.get_integer("inner_label_ttl");
    t.lsp_ping_interval = in.get_duration("lsp_ping_interval");
    t.label_in = in.get_integer("label_in");
    t.cc_type = in.get_integer("cc_type");
    t.cv_type = in.get_integer("cv_type");
    t.local_cv_types = in.get_integer("local_cv_types");
    t.remote_cv_types = in.get_integer("remote_cv_types");
    t.status_signalled = in.get_bool("status_signalled");
    t.control_word = in.get_bool("control_word");
    if (t != TunnelDraft{}) out.tunnel = std::move(t);
}

void read_vxlan(TableReader& in, TunnelSettings& out) {
    out.management_vni = static_cast<std::uint32_t>(
        in.get_integer("management_vni", 0, kMostVni).value_or(out.management_vni));
    out.vxlan_per_pair = static_cast<std::uint32_t>(
        in.get_integer("sessions_per_pair", 1, kMostPerPair).value_or(out.vxlan_per_pair));
    in.finish();
}

void read_geneve(TableReader& in, TunnelSettings& out) {
    out.geneve_per_pair = static_cast<std::uint32_t>(
        in.get_integer("sessions_per_pair", 1, kMostPerPair).value_or(out.geneve_per_pair));
    in.finish();
}

}  // namespace tocsin::control::config
