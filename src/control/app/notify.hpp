#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace tocsin::control::app {

// What the service manager is told (sd_notify(3)); without one these do nothing.

void notify_ready(const std::string& status);
void notify_status(const std::string& status);
void notify_reloading();
void notify_stopping();
void notify_watchdog();
/// How often the watchdog wants to hear from us: half of WatchdogSec. nullopt: not at all.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace tocsin::control::app
