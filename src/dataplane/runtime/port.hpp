#pragma once

#include "dataplane/message/dataplane.hpp"
#include "dataplane/runtime/device.hpp"
#include "dataplane/runtime/kernel_interface.hpp"
#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/runtime.hpp"
#include "overlay/classify.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::runtime {

/// One ethdev: configured, with queues, started and closed.
class Port {
public:
    /// Finds or makes the device and sets it up with a receive and a transmit queue for each pool,
    /// or as many as the driver has. nullptr: `error` says why; the caller adds the key path.
    [[nodiscard]] static std::unique_ptr<Port> open(const PortConfig& config, const Device& device,
                                                    const std::vector<Pool>& pools,
                                                    std::string& error);
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;
    /// Stops and closes the device.
    ~Port();

    /// False: `error` says why.
    [[nodiscard]] bool start(std::string& error);

    [[nodiscard]] PortId id() const noexcept { return id_; }
    [[nodiscard]] std::uint16_t rx_queues() const noexcept { return rx_queues_; }
    [[nodiscard]] std::uint16_t tx_queues() const noexcept { return tx_queues_; }
    /// Packets that may have waited in one receive queue when it is looked at.
    [[nodiscard]] std::uint32_t rx_depth() const noexcept { return rx_depth_; }
    /// Of each transmit queue.
    [[nodiscard]] std::uint16_t tx_descriptors() const noexcept { return tx_descriptors_; }
    /// For classification; the same for all workers.
    [[nodiscard]] const overlay::PortContext& context() const noexcept { return context_; }
    [[nodiscard]] const std::vector<IpAddress>& echo_sources() const noexcept {
        return echo_sources_;
    }
    [[nodiscard]] message::PortStatus status() const;

private:
    explicit Port(PortId id) : id_{id} {}
    [[nodiscard]] bool configure(const PortConfig& config, const std::vector<Pool>& pools,
                                 std::string& error);
    void describe(const PortConfig& config);

    PortId id_;
    std::uint16_t rx_queues_ = 0;
    std::uint16_t tx_queues_ = 0;
    std::uint32_t rx_depth_ = 0;
    std::uint16_t tx_descriptors_ = 0;
    std::uint16_t workers_ = 1;
    std::uint64_t rss_ = 0;  ///< RTE_ETH_RSS_* in use
    bool started_ = false;
    bool ip_offload_ = false;
    bool udp_offload_ = false;
    overlay::PortContext context_;
    std::vector<IpAddress> echo_sources_;
    std::shared_ptr<const std::vector<IpPrefix>> routes_;  ///< that context_ refers to
    message::PortStatus fixed_;                            ///< what does not change
    std::unique_ptr<KernelInterface> kernel_;              ///< only if there is one
};

/// A port that is a VLAN of one with a device: addresses and a number of its own, the rest is its
/// parent's.
struct VlanPort {
    /// `config.parent` names `parent`, which outlives it.
    [[nodiscard]] static VlanPort on(const Port& parent, PortId id, const PortConfig& config);
    /// Link and device are the parent's; what the device counts is told of there alone.
    [[nodiscard]] message::PortStatus status(const message::PortStatus& of_parent) const;

    PortId id;
    const Port* parent = nullptr;
    std::string name;
    overlay::VlanTags tags;
    std::shared_ptr<const std::vector<IpPrefix>> routes;  ///< that `context` refers to
    overlay::PortContext context;                         ///< as Port::context()
};

}  // namespace tocsin::runtime
