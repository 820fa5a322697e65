#include "dataplane/runtime/port.hpp"

#include "dataplane/runtime/steering.hpp"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace tocsin::runtime {

namespace {

std::optional<PortId> port_named(const std::string& name) {
    std::uint16_t id = 0;
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) return std::nullopt;
    return PortId{id};
}

/// A device that is there already, by eal_args or because EAL probed the PCI bus, is taken as it
/// is.
std::optional<PortId> find_or_make(const Device& device) {
    if (const auto id = port_named(device.name)) return id;
    if (device.pci) return std::nullopt;
    if (rte_eal_hotplug_add("vdev", device.name.c_str(), device.args.c_str()) != 0) {
        return std::nullopt;
    }
    return port_named(device.name);
}

/// Drivers whose frames come from a kernel or another program of this machine, which leave transmit
/// checksums to hardware that is not there.
bool frames_may_be_partial(std::string_view driver) {
    static constexpr std::array<std::string_view, 7> kDrivers{
        "net_af_packet", "net_af_xdp", "net_memif",      "net_pcap",
        "net_tap",       "net_vhost",  "net_virtio_user"};
    return std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end();
}

IpAddress link_local(const MacAddress& mac) {
    // RFC 4291 2.5.6 and appendix A
    const std::array<std::uint8_t, 16> octets{
        0xfe,   0x80,   0,
        0,      0,      0,
        0,      0,      static_cast<std::uint8_t>(mac[0] ^ 2U),
        mac[1], mac[2], 0xff,
        0xfe,   mac[3], mac[4],
        mac[5]};
    return ip_address(octets);
}

/// Addresses, and what else depends on them; `context` has its MAC address.
void set_addresses(overlay::PortContext& context, const PortConfig& config) {
    context.point_to_point = config.point_to_point;
    context.mpls = config.mpls;
    context.tunnels_without_checksum = config.tunnels_without_checksum;
    context.open_vswitch_vxlan = config.open_vswitch_vxlan;
    for (const IpAddress& a : config.addresses) context.addresses.add(a);
    if (config.range) context.addresses.set_range(config.range->address, config.range->length);
    if (config.add_link_local) context.addresses.add(link_local(context.mac));
    for (const IpPrefix& p : config.subnets) context.on_link.add(p);
    for (const IpAddress& a : config.addresses) {
        IpAddress& own = a.is_v4() ? context.own_v4 : context.own_v6;
        if (own.family == AddressFamily::None && !is_link_local(a)) own = a;
    }
}

std::string failed(const char* what, int code) {
    return std::string{what} + ": " + rte_strerror(std::abs(code));
}

}  // namespace

std::unique_ptr<Port> Port::open(const PortConfig& config, const Device& device,
                                 const std::vector<Pool>& pools, std::string& error) {
    std::unique_ptr<KernelInterface> kernel;
    if (device.attaches_to_interface()) {
        kernel = KernelInterface::open(device.interface, error);
        if (!kernel) return nullptr;
    }
    const auto id = find_or_make(device);
    if (!id) {
        error = why_not_opened(device);
        return nullptr;
    }
    if (id->value >= message::kMaxPorts) {
        error = "DPDK numbers it " + std::to_string(id->value) + "; at most " +
                std::to_string(message::kMaxPorts) + " devices are supported";
        return nullptr;
    }
    std::unique_ptr<Port> port{new Port{*id}};
    if (!port->configure(config, pools, error)) return nullptr;
    port->kernel_ = std::move(kernel);
    port->describe(config);
    return port;
}

