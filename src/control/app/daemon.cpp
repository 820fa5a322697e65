#include "control/app/daemon.hpp"

#include "control/app/isolation.hpp"
#include "control/app/notify.hpp"
#include "control/app/port_setup.hpp"
#include "control/base/address.hpp"
#include "control/base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

namespace tocsin::control::app {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFramesPerTurn = 256;
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kStopApi{200};
constexpr std::chrono::milliseconds kOneRequest{500};  ///< signals so close together are one

void warn_of_port(const message::PortStatus& port) {
    if (!port.link_up) log::write(log::Level::Warn, "port", "link_down", {{"port", port.name}});
    for (const std::string& address : port.kernel_addresses) {
        log::write(log::Level::Warn, "port", "kernel_has_address",
                   {{"port", port.name},
                    {"address", address},
                    {"advice",
                     "the kernel answers on this interface beside tocsin, BFD with ICMP errors: "
                     "remove its addresses (ip addr flush, sysctl "
                     "net.ipv6.conf.INTERFACE.disable_ipv6=1)"}});
    }
}

/// A worker that polls without end competes with everything the scheduler puts beside it, for
/// milliseconds at a time.
void warn_of_shared_cpus(const std::vector<metrics::Sources::Worker>& workers) {
    std::vector<unsigned> cpus;
    cpus.reserve(workers.size());
    for (const metrics::Sources::Worker& w : workers) cpus.push_back(w.lcore);
    for (const unsigned cpu : not_isolated(cpus)) {
        log::write(log::Level::Warn, "dataplane", "polling_on_a_shared_cpu",
                   {{"cpu", cpu},
                    {"advice",
                     "isolate it (isolcpus= and nohz_full= on the kernel's command line) or use "
                     "dataplane.idle = \"adaptive\"; until then packets may leave late"}});
    }
}

std::unique_ptr<load::Monitor> make_monitor(const metrics::Sources& sources,
                                            const std::vector<message::PortStatus>& ports,
                                            double cycles_per_second) {
    std::vector<const message::WorkerStats*> workers;
    workers.reserve(sources.workers.size());
    for (const metrics::Sources::Worker& w : sources.workers) workers.push_back(w.stats);
    const bool kernel = std::ranges::any_of(
        ports, [](const message::PortStatus& p) { return load::passes_the_kernel(p.driver); });
    return std::make_unique<load::Monitor>(workers, cycles_per_second,
                                           kernel ? load::kAssumedKernelCost : load::kAssumedCost);
}

}  // namespace

/// net::Stack as sessions see it, with the time filled in.
class Daemon::StackNextHops final : public session::NextHops {
public:
    StackNextHops(net::Stack& stack, const message::Dataplane& dataplane)
        : stack_{stack}, dataplane_{dataplane} {}

    std::optional<IpAddress> next_hop(PortId port, const IpAddress& remote) const override {
        return stack_.next_hop(port, remote);
    }
    std::optional<IpAddress> local_for(PortId port, const IpAddress& remote) const override {
        return stack_.local_for(port, remote);
    }
    void track(PortId port, const IpAddress& hop) override {
        stack_.track(port, hop, dataplane_.now());
    }
    void untrack(PortId port, const IpAddress& hop) override { stack_.untrack(port, hop); }
    std::optional<MacAddress> mac(PortId port, const IpAddress& hop) const override {
        return stack_.mac(port, hop);
    }
    void confirm(PortId port, const IpAddress& hop, Nanoseconds before) override {
        stack_.confirm(port, hop, before, dataplane_.now());
    }
    void doubt(PortId port, const IpAddress& hop) override {
        stack_.doubt(port, hop, dataplane_.now());
    }

private:
    net::Stack& stack_;
    const message::Dataplane& dataplane_;
};

