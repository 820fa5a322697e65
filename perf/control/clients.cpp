#include "control/clients.hpp"

#include "control/base/address.hpp"
#include "control/lab.hpp"

#include <arpa/inet.h>
#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace tocsin::perf {

namespace {

constexpr std::uint32_t kSessionsPerRequest = 1000;
constexpr unsigned kUnanswered = 4;

std::int64_t unix_now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// Reads messages into memory that is used again, as a client in a hurry does.
class BatchReader {
public:
    explicit BatchReader(grpc::ClientReader<v1::WatchBatchesEvent>& reader) : reader_{reader} {}
    [[nodiscard]] bool read() {
        arena_.Reset();
        message_ = google::protobuf::Arena::CreateMessage<v1::WatchBatchesEvent>(&arena_);
        return reader_.Read(message_);
    }
    [[nodiscard]] const v1::WatchBatchesEvent& message() const { return *message_; }

private:
    static constexpr std::size_t kKept = 1U << 20U;
    static google::protobuf::ArenaOptions options(char* memory) {
        google::protobuf::ArenaOptions out;
        out.initial_block = memory;
        out.initial_block_size = kKept;
        return out;
    }
    grpc::ClientReader<v1::WatchBatchesEvent>& reader_;
    std::unique_ptr<char[]> memory_{new char[kKept]};
    google::protobuf::Arena arena_{options(memory_.get())};
    v1::WatchBatchesEvent* message_ = nullptr;
};

/// Takes note of events that arrive.
class StormWatch {
public:
    StormWatch(Storm& storm, std::uint32_t sessions) : storm_{storm}, wanted_{sessions} {
        seen_.reserve(std::size_t{sessions} * 2);
    }

    void on_message() {
        ++storm_.messages;
        now_us_ = unix_now_us();
        now_ = seconds_now();
    }
    void on_event(const v1::WatchEvent& event) {
        storm_.ordered &= event.sequence() >= sequence_;
        sequence_ = event.sequence();
        const bool down = event.kind() == v1::WATCH_KIND_CHANGED &&
                          event.previous_state() == v1::SESSION_STATE_UP &&
                          event.session().status().state() == v1::SESSION_STATE_DOWN;
        if (!down) return;
        const std::uint64_t id = event.session().id();
        if (id >= seen_.size()) seen_.resize(id + 1);
        if (seen_[id]) {
            ++storm_.twice;
            return;
        }
        seen_[id] = true;
        if (storm_.downs++ == 0) first_ = now_;
        last_ = now_;
        earliest_us_ = std::min(earliest_us_, event.last_change_us());
        latest_us_ = std::max(latest_us_, event.last_change_us());
        storm_.delays_ms.push_back(static_cast<double>(now_us_ - event.last_change_us()) / 1000);
    }
    [[nodiscard]] bool complete() const { return storm_.downs >= wanted_; }
    void finish(double cut_at) {
        if (storm_.downs == 0) return;
        storm_.first = first_ - cut_at;
        storm_.last = last_ - cut_at;
        storm_.worker_spread = static_cast<double>(latest_us_ - earliest_us_) / 1e6;
    }

private:
    Storm& storm_;
    std::uint32_t wanted_;
    std::vector<bool> seen_;
    std::uint64_t sequence_ = 0;
    std::int64_t now_us_ = 0;
    std::int64_t earliest_us_ = std::numeric_limits<std::int64_t>::max();
    std::int64_t latest_us_ = 0;
    double now_ = 0;
    double first_ = 0;
    double last_ = 0;
};

}  // namespace

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

Clients::Clients(const std::string& socket) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    channel_ =
        grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
    sessions_ = v1::SessionService::NewStub(channel_);
    watches_ = v1::WatchService::NewStub(channel_);
    configs_ = v1::ConfigService::NewStub(channel_);
}

Added Clients::add(std::uint32_t sessions, std::chrono::microseconds interval) {
    Added out;
    const double start = seconds_now();
    grpc::ClientContext context;
    const auto stream = sessions_->BulkAddSessions(&context);
    unsigned unanswered = 0;
    const auto take_answer = [&] {
        v1::BulkAddSessionsEvent event;
        if (!stream->Read(&event)) return false;
        --unanswered;
        out.added += event.added();
        out.refused += event.refused();
        if (event.faults_size() != 0 && out.fault.empty()) out.fault = event.faults(0).message();
        return true;
    };
    v1::BulkAddSessionsRequest request;
    const auto us = static_cast<std::uint32_t>(interval.count());
    bool alive = true;
    for (std::uint32_t i = 0; i < sessions && alive; ++i) {
        v1::SessionSpec& spec = *request.add_sessions();
        spec.set_remote(control::to_string(Lab::peer(i)));
        spec.set_port(Lab::kWest);
        spec.set_desired_min_tx_interval_us(us);
        spec.set_required_min_rx_interval_us(us);
        spec.set_detect_mult(255);  // the peers shall not notice a cut, see Lab
        if (request.sessions_size() != kSessionsPerRequest && i + 1 != sessions) continue;
        alive = stream->Write(request);
        request.Clear();
        ++unanswered;
        while (alive && unanswered >= kUnanswered) alive = take_answer();
    }
    stream->WritesDone();
    while (unanswered != 0 && take_answer()) {
    }
    const grpc::Status status = stream->Finish();
    if (!status.ok()) out.fault = status.error_message();
    out.seconds = seconds_now() - start;
    return out;
}

