// Part of daemon.hpp: SIGHUP and ConfigService.Reload. The file is read, validated and compared on
// the caller's thread; the control thread applies the difference, all or nothing.

#include "control/app/daemon.hpp"
#include "control/app/notify.hpp"
#include "control/config/session_identity.hpp"

#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace tocsin::control::app {

namespace {

api::ReloadReport refusal(std::string path, std::string message) {
    api::ReloadReport out;
    out.faults.push_back({.path = std::move(path), .line = 0, .message = std::move(message)});
    return out;
}

void log_report(const api::ReloadReport& report, const std::string& file) {
    for (const config::Fault& fault : report.faults) {
        log::write(log::Level::Error, "config", "fault", {{"text", config::text(fault, file)}});
    }
    if (!report.faults.empty()) {
        log::write(log::Level::Error, "config", "reload_refused",
                   {{"file", file}, {"faults", report.faults.size()}});
        return;
    }
    for (const std::string& path : report.needs_restart) {
        log::write(log::Level::Warn, "config", "needs_restart", {{"path", path}});
    }
    log::write(log::Level::Info, "config", "reloaded",
               {{"file", file},
                {"added", report.applied.added},
                {"removed", report.applied.removed},
                {"changed", report.applied.changed},
                {"unchanged", report.unchanged},
                {"key_chains", report.key_chains_changed ? "changed" : "unchanged"}});
}

}  // namespace

config::Config effective(const config::Config& running, config::Config wanted,
                         const config::Diff& diff) {
    wanted.daemon.state_dir = running.daemon.state_dir;
    const config::Admission admission = wanted.dataplane.admission;
    wanted.dataplane = running.dataplane;
    wanted.dataplane.admission = admission;
    wanted.api = running.api;
    wanted.metrics = running.metrics;
    wanted.ports = running.ports;
    if (!running.dataplane.authentication) {
        std::erase_if(wanted.sbfd.reflectors, [](const config::Reflector& r) {
            return r.auth.type != bfd::AuthType::None;
        });
    }
    if (diff.deferred.empty()) return wanted;
    std::map<std::string, const config::Session*> deferred;  // and what is there instead
    for (const config::Session& s : diff.deferred) deferred[config::key_in_file(s)] = nullptr;
    for (const config::Session& s : running.sessions) {
        const auto found = deferred.find(config::key_in_file(s));
        if (found != deferred.end()) found->second = &s;
    }
    std::vector<config::Session> sessions;
    sessions.reserve(wanted.sessions.size());
    for (config::Session& s : wanted.sessions) {
        const auto found = deferred.find(config::key_in_file(s));
        if (found == deferred.end()) {
            sessions.push_back(std::move(s));
        } else if (found->second != nullptr) {
            sessions.push_back(*found->second);
        }
    }
    wanted.sessions = std::move(sessions);
    return wanted;
}

api::ReloadReport Daemon::reload() {
    const std::lock_guard one_at_a_time{reload_mutex_};
    if (ready_ && !stopping_) notify_reloading();
    api::ReloadReport report = try_reload();
    if (stopping_) return report;  // the end is not a fault of the file
    if (ready_) {
        notify_ready(report.faults.empty() ? "configuration reloaded"
                                           : "running with the configuration before: the new file "
                                             "has mistakes, see the log");
    }
    log_report(report, config_file_);
    return report;
}

api::ReloadReport Daemon::try_reload() {
    config::LoadResult loaded =
        config::load_file(config_file_, [this] { return stopping_.load(); });
    if (!loaded.ok()) {
        api::ReloadReport out;
        out.faults = std::move(loaded.faults);
        return out;
    }
    const auto running = [this] {
        const std::lock_guard lock{mutex_};
        return running_;
    }();
    const config::Diff diff = config::diff(*running, *loaded.config);
    // What takes long for very many sessions is done on this thread: also the end of `running`.
    const auto next = std::make_shared<const config::Config>(
        effective(*running, std::move(*loaded.config), diff));
    loaded = {};
    auto report = api::call(*this, [&] { return apply(next, diff); });
    if (report) return std::move(*report);
    return refusal({}, "tocsind is shutting down");
}

api::ReloadReport Daemon::apply(const std::shared_ptr<const config::Config>& next,
                                const config::Diff& diff) {
    if (stopping_) return refusal({}, "tocsind is stopping");
    // A file that lifts the limit is judged by its own word.
    const config::Admission before = std::exchange(admission_, next->dataplane.admission);
    admit_as_configured();
    manager_->set_tunnels(next->tunnels);
    const auto applied = manager_->apply(diff);
    if (!applied) {
        admission_ = before;
        admit_as_configured();
        manager_->set_tunnels(specs_->tunnels);
    }
    if (!applied) return refusal(applied.error().where, applied.error().message);
    api::ReloadReport report;
    report.applied = applied.value();
    report.unchanged = diff.unchanged;
    report.key_chains_changed = diff.key_chains.has_value();
    if (report.key_chains_changed) look_at_keys();
    unsolicited_->set_policies(next->unsolicited);
    lags_->set_lags(next->lags, next->sessions);
    set_reflectors(next->sbfd);
    lsp_->set(next->lsp_ping, next->profiles, next->tunnels);
    report.needs_restart = diff.needs_restart;
    for (const config::Session& s : diff.deferred) {
        report.needs_restart.push_back("session " + config::describe(s));
    }
    {
        const std::lock_guard lock{mutex_};
        running_ = next;
        auto specs = std::make_shared<api::SpecContext>(*specs_);
        specs->profiles = next->profiles;
        specs->tunnels = next->tunnels;
        specs_ = std::move(specs);
    }
    configure_log();
    told_demand_ = 0;
    tell_demand();
    return report;
}

void Daemon::reload_in_background() {
    if (stopping_) return;
    // With one under way, another follows: the file may have changed since that one read it.
    if (reloading_.exchange(Reloading::Again) != Reloading::Idle) return;
    if (reload_thread_.joinable()) reload_thread_.join();
    try {
        reload_thread_ = std::thread{[this] { reload_until_nobody_asks(); }};
    } catch (const std::system_error& e) {
        reloading_ = Reloading::Idle;
        log_report(refusal({}, std::string{"no thread to read the file with: "} + e.what() +
                                   "; send SIGHUP again when the machine has room"),
                   config_file_);
    }
}

void Daemon::reload_until_nobody_asks() {
    Reloading seen = Reloading::Again;
    do {
        reloading_ = Reloading::Running;
        static_cast<void>(reload());
        seen = Reloading::Running;
    } while (!reloading_.compare_exchange_strong(seen, Reloading::Idle));
}

}  // namespace tocsin::control::app
