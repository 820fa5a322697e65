#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <vector>

namespace tocsin::control::app {

/// The control thread's event loop: turns, timers, signals, and closures that other threads post.
class Loop {
public:
    using Clock = std::chrono::steady_clock;
    using Closure = std::function<void()>;
    /// Work of every turn; returns how long the loop may wait for the next one.
    using Turn = std::function<std::chrono::microseconds()>;

    /// Closures that one turn runs at most, and the time after which it runs no more of them, so
    /// that a busy client does not keep the loop from its workers.
    static constexpr std::size_t kClosuresPerTurn = 64;
    static constexpr std::chrono::microseconds kClosureTime{2000};

    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Any thread: `f` runs on the loop's thread, in order. After the loop has ended it is
    /// destroyed unrun.
    void post(Closure f);
    /// Calls `f` about every `interval` from now on; `f` must not call run_timers().
    void every(std::chrono::milliseconds interval, Closure f);
    /// Blocks these signals for the process (call before other threads start) and handles them
    /// here.
    void on_signals(std::initializer_list<int> signals, std::function<void(int)> f);

    /// An eventfd; whoever adds to it ends the wait for the next turn. As long as the loop lives.
    [[nodiscard]] int wake_fd() const noexcept { return wake_fd_; }

    /// Turns until stop().
    void run(const Turn& turn);
    /// Those that are due, for closures that keep the loop's thread for long.
    void run_timers();
    /// Any thread.
    void stop();

private:
    struct Timer {
        std::chrono::milliseconds interval;
        Clock::time_point due;
        Closure f;
    };

    void wait(std::chrono::microseconds at_most);
    void read_signals();
    bool run_closures();
    void wake();

    int wake_fd_ = -1;
    int signal_fd_ = -1;
    sigset_t old_mask_{};
    std::function<void(int)> on_signal_;
    std::vector<Timer> timers_;
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;
    std::vector<Closure> posted_;
    bool closed_ = false;
    std::vector<Closure> running_;
    std::size_t next_ = 0;  ///< in running_
};

}  // namespace tocsin::control::app
