#include "control/ctl/selector.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::ctl {
namespace {

v1::SessionSelector selector(std::string_view text) {
    auto result = selector_of(text, "wan0", "192.0.2.1");
    EXPECT_TRUE(result.ok()) << text;
    return result.ok() ? std::move(result).value() : v1::SessionSelector{};
}

TEST(Selector, GuessesWhatAWordMeans) {
    EXPECT_EQ(selector("42").id(), 42U);
    EXPECT_EQ(selector("0x8f21c0de").local_discr(), 0x8f21c0deU);
    EXPECT_EQ(selector("192.0.2.2").peer().remote(), "192.0.2.2");
    EXPECT_EQ(selector("fe80::2").peer().remote(), "fe80::2");
    EXPECT_EQ(selector("rr1").name(), "rr1");
    EXPECT_EQ(selector("0xyz").name(), "0xyz");
}

TEST(Selector, LetsAPrefixDecide) {
    EXPECT_EQ(selector("name:42").name(), "42");
    EXPECT_EQ(selector("name:192.0.2.2").name(), "192.0.2.2");
    EXPECT_EQ(selector("id:7").id(), 7U);
    EXPECT_EQ(selector("discr:10").local_discr(), 10U);
    EXPECT_EQ(selector("peer:192.0.2.2").peer().remote(), "192.0.2.2");
}

TEST(Selector, NarrowsAnAddressDown) {
    EXPECT_EQ(selector("192.0.2.2").peer().port(), "wan0");
    EXPECT_EQ(selector("192.0.2.2").peer().local(), "192.0.2.1");
}

TEST(Selector, TakesAnAddressWithItsPortAsWatchPrintsIt) {
    const auto of = [](std::string_view text, const std::string& port) {
        auto result = selector_of(text, port);
        return result.ok() ? std::move(result).value() : v1::SessionSelector{};
    };
    EXPECT_EQ(of("fe80::2%wan1", "").peer().remote(), "fe80::2");
    EXPECT_EQ(of("fe80::2%wan1", "").peer().port(), "wan1");
    EXPECT_EQ(of("192.0.2.2%wan1", "wan1").peer().port(), "wan1");
    EXPECT_FALSE(selector_of("192.0.2.2%wan1", "wan0").ok());
    EXPECT_FALSE(selector_of("192.0.2.2%").ok());
    EXPECT_EQ(of("rr1%wan1", "").name(), "rr1%wan1");
}

TEST(Selector, RefusesNonsense) {
    for (const char* text :
         {"", "id:", "id:x", "id:99999999999999999999", "discr:0x100000000", "peer:rr1"}) {
        EXPECT_FALSE(selector_of(text).ok()) << text;
    }
}

}  // namespace
}  // namespace tocsin::control::ctl
