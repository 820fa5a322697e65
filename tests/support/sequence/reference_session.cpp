#include "sequence/reference_session.hpp"

#include <algorithm>

namespace tocsin::sequence {

namespace {

constexpr std::uint64_t kSecond = 1'000'000;

std::uint32_t big_endian(const std::uint8_t* p) {
    return static_cast<std::uint32_t>(p[0]) << 24U | static_cast<std::uint32_t>(p[1]) << 16U |
           static_cast<std::uint32_t>(p[2]) << 8U | p[3];
}

}  // namespace

PlainPacket::PlainPacket(const std::uint8_t* o)
    : version{o[0] / 32U},
      diag{o[0] % 32U},
      state{o[1] / 64U},
      poll{o[1] / 32U % 2 == 1},
      final{o[1] / 16U % 2 == 1},
      authentication{o[1] / 4U % 2 == 1},
      demand{o[1] / 2U % 2 == 1},
      multipoint{o[1] % 2U == 1},
      detect_mult{o[2]},
      length{o[3]},
      my_discriminator{big_endian(o + 4)},
      your_discriminator{big_endian(o + 8)},
      desired_min_tx{big_endian(o + 12)},
      required_min_rx{big_endian(o + 16)} {}

bool PlainPacket::is_valid(std::size_t payload_length) const {
    if (version != 1) return false;
    if (length < (authentication ? 26U : 24U)) return false;
    if (length > payload_length) return false;
    if (detect_mult == 0) return false;
    if (multipoint) return false;
    if (my_discriminator == 0) return false;
    return your_discriminator != 0 || state <= 1;
}

ReferenceSession::ReferenceSession(std::uint32_t local_discr,
                                   const bfd::SessionParameters& parameters, bool admin_down)
    : parameters_{parameters},
      state_{admin_down ? kAdminDown : kDown},
      local_discr_{local_discr},
      local_diag_{admin_down ? 7U : 0U},
      desired_min_tx_{std::max<std::uint64_t>(parameters.desired_min_tx_interval.count(), kSecond)},
      required_min_rx_{parameters.required_min_rx_interval.count()},
      tx_used_{desired_min_tx_},
      rx_used_{required_min_rx_} {}

ReferenceSession::Said ReferenceSession::said() const {
    return {state_,
            local_diag_,
            remote_discr_,
            desired_min_tx_,
            required_min_rx_,
            parameters_.detect_mult,
            parameters_.required_min_echo_rx_interval.count(),
            parameters_.control_plane_independent};
}

void ReferenceSession::tell_demand_peer(const Said& before) {
    if (remote_demand_active() && said() != before) want_poll();
}

bool ReferenceSession::receive(const PlainPacket& p, std::int64_t now) {
    const Said before = said();
    remote_discr_ = p.my_discriminator;
    remote_state_ = p.state;
    remote_demand_ = p.demand;
    remote_min_rx_ = p.required_min_rx;
    remote_desired_min_tx_ = p.desired_min_tx;
    remote_detect_mult_ = p.detect_mult;
    last_received_ = now;

    if (polling_ && p.final) {
        polling_ = false;
        poll_wanted_ = changed_again_;  // 6.8.3: another sequence tells of what changed meanwhile
        if (!changed_again_) {
            tx_used_ = desired_min_tx_;
            rx_used_ = required_min_rx_;
        }
        changed_again_ = false;
    }
    if (state_ == kAdminDown) return false;

    if (p.state == kAdminDown) {
        if (state_ != kDown) enter(kDown, 3);
    } else if (state_ == kDown) {
        if (p.state == kDown) {
            enter(kInit, local_diag_);
        } else if (p.state == kInit) {
            enter(kUp, 0);
        }
    } else if (state_ == kInit) {
        if (p.state == kInit || p.state == kUp) enter(kUp, 0);
    } else if (p.state == kDown) {
        enter(kDown, 3);
    }
    tell_demand_peer(before);
    return true;
}

void ReferenceSession::pass(std::int64_t now, std::int64_t resolution) {
    if (remote_detect_mult_ == 0 || detection_time() == 0) return;
    if (now / resolution * resolution < last_received_ + detection_time()) return;
    remote_discr_ = 0;   // 6.8.1
    remote_min_rx_ = 1;  // 6.8.18
    remote_demand_ = false;
    remote_desired_min_tx_ = 0;  // nothing is known of the peer any more
    remote_detect_mult_ = 0;
    if (state_ == kInit || state_ == kUp) enter(kDown, 1);
}

void ReferenceSession::enter(unsigned state, unsigned diag) {
    state_ = state;
    local_diag_ = diag;
    // What a Final to an earlier P would confirm is no longer what matters.
    polling_ = false;
    changed_again_ = false;
    const std::uint64_t configured = parameters_.desired_min_tx_interval.count();
    change_desired_min_tx(state == kUp ? configured : std::max(configured, kSecond));
    if (state != kUp) {
        tx_used_ = desired_min_tx_;
        rx_used_ = required_min_rx_;
    }
}

void ReferenceSession::want_poll() {
    poll_wanted_ = true;
    if (polling_) changed_again_ = true;
}

void ReferenceSession::change_desired_min_tx(std::uint64_t wanted) {
    if (state_ != kUp || wanted < tx_used_) tx_used_ = wanted;
    if (wanted == desired_min_tx_) return;
    desired_min_tx_ = wanted;
    want_poll();
}

void ReferenceSession::set_parameters(const bfd::SessionParameters& parameters) {
    const Said before = said();
    parameters_ = parameters;
    const std::uint64_t tx = parameters.desired_min_tx_interval.count();
    change_desired_min_tx(state_ == kUp ? tx : std::max(tx, kSecond));
    const std::uint64_t rx = parameters.required_min_rx_interval.count();
    if (rx != required_min_rx_) {
        required_min_rx_ = rx;
        if (state_ != kUp || rx > rx_used_) rx_used_ = rx;
        want_poll();
    }
    tell_demand_peer(before);
}

void ReferenceSession::set_admin(bool down, unsigned diag) {
    if (down && state_ == kAdminDown) {
        local_diag_ = diag;
    } else if (down) {
        enter(kAdminDown, diag);
    } else if (state_ == kAdminDown) {
        enter(kDown, local_diag_);
    }
}

void ReferenceSession::path_down(unsigned diag) {
    if (state_ == kInit || state_ == kUp) enter(kDown, diag);
}

void ReferenceSession::concatenated(unsigned diag) {
    const Said before = said();
    if (state_ == kUp && (diag == 0 || diag == 6 || diag == 8)) local_diag_ = diag;
    tell_demand_peer(before);
}

std::int64_t ReferenceSession::detection_time() const {
    return static_cast<std::int64_t>(remote_detect_mult_ *
                                     std::max(rx_used_, remote_desired_min_tx_) * 1000);
}

std::string ReferenceSession::compare(const bfd::SessionSnapshot& s) const {
    std::string out;
    const auto differ = [&](const char* name, std::uint64_t engine, std::uint64_t reference) {
        if (engine == reference) return;
        out += std::string{name} + " is " + std::to_string(engine) + ", RFC 5880 says " +
               std::to_string(reference) + "; ";
    };
    differ("bfd.SessionState", static_cast<unsigned>(s.session_state), state_);
    differ("bfd.RemoteSessionState", static_cast<unsigned>(s.remote_session_state), remote_state_);
    differ("bfd.LocalDiag", static_cast<unsigned>(s.local_diag), local_diag_);
    differ("bfd.RemoteDiscr", s.remote_discr.value, remote_discr_);
    differ("bfd.DesiredMinTxInterval", s.desired_min_tx_interval.count(), desired_min_tx_);
    differ("bfd.RequiredMinRxInterval", s.required_min_rx_interval.count(), required_min_rx_);
    differ("bfd.RemoteMinRxInterval", s.remote_min_rx_interval.count(), remote_min_rx_);
    differ("bfd.RemoteDemandMode", s.remote_demand_mode, remote_demand_);
    differ("bfd.DetectMult", s.detect_mult, parameters_.detect_mult);
    differ("remote Detect Mult", s.remote_detect_mult, remote_detect_mult_);
    differ("Detection Time", static_cast<std::uint64_t>(s.detection_time.count()),
           static_cast<std::uint64_t>(detection_time()));

    const bool silent = (parameters_.passive && remote_discr_ == 0) || remote_min_rx_ == 0;
    const bool demand = remote_demand_active();
    const std::uint64_t interval = std::max(tx_used_, remote_min_rx_);
    if (silent || (demand && !poll_wanted_)) {
        differ("transmit interval", s.tx_interval.count(), 0);
    } else if (!demand || polling_) {
        differ("transmit interval", s.tx_interval.count(), interval);
    }
    return out;
}

}  // namespace tocsin::sequence
