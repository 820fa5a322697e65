// Tags of received and of sent frames, in the frame or beside it.

#include "dataplane/runtime/vlan.hpp"

#include "component/harness.hpp"
#include "dataplane/runtime/eal.hpp"
#include "dataplane/runtime/pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace tocsin::component {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr PortId kDevice{3};
constexpr PortId kVlan100{40};
constexpr PortId kVlan200{41};
constexpr PortId kVlan200With7{42};

overlay::VlanTags tags_of(std::uint16_t outer, std::uint16_t inner = 0) {
    overlay::VlanTags out;
    out.tags[out.size++].tci = overlay::tci(6, outer);
    if (inner != 0) {
        out.tags[0].tpid = overlay::kEtherTypeQinq;
        out.tags[out.size++].tci = overlay::tci(6, inner);
    }
    return out;
}

/// MAC addresses, the tags given, an IPv4 EtherType and four octets behind it.
Octets frame(const Octets& tags = {}) {
    Octets out;
    out.reserve(32);
    for (const int octet : {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}) {
        out.push_back(static_cast<std::uint8_t>(octet));
    }
    for (const std::uint8_t octet : tags) out.push_back(octet);
    for (const int octet : {0x08, 0x00, 0x45, 0xc0, 0x12, 0x34}) {
        out.push_back(static_cast<std::uint8_t>(octet));
    }
    return out;
}

const Octets kTag100{0x81, 0x00, 0x60, 0x64};
const Octets kTag200And7{0x88, 0xa8, 0xc0, 0xc8, 0x81, 0x00, 0x00, 0x07};
const Octets kTag200And9{0x88, 0xa8, 0xc0, 0xc8, 0x81, 0x00, 0x00, 0x09};

class Vlans : public testing::Test {
protected:
    Vlans() {
        table.add(tags_of(200, 7), kVlan200With7);
        table.add(tags_of(100), kVlan100);
        table.add(tags_of(200), kVlan200);
    }
    ~Vlans() override { rte_pktmbuf_free(mbuf); }

    rte_mbuf& received(const Octets& octets) {
        rte_pktmbuf_free(mbuf);
        mbuf = rte_pktmbuf_alloc(pool.get());
        std::memcpy(rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(octets.size())),
                    octets.data(), octets.size());
        mbuf->port = kDevice.value;
        return *mbuf;
    }
    /// As a driver that takes the outer tag off hands a frame over.
    rte_mbuf& stripped(const Octets& octets, std::uint16_t tci) {
        rte_mbuf& m = received(octets);
        m.ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
        m.vlan_tci = tci;
        return m;
    }
    [[nodiscard]] Octets octets() const {
        const auto* const at = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
        EXPECT_EQ(mbuf->data_len, mbuf->pkt_len);
        return {at, at + mbuf->data_len};
    }

    static const runtime::Pool& the_pool() {
        static const auto eal = start_eal(128);
        static const runtime::Pool out = runtime::make_pool(0, 2047, SOCKET_ID_ANY);
        return out;
    }
    const runtime::Pool& pool = the_pool();
    runtime::VlanTable table;
    rte_mbuf* mbuf = nullptr;
};

TEST_F(Vlans, OneTagIsTakenOffWhateverItsPriority) {
    rte_mbuf& m = received(frame(kTag100));
    ASSERT_TRUE(runtime::untag(m, table));
    EXPECT_EQ(m.port, kVlan100.value);
    EXPECT_EQ(octets(), frame());
}

TEST_F(Vlans, OfTwoTagsBothAreTakenOff) {
    rte_mbuf& m = received(frame(kTag200And7));
    ASSERT_TRUE(runtime::untag(m, table));
    EXPECT_EQ(m.port, kVlan200With7.value);
    EXPECT_EQ(octets(), frame());
}

TEST_F(Vlans, AnInnerTagOfNobodyStaysForClassification) {
    rte_mbuf& m = received(frame(kTag200And9));
    ASSERT_TRUE(runtime::untag(m, table));
    EXPECT_EQ(m.port, kVlan200.value);
    EXPECT_EQ(octets(), frame({0x81, 0x00, 0x00, 0x09}));
}

TEST_F(Vlans, ATagThatTheDeviceTookOffCounts) {
    rte_mbuf& one = stripped(frame(), 0x6064);
    ASSERT_TRUE(runtime::untag(one, table));
    EXPECT_EQ(one.port, kVlan100.value);
    EXPECT_EQ(octets(), frame());
    EXPECT_EQ(one.ol_flags & (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED), 0U);

    rte_mbuf& two = stripped(frame({0x81, 0x00, 0x00, 0x07}), 200);
    ASSERT_TRUE(runtime::untag(two, table));
    EXPECT_EQ(two.port, kVlan200With7.value);
    EXPECT_EQ(octets(), frame());
}

TEST_F(Vlans, WhatIsNobodysStaysAsItIs) {
    const std::vector<Octets> frames{
        frame(),                                                       // untagged
        frame({0x81, 0x00, 0xc0, 0x00}),                               // a priority only
        frame({0x81, 0x00, 0x00, 0x65}),                               // VLAN 101
        frame({0x88, 0xa8, 0x00, 0x65, 0x81, 0x00, 0x00, 0x64}),       // 100 within 101
        {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00},              // cut off
        {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0x00, 0x64},  // nothing behind the tag
    };
    for (const Octets& f : frames) {
        rte_mbuf& m = received(f);
        EXPECT_FALSE(runtime::untag(m, table));
        EXPECT_EQ(m.port, kDevice.value);
        EXPECT_EQ(octets(), f);
    }
    rte_mbuf& m = stripped(frame(), 101);
    EXPECT_FALSE(runtime::untag(m, table));
    EXPECT_EQ(m.vlan_tci, 101);
    EXPECT_NE(m.ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED, 0U);
}

TEST_F(Vlans, WithoutVlansNothingIsLookedAt) {
    rte_mbuf& m = received(frame(kTag100));
    EXPECT_FALSE(runtime::untag(m, runtime::VlanTable{}));
}

TEST_F(Vlans, TagsArePutInFront) {
    rte_mbuf& m = received(frame());
    runtime::tag(m, tags_of(200, 7));
    EXPECT_EQ(octets(), frame({0x88, 0xa8, 0xc0, 0xc8, 0x81, 0x00, 0xc0, 0x07}));
    ASSERT_TRUE(runtime::untag(m, table));
    EXPECT_EQ(octets(), frame());
    runtime::tag(m, {});
    EXPECT_EQ(octets(), frame());
}

}  // namespace
}  // namespace tocsin::component
