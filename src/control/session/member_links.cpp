#include "control/session/member_links.hpp"

namespace tocsin::control::session {

namespace {

/// Beside those of KeySender and CommandQueue, and never looked at.
constexpr message::RequestId kAnswer{std::uint64_t{1} << 62U};

}  // namespace

void MemberLinks::pump() {
    if (!changed_) return;
    changed_ = false;
    for (std::uint16_t w = 0; w < told_.size(); ++w) {
        for (std::uint16_t port = 0; port < message::kMaxPorts; ++port) {
            if (told_[w][port] == members_[port]) continue;
            const message::SetMember body{.port = {port}, .addresses = members_[port]};
            if (!dataplane_.worker({w}).send({.id = kAnswer, .body = body})) {
                changed_ = true;
                break;
            }
            told_[w][port] = members_[port];
        }
    }
}

}  // namespace tocsin::control::session
