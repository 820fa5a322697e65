#include "dataplane/runtime/eal.hpp"

#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/ring_link.hpp"
#include "dataplane/runtime/runtime_directory.hpp"
#include "dataplane/runtime/worker.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace tocsin::runtime {

namespace {

bool eal_used = false;  // main thread only

/// EAL keeps pointers into its argument vector.
std::vector<std::string>& kept_arguments() {
    static std::vector<std::string> arguments;
    return arguments;
}

/// Options that would make EAL exit, or take it out of our hands.
bool check_eal_args(const std::vector<std::string>& args, StartError& error) {
    static constexpr std::array<std::string_view, 12> kOurs{
        "-h", "--help",   "-v",           "--version", "--proc-type", "-l",
        "-c", "--lcores", "--main-lcore", "-s",        "-S",          "--file-prefix"};
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::string_view option = std::string_view{args[i]}.substr(0, args[i].find('='));
        if (std::find(kOurs.begin(), kOurs.end(), option) == kOurs.end()) continue;
        error = {std::string{option} +
                     " cannot be passed on: lcores come from dataplane.workers, the "
                     "rest is fixed",
                 "dataplane.eal_args[" + std::to_string(i) + "]"};
        return false;
    }
    return true;
}

bool given(const std::vector<std::string>& args, std::string_view option) {
    return std::any_of(args.begin(), args.end(),
                       [&](const std::string& a) { return a.rfind(option, 0) == 0; });
}

std::vector<std::string> eal_arguments(const Config& config, const Plan& plan) {
    std::vector<std::string> out{"tocsind", "--lcores=" + plan.lcores.argument(),
                                 "--main-lcore=" + std::to_string(plan.lcores.main_lcore),
                                 "--file-prefix=" + file_prefix(), "--log-level=warning",
                                 // it complains about its own default every time
                                 "--log-level=lib.telemetry:error"};
    if (plan.memory.huge) {
        out.emplace_back("--in-memory");  // needs no hugetlbfs mount and leaves no files behind
    } else {
        out.emplace_back("--no-huge");  // EAL takes no --in-memory beside it
        out.emplace_back("--no-shconf");
        out.emplace_back("-m");
        out.emplace_back(std::to_string(plan.memory.megabytes));
    }
    bool pci = given(config.eal_args, "-a") || given(config.eal_args, "--allow");
    for (const Device& device : plan.devices) {
        if (!device.pci) continue;
        pci = true;
        out.emplace_back("-a");
        out.push_back(device.args.empty() ? device.name : device.name + "," + device.args);
    }
    if (!pci) out.emplace_back("--no-pci");
    out.insert(out.end(), config.eal_args.begin(), config.eal_args.end());
    return out;
}

std::uint64_t memory_needed(const Config& config, const Plan& plan) {
    const auto workers = static_cast<std::uint32_t>(plan.lcores.workers.size());
    const bfd::EngineConfig engine{.slots = plan.slots,
                                   .worker = {},
                                   .discriminators = {0, plan.slots, workers},
                                   .key_chains = config.key_chains,
                                   .echo = config.echo,
                                   .congestion_control = config.congestion_control,
                                   .history = config.history};
    const std::uint64_t per_worker =
        Worker::memory_needed(engine, config.overlays) +
        pool_octets(mbufs_per_worker(config.ports, plan.devices, workers)) +
        RingLink::memory_needed();
    constexpr std::uint64_t kDrivers = 48ULL << 20U;  // EAL itself and what drivers allocate
    return workers * (per_worker + per_worker / 20) + kDrivers;
}

std::string reason(int error) {
    switch (error) {
        case EACCES:
        case EPERM:
            return "no permission: run as root, or see DPDK's guide on running without root";
        case ENOMEM:
            return "not enough memory";
        case EINVAL:
            return "an argument was refused; check eal_args";
        case EALREADY:
            return "it was started before in this process";
        default:
            return rte_strerror(error);
    }
}

}  // namespace

std::optional<Plan> make_plan(const Config& config, StartError& error) {
    Plan plan;
    if (!check_eal_args(config.eal_args, error)) return std::nullopt;
    auto lcores = plan_lcores(config.workers, allowed_cpus(), error);
    if (!lcores) return std::nullopt;
    plan.lcores = std::move(*lcores);

    const auto workers = static_cast<std::uint32_t>(plan.lcores.workers.size());
    if (config.max_sessions == 0) {
        error = {"must be at least 1", "dataplane.max_sessions"};
        return std::nullopt;
    }
    plan.slots = (config.max_sessions - 1) / workers + 1;
    // What DiscriminatorCodec asks for, so that generations remain.
    constexpr int kLargestBits = 28;
    if (std::bit_width(plan.slots - 1) + std::bit_width(workers - 1) > kLargestBits) {
        error = {
            "discriminators can number 2^28 sessions over all workers, with the sessions of a "
            "worker (" +
                std::to_string(plan.slots) + ") and the workers (" + std::to_string(workers) +
                ") each rounded up to a power of two; lower max_sessions",
            "dataplane.max_sessions"};
        return std::nullopt;
    }

    auto devices = check_devices(config.ports, error);
    if (!devices) return std::nullopt;
    plan.devices = std::move(*devices);

    auto memory = plan_memory(config.huge_pages, config.memory_mb, memory_needed(config, plan),
                              free_huge_bytes(), available_bytes(), error);
    if (!memory) return std::nullopt;
    plan.memory = std::move(*memory);
    plan.eal = eal_arguments(config, plan);
    return plan;
}

std::unique_ptr<Eal> Eal::start(const Plan& plan, StartError& error) {
    if (eal_used) {
        error = {"DPDK can be started only once in a process; start a new one", "dataplane"};
        return nullptr;
    }
    eal_used = true;
    rte_openlog_stream(stderr);  // else EAL writes to stdout and syslog

    kept_arguments() = plan.eal;
    static std::vector<char*> argv;
    argv.clear();
    for (std::string& a : kept_arguments()) argv.push_back(a.data());
    argv.push_back(nullptr);
    const int count = static_cast<int>(argv.size() - 1);
    const int parsed = rte_eal_init(count, argv.data());
    if (parsed < 0) {
        const int code = rte_errno;
        remove_runtime_directory();
        error = {"DPDK did not start: " + reason(code) + " (its own messages are on stderr)",
                 code == ENOMEM   ? "dataplane.memory_mb"
                 : code == EINVAL ? "dataplane.eal_args"
                                  : "dataplane"};
        return nullptr;
    }
    remove_dead_runtime_directories();
    return std::unique_ptr<Eal>{new Eal};
}

Eal::~Eal() {
    rte_eal_cleanup();
    remove_runtime_directory();
}

}  // namespace tocsin::runtime