Daemon::Daemon(Setup setup, message::Dataplane& dataplane, Loop& loop)
    : config_file_{std::move(setup.config_file)},
      log_level_{setup.log_level},
      dataplane_{dataplane},
      loop_{loop},
      running_{std::make_shared<const config::Config>(std::move(setup.config))},
      ports_{dataplane.ports()},
      admission_{running_->dataplane.admission} {
    configure_log();
    PortSetup ports = set_up_ports(*running_, ports_);
    specs_ = std::make_shared<const api::SpecContext>(std::move(ports.specs));
    stack_ = std::make_unique<net::Stack>(
        std::move(ports.stack),
        [this](const message::Frame& frame) {
            // Lost when the ring is full, as on any wire: whoever needs an answer asks again.
            static_cast<void>(dataplane_.worker(WorkerId{0}).send_frame(frame));
        },
        [this](PortId port, const IpAddress& hop, const std::optional<MacAddress>&) {
            if (manager_ != nullptr) manager_->on_neighbor(port, hop);
        },
        [this](PortId id, const IpAddress& address, const MacAddress& mac) {
            const auto port = std::ranges::find(ports_, id, &message::PortStatus::id);
            log::write(log::Level::Warn, "net", "address_conflict",
                       {{"port", port == ports_.end() ? std::string{} : port->name},
                        {"address", control::to_string(address)},
                        {"claimed_by", control::to_string(mac)}});
        });
    next_hops_ = std::make_unique<StackNextHops>(*stack_, dataplane_);
    const std::uint32_t most = running_->dataplane.max_sessions;
    manager_ = std::make_unique<session::Manager>(
        std::move(ports.sessions), dataplane_, *next_hops_,
        session::Manager::Settings{.max_sessions = most,
                                   .seed = setup.seed,
                                   .authentication = running_->dataplane.authentication,
                                   .echo = running_->dataplane.echo,
                                   .congestion_control = running_->dataplane.congestion_control,
                                   .overlays = running_->dataplane.overlays,
                                   .history = running_->dataplane.history != 0});
    manager_->set_tunnels(running_->tunnels);
    session_log_ =
        std::make_unique<SessionLog>(manager_->registry(), dataplane_, manager_->chains());
    watch_lags();
    observers_ = std::make_unique<Observers>(
        std::vector<session::Observer*>{session_log_.get(), lags_.get()});
    manager_->set_listener(observers_.get());
    announced_ = dataplane_.announce_on(loop_.wake_fd());
    manager_->set_between_pieces([this] { between_pieces(); });

    accept_unsolicited();
    speak_lsp_ping(*next_hops_, setup.seed);
    sources_.version = std::move(setup.version);
    sources_.dpdk_version = std::move(setup.dpdk_version);
    sources_.started = std::chrono::system_clock::now();
    sources_.max_sessions = most;
    sources_.totals = &manager_->totals();
    sources_.api = &api_counters_;
    const auto workers = static_cast<std::uint16_t>(dataplane_.workers());
    for (std::uint16_t i = 0; i < workers; ++i) {
        sources_.workers.push_back({.lcore = dataplane_.lcore(WorkerId{i}),
                                    .stats = &dataplane_.worker(WorkerId{i}).stats()});
        heartbeats_.push_back(0);
    }
    monitor_ = make_monitor(sources_, ports_, dataplane_.cycles_per_second());
    sources_.loads = [this] { return monitor_->loads(); };
    sources_.wall = [this](Instant t) { return dataplane_.wall(t); };
    look_at_workers();
    sources_.cycles_per_second = dataplane_.cycles_per_second();
    sources_.ports = [this] { return this->ports(); };
    sources_.reflectors = [this] {
        const std::lock_guard lock{mutex_};
        return reflectors_;
    };
}

Daemon::~Daemon() {
    if (reload_thread_.joinable()) reload_thread_.join();
    if (stop_thread_.joinable()) stop_thread_.join();
    metrics_.reset();
    server_.reset();
}

