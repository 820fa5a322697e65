#include "dataplane/runtime/memory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tocsin::runtime {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1024} * 1024;

std::string mib(std::uint64_t bytes) { return std::to_string((bytes + kMiB - 1) / kMiB) + " MiB"; }

}  // namespace

std::uint64_t free_huge_bytes() {
    std::uint64_t out = 0;
    std::error_code none;
    for (std::filesystem::directory_iterator it{"/sys/kernel/mm/hugepages", none}, end;
         !none && it != end; it.increment(none)) {
        // hugepages-2048kB/free_hugepages
        const std::string name = it->path().filename().string();
        const std::size_t dash = name.find('-');
        if (dash == std::string::npos) continue;
        const std::uint64_t kib = std::strtoull(name.c_str() + dash + 1, nullptr, 10);
        std::uint64_t pages = 0;
        std::ifstream{it->path() / "free_hugepages"} >> pages;
        out += pages * kib * 1024;
    }
    return out;
}

std::uint64_t available_bytes() {
    std::ifstream meminfo{"/proc/meminfo"};
    std::string line;
    while (std::getline(meminfo, line)) {
        if (line.rfind("MemAvailable:", 0) == 0) {
            return std::strtoull(line.c_str() + 13, nullptr, 10) * 1024;
        }
    }
    return 0;
}

std::optional<MemoryPlan> plan_memory(HugePages huge_pages, std::uint32_t memory_mb,
                                      std::uint64_t need, std::uint64_t free_huge,
                                      std::uint64_t available, StartError& error) {
    MemoryPlan plan;
    plan.megabytes = static_cast<std::uint32_t>((need + kMiB - 1) / kMiB);
    const bool enough = free_huge >= need;
    if (huge_pages == HugePages::Require && !enough) {
        error = {"huge pages are required, " + mib(need) +
                     " of them for these sessions and ports, but " + mib(free_huge) +
                     " are free; sysctl vm.nr_hugepages=" +
                     std::to_string((need + 2 * kMiB - 1) / (2 * kMiB)) +
                     " (2 MiB pages), or huge_pages = \"auto\"",
                 "dataplane.huge_pages"};
        return std::nullopt;
    }
    if (huge_pages != HugePages::Off && enough) {
        plan.huge = true;
        plan.description = "huge pages, " + mib(need) + " of " + mib(free_huge) + " that are free";
        return plan;
    }
    if (memory_mb != 0) {
        if (memory_mb < plan.megabytes) {
            error = {std::to_string(memory_mb) +
                         " MiB is too little; these sessions and ports need " + mib(need) +
                         ": at least that, or 0 to let it be computed",
                     "dataplane.memory_mb"};
            return std::nullopt;
        }
        plan.megabytes = memory_mb;
    }
    if (const std::uint64_t take = plan.megabytes * kMiB; available != 0 && take > available) {
        error = {"the dataplane needs " + mib(take) + " of memory, " + mib(available) +
                     " is available; lower max_sessions or give the machine more",
                 memory_mb != 0 ? "dataplane.memory_mb" : "dataplane.max_sessions"};
        return std::nullopt;
    }
    plan.description =
        "no huge pages, " + std::to_string(plan.megabytes) + " MiB of ordinary memory";
    if (huge_pages != HugePages::Off) {
        plan.description +=
            " (" + mib(free_huge) + " of huge pages free, " + mib(need) + " needed)";
    }
    return plan;
}

}  // namespace tocsin::runtime
