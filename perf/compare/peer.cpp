// The other end of every comparison: up to 65,000 passive BFD speakers 10.65.0.1, 10.65.0.2, ...
// behind one kernel interface, on the dataplane's own worker. Answers ARP for all of them. Sends
// and hears through net_af_packet without the bypass of the queueing discipline, so that a capture
// on its interface sees each packet with the kernel's timestamp.
//
// A line on standard input is answered with a line of JSON: what was counted so far. It ends with
// the input.

#include "control/base/address.hpp"
#include "control/net/arp.hpp"
#include "control/net/frame.hpp"
#include "dataplane/runtime/runtime.hpp"
#include "overlay/single_hop.hpp"
#include "support/command_line.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace tocsin::perf {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kRange = 0x0a410000;  // 10.65.0.0/16, our stations
constexpr std::uint8_t kRangeLength = 16;
constexpr unsigned kMostSessions = 65'000;
constexpr std::uint16_t kQueue = 16'384;  // frames; a stalled end must not lose packets

struct Options {
    std::string interface;
    std::string subject_mac;
    std::string subject = "10.64.0.1";
    unsigned sessions = 10;
    unsigned interval_ms = 50;
    unsigned detect_mult = 3;
    unsigned cpu = 0;
};

IpAddress station(std::uint32_t index) {
    std::array<std::uint8_t, 4> octets{};
    store_be32(octets.data(), kRange + index + 1);
    return ip_address(octets);
}

class Peer {
public:
    explicit Peer(const Options& options) : options_{options} {}

    /// False: said on stderr why.
    bool start() {
        const auto mac = control::parse_mac(options_.subject_mac);
        const auto subject = control::parse_address(options_.subject);
        if (!mac || !subject || !subject->is_v4()) {
            std::fputs("peer: --subject-mac takes 02:00:00:00:00:01, --subject an IPv4 address\n",
                       stderr);
            return false;
        }
        subject_mac_ = *mac;
        subject_ = *subject;
        runtime::Config config;
        config.workers = {options_.cpu};
        config.max_sessions = options_.sessions;
        config.idle = runtime::Idle::Adaptive;
        config.gather = false;  // each packet at an instant of its own, as a room of routers sends
        config.huge_pages = runtime::HugePages::Off;
        config.seed = 20261121;
        runtime::PortConfig port;
        port.name = "peers";
        port.device = "net_af_packet0,iface=" + options_.interface +
                      ",qdisc_bypass=0,framecnt=" + std::to_string(kQueue);
        port.add_link_local = false;
        port.range = IpPrefix{station(0), kRangeLength};
        config.ports.push_back(port);
        runtime::StartError error;
        runtime_ = runtime::Runtime::start(config, error);
        if (!runtime_) {
            std::fprintf(stderr, "peer: %s: %s\n", error.where.c_str(), error.message.c_str());
            return false;
        }
        port_ = runtime_->ports().front();
        for (std::uint32_t i = 0; i < options_.sessions; ++i) add(i);
        return true;
    }

    /// Until standard input ends.
    void run() {
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        for (;;) {
            take_events();
            answer_arp();
            if (poll(&input, 1, 2) <= 0) continue;
            std::array<char, 64> words{};
            if (read(STDIN_FILENO, words.data(), words.size()) <= 0) break;
            tell();
        }
        runtime_->stop();
    }

private:
    message::WorkerLink& worker() { return runtime_->worker({0}); }

    void add(std::uint32_t index) {
        message::AddSession c;
        c.session = {{index}, runtime_->discriminators().encode({{index}, {0}, 1})};
        c.tx_port = port_.id;
        c.key.family = AddressFamily::V4;
        c.key.port = port_.id;
        c.key.local = station(index).octets;
        c.key.remote = subject_.octets;
        c.parameters.desired_min_tx_interval = WireInterval{options_.interval_ms * 1000};
        c.parameters.required_min_rx_interval = WireInterval{options_.interval_ms * 1000};
        c.parameters.detect_mult = static_cast<std::uint8_t>(options_.detect_mult);
        c.parameters.passive = true;
        c.headers = overlay::single_hop_headers({.source_mac = port_.mac,
                                                 .destination_mac = subject_mac_,
                                                 .source = station(index),
                                                 .destination = subject_});
        while (!worker().send({message::RequestId{1}, c})) {
            take_events();
            std::this_thread::sleep_for(1ms);
        }
    }

