#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace tocsin::property {

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

/// Runs `body(seed)` for `count` seeds, stops at the first that fails and prints how to replay it.
/// TOCSIN_SIM_SEED=n runs one seed; TOCSIN_SIM_SEEDS=n runs n seeds instead of `count`.
template <class Body>
void for_each_seed(std::uint64_t count, Body&& body) {
    const std::uint64_t only = number_from_environment("TOCSIN_SIM_SEED", 0);
    const std::uint64_t first = only != 0 ? only : 1;
    const std::uint64_t n = only != 0 ? 1 : number_from_environment("TOCSIN_SIM_SEEDS", count);
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    for (std::uint64_t seed = first; seed < first + n; ++seed) {
        body(seed);
        if (testing::Test::HasFailure()) {
            FAIL() << "seed " << seed << "; replay with\n  TOCSIN_SIM_SEED=" << seed
                   << " ./property_tests --gtest_filter=" << test->test_suite_name() << '.'
                   << test->name();
        }
    }
}

}  // namespace tocsin::property
