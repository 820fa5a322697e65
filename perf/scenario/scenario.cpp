// Real workers in real time over in-memory ports: sessions come Up, are held, a part of them fails
// at once. What a client of the dataplane sees, and what the workers say of themselves.

#include "dataplane/runtime/eal.hpp"
#include "scenario/gap_probe.hpp"
#include "scenario/options.hpp"
#include "scenario/report.hpp"
#include "support/auth_keys.hpp"
#include "support/encap.hpp"

#include <rte_eth_ring.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace tocsin::perf {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kWestAddress = 0x0a000001;  // 10.0.0.1
constexpr std::uint32_t kEastRange = 0x0a800000;    // 10.128.0.0/9
constexpr std::uint8_t kEastLength = 9;
constexpr unsigned kCable = 32768;  // packets on the way in one direction

IpAddress v4(std::uint32_t a) {
    return ip_address(std::array<std::uint8_t, 4>{
        static_cast<std::uint8_t>(a >> 24U), static_cast<std::uint8_t>(a >> 16U),
        static_cast<std::uint8_t>(a >> 8U), static_cast<std::uint8_t>(a)});
}

rte_ring* cable(const std::string& name) {
    return rte_ring_create(name.c_str(), kCable, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

/// Two ports joined back to back. Queue n of one leads to queue n of the other, or, `crossed`, to
/// the last but n: with a peer on the other worker every packet arrives where its session is.
bool wire(unsigned number, unsigned queues, bool crossed) {
    const std::string west = "west" + std::to_string(number);
    const std::string east = "east" + std::to_string(number);
    std::vector<rte_ring*> from_west;
    std::vector<rte_ring*> from_east;
    for (unsigned q = 0; q < queues; ++q) {
        from_west.push_back(cable(west + '_' + std::to_string(q)));
        from_east.push_back(cable(east + '_' + std::to_string(q)));
    }
    std::vector<rte_ring*> to_west = from_east;
    std::vector<rte_ring*> to_east = from_west;
    if (crossed) {
        std::ranges::reverse(to_west);
        std::ranges::reverse(to_east);
    }
    return rte_eth_from_rings(west.c_str(), to_west.data(), queues, from_west.data(), queues, 0) >=
               0 &&
           rte_eth_from_rings(east.c_str(), to_east.data(), queues, from_east.data(), queues, 0) >=
               0;
}

class Scenario {
public:
    explicit Scenario(const Options& options)
        : options_{options},
          paths_{options.peer_on_other_core ? options.sessions : options.sessions / 2} {}

    bool run() {
        if (!start()) return false;
        bring_up();
        if (report_.all_up) hold();
        if (report_.all_up && options_.fail_percent > 0) fail();
        runtime_->stop();
        report_.print(options_);
        return report_.all_up && report_.false_downs == 0 && report_.missing_downs == 0;
    }

private:
    bool start() {
        runtime::Config config;
        if (options_.peer_on_other_core) {
            config.workers = {options_.cpu, 0};
        } else {
            for (unsigned i = 0; i < options_.workers; ++i) {
                config.workers.push_back(options_.cpu - i);
            }
        }
        // Slots are shared out evenly; a worker's share of the paths may be one more.
        config.max_sessions = paths_ * 2 + 2 * static_cast<std::uint32_t>(config.workers.size());
        config.idle = options_.adaptive ? runtime::Idle::Adaptive : runtime::Idle::Poll;
        config.seed = 20261121;
        config.key_chains = static_cast<std::uint16_t>(options_.auth == "none" ? 0 : 1);
        for (unsigned n = 0; n < options_.ports; ++n) {
            for (const bool west : {true, false}) {
                runtime::PortConfig port;
                port.name = (west ? "west" : "east") + std::to_string(n);
                port.device = "net_ring_" + port.name;
                port.add_link_local = false;
                if (west) {
                    port.addresses = {v4(kWestAddress)};
                } else {
                    port.range = IpPrefix{v4(kEastRange), kEastLength};
                }
                config.ports.push_back(port);
            }
        }
        runtime::StartError error;
        const auto plan = runtime::make_plan(config, error);
        auto eal = plan ? runtime::Eal::start(*plan, error) : nullptr;
        bool wired = eal != nullptr;
        for (unsigned n = 0; wired && n < options_.ports; ++n) {
            wired =
                wire(n, static_cast<unsigned>(config.workers.size()), options_.peer_on_other_core);
        }
        if (wired) runtime_ = runtime::start_on(std::move(eal), *plan, config, error);
        if (!runtime_) {
            std::fprintf(stderr, "scenario: %s: %s\n", error.where.c_str(), error.message.c_str());
            return false;
        }
        ports_ = runtime_->ports();
        report_.memory = runtime_->memory();
        return true;
    }

    /// Paths go round over the workers; with a peer on the other core, west's ends are on worker 0
    /// and east's on worker 1.
    [[nodiscard]] std::uint16_t worker_of(std::uint32_t path, bool west) const {
        if (options_.peer_on_other_core) return west ? 0 : 1;
        return static_cast<std::uint16_t>(path % options_.workers);
    }
    [[nodiscard]] bfd::SessionHandle handle(std::uint32_t path, bool west) const {
        const std::uint32_t slot =
            options_.peer_on_other_core ? path : 2 * (path / options_.workers) + (west ? 0 : 1);
        return {{slot}, runtime_->discriminators().encode({{slot}, {worker_of(path, west)}, 1})};
    }
    /// Index in the configuration.
    [[nodiscard]] std::size_t port_of(std::uint32_t path, bool west) const {
        return 2 * (path / options_.workers % options_.ports) + (west ? 0 : 1);
    }

    void send(std::uint16_t worker, const decltype(message::Command::body)& body) {
        const message::Command command{message::RequestId{1}, body};
        while (!runtime_->worker({worker}).send(command)) take_events();
    }

    void take_events() {
        std::array<message::Event, 256> buffer;
        for (std::uint16_t w = 0; w < runtime_->workers(); ++w) {
            while (const std::size_t n = runtime_->worker({w}).receive(buffer)) {
                const Instant now = runtime_->now();
                for (std::size_t i = 0; i < n; ++i) on_event(buffer[i], now);
            }
        }
    }

    void on_event(const message::Event& event, Instant now) {
        const auto* const e = std::get_if<bfd::SessionEvent>(&event.body);
        if (e == nullptr) {
            const auto* const reply = std::get_if<message::Reply>(&event.body);
            if (reply != nullptr && reply->status != bfd::Status::Ok) ++report_.refused;
            return;
        }
        if (e->transitions == 0) return;
        const bool was_up = e->reported_state == bfd::SessionState::Up;
        const bool is_up = e->now.session_state == bfd::SessionState::Up;
        if (is_up && !was_up) ++up_;
        if (was_up && !is_up) {
            --up_;
            ++downs_;
            if (failing_ && e->now.local_diag == bfd::Diag::ControlDetectionTimeExpired) {
                const Instant deadline = e->now.last_rx + options_.detect_mult * options_.interval;
                report_.detection.add(static_cast<double>((e->last_at - deadline).count()) /
                                      1000.0);
                report_.delivery.add(static_cast<double>((now - e->last_at).count()) / 1000.0);
            }
        }
    }

    void add(std::uint32_t path, bool west) {
        const message::PortStatus& ours = ports_[port_of(path, west)];
        const message::PortStatus& theirs = ports_[port_of(path, !west)];
        const IpAddress near = v4(west ? kWestAddress : kEastRange + path + 1);
        const IpAddress far = v4(west ? kEastRange + path + 1 : kWestAddress);
        message::AddSession c;
        c.session = handle(path, west);
        c.tx_port = ours.id;
        c.parameters.desired_min_tx_interval = WireInterval{options_.interval};
        c.parameters.required_min_rx_interval = WireInterval{options_.interval};
        c.parameters.detect_mult = static_cast<std::uint8_t>(options_.detect_mult);
        c.parameters.key_chain = static_cast<std::uint16_t>(options_.auth == "none" ? 0 : 1);
        carry_in(options_.encap,
                 {.near = near,
                  .far = far,
                  .mac = ours.mac,
                  .peer_mac = theirs.mac,
                  .port = ours.id,
                  .path = path,
                  .west = west},
                 c);
        headers_ = c.headers.length;
        send(worker_of(path, west), c);
    }

    void bring_up() {
        const Instant start = runtime_->now();
        const std::uint64_t ends = std::uint64_t{paths_} * 2;
        std::printf("%llu ends, %u worker(s), %s\n", static_cast<unsigned long long>(ends),
                    static_cast<unsigned>(runtime_->workers()), report_.memory.c_str());
        if (options_.auth != "none") {
            const auto workers = static_cast<std::uint16_t>(runtime_->workers());
            for (std::uint16_t w = 0; w < workers; ++w) {
                send(w, message::SetKeys{.number = 1, .keys = &auth_keys(options_.auth)});
            }
        }
        for (std::uint32_t i = 0; i < paths_; ++i) {
            add(i, true);
            add(i, false);
            if (i % 1024 == 0) take_events();
            if (i % 200'000 == 199'999) {
                std::printf("  %u paths given after %.1f s\n", i + 1, seconds_since(start));
                std::fflush(stdout);
            }
        }
        report_.added_s = seconds_since(start);
        const Instant limit = runtime_->now() + 120s;
        Instant told = runtime_->now();
        while (up_ < ends && runtime_->now() < limit) {
            take_events();
            for (auto& [percent, seconds] : report_.up_after_s) {
                if (seconds == 0 &&
                    static_cast<double>(up_) >= static_cast<double>(ends) * percent / 100) {
                    seconds = seconds_since(start);
                }
            }
            if (runtime_->now() - told > 5s) {
                told = runtime_->now();
                std::printf("  %llu Up after %.1f s\n", static_cast<unsigned long long>(up_),
                            seconds_since(start));
                std::fflush(stdout);
            }
            std::this_thread::sleep_for(200us);
        }
        for (auto& [percent, seconds] : report_.up_after_s) {
            if (seconds == 0) seconds = seconds_since(start);
        }
        report_.all_up = up_ == ends;
        std::printf("  %llu of %llu Up after %.1f s\n", static_cast<unsigned long long>(up_),
                    static_cast<unsigned long long>(ends), seconds_since(start));
        settle(5s);  // Poll Sequences of the intervals
    }

    void settle(std::chrono::milliseconds time) {
        const Instant until = runtime_->now() + time;
        while (runtime_->now() < until) {
            take_events();
            std::this_thread::sleep_for(1ms);
        }
    }

    /// All workers that are looked at, together.
    [[nodiscard]] Sample sample() const {
        Sample out;
        const auto workers = options_.peer_on_other_core ? 1U : options_.workers;
        for (std::uint16_t w = 0; w < workers; ++w) {
            out = out + Sample::take(runtime_->worker({w}).stats());
        }
        return out;
    }

    void hold() {
        downs_ = 0;
        const unsigned probed = std::min(10U, options_.seconds / 3);
        const Sample before = sample();
        const Instant start = runtime_->now();
        pass(0, options_.seconds - probed);
        report_.held = sample() - before;
        report_.held_s = seconds_since(start);
        probe_gaps(probed);
        report_.false_downs = downs_;
        for (std::uint16_t w = 0; w < runtime_->workers(); ++w) {
            report_.drops += drops(runtime_->worker({w}).stats());
        }
    }

    void pass(unsigned from, unsigned to) {
        for (unsigned s = from; s < to; ++s) {
            settle(1s);
            if (s % 10 == 9) {
                std::printf("  held %u s, %llu Downs\n", s + 1,
                            static_cast<unsigned long long>(downs_));
                std::fflush(stdout);
            }
        }
    }

    /// The end of the hold, with the receive queues watched: not counted for cost.
    void probe_gaps(unsigned seconds) {
        if (seconds == 0) return;
        const auto queues = static_cast<std::uint16_t>(runtime_->workers());
        for (const message::PortStatus& port : ports_) {
            for (std::uint16_t q = 0; q < queues; ++q) {
                probes_.push_back(
                    std::make_unique<GapProbe>(port.id.value, q, options_.sessions, headers_));
                if (!probes_.back()->start()) return;
            }
        }
        pass(options_.seconds - seconds, options_.seconds);
        for (const auto& probe : probes_) probe->pause();
        settle(10ms);
        for (const auto& probe : probes_) probe->collect(report_.packet_gaps);
    }

    static std::uint64_t drops(const message::WorkerStats& stats) {
        std::uint64_t out = 0;
        for (std::size_t i = 1; i < kDropReasons; ++i) out += stats.drops[i].get();
        return out;
    }

    /// East's ends of some paths fall silent, as if their boxes had died.
    void fail() {
        const auto n =
            static_cast<std::uint32_t>(static_cast<double>(paths_) * options_.fail_percent / 100);
        const std::uint64_t before = downs_;
        failing_ = true;
        const Instant start = runtime_->now();
        for (std::uint32_t i = 0; i < n; ++i) {
            send(worker_of(i, false), message::DeleteSession{handle(i, false), true});
        }
        const Instant limit = start + options_.detect_mult * options_.interval + 10s;
        while (downs_ - before < n && runtime_->now() < limit) {
            take_events();
            std::this_thread::sleep_for(50us);
        }
        report_.failed = n;
        report_.missing_downs = n - std::min<std::uint64_t>(n, downs_ - before);
        report_.fail_s = seconds_since(start);
    }

    [[nodiscard]] double seconds_since(Instant start) const {
        return std::chrono::duration<double>(runtime_->now() - start).count();
    }

    Options options_;
    std::uint32_t paths_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::vector<message::PortStatus> ports_;
    std::uint64_t up_ = 0;
    std::uint64_t downs_ = 0;
    bool failing_ = false;
    std::size_t headers_ = 0;  ///< octets of every session's
    std::vector<std::unique_ptr<GapProbe>> probes_;
    Report report_;
};

}  // namespace

}  // namespace tocsin::perf

int main(int argc, char** argv) {
    tocsin::perf::Options options;
    if (const auto status = tocsin::perf::parse_options(argc, argv, options)) return *status;
    return tocsin::perf::Scenario{options}.run() ? 0 : 1;
}
