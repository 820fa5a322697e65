#pragma once

#include "control/net/stack.hpp"
#include "control/options.hpp"
#include "dataplane/message/dataplane.hpp"
#include "dataplane/runtime/runtime.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::perf {

/// A real worker over two in-memory ports that are joined back to back. The daemon sees one of
/// them, "west", and half of the worker's slots; the other half are peers, at addresses behind one
/// gateway on the port "east".
class Lab final : public message::Dataplane {
public:
    static constexpr const char* kWest = "west";
    static constexpr const char* kWestAddress = "10.0.0.1/8";
    static constexpr const char* kGateway = "10.0.0.2";
    static constexpr const char* kPeers = "10.128.0.0/9";

    /// nullptr: said on stderr why.
    [[nodiscard]] static std::unique_ptr<Lab> start(const ControlOptions& options);
    ~Lab() override;

    /// Address of the peer of session `index`.
    [[nodiscard]] static IpAddress peer(std::uint32_t index);

    /// Gives the worker more of the peers. Control thread; true when all of them are there.
    [[nodiscard]] bool add_peers();
    /// True: nothing passes between the two ports any more. Any thread.
    void cut(bool cut) noexcept { cut_.store(cut, std::memory_order_relaxed); }
    [[nodiscard]] const message::WorkerStats& stats() { return runtime_->worker({0}).stats(); }
    [[nodiscard]] std::uint64_t refused_peers() const noexcept { return refused_peers_; }
    [[nodiscard]] std::string memory() const { return runtime_->memory(); }
    [[nodiscard]] std::string dpdk_version() const { return runtime_->dpdk_version(); }

    // message::Dataplane
    [[nodiscard]] std::size_t workers() const noexcept override { return 1; }
    [[nodiscard]] message::WorkerLink& worker(WorkerId) noexcept override { return link_; }
    [[nodiscard]] unsigned lcore(WorkerId id) const noexcept override {
        return runtime_->lcore(id);
    }
    [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override {
        return options_.sessions + kSpare;
    }
    [[nodiscard]] const bfd::DiscriminatorCodec& discriminators() const noexcept override {
        return runtime_->discriminators();
    }
    [[nodiscard]] std::vector<message::PortStatus> ports() const override;
    [[nodiscard]] double cycles_per_second() const noexcept override {
        return runtime_->cycles_per_second();
    }
    [[nodiscard]] Instant now() const noexcept override { return runtime_->now(); }
    [[nodiscard]] std::chrono::system_clock::time_point wall(Instant t) const noexcept override {
        return runtime_->wall(t);
    }

private:
    static constexpr std::uint32_t kSpare = 16;  ///< slots for a few sessions of the file

    /// The daemon's end of the rings: what is about peers is taken out. Ports of net_ring have no
    /// MAC address, which the daemon would not believe: it is told of others, which are put right
    /// in what it sends, and its ARP is answered here.
    class Link final : public message::WorkerLink {
    public:
        explicit Link(Lab& lab) : lab_{lab} {}
        [[nodiscard]] bool send(const message::Command& command) noexcept override;
        [[nodiscard]] std::size_t receive(std::span<message::Event> out) noexcept override;
        [[nodiscard]] bool send_frame(const message::Frame& frame) noexcept override;
        [[nodiscard]] bool receive_frame(message::Frame& out) noexcept override;
        [[nodiscard]] const message::WorkerStats& stats() const noexcept override;

    private:
        Lab& lab_;
    };

    explicit Lab(const ControlOptions& options) : options_{options}, link_{*this} {}
    [[nodiscard]] bool open();
    [[nodiscard]] bool is_ours(const message::Event& event) noexcept;
    [[nodiscard]] message::Command peer_command(std::uint32_t index) const;

    ControlOptions options_;
    Link link_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::vector<message::PortStatus> ports_;  ///< west, east
    std::unique_ptr<control::net::Stack> gateway_;
    std::deque<message::Frame> to_daemon_;
    std::uint32_t peers_ = 0;
    std::uint64_t refused_peers_ = 0;
    std::atomic<bool> cut_{false};
};

}  // namespace tocsin::perf
