// tocsind: configuration -> EAL -> workers -> control, and down again.

#include "control/app/port_setup.hpp"
#include "control/app/run.hpp"
#include "dataplane/runtime/runtime.hpp"

#include <sys/random.h>

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

namespace {

using namespace tocsin;

std::optional<overlay::UdpChecksumPolicy> checksum_policy(control::config::RxChecksum c) {
    switch (c) {
        case control::config::RxChecksum::Auto:
            return std::nullopt;
        case control::config::RxChecksum::Verify:
            return overlay::UdpChecksumPolicy::Verify;
        case control::config::RxChecksum::AcceptPartial:
            return overlay::UdpChecksumPolicy::AcceptPartial;
        case control::config::RxChecksum::Ignore:
            return overlay::UdpChecksumPolicy::Ignore;
    }
    return std::nullopt;
}

runtime::PortConfig port_config(const control::config::Port& p) {
    runtime::PortConfig out;
    out.name = p.name;
    out.device = p.device;
    out.parent = p.parent;
    out.vlan = control::config::vlan_tags(p);
    for (const IpPrefix& address : p.addresses) out.addresses.push_back(address.address);
    out.subnets = p.addresses;
    for (const auto& route : p.routes) out.routes.push_back(route.to);
    out.echo_sources = p.echo_source;
    out.add_link_local = !control::app::lists_link_local(p);
    out.point_to_point = p.point_to_point;
    out.mpls = p.mpls;
    out.udp_checksum = checksum_policy(p.rx_checksum);
    out.tunnels_without_checksum = p.tunnels_without_checksum;
    out.open_vswitch_vxlan = p.open_vswitch_vxlan;
    out.rx_descriptors = p.rx_descriptors;
    out.tx_descriptors = p.tx_descriptors;
    return out;
}

runtime::Config runtime_config(const control::config::Config& c, std::uint64_t seed) {
    runtime::Config out;
    out.workers = c.dataplane.workers;
    out.max_sessions = c.dataplane.max_sessions;
    out.idle = c.dataplane.idle == control::config::Idle::Adaptive ? runtime::Idle::Adaptive
                                                                   : runtime::Idle::Poll;
    switch (c.dataplane.huge_pages) {
        case control::config::HugePages::Auto:
            out.huge_pages = runtime::HugePages::Auto;
            break;
        case control::config::HugePages::Require:
            out.huge_pages = runtime::HugePages::Require;
            break;
        case control::config::HugePages::Off:
            out.huge_pages = runtime::HugePages::Off;
            break;
    }
    out.real_time = c.dataplane.real_time;
    out.key_chains = c.dataplane.authentication ? control::config::kKeyChainNumbers : 0;
    out.echo = c.dataplane.echo;
    out.congestion_control = c.dataplane.congestion_control;
    out.overlays = c.dataplane.overlays;
    while (::getrandom(out.echo_secret.data(), out.echo_secret.size(), 0) !=
           static_cast<ssize_t>(out.echo_secret.size())) {
    }
    out.history = c.dataplane.history;
    out.memory_mb = c.dataplane.memory_mb;
    out.eal_args = c.dataplane.eal_args;
    out.seed = seed;
    for (const auto& port : c.ports) out.ports.push_back(port_config(port));
    return out;
}

control::Result<control::app::StartedDataplane> start(const control::config::Config& config,
                                                      std::uint64_t seed) {
    runtime::StartError error;
    std::shared_ptr<runtime::Runtime> runtime =
        runtime::Runtime::start(runtime_config(config, seed), error);
    if (runtime == nullptr) {
        return control::Error{control::ErrorKind::Unavailable, error.message, error.where};
    }
    return control::app::StartedDataplane{.dataplane = runtime.get(),
                                          .dpdk_version = runtime->dpdk_version(),
                                          .stop = [runtime] { runtime->stop(); }};
}

}  // namespace

int main(int argc, char** argv) {
    const auto parsed = control::app::parse_options(argc, argv);
    if (!parsed.options) return static_cast<int>(parsed.exit);
    try {
        return static_cast<int>(control::app::run(*parsed.options, start));
    } catch (const std::exception& e) {
        std::cerr << "tocsind: out of memory, threads or file descriptors (" << e.what()
                  << "): look at ulimit and at the limits of the service or container\n";
        return static_cast<int>(control::app::Exit::CannotStart);
    }
}
