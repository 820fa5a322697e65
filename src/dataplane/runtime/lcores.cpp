#include "dataplane/runtime/lcores.hpp"

#include <rte_config.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace tocsin::runtime {

namespace {

std::string join(const std::vector<unsigned>& numbers) {
    std::string out;
    for (const unsigned n : numbers) {
        if (!out.empty()) out += ',';
        out += std::to_string(n);
    }
    return out;
}

bool has(const std::vector<unsigned>& numbers, unsigned n) {
    return std::find(numbers.begin(), numbers.end(), n) != numbers.end();
}

bool check(const std::vector<unsigned>& wanted, const std::vector<unsigned>& allowed,
           StartError& error) {
    const auto configured = static_cast<unsigned>(std::max(sysconf(_SC_NPROCESSORS_CONF), 1L));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        error.where = "dataplane.workers[";
        error.where += std::to_string(i) + "]";
        std::string cpu = "CPU ";
        cpu += std::to_string(wanted[i]);
        if (std::find(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(i), wanted[i]) !=
            wanted.begin() + static_cast<std::ptrdiff_t>(i)) {
            error.message = cpu + " is given twice; one worker per CPU";
            return false;
        }
        if (wanted[i] >= configured && !has(allowed, wanted[i])) {
            error.message = cpu + " does not exist; this machine may use " + join(allowed);
            return false;
        }
        if (!has(allowed, wanted[i])) {
            error.message = cpu + " is not allowed to this process; its affinity mask has " +
                            join(allowed) + " (see taskset -p, CPUAffinity= or the cpuset)";
            return false;
        }
    }
    if (wanted.size() >= RTE_MAX_LCORE) {
        error = {"at most " + std::to_string(RTE_MAX_LCORE - 1) + " workers fit this DPDK build",
                 "dataplane.workers"};
        return false;
    }
    return true;
}

}  // namespace

std::string LcorePlan::argument() const {
    std::string out = std::to_string(main_lcore);
    out += "@(" + join(main_cpus) + ")";
    for (const Worker& w : workers) {
        out += ',';
        out += std::to_string(w.lcore);
        out += '@';
        out += std::to_string(w.cpu);
    }
    return out;
}

std::vector<unsigned> allowed_cpus() {
    std::vector<unsigned> out;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
        }
    }
    if (out.empty()) out.push_back(0);
    return out;
}

std::optional<LcorePlan> plan_lcores(const std::vector<unsigned>& wanted,
                                     const std::vector<unsigned>& allowed, StartError& error) {
    if (!check(wanted, allowed, error)) return std::nullopt;
    std::vector<unsigned> cpus = wanted;
    if (cpus.empty()) {
        cpus.assign(allowed.begin() + (allowed.size() > 1 ? 1 : 0), allowed.end());
        if (cpus.size() >= RTE_MAX_LCORE) cpus.resize(RTE_MAX_LCORE - 1);
    }

    std::vector<bool> taken(RTE_MAX_LCORE);
    const auto id_for = [&taken](unsigned cpu) {
        unsigned id = cpu;
        if (id >= taken.size() || taken[id]) {
            id =
                static_cast<unsigned>(std::find(taken.begin(), taken.end(), false) - taken.begin());
        }
        taken[id] = true;
        return id;
    };
    LcorePlan plan;
    for (const unsigned cpu : cpus) {
        if (cpu < taken.size()) taken[cpu] = true;  // ids that equal CPU numbers first
    }
    for (const unsigned cpu : cpus) {
        plan.workers.push_back({cpu, cpu < taken.size() ? cpu : id_for(cpu)});
    }
    for (const unsigned cpu : allowed) {
        if (!has(cpus, cpu)) plan.main_cpus.push_back(cpu);
    }
    if (plan.main_cpus.empty()) plan.main_cpus = allowed;
    plan.main_lcore = id_for(plan.main_cpus.front());
    return plan;
}

}  // namespace tocsin::runtime
