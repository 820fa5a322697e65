#pragma once

#include "control/config/fault.hpp"
#include "control/config/schema.hpp"
#include "control/lag/group.hpp"
#include "control/lag/view.hpp"
#include "control/metrics/collector.hpp"
#include "control/net/stack.hpp"
#include "control/session/manager.hpp"
#include "control/unsolicited/acceptor.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::api {

/// What checking a session of a client needs: read by any thread, replaced whole by a reload.
struct SpecContext {
    std::vector<config::Port> ports;  ///< link-local addresses in use included
    std::vector<config::Profile> profiles;
    config::TunnelSettings tunnels;
    std::vector<PortId> ids;  ///< of `ports`
};

struct ReloadReport {
    config::Faults faults;  ///< not empty = nothing was changed
    session::Applied applied;
    std::size_t unchanged = 0;
    bool key_chains_changed = false;         ///< lifetimes or secrets
    std::vector<std::string> needs_restart;  ///< key paths, and sessions that wait for a restart
};

/// The daemon as the API sees it.
class Backend {
public:
    virtual ~Backend() = default;

    // Any thread.
    /// Runs `f` on the control thread, in order; destroyed unrun when that has ended.
    virtual void post(std::function<void()> f) = 0;
    [[nodiscard]] virtual std::shared_ptr<const SpecContext> specs() const = 0;
    [[nodiscard]] virtual std::vector<message::PortStatus> ports() const = 0;
    [[nodiscard]] virtual const metrics::Sources& sources() const = 0;
    [[nodiscard]] virtual std::string config_file() const = 0;

    // Any thread but control.
    /// Reads the file again and applies the difference, all or nothing.
    virtual ReloadReport reload() = 0;

    // Control thread only.
    [[nodiscard]] virtual session::Manager& sessions() = 0;
    /// As Stack::add_piece().
    virtual bool add_piece(net::NeighborList& list) = 0;
    [[nodiscard]] virtual std::vector<unsolicited::PolicyView> unsolicited_policies() = 0;
    [[nodiscard]] virtual std::vector<lag::LagView> lags() = 0;
    /// As lag::Controller::report().
    [[nodiscard]] virtual Result<Ok> report_member(const std::string& lag, const std::string& port,
                                                   lag::LinkState state) = 0;
    [[nodiscard]] virtual std::vector<session::ReflectorView> reflectors() = 0;
    /// As Reflectors::set_admin().
    virtual Result<Ok> set_reflectors_admin(std::span<const Discriminator> which, bool down) = 0;
};

/// Runs `f` on the control thread and waits for what it returns; nullopt when the daemon is ending.
template <class F>
auto call(Backend& backend, F f) -> std::optional<decltype(f())> {
    auto promise = std::make_shared<std::promise<decltype(f())>>();
    auto answer = promise->get_future();
    backend.post(
        [promise = std::move(promise), f = std::move(f)]() mutable { promise->set_value(f()); });
    try {
        return answer.get();
    } catch (const std::future_error&) {  // broken promise: never run
        return std::nullopt;
    }
}

/// Like call() for work that answers later: `start` is given what to call with the answer.
template <class T>
std::optional<T> wait_for(Backend& backend, std::function<void(std::function<void(T)>)> start) {
    auto promise = std::make_shared<std::promise<T>>();
    auto answer = promise->get_future();
    backend.post([promise = std::move(promise), start = std::move(start)] {
        start([promise](T value) { promise->set_value(std::move(value)); });
    });
    try {
        return answer.get();
    } catch (const std::future_error&) {
        return std::nullopt;
    }
}

}  // namespace tocsin::control::api
