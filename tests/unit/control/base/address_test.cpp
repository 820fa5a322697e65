#include "control/base/address.hpp"

#include <gtest/gtest.h>

namespace tocsin::control {
namespace {

TEST(Address, ReadsAndWritesBothFamilies) {
    for (const char* text :
         {"192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "fe80::1"}) {
        const auto address = parse_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(to_string(*address), text);
    }
}

TEST(Address, WritesIpv6InItsShortestForm) {
    EXPECT_EQ(to_string(*parse_address("2001:0DB8:0:0:0:0:0:1")), "2001:db8::1");
}

TEST(Address, RefusesWhatIsNotOneAddress) {
    for (const char* text : {"", " ", "192.0.2", "192.0.2.256", "192.0.2.1 ", "192.0.2.1/24",
                             "01.2.3.4", "fe80::1%eth0", "2001:db8::1::", "host", "1"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_FALSE(parse_address(std::string_view{"192.0.2.1\0", 10}));
}

TEST(Address, OfNoFamilyIsEmptyText) { EXPECT_EQ(to_string(IpAddress{}), ""); }

TEST(Prefix, KeepsTheHostBits) {
    const auto prefix = parse_prefix("192.0.2.17/28");
    ASSERT_TRUE(prefix);
    EXPECT_EQ(to_string(*prefix), "192.0.2.17/28");
    EXPECT_EQ(to_string(network_address(*prefix)), "192.0.2.16");
    EXPECT_EQ(to_string(last_address(*prefix)), "192.0.2.31");
}

TEST(Prefix, TakesEveryLengthOfItsFamilyAndNoMore) {
    EXPECT_TRUE(parse_prefix("0.0.0.0/0"));
    EXPECT_TRUE(parse_prefix("192.0.2.1/32"));
    EXPECT_FALSE(parse_prefix("192.0.2.1/33"));
    EXPECT_TRUE(parse_prefix("2001:db8::1/128"));
    EXPECT_FALSE(parse_prefix("2001:db8::1/129"));
    for (const char* text :
         {"192.0.2.1", "192.0.2.1/", "192.0.2.1/x", "192.0.2.1/-1", "/24", "192.0.2.1/024x"}) {
        EXPECT_FALSE(parse_prefix(text)) << text;
    }
}

TEST(Prefix, KnowsNetworkAndBroadcastOnlyWhereThereAreSome) {
    const auto is_special = [](const char* subnet, const char* address) {
        return is_network_or_broadcast(*parse_prefix(subnet), *parse_address(address));
    };
    EXPECT_TRUE(is_special("192.0.2.1/24", "192.0.2.0"));
    EXPECT_TRUE(is_special("192.0.2.1/24", "192.0.2.255"));
    EXPECT_FALSE(is_special("192.0.2.1/24", "192.0.2.2"));
    EXPECT_FALSE(is_special("192.0.2.0/31", "192.0.2.0"));
    EXPECT_FALSE(is_special("192.0.2.0/31", "192.0.2.1"));
    EXPECT_FALSE(is_special("192.0.2.1/32", "192.0.2.1"));
    EXPECT_FALSE(is_special("2001:db8::1/64", "2001:db8::"));
}

TEST(Mac, ReadsAndWrites) {
    const auto mac = parse_mac("02:Ab:00:ff:10:01");
    ASSERT_TRUE(mac);
    EXPECT_EQ(to_string(*mac), "02:ab:00:ff:10:01");
    for (const char* text :
         {"", "02:ab:00:ff:10", "02-ab-00-ff-10-01", "02:ab:00:ff:10:0g", "2:ab:00:ff:10:011"}) {
        EXPECT_FALSE(parse_mac(text)) << text;
    }
}

}  // namespace
}  // namespace tocsin::control
