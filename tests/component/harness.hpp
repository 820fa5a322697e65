#pragma once

#include "dataplane/message/dataplane.hpp"
#include "dataplane/runtime/eal.hpp"
#include "dataplane/runtime/runtime.hpp"
#include "overlay/single_hop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::component {

using namespace std::chrono_literals;

/// A dataplane that needs no NIC, huge pages or privileges: small, in memory, adaptive.
[[nodiscard]] runtime::Config small_config();

[[nodiscard]] IpAddress v4(std::uint8_t last);  ///< 192.0.2.last
[[nodiscard]] IpAddress v6(std::uint8_t last);  ///< 2001:db8::last

/// EAL alone, with so much memory.
[[nodiscard]] std::unique_ptr<runtime::Eal> start_eal(std::uint32_t megabytes);

/// Queue w of port west leads to queue `crossing[w]` of port east, and back.
using Crossing = std::vector<unsigned>;

/// Starts `config` after adding the ports "west" (192.0.2.1, 2001:db8::1) and "east" (.2), two
/// net_ring devices joined back to back with as many queues as `crossing` has. nullptr: `error`
/// says why.
[[nodiscard]] std::unique_ptr<runtime::Runtime> start_wired(runtime::Config config,
                                                            const Crossing& crossing,
                                                            runtime::StartError& error);

/// What control would be: sends commands, keeps events.
class Control {
public:
    explicit Control(runtime::Runtime& runtime) : runtime_{runtime} {}

    [[nodiscard]] bfd::SessionHandle handle(std::uint16_t worker, std::uint32_t slot,
                                            std::uint32_t generation = 1) const;

    /// Sends and waits for the answer; at most five seconds. Events that come meanwhile are kept.
    message::Event call(std::uint16_t worker, decltype(message::Command::body) body);
    bfd::Status status(std::uint16_t worker, decltype(message::Command::body) body);
    [[nodiscard]] bfd::SessionSnapshot query(std::uint16_t worker, bfd::SessionHandle session);

    /// Receives events until `done`; false when that took longer than `limit`.
    bool wait(const std::function<bool()>& done, std::chrono::milliseconds limit = 8s);
    bool wait_state(bfd::SessionHandle session, bfd::SessionState state,
                    std::chrono::milliseconds limit = 8s);
    /// State in the last event about the session; AdminDown when there was none.
    [[nodiscard]] bfd::SessionState state(bfd::SessionHandle session) const;
    [[nodiscard]] bool deleted(bfd::SessionHandle session) const;
    /// Downs of an Up session that were reported.
    [[nodiscard]] unsigned downs(bfd::SessionHandle session) const;

    /// One end of a single-hop session on `port` (index in the configuration).
    [[nodiscard]] message::AddSession single_hop(std::size_t port, bfd::SessionHandle session,
                                                 const IpAddress& local, const IpAddress& remote,
                                                 std::chrono::milliseconds interval) const;
    [[nodiscard]] std::uint64_t drops(DropReason reason) const;  ///< of all workers

private:
    void collect();

    runtime::Runtime& runtime_;
    std::uint64_t next_id_ = 1;
    std::vector<message::Event> answers_;
    std::vector<bfd::SessionEvent> events_;
    std::vector<bfd::SessionHandle> deleted_;
};

}  // namespace tocsin::component
