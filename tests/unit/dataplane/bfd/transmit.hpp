#pragma once

#include "one_session.hpp"

namespace tocsin::test {

/// One session whose periodic packets are looked at.
class Transmit : public OneSession {
protected:
    /// Between the periodic packets on record.
    void expect_gaps(Nanoseconds from, Nanoseconds to) const {
        const std::vector<Nanoseconds> gaps = periodic_gaps();
        ASSERT_FALSE(gaps.empty());
        for (const Nanoseconds g : gaps) {
            EXPECT_GE(g, from);
            EXPECT_LE(g, to);
        }
    }
    static SessionParameters sending_every(WireInterval interval) {
        SessionParameters p = fast_parameters();
        p.desired_min_tx_interval = interval;
        return p;
    }
    static SessionParameters passive() {
        SessionParameters p = fast_parameters();
        p.passive = true;
        return p;
    }
};

}  // namespace tocsin::test
