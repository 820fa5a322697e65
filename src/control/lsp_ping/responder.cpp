#include "control/lsp_ping/responder.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::lsp_ping {

namespace {

constexpr std::uint64_t kToken = 1'000'000'000;
constexpr std::uint32_t kFirstFreeLabel = 16;  // explicit null and the like say nothing

std::uint8_t code_of(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::Malformed:
            return kMalformed;
        case Outcome::NotUnderstood:
            return kTlvNotUnderstood;
        case Outcome::NoMapping:
            return kNoMapping;
        case Outcome::LabelMismatch:
            return kLabelMismatch;
        default:
            return kEgress;
    }
}

}  // namespace

bool operator==(const EgressFec& a, const EgressFec& b) noexcept {
    return a.fec == b.fec && a.label == b.label;
}

bool Responder::take_token(Instant now) {
    const std::uint64_t most = settings_.requests_per_second * kToken;
    if (filled_ == Instant::min()) {
        tokens_ = most;
    } else {
        const Nanoseconds gone =
            std::clamp(now - filled_, Nanoseconds{0}, Nanoseconds{std::chrono::seconds{1}});
        tokens_ += settings_.requests_per_second * static_cast<std::uint64_t>(gone.count());
    }
    tokens_ = std::min(tokens_, most);
    filled_ = now;
    if (tokens_ < kToken) return false;
    tokens_ -= kToken;
    return true;
}

/// `depth`: of the FEC that the outcome is about, counted from the bottom of the stack.
Outcome Responder::validate(const Message& request, const Received& received, const EgressFec*& out,
                            std::uint8_t& depth) const {
    const std::size_t fecs = request.fecs.size();
    for (std::size_t i = 0; i < fecs; ++i) {
        const Fec& fec = request.fecs[i];
        depth = static_cast<std::uint8_t>(std::min<std::size_t>(fecs - i, 255));
        if (fec.type == kNil && i + 1 < fecs) continue;  // a label that is no FEC's
        const auto known = std::ranges::find(settings_.fecs, fec, &EgressFec::fec);
        if (known == settings_.fecs.end()) return Outcome::NoMapping;
        out = &*known;
        if (!known->label || received.labels.size() < fecs - i) continue;
        const std::uint32_t label = received.labels[received.labels.size() - (fecs - i)];
        if (label >= kFirstFreeLabel && label != *known->label) return Outcome::LabelMismatch;
    }
    return out == nullptr ? Outcome::NoMapping : Outcome::Answered;
}

Outcome Responder::on_request(const Received& received, Instant now,
                              std::optional<Message>& reply) {
    const auto allowed = [&](const IpPrefix& p) { return p.contains(received.source); };
    if (std::ranges::none_of(settings_.allow, allowed)) return Outcome::Source;
    if (!take_token(now)) return Outcome::RateLimit;
    Message request;
    const Fault fault = decode(received.octets, request);
    if (fault == Fault::TooShort) return Outcome::TooShort;
    if (fault == Fault::Version) return Outcome::Version;
    if (request.type != kEchoRequest) return Outcome::NotARequest;

    Outcome out = Outcome::Answered;
    std::uint8_t depth = 0;
    std::uint32_t local_discr = 0;
    if (fault == Fault::Malformed) {
        out = Outcome::Malformed;
    } else if (fault == Fault::NotUnderstood) {
        out = Outcome::NotUnderstood;
    } else {
        const EgressFec* fec = nullptr;
        out = validate(request, received, fec, depth);
        // The FEC first, then the session, RFC 7726 2.1.
        if (out == Outcome::Answered && request.discriminator != 0) {
            local_discr = sessions_.session(*fec, received.source, request.discriminator);
            if (local_discr == 0) return Outcome::Refused;
        }
    }
    const bool by_udp =
        request.reply_mode == ReplyMode::Udp || request.reply_mode == ReplyMode::UdpRouterAlert;
    // Which answer a mode that is none wants nobody knows; of the others, UDP is the one we have.
    if (!by_udp && out != Outcome::Malformed) return out;
    if (request.reply_mode == ReplyMode::None) return out;
    reply = Message{.type = kEchoReply,
                    .reply_mode = request.reply_mode,
                    .return_code = code_of(out),
                    .return_subcode = depth,
                    .handle = request.handle,
                    .sequence = request.sequence,
                    .sent = request.sent,
                    .received = received.at_ntp,
                    .fecs = {},
                    .discriminator = local_discr};
    if (out == Outcome::NotUnderstood) reply->errored = std::move(request.errored);
    return out;
}

}  // namespace tocsin::control::lsp_ping
