#pragma once

#include "control/lsp_ping/message.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tocsin::control::lsp_ping {

/// A FEC that ends with us.
struct EgressFec {
    Fec fec;
    std::optional<std::uint32_t> label;  ///< that we gave out for it; not given: any, or none
};

struct ResponderSettings {
    std::vector<EgressFec> fecs;
    std::vector<IpPrefix> allow;             ///< sources of requests that are looked at
    std::uint32_t requests_per_second = 10;  ///< and as many at once; RFC 8029 5

    friend bool operator==(const ResponderSettings&, const ResponderSettings&) = default;
};
[[nodiscard]] bool operator==(const EgressFec&, const EgressFec&) noexcept;

/// An Echo request as it arrived.
struct Received {
    std::span<const std::uint8_t> octets;  ///< the UDP payload
    IpAddress source;
    std::span<const std::uint32_t> labels{};  ///< outermost first; none behind PHP
    std::uint64_t at_ntp = 0;
};

/// What became of a request.
enum class Outcome : std::uint8_t {
    Answered,   ///< or done as it asked, without an answer
    Malformed,  ///< answered with that code, if it can be
    NotUnderstood,
    NoMapping,
    LabelMismatch,
    TooShort,  ///< from here on: dropped
    Version,
    NotARequest,
    Source,     ///< of no prefix that is allowed
    RateLimit,  ///< more than requests_per_second
    Refused,    ///< a session was asked for, which policy does not permit, RFC 7726 2.1
    Count
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Outcome::Count)>
    kOutcomeNames{"answered",       "malformed",  "not_understood", "no_mapping",
                  "label_mismatch", "too_short",  "version",        "not_a_request",
                  "source",         "rate_limit", "refused"};

/// Where the sessions are that requests ask for.
class EgressSessions {
public:
    virtual ~EgressSessions() = default;

    /// Our discriminator of the session of (FEC, ingress, its discriminator), which is made if
    /// there is none. 0: policy does not permit it.
    [[nodiscard]] virtual std::uint32_t session(const EgressFec& fec, const IpAddress& ingress,
                                                std::uint32_t remote_discr) = 0;
};

/// The egress of LSPs, RFC 8029 4.4 as far as RFC 5884 and 7726 need it. Is told the time.
class Responder {
public:
    explicit Responder(EgressSessions& sessions) : sessions_{sessions} {}

    void set(ResponderSettings settings) { settings_ = std::move(settings); }
    [[nodiscard]] const ResponderSettings& settings() const noexcept { return settings_; }

    /// `reply`: what to send to the source; unchanged when nothing is to be sent.
    [[nodiscard]] Outcome on_request(const Received& request, Instant now,
                                     std::optional<Message>& reply);

private:
    [[nodiscard]] bool take_token(Instant now);
    [[nodiscard]] Outcome validate(const Message& request, const Received& received,
                                   const EgressFec*& out, std::uint8_t& depth) const;

    EgressSessions& sessions_;
    ResponderSettings settings_;
    std::uint64_t tokens_ = 0;  ///< in units of 1e-9
    Instant filled_{Instant::min()};
};

}  // namespace tocsin::control::lsp_ping