Result<Ok> Daemon::start() {
    if (!running_->metrics.listen.empty()) {
        auto metrics = metrics::Server::start(running_->metrics.listen, sources_);
        if (!metrics) return metrics.error();
        metrics_ = std::move(metrics.value());
    }
    auto server = api::Server::start(running_->api.listen, *this, api_counters_);
    if (!server) return server.error();
    server_ = std::move(server.value());

    loop_.every(kTick, [this] {
        stack_->on_timer(dataplane_.now());
        look_at_links();
        manager_->confirm_neighbors();
    });
    manager_->set_key_chains(running_->key_chains);
    look_at_keys();
    const auto added = manager_->add(running_->sessions, session::Origin::Config, {});
    if (!added) return added.error();
    unsolicited_->set_policies(running_->unsolicited);
    lags_->set_lags(running_->lags, running_->sessions);
    set_reflectors(running_->sbfd);
    tell_demand();

    for (const message::PortStatus& p : ports_) {
        stack_->on_link(p.id, p.link_up, dataplane_.now());
        warn_of_port(p);
    }
    loop_.every(1s, [this] {
        look_at_workers();
        look_at_keys();
        session_log_->report_suppressed();
        note_reflectors();
        tell_status();
    });
    if (const auto interval = watchdog_interval()) {
        loop_.every(std::chrono::duration_cast<std::chrono::milliseconds>(*interval),
                    [this] { feed_watchdog(); });
    }
    if (running_->dataplane.idle == config::Idle::Poll) warn_of_shared_cpus(sources_.workers);
    log::write(log::Level::Info, "daemon", "started",
               {{"version", sources_.version},
                {"config", config_file_},
                {"workers", dataplane_.workers()},
                {"ports", ports_.size()},
                {"sessions", manager_->registry().size()}});
    return Ok{};
}

void Daemon::run() {
    loop_.run([this] { return turn(); });
}

void Daemon::on_signal(int signal) {
    if (signal == SIGHUP) return reload_in_background();
    if (stopping_) {
        // `timeout` and some shells signal a process and then its group.
        if (dataplane_.now() - stop_asked_ < kOneRequest) return;
        log::write(log::Level::Warn, "daemon", "stopped_at_once", {{"signal", signal}});
        ::_exit(128 + signal);
    }
    stop();
}

void Daemon::stop() {
    if (stopping_) return;
    stopping_ = true;
    stop_asked_ = dataplane_.now();
    const auto timeout = [this] {
        const std::lock_guard lock{mutex_};
        return running_->daemon.shutdown_timeout;
    }();
    stop_deadline_ = dataplane_.now() + timeout;
    log::write(log::Level::Info, "daemon", "stopping",
               {{"sessions", manager_->registry().size()}, {"timeout_ms", timeout.count()}});
    notify_stopping();
    if (server_) server_->set_serving(false);
    manager_->remove_all();
}

std::chrono::microseconds Daemon::turn() {
    const bool more = take_frames();
    auto wait = manager_->poll();
    unsolicited_->poll();
    lags_->poll();
    if (more) wait = 0us;
    if (!ready_ && manager_->idle()) {
        ready_ = true;
        if (server_) server_->set_serving(true);
        told_status_ = status();
        notify_ready(told_status_);
    }
    const bool gone = stopping_ && manager_->finished();
    if (stopping_ && !stop_thread_.joinable() && (gone || dataplane_.now() >= stop_deadline_)) {
        log::write(gone ? log::Level::Info : log::Level::Warn, "daemon", "stopped",
                   {{"sessions_not_heard", manager_->leaving()}});
        // Requests under way wait for this loop, which therefore goes on until they have ended.
        try {
            stop_thread_ = std::thread{[this] {
                if (server_) server_->stop(kStopApi);
                loop_.stop();
            }};
        } catch (const std::system_error&) {  // no thread to be had: end without the courtesy
            loop_.stop();
        }
    }
    const bool quiet = announced_ && !stopping_ && wait >= session::Manager::kIdleWait;
    if (quiet) wait = kTick;
    for (const auto next : {manager_->holds_for(), lags_->idle_for()}) {
        if (next) wait = std::min(wait, *next);
    }
    return wait;
}

