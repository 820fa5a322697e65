#include "control/session/source_ports.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace tocsin::control::session {
namespace {

std::map<std::uint16_t, int> uses_after(SourcePorts& ports, int sessions) {
    std::map<std::uint16_t, int> uses;
    for (int i = 0; i < sessions; ++i) ++uses[ports.acquire()];
    return uses;
}

int most(const std::map<std::uint16_t, int>& uses) {
    return std::ranges::max_element(uses, {}, [](const auto& u) { return u.second; })->second;
}

// req: RFC5881-4-04
TEST(SourcePorts, AreDifferentForThe16384FirstSessions) {
    SourcePorts ports{1};
    EXPECT_EQ(uses_after(ports, 16384).size(), 16384U);
}

// req: RFC5881-4-02 RFC5881-4-05
TEST(SourcePorts, StayInRangeAndAreReusedBeyondThat) {
    SourcePorts ports{2};
    const auto uses = uses_after(ports, 20000);
    EXPECT_GE(uses.begin()->first, 49152);
    EXPECT_EQ(uses.size(), 16384U);
}

// req: RFC5881-4-06
TEST(SourcePorts, ServeAtMostTwoOf32768Sessions) {
    SourcePorts ports{3};
    EXPECT_EQ(most(uses_after(ports, 32768)), 2);
}

// req: RFC5881-4-06
TEST(SourcePorts, GoToTheNextSessionOnceReleasedWhenAllOthersAreTaken) {
    SourcePorts ports{4};
    static_cast<void>(uses_after(ports, 16384));
    ports.release(50000);
    EXPECT_EQ(ports.acquire(), 50000);
}

TEST(SourcePorts, IgnoreAReleaseThatWasNeverAcquired) {
    SourcePorts ports{5};
    ports.release(50000);
    ports.release(1);
    EXPECT_EQ(uses_after(ports, 16384).size(), 16384U);
}

}  // namespace
}  // namespace tocsin::control::session
