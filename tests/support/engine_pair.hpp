#pragma once

#include "engine_fixture.hpp"

namespace tocsin::test {

/// Two engines with one session to each other over a wire that takes a millisecond and loses
/// nothing unless it is cut. A simulation with loss and delay is in simulation/.
class EnginePair {
public:
    EnginePair()
        : a{{.seed = 1, .discriminator_key = 11}},
          b{{.seed = 2, .discriminator_key = 22}},
          key_a{v4_key(2)},
          key_b{key_a},
          handle_a{a.handle(0)},
          handle_b{b.handle(0)} {
        std::swap(key_b.local, key_b.remote);
    }

    bfd::Status add_a(const bfd::SessionParameters& p) { return a.add(handle_a, key_a, p); }
    bfd::Status add_b(const bfd::SessionParameters& p) { return b.add(handle_b, key_b, p); }

    void run_for(Nanoseconds span) {
        const Instant end = a.now() + span;
        while (a.now() < end) {
            a.run_for(std::chrono::milliseconds{1});
            b.run_for(std::chrono::milliseconds{1});
            const std::vector<Sent> from_a = a.take_sent();
            const std::vector<Sent> from_b = b.take_sent();
            if (!cut) {
                deliver(from_a, Peer{b, handle_b, key_b});
                deliver(from_b, Peer{a, handle_a, key_a});
            }
            seen_a.insert(seen_a.end(), from_a.begin(), from_a.end());
            seen_b.insert(seen_b.end(), from_b.begin(), from_b.end());
        }
    }
    [[nodiscard]] bfd::SessionSnapshot state_a() const { return a.snapshot(handle_a); }
    [[nodiscard]] bfd::SessionSnapshot state_b() const { return b.snapshot(handle_b); }
    [[nodiscard]] bool both(bfd::SessionState s) const {
        return state_a().session_state == s && state_b().session_state == s;
    }

    EngineBox a;
    EngineBox b;
    SessionKey key_a;
    SessionKey key_b;
    bfd::SessionHandle handle_a;
    bfd::SessionHandle handle_b;
    bool cut = false;
    std::vector<Sent> seen_a;  ///< all that `a` has sent
    std::vector<Sent> seen_b;

private:
    static void deliver(const std::vector<Sent>& packets, Peer as) {
        for (const Sent& s : packets) as.send_octets({s.octets.begin(), s.octets.end()});
    }
};

}  // namespace tocsin::test
