#pragma once

#include "tocsin/v1/daemon.grpc.pb.h"
#include "tocsin/v1/session.grpc.pb.h"
#include "tocsin/v1/watch.grpc.pb.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::perf {

/// Seconds of the steady clock, for differences.
[[nodiscard]] double seconds_now();

struct Added {
    std::uint64_t added = 0;
    std::uint64_t refused = 0;
    std::string fault;  ///< the first one, or the status of the stream
    double seconds = 0;
};

struct Listed {
    std::uint64_t sessions = 0;
    std::uint64_t pages = 0;
    std::uint64_t total = 0;  ///< that the last page told
    double seconds = 0;
    double longest_page = 0;
};

/// What a watcher was told while all sessions went Down.
struct Storm {
    std::uint64_t downs = 0;  ///< sessions that were told Down
    std::uint64_t twice = 0;  ///< of them, more than once
    std::uint64_t messages = 0;
    bool ordered = true;  ///< sequence numbers never went back
    std::string status;   ///< why the stream ended before; empty = it did not
    double first = 0;     ///< seconds after the cut
    double last = 0;
    double worker_spread = 0;       ///< between the first and the last Down of the worker
    std::vector<double> delays_ms;  ///< from the worker's Down to the client
};

/// A client of the daemon's socket, for one thread.
class Clients {
public:
    explicit Clients(const std::string& socket);

    [[nodiscard]] Added add(std::uint32_t sessions, std::chrono::microseconds interval);
    [[nodiscard]] Listed list(v1::SessionView view, std::uint32_t page_size);
    /// Calls `cut` once it watches, and returns when every session was told Down or `limit` has
    /// passed. `batches`: WatchBatches with the brief view, else Watch with the full one.
    [[nodiscard]] Storm watch_storm(bool batches, std::uint32_t sessions,
                                    const std::function<void()>& cut, std::chrono::seconds limit);
    /// Seconds until the end of a snapshot; `sessions` is what was in it.
    [[nodiscard]] double snapshot(std::uint64_t& sessions);
    /// Empty = the reload was carried out.
    [[nodiscard]] std::string reload();
    [[nodiscard]] std::uint64_t delete_all();

private:
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::SessionService::Stub> sessions_;
    std::unique_ptr<v1::WatchService::Stub> watches_;
    std::unique_ptr<v1::ConfigService::Stub> configs_;
};

/// Octets of an HTTP answer to GET /metrics on 127.0.0.1; 0 when there was none.
[[nodiscard]] std::size_t scrape(int port);

}  // namespace tocsin::perf
