#include "dataplane/runtime/telemetry.hpp"

#include <rte_telemetry.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tocsin::runtime {

namespace {

// Neither has a destructor: DPDK's thread may be in a command while the process ends.
constinit std::mutex mutex;
constinit const Telemetry* current = nullptr;

struct TelDataDeleter {
    void operator()(rte_tel_data* d) const noexcept { rte_tel_data_free(d); }
};
using TelData = std::unique_ptr<rte_tel_data, TelDataDeleter>;

TelData make_dict() {
    TelData out{rte_tel_data_alloc()};
    if (out != nullptr) rte_tel_data_start_dict(out.get());
    return out;
}

// DPDK refuses entries beyond its limits; what fits is shown.
void put(rte_tel_data* dict, const char* name, std::uint64_t value) {
    static_cast<void>(rte_tel_data_add_dict_u64(dict, name, value));
}
void put(rte_tel_data* dict, const char* name, const Counter& counter) {
    put(dict, name, counter.get());
}
void put(rte_tel_data* dict, const char* name, const std::string& value) {
    static_cast<void>(rte_tel_data_add_dict_string(dict, name, value.c_str()));
}
void put(rte_tel_data* dict, const char* name, TelData value) {
    if (value == nullptr || rte_tel_data_add_dict_container(dict, name, value.get(), 0) != 0) {
        return;
    }
    static_cast<void>(value.release());  // the answer frees it
}

std::uint64_t quotient(const Counter& cycles, const Counter& packets) {
    const std::uint64_t n = packets.get();
    return n == 0 ? 0 : cycles.get() / n;
}

void put_summary(rte_tel_data* dict, const Telemetry::Worker& w) {
    const message::WorkerStats& s = *w.stats;
    put(dict, "lcore", w.cpu);
    put(dict, "sessions", s.sessions);
    put(dict, "sessions_up", s.sessions_up);
    put(dict, "rx_packets", s.rx_control);
    put(dict, "tx_packets", s.tx_control);
    put(dict, "rx_cycles_per_packet", quotient(s.rx_cycles, s.rx_control));
    put(dict, "tx_cycles_per_packet", quotient(s.tx_cycles, s.tx_control));
    put(dict, "busy_ns", s.busy_ns);
    put(dict, "idle_ns", s.idle_ns);
    put(dict, "backlog_turns", s.backlog_turns);
    put(dict, "loop_gaps", s.loop_gaps);
    put(dict, "loop_gap_max_ns", s.loop_gap.max_ns());
    put(dict, "late_tx_max_ns", s.late_tx.max_ns());
    put(dict, "late_detection_max_ns", s.late_detection.max_ns());
}

/// {"below_256_us": 3, ...}: what is not zero.
TelData histogram(const DurationHistogram& h) {
    TelData out = make_dict();
    if (out == nullptr) return out;
    for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
        if (h.bucket(i) == 0) continue;
        const bool last = i + 1 == DurationHistogram::kBuckets;
        const std::string name =
            last ? "longer" : "below_" + std::to_string(DurationHistogram::bound_us(i)) + "_us";
        put(out.get(), name.c_str(), h.bucket(i));
    }
    return out;
}

void put_rest(rte_tel_data* dict, const message::WorkerStats& s, double cycles_per_second) {
    put(dict, "heartbeat", s.heartbeat);
    put(dict, "rx_steady_packets", s.rx_fast);
    put(dict, "transitions_up", s.transitions_up);
    put(dict, "transitions_down", s.transitions_down);
    put(dict, "frames_punted", s.punted);
    put(dict, "frames_sent", s.frames_sent);
    put(dict, "events_deferred", s.events_deferred);
    put(dict, "rx_cycles", s.rx_cycles);
    put(dict, "tx_cycles", s.tx_cycles);
    put(dict, "control_cycles", s.control_cycles);
    put(dict, "cycles_per_second", static_cast<std::uint64_t>(cycles_per_second));
    put(dict, "loop_gap", histogram(s.loop_gap));
    put(dict, "late_tx", histogram(s.late_tx));
    put(dict, "late_detection", histogram(s.late_detection));
}

