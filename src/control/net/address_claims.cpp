#include "control/net/address_claims.hpp"

#include "control/net/arp.hpp"
#include "control/net/frame.hpp"
#include "control/net/ndisc.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tocsin::control::net {

namespace {

/// From one announcement to the next; the first IPv6 one waits for duplicate address detection.
constexpr std::array<std::chrono::seconds, 2> kPauses{AddressClaims::kTentative,
                                                      std::chrono::seconds{2}};

}  // namespace

AddressClaims::AddressClaims(StackPort configured, const Stack::SendFrame& send,
                             const Stack::Notice& notice)
    : port_{std::move(configured)}, configured_{port_.addresses}, send_{send}, notice_{notice} {}

// NOLINTNEXTLINE(misc-no-recursion): see on_timer()
void AddressClaims::start(Instant now) {
    known_ = running_ = tentative_ = true;
    port_.addresses = configured_;
    announced_ = 0;
    next_announcement_ = now;
    report(now);  // first, so that a switch that snoops lets objections through
    probe();
    on_timer(now);
}

// NOLINTNEXTLINE(misc-no-recursion): start() makes the addresses known, so it is called once
void AddressClaims::on_timer(Instant now) {
    if (!known_) return start(now);
    if (!running_) return;
    if (announced_ <= kPauses.size() && now >= next_announcement_) {
        tentative_ = announced_ == 0;
        const auto addresses = port_.addresses;
        for (const IpPrefix& p : addresses) {
            if (p.address.is_v4() || !tentative_) announce(p.address);
        }
        if (announced_ < kPauses.size()) next_announcement_ = now + kPauses[announced_];
        ++announced_;
    }
    if (now >= next_report_) report(now);
}

void AddressClaims::on_claim(const IpAddress& address, const MacAddress& by, Claim claim,
                             Instant now) {
    const bool duplicate = is_tentative(address);
    const auto it = std::ranges::find(conflicts_, address, &Conflict::address);
    const bool told = it != conflicts_.end() && now - it->told < kDefendInterval;
    if (duplicate) {
        withhold(address);
    } else if (claim == Claim::Probe || !told) {
        announce(address);  // a probe waits for the answer only a second: it always gets one
    }
    if (told) return;
    if (it == conflicts_.end()) {
        conflicts_.push_back({.address = address, .told = now});
    } else {
        it->told = now;
    }
    if (notice_) notice_(port_.id, address, by);
}

bool AddressClaims::is_tentative(const IpAddress& address) const noexcept {
    return address.is_v6() && running_ && tentative_;
}

void AddressClaims::probe() {
    for (const IpPrefix& p : port_.addresses) {
        if (!p.address.is_v6()) continue;
        send_(make_solicitation(port_, IpAddress{.family = AddressFamily::V6}, p.address,
                                std::nullopt, false));
    }
}

/// Gratuitous ARP (RFC 5227 2.3) or an unsolicited advertisement (RFC 4861 7.2.6).
void AddressClaims::announce(const IpAddress& address) {
    if (address.is_v6()) {
        send_(make_advertisement(port_, address, kAllNodes, multicast_mac(kAllNodes), false, true));
        return;
    }
    send_(make_arp(port_.id, kBroadcastMac,
                   {.operation = ArpOperation::Request,
                    .sender_mac = port_.mac,
                    .sender = address,
                    .target_mac = {},
                    .target = address}));
}

/// Again and again, since a switch forgets listeners that it does not hear of.
void AddressClaims::report(Instant now) {
    next_report_ = now + kReportInterval;
    if (const auto frame = make_listener_report(port_)) send_(*frame);
}

void AddressClaims::withhold(const IpAddress& address) {
    std::erase_if(port_.addresses, [&](const IpPrefix& p) { return p.address == address; });
}

}  // namespace tocsin::control::net