/// True when there may be more.
bool Daemon::take_frames() {
    static thread_local message::Frame frame;
    const auto workers = static_cast<std::uint16_t>(dataplane_.workers());
    bool more = false;
    for (std::uint16_t i = 0; i < workers; ++i) {
        message::WorkerLink& link = dataplane_.worker(WorkerId{i});
        std::size_t n = 0;
        for (; n < kFramesPerTurn && link.receive_frame(frame); ++n) {
            if (lsp_ && lsp_->take(frame)) continue;
            stack_->on_frame(frame, dataplane_.now());
        }
        more |= n == kFramesPerTurn;
    }
    return more;
}

/// A request or a reload with very many sessions keeps the loop for seconds: neighbours, links and
/// the service manager's watchdog must not wait for it.
void Daemon::between_pieces() {
    static_cast<void>(take_frames());
    loop_.run_timers();
}

void Daemon::look_at_links() {
    std::vector<message::PortStatus> now = dataplane_.ports();
    for (const message::PortStatus& p : now) {
        const auto was = std::ranges::find(ports_, p.id, &message::PortStatus::id);
        if (was == ports_.end() || was->link_up == p.link_up) continue;
        if (p.lost && !was->lost) {
            log::write(
                log::Level::Error, "port", "interface_lost",
                {{"port", p.name},
                 {"device", p.device},
                 {"advice", "its kernel interface was removed or replaced: restart tocsind"}});
        }
        log::write(log::Level::Warn, "port", p.link_up ? "link_up" : "link_down",
                   {{"port", p.name}});
        manager_->on_link(p.id, p.link_up);
        lags_->on_link();
        stack_->on_link(p.id, p.link_up, dataplane_.now());
    }
    const std::lock_guard lock{mutex_};
    ports_ = std::move(now);
}

void Daemon::feed_watchdog() {
    bool all_moved = true;
    for (std::size_t i = 0; i < heartbeats_.size(); ++i) {
        const std::uint64_t beat = sources_.workers[i].stats->heartbeat.get();
        if (beat == heartbeats_[i]) {
            all_moved = false;
            log::write(log::Level::Error, "daemon", "worker_stalled",
                       {{"lcore", sources_.workers[i].lcore}, {"heartbeat", beat}});
        }
        heartbeats_[i] = beat;
    }
    if (all_moved) notify_watchdog();
}

void Daemon::tell_status() {
    if (stopping_ || !ready_) return;
    std::string now = status();
    if (now == told_status_) return;
    told_status_ = std::move(now);
    notify_status(told_status_);
}

std::string Daemon::status() const {
    const auto& by_state = manager_->totals().sessions;
    return std::to_string(manager_->registry().size()) + " sessions, " +
           std::to_string(by_state[static_cast<std::size_t>(bfd::SessionState::Up)].get()) + " Up";
}

std::shared_ptr<const api::SpecContext> Daemon::specs() const {
    const std::lock_guard lock{mutex_};
    return specs_;
}

std::vector<message::PortStatus> Daemon::ports() const {
    const std::lock_guard lock{mutex_};
    return ports_;
}

bool Daemon::add_piece(net::NeighborList& list) {
    return stack_->add_piece(list, dataplane_.now());
}

void Daemon::configure_log() const {
    constexpr log::Level kLevels[]{log::Level::Debug, log::Level::Info, log::Level::Warn,
                                   log::Level::Error};
    const config::Daemon& d = running_->daemon;
    log::configure(log_level_.value_or(kLevels[static_cast<std::size_t>(d.log_level)]),
                   d.log_format == config::LogFormat::Json ? log::Format::Json : log::Format::Text);
}

}  // namespace tocsin::control::app
