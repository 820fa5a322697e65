#pragma once

#include "control/app/daemon.hpp"
#include "control/base/address.hpp"
#include "support/engine_dataplane.hpp"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace tocsin::test {

/// A whole daemon over real engines in virtual time, with its loop on a thread of its own: every
/// turn of the loop is 5 ms of the engines' time. The peers' neighbour tables are a net::Stack too.
class TestDaemon {
public:
    static constexpr const char* kConfig = R"(
[dataplane]
max_sessions = 30
[api]
listen = ["unix:@DIR@/api.sock"]
[metrics]
listen = ""
[[profile]]
name = "fast"
desired_min_tx_interval = "50ms"
required_min_rx_interval = "50ms"
[[port]]
name = "p0"
device = "net_null0"
addresses = ["10.0.0.1/24", "2001:db8::1/64"]
[[session]]
name = "rr1"
remote = "10.0.0.2"
port = "p0"
profile = "fast"
)";

    explicit TestDaemon(const std::string& text = kConfig, std::uint32_t slots = 32) {
        std::filesystem::create_directories(directory_);
        write_config(text);
        auto loaded = control::config::load_file(config_file());
        if (!loaded.ok()) throw std::runtime_error{control::config::text(loaded.faults[0], "")};
        control::log::configure(control::log::Level::Error, control::log::Format::Text);
        dataplane = std::make_unique<EngineDataplane>(
            EngineDataplane::Setup{.workers = 2,
                                   .slots = slots,
                                   .ports = {{.id = {0},
                                              .name = "p0",
                                              .device = "net_null0",
                                              .driver = "net_null",
                                              .mac = {2, 0, 0, 0, 0, 1},
                                              .mtu = 1500,
                                              .link_up = true,
                                              .rx_checksum = "verified"}},
                                   .step_per_receive = std::chrono::milliseconds{5}});
        connect_neighbors();
        daemon = std::make_unique<control::app::Daemon>(
            control::app::Daemon::Setup{.config_file = config_file(),
                                        .config = *loaded.config,
                                        .version = "1.2.3",
                                        .dpdk_version = "DPDK 22.11.0",
                                        .log_level = control::log::Level::Error,
                                        .seed = 11},
            *dataplane, loop);
        for (const auto& s : loaded.config->sessions) {
            dataplane->add_peer({0}, s.local, s.remote, s.parameters);
        }
        const auto started = daemon->start();
        if (!started) throw std::runtime_error{started.error().text()};
        thread_ = std::thread{[this] { daemon->run(); }};
        channel = daemon->server()->in_process_channel();
    }
    ~TestDaemon() {
        stop();
        daemon.reset();
        std::filesystem::remove_all(directory_);
    }

    /// As SIGTERM does; returns when the daemon has ended.
    void stop() {
        if (!thread_.joinable()) return;
        loop.post([this] { daemon->stop(); });
        thread_.join();
    }
    /// On the control thread; waits.
    void on_loop(const std::function<void()>& f) {
        static_cast<void>(control::api::call(*daemon, [&] {
            f();
            return true;
        }));
    }
    void write_config(std::string text) {
        const std::string mark = "@DIR@";
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
            text.replace(at, mark.size(), directory_.string());
        }
        std::ofstream{config_file()} << text;
    }
    [[nodiscard]] std::string config_file() const { return directory_ / "tocsin.toml"; }
    [[nodiscard]] std::string socket() const { return directory_ / "api.sock"; }

    control::app::Loop loop;
    std::unique_ptr<EngineDataplane> dataplane;
    std::unique_ptr<control::app::Daemon> daemon;
    std::shared_ptr<grpc::Channel> channel;

private:
    void connect_neighbors() {
        control::net::StackPort port;
        port.id = {0};
        port.name = "peer";
        port.mac = {2, 0, 0, 0, 0, 2};
        for (const char* a : {"10.0.0.2/24", "10.0.0.3/24", "10.0.0.4/24", "2001:db8::2/64"}) {
            port.addresses.push_back(control::parse_prefix(a).value());
        }
        peers_ = std::make_unique<control::net::Stack>(
            std::vector{port}, [this](const message::Frame& f) { dataplane->punt(f); },
            [](PortId, const IpAddress&, const std::optional<MacAddress>&) {});
        dataplane->on_frame = [this](const message::Frame& f) {
            peers_->on_frame(f, dataplane->now());
        };
    }

    static std::filesystem::path make_directory() {
        static int number = 0;
        return std::filesystem::temp_directory_path() /
               ("tocsin-test-" + std::to_string(::getpid()) + '-' + std::to_string(++number));
    }

    std::filesystem::path directory_ = make_directory();
    std::unique_ptr<control::net::Stack> peers_;
    std::thread thread_;
};

}  // namespace tocsin::test
