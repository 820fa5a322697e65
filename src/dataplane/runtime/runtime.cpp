#include "dataplane/runtime/runtime.hpp"

#include "dataplane/runtime/clock.hpp"
#include "dataplane/runtime/eal.hpp"
#include "dataplane/runtime/handover.hpp"
#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/port.hpp"
#include "dataplane/runtime/ring_link.hpp"
#include "dataplane/runtime/telemetry.hpp"
#include "dataplane/runtime/worker.hpp"

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_version.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

namespace tocsin::runtime {

namespace {

struct RteDeleter {
    void operator()(std::byte* p) const noexcept { rte_free(p); }
};

/// Zeroed memory that DPDK manages, on `socket` when it has some.
struct RteMemory {
    std::unique_ptr<std::byte, RteDeleter> octets;
    std::size_t size = 0;

    static RteMemory take(std::size_t size, int socket) {
        void* p = rte_malloc_socket("tocsin", size, RTE_CACHE_LINE_SIZE, socket);
        if (p == nullptr) p = rte_malloc("tocsin", size, RTE_CACHE_LINE_SIZE);
        if (p != nullptr) std::memset(p, 0, size);  // also makes the kernel provide every page now
        return {std::unique_ptr<std::byte, RteDeleter>{static_cast<std::byte*>(p)}, size};
    }
    [[nodiscard]] std::span<std::byte> span() const noexcept { return {octets.get(), size}; }
};

/// A worker with its memory and its link, in the order in which they are taken.
struct WorkerUnit {
    unsigned cpu = 0;
    unsigned lcore = 0;
    RteMemory memory;
    std::unique_ptr<Worker> worker;
    std::unique_ptr<RingLink> link;
    bool launched = false;
};

class DpdkRuntime final : public Runtime {
public:
    DpdkRuntime(std::unique_ptr<Eal> eal, const Clock& clock, const Plan& plan, Idle idle,
                const bfd::DiscriminatorCodec& discriminators)
        : eal_{std::move(eal)},
          clock_{clock},
          wall_{clock_},
          idle_{idle},
          slots_{plan.slots},
          memory_{plan.memory.description},
          discriminators_{discriminators},
          units_(plan.lcores.workers.size()) {
        for (std::size_t i = 0; i < units_.size(); ++i) {
            units_[i].cpu = plan.lcores.workers[i].cpu;
            units_[i].lcore = plan.lcores.workers[i].lcore;
        }
    }
    DpdkRuntime(const DpdkRuntime&) = delete;
    DpdkRuntime& operator=(const DpdkRuntime&) = delete;
    ~DpdkRuntime() override { halt(); }

    [[nodiscard]] bool assemble(const Config& config, const Plan& plan, StartError& error);

