#include "control/grpc/watch_service.hpp"

#include "control/grpc/convert.hpp"
#include "control/grpc/session_service.hpp"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tocsin::control::api {

namespace {

constexpr std::uint32_t kDefaultBatch = 500;
constexpr std::uint32_t kLargestBatch = 1000;

/// What a client asked for, understood.
struct Wish {
    session::Filter filter;
    bool skip_snapshot = false;
    bool admin_down_is_failure = false;
    Detail detail = Detail::Full;
    std::size_t most_events = 1;  ///< in one message
};

Result<Wish> read(const v1::WatchRequest& request, const SpecContext& specs,
                  const std::string& where) {
    auto filter = to_filter(request.filter(), specs);
    if (!filter) {
        Error error = filter.error();
        error.where.insert(0, where);
        return error;
    }
    const auto detail = to_detail(request.view(), where + "view");
    if (!detail) return detail.error();
    return Wish{.filter = std::move(filter.value()),
                .skip_snapshot = request.skip_snapshot(),
                .admin_down_is_failure = request.admin_down_is_failure(),
                .detail = detail.value()};
}

/// First in, first out, in one piece of memory: an item is too large for std::deque, which would
/// take each one from the heap.
class Queue {
public:
    [[nodiscard]] std::size_t size() const noexcept { return items_.size() - front_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] const session::WatchItem& front() const noexcept { return items_[front_]; }
    void push(session::WatchItem item) { items_.push_back(std::move(item)); }
    void pop() {
        ++front_;
        // All at once, or when as many have gone as are left.
        if (front_ != items_.size() && 2 * front_ < items_.capacity()) return;
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(front_));
        front_ = 0;
    }
    void clear() {
        items_.clear();
        front_ = 0;
    }

private:
    std::vector<session::WatchItem> items_;
    std::size_t front_ = 0;
};

/// The message that is under way, in memory that is used again for the next one: an event consists
/// of a dozen small objects.
template <class Message>
class Envelope {
public:
    /// An empty message; the one before is gone.
    Message& next() {
        arena_.Reset();
        message_ = google::protobuf::Arena::CreateMessage<Message>(&arena_);
        return *message_;
    }
    [[nodiscard]] const Message* get() const noexcept { return message_; }

private:
    static constexpr std::size_t kKept =
        std::is_same_v<Message, v1::WatchBatchesEvent> ? std::size_t{kDefaultBatch} * 700 : 4096;
    static google::protobuf::ArenaOptions options(char* memory) {
        google::protobuf::ArenaOptions out;
        out.initial_block = memory;
        out.initial_block_size = kKept;
        return out;
    }

    std::unique_ptr<char[]> memory_{new char[kKept]};
    google::protobuf::Arena arena_{options(memory_.get())};
    Message* message_ = nullptr;
};

/// The items at the front of `queue` as one message; what went into it is taken out.
void fill(v1::WatchEvent& message, Queue& queue, const Wish& wish) {
    to_proto(queue.front(), message, wish.detail);
    if (wish.admin_down_is_failure) tell_admin_down_as_failure(message);
    queue.pop();
}

void fill(v1::WatchBatchesEvent& message, Queue& queue, const Wish& wish) {
    for (std::size_t n = std::min(queue.size(), wish.most_events); n != 0; --n) {
        fill(*message.add_events(), queue, wish);
    }
}

/// Messages on their way to one client: the hub puts them in on the control thread, gRPC's threads
/// write them one after another. Kept by both; the reactor is only touched until it is finished.
template <class Message>
class Stream final : public session::WatchSink {
public:
    static constexpr std::size_t kCapacity =
        std::is_same_v<Message, v1::WatchBatchesEvent> ? 4 * kLargestBatch : 256;

    using Reactor = grpc::ServerWriteReactor<Message>;

    Stream(const char* method, Backend& backend, metrics::ApiCounters& counters, Reactor& reactor)
        : method_{method}, backend_{backend}, counters_{counters}, reactor_{&reactor} {}

    /// Before the first message.
    void set_wish(Wish wish) { wish_ = std::move(wish); }
    [[nodiscard]] const Wish& wish() const { return wish_; }

    [[nodiscard]] std::size_t room() const override {
        const std::lock_guard lock{mutex_};
        return ended_ ? 0 : kCapacity - queue_.size() - delivered_.size();
    }

    void deliver(session::WatchItem item) override { delivered_.push_back(std::move(item)); }

