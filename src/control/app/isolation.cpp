#include "control/app/isolation.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

namespace tocsin::control::app {

namespace {

constexpr unsigned kMostCpus = 8192;  // more than any kernel is built for

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::vector<unsigned> parse_cpu_list(std::string_view text) {
    std::vector<unsigned> out;
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    while (!text.empty()) {
        const std::string_view range = text.substr(0, text.find(','));
        text.remove_prefix(std::min(range.size() + 1, text.size()));
        const auto dash = range.find('-');
        const auto first = number(range.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : number(range.substr(dash + 1));
        if (!first || !last) continue;
        for (unsigned cpu = *first; cpu <= std::min(*last, kMostCpus); ++cpu) out.push_back(cpu);
    }
    return out;
}

std::vector<unsigned> not_isolated(const std::vector<unsigned>& cpus, const std::string& list) {
    std::ifstream in{list};
    std::string line;
    std::getline(in, line);
    const std::vector<unsigned> isolated = parse_cpu_list(line);
    std::vector<unsigned> out;
    std::ranges::copy_if(cpus, std::back_inserter(out), [&](unsigned cpu) {
        return std::ranges::find(isolated, cpu) == isolated.end();
    });
    return out;
}

}  // namespace tocsin::control::app
