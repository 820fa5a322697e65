// Part of daemon.hpp: SIGHUP and ConfigService.Reload. The file is read, validated and compared on
// the caller's thread; the control thread applies the difference, all or nothing.

#include "control/app/daemon.hpp"
#include "control/app/notify.hpp"
#include "control/config/session_rules.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

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
                {"unchanged", report.unchanged}});
}

}  // namespace

config::Config effective(const config::Config& running, const config::Config& wanted,
                         const config::Diff& diff) {
    config::Config out = running;
    out.daemon.log_level = wanted.daemon.log_level;
    out.daemon.log_format = wanted.daemon.log_format;
    out.daemon.shutdown_timeout = wanted.daemon.shutdown_timeout;
    out.dataplane.admission = wanted.dataplane.admission;
    out.profiles = wanted.profiles;
    const auto same = [](const config::Session& a, const config::Session& b) {
        return a.port == b.port && a.remote == b.remote;
    };
    out.sessions.clear();
    for (const config::Session& s : wanted.sessions) {
        const bool deferred = std::ranges::any_of(
            diff.deferred, [&](const config::Session& d) { return same(d, s); });
        if (!deferred) {
            out.sessions.push_back(s);
            continue;
        }
        for (const config::Session& r : running.sessions) {
            if (same(r, s)) out.sessions.push_back(r);
        }
    }
    return out;
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
    config::LoadResult loaded = config::load_file(config_file_);
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
    auto report = api::call(*this, [&] { return apply(*loaded.config, diff); });
    if (report) return std::move(*report);
    return refusal({}, "tocsind is shutting down");
}

api::ReloadReport Daemon::apply(const config::Config& wanted, const config::Diff& diff) {
    if (stopping_) return refusal({}, "tocsind is stopping");
    // A file that lifts the limit is judged by its own word.
    const config::Admission before = std::exchange(admission_, wanted.dataplane.admission);
    admit_as_configured();
    const auto applied = manager_->apply(diff);
    if (!applied) {
        admission_ = before;
        admit_as_configured();
    }
    if (!applied) return refusal(applied.error().where, applied.error().message);
    api::ReloadReport report;
    report.applied = applied.value();
    report.unchanged = diff.unchanged;
    report.needs_restart = diff.needs_restart;
    for (const config::Session& s : diff.deferred) {
        report.needs_restart.push_back("session " + config::describe(s));
    }
    {
        const std::lock_guard lock{mutex_};
        running_ = std::make_shared<const config::Config>(effective(*running_, wanted, diff));
        auto specs = std::make_shared<api::SpecContext>(*specs_);
        specs->profiles = wanted.profiles;
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