TelData port(const Telemetry& t, const message::PortStatus& p) {
    TelData out = make_dict();
    if (out == nullptr || p.id.value >= message::kMaxPorts) return out;
    rte_tel_data* const d = out.get();
    put(d, "name", p.name);
    put(d, "driver", p.driver);
    put(d, "steering", p.steering);
    put(d, "rx_queues", p.rx_queues);
    std::uint64_t sums[4]{};
    for (const Telemetry::Worker& w : t.workers()) {
        const message::PortStats& s = w.stats->ports[p.id.value];
        sums[0] += s.rx_packets.get();
        sums[1] += s.rx_bytes.get();
        sums[2] += s.tx_packets.get();
        sums[3] += s.tx_bytes.get();
    }
    put(d, "rx_packets", sums[0]);
    put(d, "rx_bytes", sums[1]);
    put(d, "tx_packets", sums[2]);
    put(d, "tx_bytes", sums[3]);
    return out;
}

/// The worker that `params` names by its index; nullptr: none.
const Telemetry::Worker* find(const Telemetry& t, const char* params) {
    std::size_t index = 0;
    if (params == nullptr) return nullptr;
    const char* const end = params + std::strlen(params);
    const auto [stop, error] = std::from_chars(params, end, index);
    if (error != std::errc{} || stop != end || index >= t.workers().size()) return nullptr;
    return &t.workers()[index];
}

// The commands. Negative: the answer is null. DPDK 22.11 prints no dictionary within an array, so
// that lists are dictionaries by number.

int list_workers(const char*, const char*, rte_tel_data* out) {
    const std::lock_guard lock{mutex};
    if (current == nullptr) return -1;
    rte_tel_data_start_dict(out);
    for (std::size_t i = 0; i < current->workers().size(); ++i) {
        TelData worker = make_dict();
        if (worker == nullptr) return -1;
        put_summary(worker.get(), current->workers()[i]);
        put(out, std::to_string(i).c_str(), std::move(worker));
    }
    return 0;
}

int show_worker(const char*, const char* params, rte_tel_data* out) {
    const std::lock_guard lock{mutex};
    const Telemetry::Worker* const w = current == nullptr ? nullptr : find(*current, params);
    if (w == nullptr) return -1;
    rte_tel_data_start_dict(out);
    put_summary(out, *w);
    put_rest(out, *w->stats, current->cycles_per_second());
    return 0;
}

int list_ports(const char*, const char*, rte_tel_data* out) {
    const std::lock_guard lock{mutex};
    if (current == nullptr) return -1;
    rte_tel_data_start_dict(out);
    for (const message::PortStatus& p : current->ports()) {
        put(out, std::to_string(p.id.value).c_str(), port(*current, p));
    }
    return 0;
}

int show_drops(const char*, const char* params, rte_tel_data* out) {
    const std::lock_guard lock{mutex};
    if (current == nullptr) return -1;
    const Telemetry::Worker* only = nullptr;
    if (params != nullptr && *params != '\0') {
        only = find(*current, params);
        if (only == nullptr) return -1;
    }
    rte_tel_data_start_dict(out);
    for (std::size_t i = 1; i < kDropReasons; ++i) {
        std::uint64_t n = 0;
        for (const Telemetry::Worker& w : current->workers()) {
            if (only == nullptr || only == &w) n += w.stats->drops[i].get();
        }
        put(out, std::string{kDropReasonNames[i]}.c_str(), n);
    }
    return 0;
}

/// DPDK has no way to take a command back: once in the life of the process.
void register_commands() {
    static bool done = false;
    if (done) return;
    done = true;
    struct Command {
        const char* name;
        telemetry_cb run;
        const char* help;  ///< below 64 characters, or DPDK takes no such command
    };
    static constexpr Command kCommands[]{
        {"/tocsin/workers", list_workers, "Returns load of all workers. Takes no parameters"},
        {"/tocsin/worker", show_worker, "Returns all counters of a worker. Parameters: int worker"},
        {"/tocsin/ports", list_ports, "Returns traffic of all ports. Takes no parameters"},
        {"/tocsin/drops", show_drops, "Returns drops by reason. Parameters: int worker (Optional)"},
    };
    // Without telemetry (--no-telemetry in eal_args) they are registered and never called.
    for (const Command& c : kCommands) {
        static_cast<void>(rte_telemetry_register_cmd(c.name, c.run, c.help));
    }
}

}  // namespace

Telemetry::Telemetry(std::vector<Worker> workers, std::vector<message::PortStatus> ports,
                     double cycles_per_second)
    : workers_{std::move(workers)},
      ports_{std::move(ports)},
      cycles_per_second_{cycles_per_second} {
    {
        const std::lock_guard lock{mutex};
        current = this;
    }
    register_commands();
}

Telemetry::~Telemetry() {
    const std::lock_guard lock{mutex};
    current = nullptr;
}

}  // namespace tocsin::runtime
