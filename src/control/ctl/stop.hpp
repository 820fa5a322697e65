#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace tocsin::control::ctl {

/// A wish to end, from another thread. Calls a function at once, so that a blocked call can be
/// cancelled.
class Stop {
public:
    void request() {
        const std::lock_guard lock{mutex_};
        requested_ = true;
        if (wake_) wake_();
        changed_.notify_all();
    }

    [[nodiscard]] bool requested() const {
        const std::lock_guard lock{mutex_};
        return requested_;
    }

    /// `wake` is called by request(), or now when that already happened; an empty one calls
    /// nothing. It must not call back into this object.
    void on_request(std::function<void()> wake) {
        const std::lock_guard lock{mutex_};
        wake_ = std::move(wake);
        if (requested_ && wake_) wake_();
    }

    /// True when the wish came within `time`.
    [[nodiscard]] bool wait_for(std::chrono::milliseconds time) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, time, [this] { return requested_; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> wake_;
    bool requested_ = false;
};

}  // namespace tocsin::control::ctl
