#include "control/grpc/watch_service.hpp"

#include "control/grpc/convert.hpp"
#include "control/grpc/session_service.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace tocsin::control::api {

namespace {

/// Messages on their way to one client: the hub puts them in on the control thread, gRPC's threads
/// write them one after another. Kept by both; the reactor is only touched until it is finished.
class Stream final : public session::WatchSink {
public:
    static constexpr std::size_t kCapacity = 256;

    using Reactor = grpc::ServerWriteReactor<v1::WatchEvent>;

    Stream(Backend& backend, metrics::ApiCounters& counters, Reactor& reactor)
        : backend_{backend}, counters_{counters}, reactor_{&reactor} {}

    [[nodiscard]] std::size_t room() const override {
        const std::lock_guard lock{mutex_};
        return ended_ ? 0 : kCapacity - queue_.size();
    }

    void deliver(session::WatchItem item) override {
        const std::lock_guard lock{mutex_};
        if (ended_) return;
        queue_.push_back(std::move(item));
        if (!writing_) write();
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
            if (!queue_.empty()) write();
            wanting = queue_.size() == kCapacity / 2;
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
        event_.Clear();
        to_proto(queue_.front(), event_);
        queue_.pop_front();
        writing_ = true;
        grpc::WriteOptions options;
        if (!queue_.empty()) options.set_buffer_hint();  // the next one follows at once
        reactor_->StartWrite(&event_, options);
    }
    void finish() {
        if (reactor_ == nullptr) return;
        counters_.count("Watch", code_name(status_.error_code()));
        std::exchange(reactor_, nullptr)->Finish(status_);
    }

    Backend& backend_;
    metrics::ApiCounters& counters_;
    mutable std::mutex mutex_;
    Reactor* reactor_;
    std::deque<session::WatchItem> queue_;
    v1::WatchEvent event_;
    grpc::Status status_;
    bool writing_ = false;
    bool ended_ = false;
};

class WatchReactor final : public grpc::ServerWriteReactor<v1::WatchEvent> {
public:
    WatchReactor(Backend& backend, metrics::ApiCounters& counters, const v1::WatchRequest& request)
        : backend_{backend}, stream_{std::make_shared<Stream>(backend, counters, *this)} {
        auto filter = to_filter(request.filter(), *backend.specs());
        if (!filter) {
            stream_->end(to_status(filter.error()));
            return;
        }
        backend.post([&backend, stream = stream_, skip = request.skip_snapshot(),
                      f = std::move(filter.value())] {
            if (stream->ended()) return;
            const auto id = backend.sessions().hub().open(f, skip, stream);
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
    std::shared_ptr<Stream> stream_;
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchEvent>* WatchService::Watch(grpc::CallbackServerContext*,
                                                              const v1::WatchRequest* request) {
    return new WatchReactor{backend_, counters_, *request};  // deletes itself in OnDone
}

}  // namespace tocsin::control::api
