#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/bfd/discriminator.hpp"
#include "dataplane/message/link.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::message {

/// A port as the driver reports it.
struct PortStatus {
    PortId id;
    std::string name;      ///< from the configuration
    std::string device;    ///< from the configuration; of a port on a VLAN its parent's
    std::string parent{};  ///< name of the port whose VLAN it is; or empty
    std::vector<std::uint16_t> vlan{};  ///< identifiers of its tags, outermost first
    std::string driver;                 ///< such as net_af_packet
    MacAddress mac{};
    std::uint16_t mtu = 0;  ///< octets of IP packet
    bool link_up = false;
    bool lost = false;  ///< the kernel interface behind it is gone for good, or was replaced
    std::vector<std::string> kernel_addresses{};  ///< that the kernel had on it at the start
    std::uint32_t link_speed_mbps = 0;            ///< 0 = not known
    int numa_node = -1;
    std::uint16_t rx_queues = 0;  ///< worker i reads queue i, if there is one; 0 = not known
    std::uint16_t tx_queues = 0;
    std::string steering{};         ///< how packets come to their worker: "one queue", "rte_flow",
                                    ///< "rss", "software hand-over"
    std::string steering_reason{};  ///< for people
    std::string rx_checksum;      ///< what is done about received UDP checksums and why, for people
    std::uint64_t rx_missed = 0;  ///< imissed of rte_eth_stats
    std::uint64_t rx_errors = 0;
    std::uint64_t tx_errors = 0;
};

/// The running dataplane as control sees it; the runtime implements it over DPDK, tests over the
/// engine in virtual time.
class Dataplane {
public:
    virtual ~Dataplane() = default;

    [[nodiscard]] virtual std::size_t workers() const noexcept = 0;
    [[nodiscard]] virtual WorkerLink& worker(WorkerId id) noexcept = 0;
    /// lcore id of a worker, for people and labels.
    [[nodiscard]] virtual unsigned lcore(WorkerId id) const noexcept = 0;
    /// Slots per worker; a handle's slot is below this.
    [[nodiscard]] virtual std::uint32_t slots_per_worker() const noexcept = 0;
    [[nodiscard]] virtual const bfd::DiscriminatorCodec& discriminators() const noexcept = 0;
    /// Asks the drivers: call it from control at human rates only.
    [[nodiscard]] virtual std::vector<PortStatus> ports() const = 0;
    /// From now on a worker that put something into a ring to control adds 1 to this eventfd (which
    /// does not block and outlives the workers) before it goes to sleep. False: workers never
    /// sleep, and the rings have to be looked at from time to time. Once, before anything is sent.
    [[nodiscard]] virtual bool announce_on(int eventfd) noexcept {
        static_cast<void>(eventfd);
        return false;
    }
    /// Keeps what commands pointed to until the workers have ended. Control thread.
    void keep(std::shared_ptr<const void> what) { kept_.push_back(std::move(what)); }
    [[nodiscard]] virtual Instant now() const noexcept = 0;
    /// Rate of the counter that WorkerStats counts cycles by.
    [[nodiscard]] virtual double cycles_per_second() const noexcept = 0;
    /// Wall clock of an Instant, for people and the API.
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall(Instant t) const noexcept = 0;

private:
    std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace tocsin::message
