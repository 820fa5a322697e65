#include "control/lab.hpp"

#include "control/base/address.hpp"
#include "dataplane/runtime/eal.hpp"
#include "overlay/single_hop.hpp"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <span>

namespace tocsin::perf {

namespace {

constexpr unsigned kCable = 32768;                // packets on the way in one direction
constexpr std::uint32_t kFirstPeer = 0x0a800001;  // 10.128.0.1
constexpr MacAddress kWestMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kGatewayMac{2, 0, 0, 0, 0, 2};
constexpr message::RequestId kPeerRequest{~0ULL};

IpAddress address_of(const char* prefix) { return control::parse_prefix(prefix).value().address; }

bool wire() {
    constexpr unsigned kFlags = RING_F_SP_ENQ | RING_F_SC_DEQ;
    rte_ring* const to_east = rte_ring_create("to_east", kCable, 0, kFlags);
    rte_ring* const to_west = rte_ring_create("to_west", kCable, 0, kFlags);
    return to_east != nullptr && to_west != nullptr &&
           rte_eth_from_rings("west", &to_west, 1, &to_east, 1, 0) >= 0 &&
           rte_eth_from_rings("east", &to_east, 1, &to_west, 1, 0) >= 0;
}

std::uint16_t pass_unless_cut(std::uint16_t, std::uint16_t, rte_mbuf** burst, std::uint16_t n,
                              std::uint16_t, void* cut) {
    if (!static_cast<const std::atomic<bool>*>(cut)->load(std::memory_order_relaxed)) return n;
    rte_pktmbuf_free_bulk(burst, n);
    return 0;
}

}  // namespace

std::unique_ptr<Lab> Lab::start(const ControlOptions& options) {
    std::unique_ptr<Lab> lab{new Lab{options}};
    return lab->open() ? std::move(lab) : nullptr;
}

Lab::~Lab() {
    if (runtime_) runtime_->stop();
}

bool Lab::open() {
    runtime::Config config;
    config.workers = {options_.cpu};
    config.max_sessions = slots_per_worker() + options_.sessions;
    config.idle = options_.adaptive ? runtime::Idle::Adaptive : runtime::Idle::Poll;
    config.real_time = false;
    config.seed = 20261121;
    for (const char* const name : {"west", "east"}) {
        runtime::PortConfig port;
        port.name = name;
        port.device = std::string{"net_ring_"} + name;
        port.add_link_local = false;
        config.ports.push_back(port);
    }
    config.ports[0].addresses = {address_of(kWestAddress)};
    config.ports[1].addresses = {control::parse_address(kGateway).value()};
    config.ports[1].range = control::parse_prefix(kPeers);
    runtime::StartError error;
    const auto plan = runtime::make_plan(config, error);
    auto eal = plan ? runtime::Eal::start(*plan, error) : nullptr;
    if (eal && wire()) runtime_ = runtime::start_on(std::move(eal), *plan, config, error);
    if (!runtime_) {
        std::fprintf(stderr, "control: %s: %s\n", error.where.c_str(), error.message.c_str());
        return false;
    }
    ports_ = runtime_->ports();
    for (const message::PortStatus& port : ports_) {
        if (rte_eth_add_rx_callback(port.id.value, 0, pass_unless_cut, &cut_) == nullptr) {
            std::fputs("control: DPDK was built without callbacks of queues\n", stderr);
            return false;
        }
    }
    control::net::StackPort east;
    east.id = ports_[1].id;
    east.name = "east";
    east.mac = kGatewayMac;
    east.addresses = {{control::parse_address(kGateway).value(), 8}};
    gateway_ = std::make_unique<control::net::Stack>(
        std::vector{east},
        [this](const message::Frame& frame) {
            to_daemon_.push_back(frame);
            to_daemon_.back().port = ports_[0].id;
        },
        [](PortId, const IpAddress&, const std::optional<MacAddress>&) {});
    return true;
}

IpAddress Lab::peer(std::uint32_t index) {
    const std::uint32_t a = kFirstPeer + index;
    return ip_address(std::array<std::uint8_t, 4>{
        static_cast<std::uint8_t>(a >> 24U), static_cast<std::uint8_t>(a >> 16U),
        static_cast<std::uint8_t>(a >> 8U), static_cast<std::uint8_t>(a)});
}

message::Command Lab::peer_command(std::uint32_t index) const {
    const Slot slot{slots_per_worker() + index};
    const IpAddress ours = peer(index);
    const IpAddress theirs = address_of(kWestAddress);
    message::AddSession c;
    c.session = {slot, discriminators().encode({slot, {}, 1})};
    c.tx_port = ports_[1].id;
    c.key.family = AddressFamily::V4;
    c.key.port = ports_[1].id;
    c.key.local = ours.octets;
    c.key.remote = theirs.octets;
    c.parameters.desired_min_tx_interval = WireInterval{options_.interval};
    c.parameters.required_min_rx_interval = WireInterval{options_.interval};
    c.parameters.detect_mult = static_cast<std::uint8_t>(options_.detect_mult);
    c.parameters.passive = true;
    c.headers = overlay::single_hop_headers({.source_mac = ports_[1].mac,
                                             .destination_mac = ports_[0].mac,
                                             .source = ours,
                                             .destination = theirs});
    return {kPeerRequest, c};
}

bool Lab::add_peers() {
    for (; peers_ < options_.sessions; ++peers_) {
        if (!runtime_->worker({0}).send(peer_command(peers_))) return false;
    }
    return true;
}

std::vector<message::PortStatus> Lab::ports() const {
    message::PortStatus west = runtime_->ports().front();
    west.mac = kWestMac;
    return {west};
}

bool Lab::is_ours(const message::Event& event) noexcept {
    if (const auto* e = std::get_if<bfd::SessionEvent>(&event.body)) {
        return e->now.session.slot.value < slots_per_worker();
    }
    if (event.id != kPeerRequest) return true;
    const auto* const reply = std::get_if<message::Reply>(&event.body);
    if (reply != nullptr && reply->status != bfd::Status::Ok) ++refused_peers_;
    return false;
}

bool Lab::Link::send(const message::Command& command) noexcept {
    message::Command c = command;
    const auto correct = [](overlay::HeaderTemplate& headers) {
        std::fill_n(headers.octets.begin(), kGatewayMac.size(), std::uint8_t{0});
    };
    if (auto* const add = std::get_if<message::AddSession>(&c.body)) correct(add->headers);
    if (auto* const set = std::get_if<message::SetHeaders>(&c.body)) correct(set->headers);
    return lab_.runtime_->worker({0}).send(c);
}

std::size_t Lab::Link::receive(std::span<message::Event> out) noexcept {
    std::size_t kept = 0;
    while (kept < out.size()) {
        const std::span<message::Event> rest = out.subspan(kept);
        const std::size_t n = lab_.runtime_->worker({0}).receive(rest);
        if (n == 0) break;
        const auto end =
            std::remove_if(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(n),
                           [this](const message::Event& event) { return !lab_.is_ours(event); });
        kept += static_cast<std::size_t>(end - rest.begin());
    }
    return kept;
}

bool Lab::Link::send_frame(const message::Frame& frame) noexcept {
    message::Frame east = frame;
    east.port = lab_.ports_[1].id;
    lab_.gateway_->on_frame(east, lab_.now());
    return true;
}

bool Lab::Link::receive_frame(message::Frame& out) noexcept {
    if (lab_.to_daemon_.empty()) return false;
    out = lab_.to_daemon_.front();
    lab_.to_daemon_.pop_front();
    return true;
}

const message::WorkerStats& Lab::Link::stats() const noexcept { return lab_.stats(); }

}  // namespace tocsin::perf
