#include "control/net/stack.hpp"
#include "wire.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using namespace tocsin;
using namespace tocsin::control::net;
using namespace tocsin::test;

constexpr PortId kPort{0};
constexpr MacAddress kOwnMac{2, 0, 0, 0, 0, 0x0a};

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

StackPort configured() {
    return {.id = kPort,
            .name = "a",
            .mac = kOwnMac,
            .addresses = {{ip("192.0.2.1"), 24}, {ip("2001:db8::1"), 64}, {ip("fe80::a"), 64}},
            .routes = {{{ip("198.51.100.0"), 24}, ip("192.0.2.254")}}};
}

/// The addresses that the inputs speak of: neighbours, and one that is nobody's.
IpAddress neighbor(std::uint8_t selector) {
    static const IpAddress all[]{ip("192.0.2.2"), ip("192.0.2.254"), ip("2001:db8::2"),
                                 ip("fe80::b"), ip("203.0.113.9")};
    return all[selector % std::size(all)];
}

/// Makes the checksums of a mutated frame right, where there is room for them.
void repair(Octets& f) {
    if (f.size() < 14 + 28) return;
    const View p = View{f}.subspan(14);
    if (number(f, 12, 2) == 0x0800) {
        set16(f, 24, 0);
        set16(f, 24, static_cast<std::uint16_t>(~ones_sum(p.first(20))));
        const std::size_t total = number(p, 2, 2);
        if (p[0] != 0x45 || total < 28 || total > p.size()) return;
        const Octets icmp = icmp_checksummed({p.begin() + 20, p.begin() + number(p, 2, 2)});
        std::ranges::copy(icmp, f.begin() + 34);
    } else if (number(f, 12, 2) == 0x86dd && p.size() >= 48) {
        const std::size_t length = number(p, 4, 2);
        if (length < 8 || length > p.size() - 40) return;
        const auto from = p.begin() + 40;
        const Octets icmp =
            icmpv6_checksummed(ip_address(p.subspan(8, 16)), ip_address(p.subspan(24, 16)),
                               {from, from + static_cast<std::ptrdiff_t>(length)});
        std::ranges::copy(icmp, f.begin() + 54);
    }
}

/// One stack, driven by a script: each step is an octet that says what, and what that needs.
class Script {
public:
    explicit Script(View script) : script_{script} {}

    void run() {
        while (!script_.empty()) {
            sent_ = 0;
            step(take() % 8);
        }
        for (int i = 0; i < 100; ++i) {
            now_ += std::chrono::seconds{1};
            stack_.on_timer(now_);
        }
        for (const NeighborInfo& n : stack_.neighbors(now_)) {
            require(n.users > 0, "a neighbour in the table is tracked");
        }
    }

private:
    std::uint8_t take() {
        if (script_.empty()) return 0;
        const std::uint8_t v = script_[0];
        script_ = script_.subspan(1);
        return v;
    }

    void step(unsigned what) {
        switch (what) {
            case 0:
            case 1:  // a frame; the second kind with its checksums made right
                return receive(what == 1);
            case 2:
                now_ += std::chrono::milliseconds{100 * take()};
                return stack_.on_timer(now_);
            case 3:
                return stack_.on_link(kPort, take() % 2 != 0, now_);
            case 4:
                return stack_.track(kPort, neighbor(take()), now_);
            case 5:
                return stack_.untrack(kPort, neighbor(take()));
            case 6: {
                const IpAddress hop = neighbor(take());
                if (take() % 2 == 0) return stack_.doubt(kPort, hop, now_);
                return stack_.confirm(kPort, hop, Nanoseconds{take() * 10'000'000LL}, now_);
            }
            default:
                const IpAddress local =
                    stack_.local_for(kPort, neighbor(take())).value_or(IpAddress{});
                require(local != ip("192.0.2.254"), "local_for() gives an address of ours");
        }
    }

    void receive(bool right_checksums) {
        // One after the other: operands and arguments are evaluated in any order.
        const std::size_t high = take() * 256U;
        const std::size_t wanted = high + take();
        const std::size_t length = std::min(wanted, script_.size());
        Octets octets{script_.begin(), script_.begin() + static_cast<std::ptrdiff_t>(length)};
        script_ = script_.subspan(length);
        if (right_checksums) repair(octets);
        message::Frame frame;
        frame.port = kPort;
        octets.resize(std::min(octets.size(), frame.octets.size()));
        frame.length = static_cast<std::uint16_t>(octets.size());
        std::ranges::copy(octets, frame.octets.begin());
        stack_.on_frame(frame, now_);
        require(sent_ <= 1, "at most one answer to a frame");
    }

    void on_sent(const message::Frame& frame) {
        ++sent_;
        const View octets{frame.octets.data(), frame.length};
        require(frame.port == kPort && std::memcmp(&octets[6], kOwnMac.data(), 6) == 0,
                "sent with our MAC");
        const auto wrong = wrong_in(octets);
        require(!wrong, wrong ? wrong->c_str() : "");
    }

    View script_;
    Instant now_{};
    unsigned sent_ = 0;
    Stack stack_{{configured()},
                 [this](const message::Frame& f) { on_sent(f); },
                 [](PortId, const IpAddress&, const std::optional<MacAddress>&) {}};
};

}  // namespace

// Whatever is heard: what is sent is well-formed, a frame has at most one answer, and only what is
// tracked is remembered.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script{{data, size}}.run();
    return 0;
}
