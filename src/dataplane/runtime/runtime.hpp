#pragma once

#include "dataplane/bfd/echo.hpp"
#include "dataplane/message/dataplane.hpp"
#include "overlay/classify.hpp"
#include "overlay/vlan.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::runtime {

// No rte_*.h in this header: main.cpp includes it.

enum class Idle : std::uint8_t { Poll, Adaptive };
enum class HugePages : std::uint8_t { Auto, Require, Off };

struct PortConfig {
    std::string name;
    std::string device;  ///< PCI address or vdev string
    /// A port on a VLAN of another one has no device: its frames are those with these tags.
    std::string parent;  ///< name of a port that has a device; or empty
    overlay::VlanTags vlan;
    std::vector<IpAddress> addresses;  ///< IPv4 and IPv6; link-local may be derived, see link_local
    /// A range of IPv4 addresses beside them, for a port that plays many stations.
    std::optional<IpPrefix> range;
    bool add_link_local = true;  ///< also answer for fe80:: + modified EUI-64 of the MAC
    bool point_to_point = false;
    bool mpls = false;              ///< PortContext::mpls
    std::vector<IpPrefix> subnets;  ///< whose stations may be sent their Echo packets
    std::vector<IpPrefix> routes;   ///< what else the port leads to
    /// Sources of our Echo packets, at most one of each family; by default those of Control
    /// packets.
    std::vector<IpAddress> echo_sources;
    std::optional<overlay::UdpChecksumPolicy> udp_checksum;  ///< nullopt: by driver
    /// Tunnels over IPv6 may have the UDP checksum zero, RFC 6935.
    bool tunnels_without_checksum = false;
    bool open_vswitch_vxlan = false;  ///< as overlay::PortContext
    std::uint16_t rx_descriptors = 1024;
    std::uint16_t tx_descriptors = 1024;
};

struct Config {
    std::vector<unsigned> workers;  ///< lcores; empty: every CPU of the affinity mask but the first
    std::uint32_t max_sessions = 0;
    Idle idle = Idle::Poll;
    bool real_time = true;  ///< with Idle::Adaptive: SCHED_FIFO for the workers, if permitted
    bool gather = true;     ///< with Idle::Adaptive: sessions share instants of departure
    std::uint16_t key_chains = 0;     ///< that sessions may be authenticated with, by number
    bool echo = false;                ///< room for Echo packets of our own at every session
    bfd::EchoSecret echo_secret{};    ///< from the system's random generator
    std::uint8_t history = 0;         ///< as bfd::EngineConfig::history
    bool congestion_control = false;  ///< as bfd::EngineConfig::congestion_control
    bool overlays = false;            ///< room for the longest headers at every session
    HugePages huge_pages = HugePages::Auto;
    std::uint32_t memory_mb = 0;  ///< without huge pages; 0 = by max_sessions
    std::vector<std::string> eal_args;
    std::vector<PortConfig> ports;
    std::uint64_t seed = 0;  ///< keys of discriminators, hashes and jitter
};

/// Why the dataplane did not start: one sentence that says what to do, and the key path it is
/// about.
struct StartError {
    std::string message;
    std::string where;
};

/// The dataplane on DPDK: EAL, ports, workers. One per process, since EAL is.
class Runtime : public message::Dataplane {
public:
    /// EAL up, ports started, workers polling; or a StartError and everything undone as far as DPDK
    /// allows. Must be called from the thread that will be control (EAL's main lcore).
    static std::unique_ptr<Runtime> start(const Config& config, StartError& error);

    /// Workers stopped and joined, ports closed, EAL cleaned up. Sessions are not told: delete them
    /// through the links first.
    virtual void stop() noexcept = 0;

    /// Version string of DPDK.
    [[nodiscard]] virtual std::string dpdk_version() const = 0;

    /// Which memory DPDK has and why, for people.
    [[nodiscard]] virtual std::string memory() const = 0;
};

}  // namespace tocsin::runtime