    void take_events() {
        std::array<message::Event, 256> buffer;
        while (const std::size_t n = worker().receive(buffer)) {
            for (std::size_t i = 0; i < n; ++i) {
                const auto* const reply = std::get_if<message::Reply>(&buffer[i].body);
                if (reply != nullptr && reply->status != bfd::Status::Ok) ++refused_;
            }
        }
    }

    void answer_arp() {
        using namespace control::net;
        message::Frame frame;
        while (worker().receive_frame(frame)) {
            const auto ethernet = parse_ethernet(frame);
            if (!ethernet || ethernet->type != overlay::kEtherTypeArp) continue;
            const auto asked = parse_arp(ethernet->payload);
            if (!asked || asked->operation != ArpOperation::Request) continue;
            if (!IpPrefix{station(0), kRangeLength}.contains(asked->target)) continue;
            const ArpPacket reply{.operation = ArpOperation::Reply,
                                  .sender_mac = port_.mac,
                                  .sender = asked->target,
                                  .target_mac = asked->sender_mac,
                                  .target = asked->sender};
            while (!worker().send_frame(make_arp(port_.id, asked->sender_mac, reply))) {
                std::this_thread::sleep_for(1ms);
            }
        }
    }

    void tell() {
        const message::WorkerStats& s = worker().stats();
        std::uint64_t drops = 0;
        for (std::size_t i = 1; i < kDropReasons; ++i) {
            if (i != static_cast<std::size_t>(DropReason::NotHandled)) drops += s.drops[i].get();
        }
        const auto number = [](const Counter& c) {
            return static_cast<unsigned long long>(c.get());
        };
        std::printf(
            "{\"up\": %llu, \"received\": %llu, \"sent\": %llu, \"downs\": %llu, "
            "\"drops\": %llu, \"refused\": %u, \"missed\": %llu}\n",
            number(s.sessions_up), number(s.rx_control), number(s.tx_control),
            number(s.transitions_down), static_cast<unsigned long long>(drops), refused_,
            static_cast<unsigned long long>(runtime_->ports().front().rx_missed));
        std::fflush(stdout);
    }

    Options options_;
    MacAddress subject_mac_{};
    IpAddress subject_;
    message::PortStatus port_;
    unsigned refused_ = 0;
    std::unique_ptr<runtime::Runtime> runtime_;
};

/// nullopt: `o` is filled. Otherwise the exit status.
std::optional<int> parse_options(int argc, char** argv, Options& o) {
    CLI::App app{"BFD speakers 10.65.0.1 and up behind one interface, for perf/compare", "peer"};
    app.add_option("--interface", o.interface, "kernel interface")->required();
    app.add_option("--subject-mac", o.subject_mac, "MAC address of the subject")->required();
    app.add_option("--subject", o.subject, "IPv4 address of the subject");
    app.add_option("--sessions", o.sessions)->check(range(1U, kMostSessions));
    app.add_option("--interval", o.interval_ms, "milliseconds")->check(range(1U, 60'000U));
    app.add_option("--mult", o.detect_mult)->check(range(1U, 255U));
    app.add_option("--cpu", o.cpu, "of the worker")->check(range(0U, kLastCpu));
    return parse_command_line(app, argc, argv);
}

}  // namespace

}  // namespace tocsin::perf

int main(int argc, char** argv) {
    try {
        tocsin::perf::Options options;
        if (const auto status = tocsin::perf::parse_options(argc, argv, options)) return *status;
        tocsin::perf::Peer peer{options};
        if (!peer.start()) return 1;
        peer.run();
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "peer: %s\n", e.what());
        return 1;
    }
}
