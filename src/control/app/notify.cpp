#include "control/app/notify.hpp"

#include <systemd/sd-daemon.h>

namespace tocsin::control::app {

void notify_ready(const std::string& status) {
    ::sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void notify_status(const std::string& status) { ::sd_notify(0, ("STATUS=" + status).c_str()); }

void notify_reloading() { ::sd_notify(0, "RELOADING=1"); }

void notify_stopping() { ::sd_notify(0, "STOPPING=1\nSTATUS=telling peers AdminDown"); }

void notify_watchdog() { ::sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval() {
    std::uint64_t period_us = 0;
    if (::sd_watchdog_enabled(0, &period_us) <= 0) return std::nullopt;
    return std::chrono::microseconds{period_us / 2};
}

}  // namespace tocsin::control::app
