#include "control/app/loop.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tocsin::control::app {

Loop::Loop() : wake_fd_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
    if (wake_fd_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

Loop::~Loop() {
    if (signal_fd_ >= 0) {
        ::close(signal_fd_);
        ::pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
    }
    ::close(wake_fd_);
}

void Loop::post(Closure f) {
    {
        const std::lock_guard lock{mutex_};
        if (closed_) return;
        posted_.push_back(std::move(f));
    }
    wake();
}

void Loop::every(std::chrono::milliseconds interval, Closure f) {
    timers_.push_back({.interval = interval, .due = Clock::now() + interval, .f = std::move(f)});
}

void Loop::on_signals(std::initializer_list<int> signals, std::function<void(int)> f) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int s : signals) ::sigaddset(&set, s);
    ::pthread_sigmask(SIG_BLOCK, &set, &old_mask_);
    signal_fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signal_fd_ < 0) throw std::system_error{errno, std::generic_category(), "signalfd"};
    on_signal_ = std::move(f);
}

void Loop::run(const Turn& turn) {
    while (!stopped_) {
        read_signals();
        const bool more = run_closures();
        run_timers();
        const auto idle = turn();
        if (!more && !stopped_) wait(idle);
    }
    // Whoever still waits for a closure learns from its destruction that nobody will run it.
    std::vector<Closure> left;
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        left.swap(posted_);
    }
    running_.clear();
    next_ = 0;
}

void Loop::stop() {
    stopped_ = true;
    wake();
}

void Loop::wait(std::chrono::microseconds at_most) {
    if (at_most.count() == 0) return;
    for (const Timer& t : timers_) {
        const auto left = std::chrono::ceil<std::chrono::microseconds>(t.due - Clock::now());
        at_most = std::clamp(left, std::chrono::microseconds{1}, at_most);
    }
    std::array<pollfd, 2> fds{pollfd{.fd = wake_fd_, .events = POLLIN, .revents = 0},
                              pollfd{.fd = signal_fd_, .events = POLLIN, .revents = 0}};
    const timespec timeout{.tv_sec = at_most.count() / 1'000'000,
                           .tv_nsec = at_most.count() % 1'000'000 * 1000};
    if (::ppoll(fds.data(), signal_fd_ >= 0 ? 2 : 1, &timeout, nullptr) > 0 &&
        fds[0].revents != 0) {
        std::uint64_t count = 0;
        static_cast<void>(!::read(wake_fd_, &count, sizeof count));
    }
}

void Loop::read_signals() {
    if (signal_fd_ < 0) return;
    signalfd_siginfo info{};
    while (::read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        on_signal_(static_cast<int>(info.ssi_signo));
    }
}

void Loop::run_timers() {
    const auto now = Clock::now();
    for (Timer& t : timers_) {
        if (now < t.due) continue;
        t.due = std::max(t.due + t.interval, now);  // late turns are not made up for
        t.f();
    }
}

bool Loop::run_closures() {
    const auto end = Clock::now() + kClosureTime;
    for (std::size_t n = 0; n < kClosuresPerTurn; ++n) {
        if (next_ == running_.size()) {
            running_.clear();
            next_ = 0;
            const std::lock_guard lock{mutex_};
            if (posted_.empty()) return false;
            running_.swap(posted_);
        }
        const Closure f = std::move(running_[next_++]);
        f();
        if (Clock::now() >= end) break;
    }
    return true;
}

void Loop::wake() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_fd_, &one, sizeof one));
}

}  // namespace tocsin::control::app
