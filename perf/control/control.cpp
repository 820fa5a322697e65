// The control side at scale: a whole daemon over a real worker and in-memory ports, clients at its
// Unix socket. How long they wait, whether every event arrives, and whether the worker notices.

#include "control/app/daemon.hpp"
#include "control/base/address.hpp"
#include "control/base/log.hpp"
#include "control/clients.hpp"
#include "control/config/load.hpp"
#include "control/lab.hpp"
#include "control/options.hpp"
#include "scenario/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tocsin::perf {

namespace {

using namespace std::chrono_literals;

double resident_octets() {
    std::ifstream in{"/proc/self/statm"};
    double size = 0;
    double resident = 0;
    in >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double at_quantile(std::vector<double>& values, double quantile) {
    if (values.empty()) return 0;
    const auto n = static_cast<std::size_t>(static_cast<double>(values.size() - 1) * quantile);
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(n));
    return values[n];
}

/// How long the control loop lets others wait: a closure is posted every few milliseconds.
class LoopProbe {
public:
    explicit LoopProbe(control::app::Daemon& daemon)
        : daemon_{daemon}, thread_{[this] { run(); }} {}
    LoopProbe(const LoopProbe&) = delete;
    LoopProbe& operator=(const LoopProbe&) = delete;
    ~LoopProbe() {
        stop_ = true;
        thread_.join();
    }
    /// Milliseconds since the last call, sorted no more.
    std::vector<double> take() {
        const std::lock_guard lock{mutex_};
        return std::exchange(waits_, {});
    }

private:
    void run() {
        while (!stop_) {
            const double asked = seconds_now();
            static_cast<void>(control::api::call(daemon_, [] { return true; }));
            {
                const std::lock_guard lock{mutex_};
                waits_.push_back((seconds_now() - asked) * 1000);
            }
            std::this_thread::sleep_for(5ms);
        }
    }
    control::app::Daemon& daemon_;
    std::mutex mutex_;
    std::vector<double> waits_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

class Run {
public:
    Run(const ControlOptions& options, Lab& lab) : options_{options}, lab_{lab} {
        std::filesystem::create_directories(directory_);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { std::filesystem::remove_all(directory_); }

    /// On EAL's main thread, which becomes the control thread. True when nothing was lost.
    bool run() {
        control::log::configure(control::log::Level::Error, control::log::Format::Text);
        write_config("300ms");
        const double start = seconds_now();
        auto loaded = control::config::load_file(config_file());
        if (!loaded.ok()) {
            std::fprintf(stderr, "control: %s\n",
                         control::config::text(loaded.faults[0], config_file()).c_str());
            return false;
        }
        if (options_.from_file) say("file read and validated", seconds_now() - start, "s");
        loaded.config->metrics.listen = "127.0.0.1:0";
        control::app::Loop loop;
        daemon_ = std::make_unique<control::app::Daemon>(
            control::app::Daemon::Setup{.config_file = config_file(),
                                        .config = std::move(*loaded.config),
                                        .version = "perf",
                                        .dpdk_version = lab_.dpdk_version(),
                                        .log_level = control::log::Level::Error,
                                        .seed = 1},
            lab_, loop);
        resident_before_ = resident_octets();
        const double started = seconds_now();
        if (const auto ready = daemon_->start(); !ready) {
            std::fprintf(stderr, "control: %s\n", ready.error().text().c_str());
            return false;
        }
        if (options_.from_file) say("sessions of the file added", seconds_now() - started, "s");
        std::thread conductor{[this, &loop] {
            conduct();
            loop.post([this] { daemon_->stop(); });
        }};
        daemon_->run();
        conductor.join();
        daemon_.reset();
        return good_;
    }

private:
    static void say(const char* what, double value, const char* unit) {
        std::printf("%-52s %10.3f %s\n", what, value, unit);
        std::fflush(stdout);
    }
    void check(bool good, const char* what) {
        if (good) return;
        std::printf("%-52s FAILED\n", what);
        good_ = false;
    }

    [[nodiscard]] std::string config_file() const { return directory_ / "tocsin.toml"; }

    /// `interval` is that of one session, so that a reload has something to change.
    void write_config(const char* interval) {
        std::ofstream out{config_file()};
        out << "[dataplane]\nadmission = \"off\"\nmax_sessions = " << lab_.slots_per_worker()
            << "\n[api]\nlisten = "
            << "[\"unix:" << (directory_ / "api.sock").string() << "\"]\n[[port]]\nname = \""
            << Lab::kWest << "\"\ndevice = \"net_ring_west\"\naddresses = [\"" << Lab::kWestAddress
            << "\"]\n[[port.route]]\nto = \"" << Lab::kPeers << "\"\nvia = \"" << Lab::kGateway
            << "\"\n[[profile]]\nname = \"wide\"\n";
        for (const char* const key : {"desired_min_tx_interval", "required_min_rx_interval"}) {
            out << key << " = \"" << options_.interval.count() << "us\"\n";
        }
        out << "detect_mult = 255\n[[session]]\nremote = \"10.64.0.1\"\nport = \"west\"\n"
            << "required_min_rx_interval = \"" << interval << "\"\n";
        if (!options_.from_file) return;
        for (std::uint32_t i = 0; i < options_.sessions; ++i) {
            out << "\n[[session]]\nname = \"peer-" << i << "\"\nremote = \""
                << control::to_string(Lab::peer(i)) << "\"\nport = \"west\"\nprofile = \"wide\"\n";
        }
    }

    template <class Predicate>
    bool wait_for(Predicate p, std::chrono::seconds limit) {
        const double end = seconds_now() + static_cast<double>(limit.count());
        while (seconds_now() < end) {
            if (p()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }
    [[nodiscard]] std::uint64_t up() { return daemon_->sources().totals->sessions[3].get(); }

    /// What the worker did in a while, and how long the loop let others wait.
    void watch_worker(const char* what, const std::function<void()>& f) {
        static_cast<void>(probe_->take());
        const Sample before = Sample::take(lab_.stats());
        const double start = seconds_now();
        f();
        const Sample s = Sample::take(lab_.stats()) - before;
        std::vector<double> waits = probe_->take();
        const double seconds = seconds_now() - start;
        const std::uint64_t turns_ns = std::max<std::uint64_t>(1, s.busy_ns + s.idle_ns);
        std::printf(
            "%s: %.1f s, worker busy %.0f %%, packets/s %.2f M sent %.2f M received\n"
            "    late transmits: p50 < %llu us, p99.9 < %llu us, p99.99 < %llu us, of %llu\n"
            "    turns > 1 ms: %llu; control loop: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
            what, seconds, 100.0 * static_cast<double>(s.busy_ns) / static_cast<double>(turns_ns),
            static_cast<double>(s.tx) / seconds / 1e6, static_cast<double>(s.rx) / seconds / 1e6,
            static_cast<unsigned long long>(s.late_tx.below_us(0.5)),
            static_cast<unsigned long long>(s.late_tx.below_us(0.999)),
            static_cast<unsigned long long>(s.late_tx.below_us(0.9999)),
            static_cast<unsigned long long>(s.late_tx.total()),
            static_cast<unsigned long long>(s.loop_gaps), at_quantile(waits, 0.5),
            at_quantile(waits, 0.99), at_quantile(waits, 1.0));
        std::fflush(stdout);
    }

    void conduct() {
        const std::string socket = directory_ / "api.sock";
        Clients client{socket};
        probe_ = std::make_unique<LoopProbe>(*daemon_);
        const bool there = wait_for(
            [this] { return *control::api::call(*daemon_, [this] { return lab_.add_peers(); }); },
            120s);
        check(there, "peers");
        std::this_thread::sleep_for(1s);  // the gateway's MAC
        if (!options_.from_file) add(client);
        come_up("all Up");
        std::this_thread::sleep_for(options_.interval * 5);  // Poll Sequences of the intervals
        say("memory of the process for each session",
            (resident_octets() - resident_before_) / options_.sessions, "octets");
        watch_worker("at rest", [this] {
            std::this_thread::sleep_for(std::chrono::seconds{options_.seconds});
        });
        // What the machine does to a worker when its other CPU is busy with anything at all.
        watch_worker("at rest, the other CPU counts", [this] {
            const double end = seconds_now() + options_.seconds;
            while (seconds_now() < end) {
            }
        });
        lists(client);
        watch_worker("under lists, scrapes, reloads", [&] { load(client); });
        std::uint64_t in_snapshot = 0;
        watch_worker("snapshot", [&] {
            say("snapshot to a watcher, batches", client.snapshot(in_snapshot), "s");
        });
        check(in_snapshot == options_.sessions + 1, "snapshot is whole");
        storm(client, true);
        come_up("all Up again");
        std::this_thread::sleep_for(options_.interval * 5);
        storm(client, false);
        if (options_.from_file)
            reload_one(client);
        else
            delete_all(client);
        check(lab_.refused_peers() == 0, "peers added");
        probe_.reset();
    }

    void add(Clients& client) {
        Added added;
        watch_worker("add", [&] { added = client.add(options_.sessions, options_.interval); });
        say("BulkAddSessions", added.seconds, "s");
        say("    of a second", added.added / added.seconds, "sessions");
        if (!added.fault.empty()) std::printf("    %s\n", added.fault.c_str());
        check(added.added == options_.sessions && added.refused == 0, "all were added");
    }

    void come_up(const char* what) {
        const double start = seconds_now();
        const bool all = wait_for([this] { return up() == options_.sessions; }, 120s);
        say(what, seconds_now() - start, "s later");
        check(all, what);
        if (!all) std::printf("    %llu\n", static_cast<unsigned long long>(up()));
    }

    void lists(Clients& client) {
        for (const auto& [view, name] :
             {std::pair{v1::SESSION_VIEW_FULL, "list of all, full, pages of 1000"},
              std::pair{v1::SESSION_VIEW_BRIEF, "list of all, brief, pages of 1000"}}) {
            Listed listed;
            watch_worker(name, [&, view = view] { listed = client.list(view, 1000); });
            say("    whole list", listed.seconds, "s");
            say("    longest page", listed.longest_page * 1000, "ms");
            check(listed.sessions == options_.sessions + 1 && listed.total == listed.sessions,
                  name);
        }
    }

    void load(Clients& client) {
        const double end = seconds_now() + options_.seconds;
        unsigned lists = 0;
        unsigned scrapes = 0;
        unsigned reloads = 0;
        while (seconds_now() < end) {
            const auto view = lists % 2 == 0 ? v1::SESSION_VIEW_FULL : v1::SESSION_VIEW_BRIEF;
            check(client.list(view, 10'000).sessions == options_.sessions + 1, "list under load");
            ++lists;
            for (int i = 0; i < 5; ++i) {
                check(scrape(daemon_->metrics_port()) > 1000, "scrape");
                ++scrapes;
            }
            if (options_.from_file) continue;  // takes as long as the file, see reload_one()
            write_config(reloads % 2 == 0 ? "400ms" : "300ms");
            const std::string fault = client.reload();
            if (!fault.empty()) std::printf("    %s\n", fault.c_str());
            check(fault.empty(), "reload");
            ++reloads;
        }
        std::printf("    %u lists of all, %u scrapes, %u reloads\n", lists, scrapes, reloads);
    }

    void storm(Clients& client, bool batches) {
        Storm s;
        watch_worker(batches ? "storm, batches, brief" : "storm, one by one, full", [&] {
            s = client.watch_storm(
                batches, options_.sessions, [this] { lab_.cut(true); }, 60s);
        });
        lab_.cut(false);
        say("    first Down at the client after the cut", s.first, "s");
        say("    from the first to the last Down at the client", s.last - s.first, "s");
        say("    from the first to the last Down at the worker", s.worker_spread, "s");
        say("    delay from worker to client, p50", at_quantile(s.delays_ms, 0.5), "ms");
        say("    delay from worker to client, longest", at_quantile(s.delays_ms, 1.0), "ms");
        std::printf("    %llu Downs of %u, %llu twice, %llu messages, sequence %s\n",
                    static_cast<unsigned long long>(s.downs), options_.sessions,
                    static_cast<unsigned long long>(s.twice),
                    static_cast<unsigned long long>(s.messages),
                    s.ordered ? "in order" : "OUT OF ORDER");
        if (!s.status.empty()) std::printf("    stream ended: %s\n", s.status.c_str());
        check(s.downs == options_.sessions && s.twice == 0 && s.ordered, "storm is whole");
    }

    void reload_one(Clients& client) {
        write_config("400ms");
        std::string fault;
        const double start = seconds_now();
        watch_worker("reload of the whole file with one change", [&] { fault = client.reload(); });
        say("    reload", seconds_now() - start, "s");
        check(fault.empty(), "reload");
    }

    void delete_all(Clients& client) {
        std::uint64_t deleted = 0;
        const double start = seconds_now();
        watch_worker("delete all", [&] { deleted = client.delete_all(); });
        say("    until the answer", seconds_now() - start, "s");
        check(deleted == options_.sessions, "all were deleted");
        // Their slots are free when the peers' Detection Time has passed (RFC 5880 6.8.16), which
        // is 255 intervals here.
    }

    ControlOptions options_;
    Lab& lab_;
    std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / ("tocsin-perf-" + std::to_string(::getpid()));
    std::unique_ptr<control::app::Daemon> daemon_;
    std::unique_ptr<LoopProbe> probe_;
    double resident_before_ = 0;
    bool good_ = true;
};

}  // namespace

}  // namespace tocsin::perf

int main(int argc, char** argv) {
    tocsin::perf::ControlOptions options;
    if (const auto status = tocsin::perf::parse_options(argc, argv, options)) return *status;
    const auto lab = tocsin::perf::Lab::start(options);
    if (!lab) return 1;
    std::printf("%u sessions and as many peers, %lld us x %u, one worker on CPU %u, %s\n",
                options.sessions, static_cast<long long>(options.interval.count()),
                options.detect_mult, options.cpu, lab->memory().c_str());
    return tocsin::perf::Run{options, *lab}.run() ? 0 : 1;
}