Listed Clients::list(v1::SessionView view, std::uint32_t page_size) {
    Listed out;
    const double start = seconds_now();
    v1::ListSessionsRequest request;
    request.set_page_size(page_size);
    request.set_view(view);
    do {
        const double before = seconds_now();
        grpc::ClientContext context;
        v1::ListSessionsResponse page;
        if (!sessions_->ListSessions(&context, request, &page).ok()) break;
        out.sessions += static_cast<std::uint64_t>(page.sessions_size());
        out.total = page.total();
        ++out.pages;
        request.set_page_token(page.next_page_token());
        out.longest_page = std::max(out.longest_page, seconds_now() - before);
    } while (!request.page_token().empty());
    out.seconds = seconds_now() - start;
    return out;
}

Storm Clients::watch_storm(bool batches, std::uint32_t sessions, const std::function<void()>& cut,
                           std::chrono::seconds limit) {
    Storm out;
    StormWatch watch{out, sessions};
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    v1::WatchRequest request;
    // Few are Down yet, so that the snapshot is short; its end says that the watch has begun.
    request.mutable_filter()->add_states(v1::SESSION_STATE_DOWN);
    double cut_at = 0;
    const auto finish = [&](auto& reader) {
        if (watch.complete()) return;
        const grpc::Status status = reader.Finish();
        out.status = status.error_message() + " (" + std::to_string(status.error_code()) + ')';
    };
    const auto begin = [&] {
        cut_at = seconds_now();
        cut();
    };
    if (batches) {
        v1::WatchBatchesRequest wide;
        request.set_view(v1::SESSION_VIEW_BRIEF);
        *wide.mutable_watch() = request;
        wide.set_most_events(1000);
        const auto reader = watches_->WatchBatches(&context, wide);
        bool begun = false;
        BatchReader batches_of{*reader};
        while (!watch.complete() && batches_of.read()) {
            watch.on_message();
            for (const v1::WatchEvent& event : batches_of.message().events()) {
                watch.on_event(event);
                if (event.kind() == v1::WATCH_KIND_SNAPSHOT_END && !std::exchange(begun, true)) {
                    begin();
                }
            }
        }
        context.TryCancel();
        finish(*reader);
    } else {
        const auto reader = watches_->Watch(&context, request);
        v1::WatchEvent event;
        while (!watch.complete() && reader->Read(&event)) {
            watch.on_message();
            watch.on_event(event);
            if (event.kind() == v1::WATCH_KIND_SNAPSHOT_END) begin();
        }
        context.TryCancel();
        finish(*reader);
    }
    watch.finish(cut_at);
    return out;
}

double Clients::snapshot(std::uint64_t& sessions) {
    const double start = seconds_now();
    grpc::ClientContext context;
    v1::WatchBatchesRequest request;
    request.mutable_watch()->set_view(v1::SESSION_VIEW_BRIEF);
    request.set_most_events(1000);
    const auto reader = watches_->WatchBatches(&context, request);
    BatchReader batches{*reader};
    double took = 0;
    sessions = 0;
    while (took == 0 && batches.read()) {
        for (const v1::WatchEvent& event : batches.message().events()) {
            if (event.kind() == v1::WATCH_KIND_SNAPSHOT) ++sessions;
            if (event.kind() == v1::WATCH_KIND_SNAPSHOT_END) took = seconds_now() - start;
        }
    }
    context.TryCancel();
    return took;
}

std::string Clients::reload() {
    grpc::ClientContext context;
    v1::ReloadResponse response;
    const grpc::Status status = configs_->Reload(&context, {}, &response);
    if (!status.ok()) return status.error_message().empty() ? "failed" : status.error_message();
    return response.faults_size() == 0 ? "" : response.faults(0).message();
}

std::uint64_t Clients::delete_all() {
    grpc::ClientContext context;
    v1::DeleteMatchingSessionsRequest request;
    request.mutable_filter();
    v1::DeleteMatchingSessionsResponse response;
    static_cast<void>(sessions_->DeleteMatchingSessions(&context, request, &response));
    return response.deleted();
}

std::size_t scrape(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::size_t octets = 0;
    constexpr std::string_view kRequest = "GET /metrics HTTP/1.0\r\n\r\n";
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
        ::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(kRequest.size())) {
        std::array<char, 16384> buffer;
        for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;) {
            octets += static_cast<std::size_t>(n);
        }
    }
    ::close(fd);
    return octets;
}

}  // namespace tocsin::perf
