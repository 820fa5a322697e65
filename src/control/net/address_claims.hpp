#pragma once

#include "control/net/stack.hpp"

#include <optional>
#include <vector>

namespace tocsin::control::net {

/// How another station showed that it takes one of our addresses for its own.
enum class Claim : std::uint8_t {
    Probe,  ///< it asks whether it may: a solicitation from ::, RFC 4862 5.4.2
    Use,    ///< it speaks with it
};

/// One port's addresses: told to the link when it comes up, looked for duplicates (IPv6), and
/// defended. An IPv6 address is used from the first moment, but overrides nobody (RFC 4429) until
/// nobody objected for a second; one that was objected to is withheld until the link comes up
/// again.
class AddressClaims {
public:
    static constexpr std::chrono::seconds kTentative{1};        ///< RetransTimer, RFC 4862 5.1
    static constexpr std::chrono::seconds kDefendInterval{10};  ///< RFC 5227 1.1
    static constexpr std::chrono::seconds kReportInterval{60};  ///< of the groups we listen to

    AddressClaims(StackPort configured, const Stack::SendFrame& send, const Stack::Notice& notice);

    /// Link up: probes and announces, soon and then twice more.
    void start(Instant now);
    /// Link down: nothing more to say.
    void stop() noexcept {
        known_ = true;
        running_ = false;
    }
    /// Starts by itself when nobody spoke of the link yet.
    void on_timer(Instant now);
    /// Another station claims `address`, which is ours. Tells the notice and the link, at most
    /// every kDefendInterval for one address.
    void on_claim(const IpAddress& address, const MacAddress& by, Claim claim, Instant now);

    /// The port with the addresses that are in use.
    [[nodiscard]] const StackPort& port() const noexcept { return port_; }
    [[nodiscard]] bool is_tentative(const IpAddress& address) const noexcept;

private:
    void probe();
    void announce(const IpAddress& address);
    void report(Instant now);
    void withhold(const IpAddress& address);

    struct Conflict {
        IpAddress address;
        Instant told;
    };

    StackPort port_;
    std::vector<IpPrefix> configured_;
    const Stack::SendFrame& send_;
    const Stack::Notice& notice_;
    std::vector<Conflict> conflicts_;  ///< at most one for each address
    Instant next_announcement_{};
    Instant next_report_{};
    unsigned announced_ = 0;  ///< since the link came up
    bool known_ = false;      ///< somebody spoke of the link
    bool running_ = false;
    bool tentative_ = false;
};

}  // namespace tocsin::control::net