    void delivered() override {
        if (delivered_.empty()) return;
        {
            const std::lock_guard lock{mutex_};
            if (!ended_) {
                for (session::WatchItem& item : delivered_) queue_.push(std::move(item));
                if (!writing_) write();
            }
        }
        delivered_.clear();
    }

    void on_write_done(bool ok) {
        bool wanting = false;
        {
            const std::lock_guard lock{mutex_};
            writing_ = false;
            if (!ok && !ended_) {
                ended_ = true;
                status_ = grpc::Status::CANCELLED;
            }
            if (ended_) return finish();
            const std::size_t before = queue_.size();
            if (!queue_.empty()) write();
            wanting = before > kCapacity / 2 && queue_.size() <= kCapacity / 2;
        }
        if (wanting) backend_.post([] {});  // wakes the loop, which fills up
    }

    /// No more writes; the status goes out once the write under way has ended.
    void end(const grpc::Status& status) {
        const std::lock_guard lock{mutex_};
        if (ended_) return;
        ended_ = true;
        status_ = status;
        queue_.clear();
        if (!writing_) finish();
    }

    [[nodiscard]] bool ended() const {
        const std::lock_guard lock{mutex_};
        return ended_;
    }

    session::WatcherId watcher;  ///< control thread only

private:
    void write() {
        fill(envelope_.next(), queue_, wish_);
        writing_ = true;
        reactor_->StartWrite(envelope_.get());
    }
    void finish() {
        if (reactor_ == nullptr) return;
        counters_.count(method_, code_name(status_.error_code()));
        std::exchange(reactor_, nullptr)->Finish(status_);
    }

    const char* method_;
    Backend& backend_;
    metrics::ApiCounters& counters_;
    Wish wish_;
    std::vector<session::WatchItem> delivered_;  ///< control thread only
    mutable std::mutex mutex_;                   ///< of all that follows
    Reactor* reactor_;
    Queue queue_;
    Envelope<Message> envelope_;
    grpc::Status status_;
    bool writing_ = false;
    bool ended_ = false;
};

template <class Message>
class WatchReactor final : public grpc::ServerWriteReactor<Message> {
public:
    WatchReactor(const char* method, Backend& backend, metrics::ApiCounters& counters,
                 Result<Wish> wish)
        : backend_{backend},
          stream_{std::make_shared<Stream<Message>>(method, backend, counters, *this)} {
        if (!wish) {
            stream_->end(to_status(wish.error()));
            return;
        }
        stream_->set_wish(std::move(wish.value()));
        backend.post([&backend, stream = stream_] {
            if (stream->ended()) return;
            const Wish& w = stream->wish();
            const auto id = backend.sessions().hub().open(w.filter, w.skip_snapshot, stream);
            if (id) {
                stream->watcher = id.value();
            } else {
                stream->end(to_status(id.error()));
            }
        });
    }

    void OnWriteDone(bool ok) override { stream_->on_write_done(ok); }
    void OnCancel() override { stream_->end(grpc::Status::CANCELLED); }
    void OnDone() override {
        backend_.post([&backend = backend_, stream = stream_] {
            if (stream->watcher.value != 0) backend.sessions().hub().close(stream->watcher);
        });
        delete this;
    }

private:
    Backend& backend_;
    std::shared_ptr<Stream<Message>> stream_;
};

}  // namespace

// The reactors delete themselves in OnDone.

grpc::ServerWriteReactor<v1::WatchEvent>* WatchService::Watch(grpc::CallbackServerContext*,
                                                              const v1::WatchRequest* request) {
    return new WatchReactor<v1::WatchEvent>{"Watch", backend_, counters_,
                                            read(*request, *backend_.specs(), {})};
}

grpc::ServerWriteReactor<v1::WatchBatchesEvent>* WatchService::WatchBatches(
    grpc::CallbackServerContext*, const v1::WatchBatchesRequest* request) {
    auto wish = read(request->watch(), *backend_.specs(), "watch.");
    if (wish && request->most_events() > kLargestBatch) {
        wish = Error{ErrorKind::InvalidArgument,
                     std::to_string(request->most_events()) + " is out of range: 1.." +
                         std::to_string(kLargestBatch) + " are accepted, 0 means " +
                         std::to_string(kDefaultBatch),
                     "most_events"};
    }
    if (wish) {
        wish.value().most_events =
            request->most_events() == 0 ? kDefaultBatch : request->most_events();
    }
    return new WatchReactor<v1::WatchBatchesEvent>{"WatchBatches", backend_, counters_,
                                                   std::move(wish)};
}

}  // namespace tocsin::control::api