    [[nodiscard]] std::size_t workers() const noexcept override { return units_.size(); }
    [[nodiscard]] message::WorkerLink& worker(WorkerId id) noexcept override {
        return *units_[id.value].link;
    }
    [[nodiscard]] unsigned lcore(WorkerId id) const noexcept override {
        return units_[id.value].cpu;
    }
    [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override { return slots_; }
    [[nodiscard]] const bfd::DiscriminatorCodec& discriminators() const noexcept override {
        return discriminators_;
    }
    [[nodiscard]] std::vector<message::PortStatus> ports() const override;
    [[nodiscard]] bool announce_on(int eventfd) noexcept override;
    [[nodiscard]] Instant now() const noexcept override { return clock_.now(); }
    [[nodiscard]] double cycles_per_second() const noexcept override {
        return clock_.cycles_per_second();
    }
    [[nodiscard]] std::chrono::system_clock::time_point wall(Instant t) const noexcept override {
        return wall_.at(t);
    }
    void stop() noexcept override { halt(); }
    [[nodiscard]] std::string dpdk_version() const override { return rte_version(); }
    [[nodiscard]] std::string memory() const override { return memory_; }

private:
    [[nodiscard]] bool open_ports(const Config& config, const Plan& plan, StartError& error);
    [[nodiscard]] bool make_workers(const Config& config, StartError& error);
    [[nodiscard]] std::vector<WorkerPort> ports_of(std::uint16_t worker) const;
    [[nodiscard]] bool start_ports(StartError& error);
    [[nodiscard]] bool launch(StartError& error);
    void publish();
    void halt() noexcept;

    std::unique_ptr<Eal> eal_;
    Clock clock_;
    mutable WallClock wall_;
    Idle idle_;
    std::uint32_t slots_;
    std::string memory_;
    bfd::DiscriminatorCodec discriminators_;
    std::vector<Pool> pools_;
    std::vector<std::unique_ptr<Port>> ports_;  ///< with a device, in the file's order
    std::vector<std::size_t> places_;           ///< of ports_ in Config::ports
    std::vector<VlanPort> vlan_ports_;
    std::vector<overlay::LocalAddresses> addresses_;  ///< of all ports, for what workers classify
    std::unique_ptr<Handover> handover_;
    std::vector<WorkerUnit> units_;
    std::optional<Telemetry> telemetry_;  ///< reads what is above
};

std::string port_path(std::size_t i) { return "port[" + std::to_string(i) + "].device"; }

StartError out_of_memory(const char* what) {
    return {std::string{"not enough memory for "} + what +
                "; lower max_sessions, or raise memory_mb or the number of huge pages",
            "dataplane.memory_mb"};
}

bool DpdkRuntime::assemble(const Config& config, const Plan& plan, StartError& error) {
    const std::uint32_t mbufs =
        mbufs_per_worker(config.ports, plan.devices, static_cast<std::uint32_t>(units_.size()));
    for (std::size_t i = 0; i < units_.size(); ++i) {
        const auto index = static_cast<unsigned>(i);
        Pool pool =
            make_pool(index, mbufs, static_cast<int>(rte_lcore_to_socket_id(units_[i].lcore)));
        if (!pool) pool = make_pool(index, mbufs, SOCKET_ID_ANY);
        if (!pool) {
            error = out_of_memory("packet buffers");
            return false;
        }
        pools_.push_back(std::move(pool));
    }
    if (!open_ports(config, plan, error) || !make_workers(config, error) || !start_ports(error) ||
        !launch(error)) {
        return false;
    }
    publish();
    return true;
}

bool DpdkRuntime::open_ports(const Config& config, const Plan& plan, StartError& error) {
    for (std::size_t i = 0; i < config.ports.size(); ++i) {
        if (!config.ports[i].parent.empty()) continue;
        std::string why;
        std::unique_ptr<Port> port = Port::open(config.ports[i], plan.devices[i], pools_, why);
        if (!port) {
            error = {config.ports[i].device + ": " + why, port_path(i)};
            return false;
        }
        ports_.push_back(std::move(port));
        places_.push_back(i);
    }
    for (std::size_t i = 0; i < config.ports.size(); ++i) {
        const PortConfig& port = config.ports[i];
        if (port.parent.empty()) continue;
        const auto place = std::ranges::find(config.ports, port.parent, &PortConfig::name);
        const auto parent =
            std::ranges::find(places_, static_cast<std::size_t>(place - config.ports.begin()));
        if (parent == places_.end() || port.vlan.size == 0) {
            error = {"no port with a device is named \"" + port.parent + "\", or no VLAN is given",
                     "port[" + std::to_string(i) + "].parent"};
            return false;
        }
        const auto id = static_cast<std::uint16_t>(message::kMaxPorts + vlan_ports_.size());
        const auto index = static_cast<std::size_t>(parent - places_.begin());
        vlan_ports_.push_back(VlanPort::on(*ports_[index], {id}, port));
    }
    return true;
}

std::vector<WorkerPort> DpdkRuntime::ports_of(std::uint16_t worker) const {
    std::vector<WorkerPort> out;
    for (const std::unique_ptr<Port>& port : ports_) {
        WorkerPort p;
        p.context = port->context();
        p.context.domain_addresses = addresses_;  // all ports are of the default domain
        p.receives = worker < port->rx_queues();
        p.rx_queue = {worker};
        p.drain_limit = port->rx_depth();
        p.tx.port = port->id();
        for (const IpAddress& source : port->echo_sources()) {
            (source.is_v4() ? p.tx.echo_source_v4 : p.tx.echo_source_v6) = source;
        }
        if (worker < port->tx_queues()) {
            p.tx.queue = {worker};
            p.tx.descriptors = port->tx_descriptors();
        } else {
            p.tx.handover =
                handover_->ring(worker, static_cast<std::uint16_t>(worker % port->tx_queues()));
        }
        for (const VlanPort& vlan : vlan_ports_) {
            if (vlan.parent == port.get()) p.vlans.add(vlan.tags, vlan.id);
        }
        out.push_back(std::move(p));
    }
    for (const VlanPort& vlan : vlan_ports_) {
        const auto parent = std::ranges::find(ports_, vlan.parent, &std::unique_ptr<Port>::get);
        WorkerPort p;
        p.context = vlan.context;
        p.context.domain_addresses = addresses_;
        p.tx = out[static_cast<std::size_t>(parent - ports_.begin())].tx;
        p.tags = vlan.tags;
        out.push_back(std::move(p));
    }
    return out;
}

bool DpdkRuntime::make_workers(const Config& config, StartError& error) {
    const auto workers = static_cast<std::uint16_t>(units_.size());
    for (const std::unique_ptr<Port>& port : ports_) {
        addresses_.push_back(port->context().addresses);
    }
    for (const VlanPort& port : vlan_ports_) addresses_.push_back(port.context.addresses);
    handover_ = Handover::create(workers);
    if (!handover_) {
        error = out_of_memory("the rings between workers");
        return false;
    }
    std::uint16_t readers = 0;
    for (const auto& port : ports_) readers = std::max(readers, port->rx_queues());
    for (std::uint16_t i = 0; i < workers; ++i) {
        WorkerUnit& unit = units_[i];
        const int socket = static_cast<int>(rte_lcore_to_socket_id(unit.lcore));
        const bfd::EngineConfig engine{.slots = slots_,
                                       .worker = {i},
                                       .discriminators = discriminators_,
                                       .seed = config.seed + i,
                                       .gather = config.idle == Idle::Adaptive && config.gather,
                                       .key_chains = config.key_chains,
                                       .echo = config.echo,
                                       .echo_secret = config.echo_secret,
                                       .congestion_control = config.congestion_control,
                                       .history = config.history};
        unit.memory = RteMemory::take(Worker::memory_needed(engine, config.overlays), socket);
        if (!unit.memory.octets) {
            error = out_of_memory("the sessions");
            return false;
        }
        WorkerSetup setup{.id = {i},
                          .workers = workers,
                          .idle = config.idle,
                          .real_time = config.real_time,
                          .clock = clock_,
                          .engine = engine,
                          .overlays = config.overlays,
                          .memory = unit.memory.span(),
                          .pool = pools_[i].get(),
                          .ports = ports_of(i),
                          .handover_to = {},
                          .handover_from = {},
                          .notices = handover_->notices(),
                          .readers = readers};
        for (std::uint16_t other = 0; other < workers; ++other) {
            setup.handover_to.push_back(handover_->ring(i, other));
            setup.handover_from.push_back(handover_->ring(other, i));
        }
        unit.worker = std::make_unique<Worker>(std::move(setup));
        unit.link = RingLink::create(i, socket, unit.worker->stats());
        if (!unit.link) unit.link = RingLink::create(i, SOCKET_ID_ANY, unit.worker->stats());
        if (!unit.link) {
            error = out_of_memory("the rings between control and a worker");
            return false;
        }
        unit.worker->connect(unit.link->rings());
    }
    return true;
}

bool DpdkRuntime::start_ports(StartError& error) {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        std::string why;
        if (ports_[i]->start(why)) continue;
        error = {why, port_path(places_[i])};
        return false;
    }
    return true;
}

bool DpdkRuntime::launch(StartError& error) {
    const auto entry = [](void* worker) {
        static_cast<Worker*>(worker)->run();
        return 0;
    };
    for (std::size_t i = 0; i < units_.size(); ++i) {
        if (rte_eal_remote_launch(entry, units_[i].worker.get(), units_[i].lcore) != 0) {
            error = {"lcore " + std::to_string(units_[i].lcore) + " is busy",
                     "dataplane.workers[" + std::to_string(i) + "]"};
            return false;
        }
        units_[i].launched = true;
    }
    return true;
}

void DpdkRuntime::publish() {
    std::vector<Telemetry::Worker> workers;
    workers.reserve(units_.size());
    for (const WorkerUnit& unit : units_) {
        workers.push_back({.cpu = unit.cpu, .stats = &unit.worker->stats()});
    }
    telemetry_.emplace(std::move(workers), ports(), clock_.cycles_per_second());
}

std::vector<message::PortStatus> DpdkRuntime::ports() const {
    std::vector<message::PortStatus> out;
    for (const std::unique_ptr<Port>& port : ports_) out.push_back(port->status());
    for (const VlanPort& vlan : vlan_ports_) {
        const auto parent = std::ranges::find(ports_, vlan.parent, &std::unique_ptr<Port>::get);
        out.push_back(vlan.status(out[static_cast<std::size_t>(parent - ports_.begin())]));
    }
    return out;
}

bool DpdkRuntime::announce_on(int eventfd) noexcept {
    if (idle_ != Idle::Adaptive) return false;
    for (WorkerUnit& unit : units_) unit.worker->announce_on(eventfd);
    return true;
}

/// Everything in the reverse order of start. Links and statistics stay readable; nothing arrives
/// there.
void DpdkRuntime::halt() noexcept {
    if (!eal_) return;
    telemetry_.reset();
    for (WorkerUnit& unit : units_) {
        if (unit.launched) unit.worker->request_stop();
    }
    for (WorkerUnit& unit : units_) {
        if (!unit.launched) continue;
        rte_eal_wait_lcore(unit.lcore);
        while (!unit.worker->ended()) std::this_thread::yield();  // it has: for the memory's order
        unit.launched = false;
    }
    handover_.reset();
    vlan_ports_.clear();
    ports_.clear();
    for (WorkerUnit& unit : units_) {
        if (unit.link) unit.link->close();
        unit.memory = {};
    }
    pools_.clear();
    eal_.reset();
}

}  // namespace

std::unique_ptr<Runtime> Runtime::start(const Config& config, StartError& error) {
    const auto plan = make_plan(config, error);
    if (!plan) return nullptr;
    std::unique_ptr<Eal> eal = Eal::start(*plan, error);
    return eal ? start_on(std::move(eal), *plan, config, error) : nullptr;
}

std::unique_ptr<Runtime> start_on(std::unique_ptr<Eal> eal, const Plan& plan, const Config& config,
                                  StartError& error) {
    const ClockReading first = ClockReading::take();
    std::this_thread::sleep_for(Clock::kShortestCalibration);
    const Clock clock{first, ClockReading::take()};
    const auto workers = static_cast<std::uint32_t>(plan.lcores.workers.size());
    auto runtime =
        std::make_unique<DpdkRuntime>(std::move(eal), clock, plan, config.idle,
                                      bfd::DiscriminatorCodec{config.seed, plan.slots, workers});
    if (!runtime->assemble(config, plan, error)) return nullptr;
    return runtime;
}

}  // namespace tocsin::runtime