bool Port::configure(const PortConfig& config, const std::vector<Pool>& pools, std::string& error) {
    rte_eth_dev_info info{};
    if (const int code = rte_eth_dev_info_get(id_.value, &info); code != 0) {
        error = failed("the driver does not describe the device", code);
        return false;
    }
    const std::string_view driver = info.driver_name == nullptr ? "" : info.driver_name;
    fixed_.driver = driver;
    context_.udp_checksum = config.udp_checksum.value_or(
        frames_may_be_partial(driver) ? overlay::UdpChecksumPolicy::AcceptPartial
                                      : overlay::UdpChecksumPolicy::Verify);

    rte_eth_conf conf{};
    // A driver that verifies would call partial sums wrong.
    if (context_.udp_checksum == overlay::UdpChecksumPolicy::Verify) {
        conf.rxmode.offloads =
            info.rx_offload_capa & (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
    }
    ip_offload_ = (conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0;
    udp_offload_ = (conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_UDP_CKSUM) != 0;

    workers_ = static_cast<std::uint16_t>(pools.size());
    rx_queues_ = std::min(workers_, std::max<std::uint16_t>(info.max_rx_queues, 1));
    tx_queues_ = std::min(workers_, std::max<std::uint16_t>(info.max_tx_queues, 1));
    const std::uint64_t hash = info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
    if (rx_queues_ > 1 && hash != 0) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf = hash;
        rss_ = hash;
    }
    if (const int code = rte_eth_dev_configure(id_.value, rx_queues_, tx_queues_, &conf);
        code != 0) {
        error = failed("the driver refuses its configuration", code);
        return false;
    }

    std::uint16_t rx_descriptors = config.rx_descriptors;
    std::uint16_t tx_descriptors = config.tx_descriptors;
    rte_eth_dev_adjust_nb_rx_tx_desc(id_.value, &rx_descriptors, &tx_descriptors);
    const int node = rte_eth_dev_socket_id(id_.value);
    const auto socket = static_cast<unsigned>(node);  // SOCKET_ID_ANY when the driver does not know
    for (std::uint16_t q = 0; q < rx_queues_; ++q) {
        rte_eth_rxconf rx = info.default_rxconf;
        rx.offloads = conf.rxmode.offloads;
        if (const int code =
                rte_eth_rx_queue_setup(id_.value, q, rx_descriptors, socket, &rx, pools[q].get());
            code != 0) {
            error = failed("the driver cannot set up a receive queue", code);
            return false;
        }
    }
    for (std::uint16_t q = 0; q < tx_queues_; ++q) {
        if (const int code =
                rte_eth_tx_queue_setup(id_.value, q, tx_descriptors, socket, &info.default_txconf);
            code != 0) {
            error = failed("the driver cannot set up a transmit queue", code);
            return false;
        }
    }
    // Virtual devices keep packets in queues of their own as well.
    constexpr std::uint32_t kVirtualDepth = 4096;
    tx_descriptors_ = tx_descriptors;
    rx_depth_ = std::max<std::uint32_t>(2U * rx_descriptors, kVirtualDepth);
    fixed_.numa_node = node;
    fixed_.rx_queues = rx_queues_;
    fixed_.tx_queues = tx_queues_;
    return true;
}

void Port::describe(const PortConfig& config) {
    rte_ether_addr mac{};
    rte_eth_macaddr_get(id_.value, &mac);
    std::copy(std::begin(mac.addr_bytes), std::end(mac.addr_bytes), context_.mac.begin());
    context_.port = id_;
    routes_ = std::make_shared<const std::vector<IpPrefix>>(config.routes);
    context_.routes = *routes_;
    set_addresses(context_, config);
    echo_sources_ = config.echo_sources;

    fixed_.id = id_;
    fixed_.name = config.name;
    fixed_.device = config.device;
    fixed_.mac = context_.mac;
    if (kernel_) fixed_.kernel_addresses = kernel_->kernel_addresses();
    switch (context_.udp_checksum) {
        case overlay::UdpChecksumPolicy::Verify:
            fixed_.rx_checksum =
                udp_offload_ ? "verified by the device, in software where it says nothing"
                             : "verified in software: " + fixed_.driver + " offers no offload";
            break;
        case overlay::UdpChecksumPolicy::AcceptPartial:
            fixed_.rx_checksum =
                "verified in software, and the bare pseudo-header sum is accepted, which senders "
                "on the "
                "same machine leave to hardware";
            break;
        case overlay::UdpChecksumPolicy::Ignore:
            fixed_.rx_checksum = "ignored by configuration";
            break;
    }
}

bool Port::start(std::string& error) {
    if (const int code = rte_eth_dev_start(id_.value); code != 0) {
        error = failed("the device does not start", code);
        return false;
    }
    started_ = true;
    SteeringFacts facts{.driver = fixed_.driver,
                        .workers = workers_,
                        .rx_queues = rx_queues_,
                        .rss = rss_,
                        .flow_rules_refused = {}};
    if (rx_queues_ > 1) {
        facts.flow_rules = spread_by_flow_rules(id_, rx_queues_, rss_, facts.flow_rules_refused);
    }
    const Steering steering = decide(facts);
    fixed_.steering = steering.method;
    fixed_.steering_reason = steering.reason;
    rte_eth_allmulticast_enable(
        id_.value);  // IPv6 neighbour discovery; virtual devices may lack it
    return true;
}

Port::~Port() {
    if (started_) rte_eth_dev_stop(id_.value);
    rte_eth_dev_close(id_.value);
}

message::PortStatus Port::status() const {
    message::PortStatus out = fixed_;
    rte_eth_dev_get_mtu(id_.value, &out.mtu);
    rte_eth_link link{};
    if (rte_eth_link_get_nowait(id_.value, &link) == 0) {
        out.link_up = link.link_status == RTE_ETH_LINK_UP;
        if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN) out.link_speed_mbps = link.link_speed;
    }
    if (kernel_) {
        out.link_up = kernel_->running();
        out.link_speed_mbps = 0;  // a constant of the driver
        out.lost = kernel_->lost();
    }
    rte_eth_stats stats{};
    if (rte_eth_stats_get(id_.value, &stats) == 0) {
        out.rx_missed = stats.imissed;
        out.rx_errors = stats.ierrors;
        out.tx_errors = stats.oerrors;
    }
    return out;
}

VlanPort VlanPort::on(const Port& parent, PortId id, const PortConfig& config) {
    VlanPort out{.id = id,
                 .parent = &parent,
                 .name = config.name,
                 .tags = config.vlan,
                 .routes = {},
                 .context = {}};
    out.routes = std::make_shared<const std::vector<IpPrefix>>(config.routes);
    out.context.routes = *out.routes;
    out.context.port = id;
    out.context.mac = parent.context().mac;
    out.context.udp_checksum = parent.context().udp_checksum;
    set_addresses(out.context, config);
    return out;
}

message::PortStatus VlanPort::status(const message::PortStatus& of_parent) const {
    message::PortStatus out = of_parent;
    out.id = id;
    out.name = name;
    out.parent = of_parent.name;
    for (std::size_t i = 0; i < tags.size; ++i) {
        out.vlan.push_back(tags.tags[i].tci & overlay::kVlanMask);
    }
    out.kernel_addresses.clear();
    out.rx_missed = 0;  // the parent's
    out.rx_errors = 0;
    out.tx_errors = 0;
    return out;
}

}  // namespace tocsin::runtime
