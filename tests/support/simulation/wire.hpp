#pragma once

#include "dataplane/bfd/auth.hpp"
#include "simulation/clock.hpp"
#include "simulation/random.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace tocsin::simulation {

/// How one direction of a wire treats packets.
struct Impairment {
    double loss = 0;             ///< of each packet by itself
    double burst_begins = 0;     ///< a run of losses begins with this packet
    unsigned burst_length = 0;   ///< longest run
    unsigned longest_run = ~0U;  ///< packets that may be lost in a row, whatever the cause
    double final_loss = 0;       ///< of packets with F set
    double duplicate = 0;
    double corrupt = 0;  ///< one to four octets are overwritten
    Nanoseconds delay{0};
    Nanoseconds delay_variation{0};  ///< added, uniform; packets may overtake each other
    bool keeps_order = true;
    /// Packets a second that a congested wire carries, averaged over a second; each of what is
    /// offered beyond is lost by chance. 0 = no limit.
    double capacity = 0;
    bool cut = false;
    bool loses_echo = false;  ///< what is lost by chance may be an Echo packet
};

struct Arrival {
    TrueTime at{};
    bfd::SignedPacket packet{};
};

/// One direction of a simulated wire.
class Wire {
public:
    Impairment impairment;

    /// Gives each copy that arrives to `deliver(Arrival)`: none, one or two.
    template <class Deliver>
    void send(const bfd::SignedPacket& packet, bool echo, TrueTime now, Random& random,
              Deliver&& deliver) {
        if (impairment.cut) return;
        const bool final = !echo && (packet.octets[bfd::kStateOffset] & bfd::kFinalBit) != 0;
        const bool crowded = is_crowded(now, random);
        if ((!echo || impairment.loses_echo) && (crowded || is_lost(final, random))) {
            ++lost_in_a_row_;
            return;
        }
        if (!echo) lost_in_a_row_ = 0;
        const int copies = random.chance(impairment.duplicate) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            Arrival arrival{.at = now + impairment.delay, .packet = packet};
            if (impairment.delay_variation.count() > 0) {
                arrival.at += Nanoseconds{random.between(0, impairment.delay_variation.count())};
            }
            if (impairment.keeps_order && arrival.at < last_arrival_) arrival.at = last_arrival_;
            last_arrival_ = std::max(last_arrival_, arrival.at);
            if (random.chance(impairment.corrupt)) corrupt(arrival.packet, random);
            deliver(arrival);
        }
    }

private:
    bool is_crowded(TrueTime now, Random& random) {
        if (impairment.capacity <= 0) return false;
        const std::chrono::duration<double> passed = now - last_offered_;
        last_offered_ = now;
        offered_ = 1 + offered_ * std::exp(-passed.count());
        return offered_ > impairment.capacity && random.chance(1 - impairment.capacity / offered_);
    }

    bool is_lost(bool is_final, Random& random) {
        if (lost_in_a_row_ >= impairment.longest_run) {
            burst_left_ = 0;
            return false;
        }
        if (burst_left_ == 0 && random.chance(impairment.burst_begins)) {
            burst_left_ = 1 + static_cast<unsigned>(random.below(impairment.burst_length));
        }
        if (burst_left_ > 0) {
            --burst_left_;
            return true;
        }
        return random.chance(is_final ? std::max(impairment.final_loss, impairment.loss)
                                      : impairment.loss);
    }

    static void corrupt(bfd::SignedPacket& packet, Random& random) {
        for (auto n = random.between(1, 4); n > 0; --n) {
            packet.octets[random.below(packet.length)] = static_cast<std::uint8_t>(random.next());
        }
    }

    unsigned lost_in_a_row_ = 0;
    unsigned burst_left_ = 0;
    TrueTime last_arrival_{0};
    TrueTime last_offered_{0};
    double offered_ = 0;
};

}  // namespace tocsin::simulation
