// What this machine does to a thread that wants nothing: a loop under SCHED_FIFO on one CPU reads
// the clock and rests as a worker does (100 us after 900 us). Every reading that comes late was
// taken away by the kernel or by the hypervisor, and a worker in its place would have stood still
// as long.
//
//   stalls [CPU] [SECONDS]        default 1 60

#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::int64_t kRun = 900'000;   // ns
constexpr std::int64_t kRest = 100'000;  // ns

std::int64_t now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

int main(int argc, char** argv) {
    const int cpu = argc > 1 ? std::atoi(argv[1]) : 1;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    const sched_param priority{.sched_priority = 10};
    if (sched_setaffinity(0, sizeof set, &set) != 0 ||
        sched_setscheduler(0, SCHED_FIFO, &priority) != 0) {
        std::perror("stalls: cannot run under SCHED_FIFO on that CPU");
        return 1;
    }
    prctl(PR_SET_TIMERSLACK, 1UL);
    std::array<std::uint64_t, 64> by_size{};  // index: bit width of microseconds
    std::int64_t longest = 0;
    std::int64_t last = now();
    std::int64_t rested = last;
    for (const std::int64_t end = last + seconds * 1'000'000'000LL; last < end;) {
        std::int64_t asked = 0;
        if (last - rested > kRun) {
            const timespec rest{0, kRest};
            clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);
            asked = kRest;
            rested = now();
        }
        const std::int64_t t = now();
        const std::int64_t stall = t - last - asked;
        if (stall > longest) longest = stall;
        ++by_size[std::bit_width(static_cast<std::uint64_t>(stall > 0 ? stall / 1000 : 0))];
        last = t;
    }
    std::printf("CPU %d, %d s: longest %.2f ms;", cpu, seconds,
                static_cast<double>(longest) * 1e-6);
    std::uint64_t above = 0;
    for (std::size_t i = 0; i < by_size.size(); ++i) {
        if (i > 10) above += by_size[i];
        if (i >= 9 && by_size[i] != 0)
            std::printf(" %llu up to %.1f ms", static_cast<unsigned long long>(by_size[i]),
                        static_cast<double>(1ULL << i) * 1e-3);
    }
    std::printf("; %llu above 1 ms\n", static_cast<unsigned long long>(above));
    return 0;
}
