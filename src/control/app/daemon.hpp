#pragma once

#include "control/app/loop.hpp"
#include "control/app/observers.hpp"
#include "control/app/options.hpp"
#include "control/app/session_log.hpp"
#include "control/config/load.hpp"
#include "control/grpc/backend.hpp"
#include "control/grpc/server.hpp"
#include "control/lag/controller.hpp"
#include "control/load/monitor.hpp"
#include "control/lsp/agent.hpp"
#include "control/metrics/server.hpp"
#include "control/net/stack.hpp"
#include "control/session/manager.hpp"
#include "control/unsolicited/acceptor.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace tocsin::control::app {

/// The control side of the daemon over a running dataplane: owner of all its state, and of the loop
/// that everything runs on.
class Daemon final : public api::Backend {
public:
    struct Setup {
        std::string config_file;
        config::Config config;
        std::string version;
        std::string dpdk_version;
        std::optional<log::Level> log_level;  ///< instead of the configuration's
        std::uint64_t seed = 0;
    };

    /// `dataplane` and `loop` outlive the daemon.
    Daemon(Setup setup, message::Dataplane& dataplane, Loop& loop);
    ~Daemon() override;

    /// Listeners bound, sessions of the file added; one sentence when that fails.
    [[nodiscard]] Result<Ok> start();
    /// Runs until a signal or stop() has taken every session down, within daemon.shutdown_timeout.
    void run();
    /// SIGHUP reloads, SIGTERM and SIGINT stop; the second of these ends the process. Control
    /// thread.
    void on_signal(int signal);
    /// Tells every peer AdminDown, then ends run(). Control thread.
    void stop();

    void post(std::function<void()> f) override { loop_.post(std::move(f)); }
    [[nodiscard]] std::shared_ptr<const api::SpecContext> specs() const override;
    [[nodiscard]] std::vector<message::PortStatus> ports() const override;
    [[nodiscard]] const metrics::Sources& sources() const override { return sources_; }
    [[nodiscard]] std::string config_file() const override { return config_file_; }
    api::ReloadReport reload() override;
    [[nodiscard]] session::Manager& sessions() override { return *manager_; }
    bool add_piece(net::NeighborList& list) override;
    [[nodiscard]] std::vector<unsolicited::PolicyView> unsolicited_policies() override {
        return unsolicited_->policies();
    }
    [[nodiscard]] std::vector<lag::LagView> lags() override;
    [[nodiscard]] Result<Ok> report_member(const std::string& lag, const std::string& port,
                                           lag::LinkState state) override;

    [[nodiscard]] std::vector<session::ReflectorView> reflectors() override {
        return manager_->reflectors().views();
    }
    Result<Ok> set_reflectors_admin(std::span<const Discriminator> which, bool down) override;

    [[nodiscard]] api::Server* server() noexcept { return server_.get(); }
    [[nodiscard]] int metrics_port() const { return metrics_ ? metrics_->port() : 0; }

private:
    class StackNextHops;

    std::chrono::microseconds turn();
    [[nodiscard]] bool take_frames();
    void between_pieces();
    void look_at_links();
    void feed_watchdog();
    void tell_status();
    void look_at_workers();
    void look_at_keys();
    void accept_unsolicited();
    void watch_lags();
    void set_reflectors(const config::Sbfd& sbfd);
    void note_reflectors();
    void speak_lsp_ping(session::NextHops& next_hops, std::uint64_t seed);
    void admit_as_configured();
    void tell_demand();
    void configure_log() const;
    void reload_in_background();
    void reload_until_nobody_asks();
    [[nodiscard]] api::ReloadReport try_reload();
    [[nodiscard]] api::ReloadReport apply(const std::shared_ptr<const config::Config>& next,
                                          const config::Diff& diff);
    [[nodiscard]] std::string status() const;

    std::string config_file_;
    std::optional<log::Level> log_level_;
    message::Dataplane& dataplane_;
    Loop& loop_;
    metrics::ApiCounters api_counters_;
    metrics::Sources sources_;
    std::unique_ptr<load::Monitor> monitor_;
    std::unique_ptr<net::Stack> stack_;
    std::unique_ptr<StackNextHops> next_hops_;
    std::unique_ptr<session::Manager> manager_;
    std::unique_ptr<unsolicited::Acceptor> unsolicited_;
    std::unique_ptr<lag::Controller> lags_;
    std::unique_ptr<lsp::Agent> lsp_;
    std::unique_ptr<SessionLog> session_log_;
    std::unique_ptr<Observers> observers_;
    std::unique_ptr<api::Server> server_;
    std::unique_ptr<metrics::Server> metrics_;

    mutable std::mutex mutex_;  ///< of the four below, which other threads read
    std::shared_ptr<const config::Config> running_;  ///< what is in effect, not what the file says
    std::shared_ptr<const api::SpecContext> specs_;
    std::vector<message::PortStatus> ports_;
    std::vector<session::ReflectorView> reflectors_;  ///< as they were a second ago at most

    std::mutex reload_mutex_;  ///< one reload at a time
    std::thread reload_thread_;
    enum class Reloading : std::uint8_t { Idle, Running, Again };
    std::atomic<Reloading> reloading_{Reloading::Idle};

    config::Admission admission_;  ///< in effect
    int told_demand_ = 0;          ///< 1: close to what the workers carry, 2: above it
    bool announced_ = false;  ///< workers wake the loop; it need not look at their rings by itself
    std::vector<std::uint64_t> heartbeats_;  ///< at the last feeding of the watchdog
    std::string told_status_;
    std::atomic<bool> stopping_{false};
    Instant stop_asked_{};
    Instant stop_deadline_{};
    std::thread stop_thread_;
    std::atomic<bool> ready_{false};  ///< the service manager was told
};

/// What a reload leaves in effect: sessions and log of `wanted`, all that needs a restart as it
/// was.
[[nodiscard]] config::Config effective(const config::Config& running, config::Config wanted,
                                       const config::Diff& diff);

}  // namespace tocsin::control::app
