#include "component/harness.hpp"

#include <rte_eth_ring.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <thread>

namespace tocsin::component {

namespace {

/// Ring of what `from`'s queue sends; read by the other port's queue of `crossing`.
rte_ring* cable(const std::string& from, std::size_t queue) {
    return rte_ring_create((from + std::to_string(queue)).c_str(), 1024, 0,
                           RING_F_SP_ENQ | RING_F_SC_DEQ);
}

bool wire(const Crossing& crossing) {
    const std::size_t n = crossing.size();
    std::vector<rte_ring*> from_west(n);
    std::vector<rte_ring*> from_east(n);
    std::vector<rte_ring*> to_west(n);
    std::vector<rte_ring*> to_east(n);
    for (std::size_t q = 0; q < n; ++q) {
        from_west[q] = cable("west", q);
        from_east[q] = cable("east", q);
        to_east[crossing[q]] = from_west[q];
        to_west[crossing[q]] = from_east[q];
    }
    const auto count = static_cast<unsigned>(n);
    return rte_eth_from_rings("west", to_west.data(), count, from_west.data(), count, 0) >= 0 &&
           rte_eth_from_rings("east", to_east.data(), count, from_east.data(), count, 0) >= 0;
}

}  // namespace

runtime::Config small_config() {
    runtime::Config config;
    config.max_sessions = 64;
    config.idle = runtime::Idle::Adaptive;
    config.huge_pages = runtime::HugePages::Off;
    config.seed = 20261121;
    return config;
}

IpAddress v4(std::uint8_t last) { return ip_address(std::array<std::uint8_t, 4>{192, 0, 2, last}); }

IpAddress v6(std::uint8_t last) {
    std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0d, 0xb8};
    octets[15] = last;
    return ip_address(octets);
}

std::unique_ptr<runtime::Eal> start_eal(std::uint32_t megabytes) {
    runtime::Config config = small_config();
    config.memory_mb = megabytes;
    runtime::PortConfig port;
    port.device = "net_null0";
    config.ports = {port};
    runtime::StartError error;
    const auto plan = runtime::make_plan(config, error);
    auto eal = plan ? runtime::Eal::start(*plan, error) : nullptr;
    EXPECT_NE(eal, nullptr) << error.message;
    return eal;
}

std::unique_ptr<runtime::Runtime> start_wired(runtime::Config config, const Crossing& crossing,
                                              runtime::StartError& error) {
    std::uint8_t last = 1;
    for (const char* name : {"west", "east"}) {
        runtime::PortConfig port;
        port.name = name;
        port.device = std::string{"net_ring_"} + name;
        port.addresses = {v4(last), v6(last)};
        ++last;
        config.ports.push_back(port);
    }
    const auto plan = runtime::make_plan(config, error);
    if (!plan) return nullptr;
    auto eal = runtime::Eal::start(*plan, error);
    if (!eal) return nullptr;
    if (!wire(crossing)) {
        error = {"no net_ring devices", "test"};
        return nullptr;
    }
    return runtime::start_on(std::move(eal), *plan, config, error);
}

bfd::SessionHandle Control::handle(std::uint16_t worker, std::uint32_t slot,
                                   std::uint32_t generation) const {
    const bfd::DiscriminatorCodec::Parts parts{{slot}, {worker}, generation};
    return {{slot}, runtime_.discriminators().encode(parts)};
}

message::Event Control::call(std::uint16_t worker, decltype(message::Command::body) body) {
    const message::RequestId id{next_id_++};
    EXPECT_TRUE(runtime_.worker({worker}).send({id, body}));
    message::Event answer;
    const bool answered = wait(
        [&] {
            const auto it = std::ranges::find(answers_, id, &message::Event::id);
            if (it == answers_.end()) return false;
            answer = *it;
            answers_.erase(it);
            return true;
        },
        5s);
    EXPECT_TRUE(answered) << "no answer";
    return answer;
}

bfd::Status Control::status(std::uint16_t worker, decltype(message::Command::body) body) {
    const message::Event answer = call(worker, body);
    const auto* reply = std::get_if<message::Reply>(&answer.body);
    EXPECT_NE(reply, nullptr);
    return reply == nullptr ? bfd::Status::Busy : reply->status;
}

bfd::SessionSnapshot Control::query(std::uint16_t worker, bfd::SessionHandle session) {
    const message::Event answer = call(worker, message::QuerySession{session});
    const auto* snapshot = std::get_if<bfd::SessionSnapshot>(&answer.body);
    EXPECT_NE(snapshot, nullptr);
    return snapshot == nullptr ? bfd::SessionSnapshot{} : *snapshot;
}

void Control::collect() {
    std::array<message::Event, 64> buffer;
    for (std::uint16_t w = 0; w < runtime_.workers(); ++w) {
        while (const std::size_t n = runtime_.worker({w}).receive(buffer)) {
            for (std::size_t i = 0; i < n; ++i) {
                const message::Event& e = buffer[i];
                if (const auto* changed = std::get_if<bfd::SessionEvent>(&e.body)) {
                    events_.push_back(*changed);
                } else if (const auto* gone = std::get_if<message::SessionDeleted>(&e.body)) {
                    deleted_.push_back(gone->session);
                } else {
                    answers_.push_back(e);
                }
            }
        }
    }
}

bool Control::wait(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        collect();
        if (done()) return true;
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(1ms);
    }
}

bool Control::wait_state(bfd::SessionHandle session, bfd::SessionState wanted,
                         std::chrono::milliseconds limit) {
    return wait([&] { return state(session) == wanted; }, limit);
}

bfd::SessionState Control::state(bfd::SessionHandle session) const {
    const auto it = std::find_if(events_.rbegin(), events_.rend(),
                                 [&](const auto& e) { return e.now.session == session; });
    return it == events_.rend() ? bfd::SessionState::AdminDown : it->now.session_state;
}

bool Control::deleted(bfd::SessionHandle session) const {
    return std::ranges::find(deleted_, session) != deleted_.end();
}

unsigned Control::downs(bfd::SessionHandle session) const {
    return static_cast<unsigned>(std::ranges::count_if(events_, [&](const auto& e) {
        return e.now.session == session && e.reported_state == bfd::SessionState::Up &&
               (e.transitions > 1 || e.now.session_state != bfd::SessionState::Up);
    }));
}

message::AddSession Control::single_hop(std::size_t port, bfd::SessionHandle session,
                                        const IpAddress& local, const IpAddress& remote,
                                        std::chrono::milliseconds interval) const {
    const std::vector<message::PortStatus> ports = runtime_.ports();
    message::AddSession out;
    out.session = session;
    out.key.family = local.family;
    out.key.port = ports[port].id;
    out.key.local = local.octets;
    out.key.remote = remote.octets;
    out.parameters.desired_min_tx_interval = WireInterval{interval};
    out.parameters.required_min_rx_interval = WireInterval{interval};
    out.tx_port = ports[port].id;
    out.headers = overlay::single_hop_headers({.source_mac = ports[port].mac,
                                               .destination_mac = ports[1 - port].mac,
                                               .source = local,
                                               .destination = remote});
    return out;
}

std::uint64_t Control::drops(DropReason reason) const {
    std::uint64_t out = 0;
    for (std::uint16_t w = 0; w < runtime_.workers(); ++w) {
        out += runtime_.worker({w}).stats().drops[static_cast<std::size_t>(reason)].get();
    }
    return out;
}

}  // namespace tocsin::component
