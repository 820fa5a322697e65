#include "control/app/isolation.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tocsin::control::app {
namespace {

using Cpus = std::vector<unsigned>;

TEST(Isolation, ReadsTheKernelsLists) {
    EXPECT_EQ(parse_cpu_list("1-3,5\n"), (Cpus{1, 2, 3, 5}));
    EXPECT_EQ(parse_cpu_list("0"), (Cpus{0}));
    EXPECT_EQ(parse_cpu_list("\n"), Cpus{});
    EXPECT_EQ(parse_cpu_list(""), Cpus{});
    EXPECT_EQ(parse_cpu_list("2,x,4-,7"), (Cpus{2, 7}));
    EXPECT_EQ(parse_cpu_list("5-3"), Cpus{});
}

TEST(Isolation, NamesTheCpusThatAreShared) {
    const auto file =
        std::filesystem::temp_directory_path() / ("tocsin-isolated-" + std::to_string(::getpid()));
    std::ofstream{file} << "2-3\n";
    EXPECT_EQ(not_isolated({1, 2, 3, 4}, file), (Cpus{1, 4}));
    std::filesystem::remove(file);
    EXPECT_EQ(not_isolated({1, 2}, file), (Cpus{1, 2})) << "no list: none is isolated";
}

}  // namespace
}  // namespace tocsin::control::app
