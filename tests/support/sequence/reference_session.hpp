#pragma once

#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/session_event.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::sequence {

/// A packet as the rules of RFC 5880 6.8.6 see it, read octet by octet.
struct PlainPacket {
    unsigned version, diag, state;
    bool poll, final, authentication, demand, multipoint;
    unsigned detect_mult, length;
    std::uint32_t my_discriminator, your_discriminator;
    std::uint64_t desired_min_tx, required_min_rx;

    explicit PlainPacket(const std::uint8_t* octets);
    /// The checks that come before a session is looked for.
    [[nodiscard]] bool is_valid(std::size_t payload_length) const;
};

/// One session by the letter of RFC 5880 6.8.1 to 6.8.7: slow, direct, without wheel or events.
/// Time in nanoseconds. Authentication, Echo and local Demand mode are not in use.
class ReferenceSession {
public:
    ReferenceSession(std::uint32_t local_discr, const bfd::SessionParameters& parameters,
                     bool admin_down);

    /// 6.8.6 from "Set bfd.RemoteDiscr" on. False: discarded, because of AdminDown.
    bool receive(const PlainPacket& packet, std::int64_t now);
    /// A packet with P set has left: the Poll Sequence is being transmitted.
    void poll_sent() { polling_ = poll_wanted_; }
    /// 6.8.4 and 6.8.1: silence up to `now`. Time is seen in steps of `resolution`.
    void pass(std::int64_t now, std::int64_t resolution);

    void set_parameters(const bfd::SessionParameters& parameters);
    void set_admin(bool down, unsigned diag);
    void path_down(unsigned diag);
    void concatenated(unsigned diag);

    [[nodiscard]] std::int64_t detection_time() const;
    /// What differs, or nothing.
    [[nodiscard]] std::string compare(const bfd::SessionSnapshot& engine) const;
    [[nodiscard]] bool may_poll() const { return poll_wanted_; }
    [[nodiscard]] bool is_up() const { return state_ == kUp; }
    [[nodiscard]] std::uint32_t local_discr() const { return local_discr_; }
    [[nodiscard]] const bfd::SessionParameters& parameters() const { return parameters_; }

private:
    static constexpr unsigned kAdminDown = 0, kDown = 1, kInit = 2, kUp = 3;

    /// What our packets say, P and F aside.
    using Said = std::array<std::uint64_t, 8>;
    [[nodiscard]] Said said() const;
    /// 6.6: a peer in Demand mode is told of whatever differs from `before` by a Poll Sequence.
    void tell_demand_peer(const Said& before);
    [[nodiscard]] bool remote_demand_active() const {
        return remote_demand_ && state_ == kUp && remote_state_ == kUp;
    }

    void enter(unsigned state, unsigned diag);
    void change_desired_min_tx(std::uint64_t wanted);
    void want_poll();

    bfd::SessionParameters parameters_;
    unsigned state_;
    unsigned remote_state_ = kDown;
    std::uint32_t local_discr_;
    std::uint32_t remote_discr_ = 0;
    unsigned local_diag_;
    std::uint64_t desired_min_tx_;
    std::uint64_t required_min_rx_;
    std::uint64_t remote_min_rx_ = 1;
    std::uint64_t remote_desired_min_tx_ = 0;
    bool remote_demand_ = false;
    unsigned remote_detect_mult_ = 0;
    std::int64_t last_received_ = 0;

    // 6.8.3: what is used until a Poll Sequence has confirmed the new values.
    std::uint64_t tx_used_;
    std::uint64_t rx_used_;
    bool poll_wanted_ = false;    ///< a sequence is being sent, or has yet to be
    bool polling_ = false;        ///< a P has left
    bool changed_again_ = false;  ///< since that P
};

}  // namespace tocsin::sequence
