#include "control/auth/secret.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace tocsin::control::auth {
namespace {

/// What /proc/self/smaps says of the mapping that holds `address`.
std::string flags_of(const void* address) {
    std::ifstream maps{"/proc/self/smaps"};
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t from = 0;
        std::uintptr_t to = 0;
        char dash = 0;
        std::istringstream head{line};
        if (head >> std::hex >> from >> dash >> to && dash == '-') {
            inside = from <= wanted && wanted < to;
        } else if (inside && line.starts_with("VmFlags:")) {
            return line + ' ';
        }
    }
    return {};
}

TEST(Secret, StaysOutOfCoreDumpsAndChildren) {
    const Secret secret{1, 2, 3};
    const std::string flags = flags_of(secret.data());
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
    EXPECT_NE(flags.find(" dc "), std::string::npos) << flags;
    const auto shared = make_secret<int>(7);
    EXPECT_EQ(*shared, 7);
    EXPECT_NE(flags_of(shared.get()).find(" dd "), std::string::npos);
}

TEST(Secret, LiesAloneOnItsPages) {
    const Secret a(20);
    const Secret b(20);
    const auto page = [](const Secret& s) {
        return reinterpret_cast<std::uintptr_t>(s.data()) / 4096;
    };
    EXPECT_NE(page(a), page(b));
    Secret moved = Secret(5000, 9);
    moved.push_back(1);
    EXPECT_EQ(moved.size(), 5001U);
    EXPECT_EQ(moved[4999], 9);
}

}  // namespace
}  // namespace tocsin::control::auth
