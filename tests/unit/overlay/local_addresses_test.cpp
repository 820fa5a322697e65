#include "overlay/local_addresses.hpp"

#include "frames.hpp"

#include <gtest/gtest.h>

namespace tocsin::test {
namespace {

using overlay::LocalAddresses;

TEST(LocalAddresses, HoldsBothFamiliesApart) {
    LocalAddresses own;
    EXPECT_TRUE(own.add(v4(32, 1, 13, 184)));  // the octets of 2001:db8::
    EXPECT_FALSE(own.contains(v6("20010db8 00000000 00000000 00000000")));
    EXPECT_TRUE(own.contains(v4(32, 1, 13, 184)));
    EXPECT_FALSE(own.contains(IpAddress{}));
}

TEST(LocalAddresses, TakesOneTwiceOnlyOnce) {
    LocalAddresses own;
    EXPECT_TRUE(own.add(v4(10, 0, 0, 1)));
    EXPECT_TRUE(own.add(v4(10, 0, 0, 1)));
    EXPECT_EQ(own.size(), 1U);
}

TEST(LocalAddresses, RefusesWhatHasNoFamily) {
    LocalAddresses own;
    EXPECT_FALSE(own.add(IpAddress{}));
    EXPECT_EQ(own.size(), 0U);
}

TEST(LocalAddresses, IsFullAtItsCapacityOfBothFamiliesTogether) {
    LocalAddresses own;
    for (unsigned i = 0; i < LocalAddresses::kCapacity / 2; ++i) {
        EXPECT_TRUE(own.add(v4(10, 0, 0, static_cast<std::uint8_t>(i))));
        IpAddress six = v6("20010db8 00000000 00000000 00000000");
        six.octets[15] = static_cast<std::uint8_t>(i);
        EXPECT_TRUE(own.add(six));
    }
    EXPECT_FALSE(own.add(v4(10, 0, 1, 0)));
    EXPECT_TRUE(own.add(v4(10, 0, 0, 31))) << "one that is there already";
    EXPECT_EQ(own.size(), LocalAddresses::kCapacity);
}

}  // namespace
}  // namespace tocsin::test
