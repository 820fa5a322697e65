#include "control/grpc/bulk_add.hpp"

#include "control/grpc/convert.hpp"
#include "control/grpc/session_service.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::api {

namespace {

/// The sessions of a request that are right by themselves, and what is wrong with the others.
struct Batch {
    std::vector<config::Session> sessions;
    std::vector<std::uint32_t> indices;  ///< of `sessions` in the request
    std::vector<v1::SessionFault> faults;
};

v1::SessionFault fault_of(std::uint32_t index, const Error& error) {
    v1::SessionFault out;
    out.set_index(index);
    out.set_code(static_cast<std::uint32_t>(to_code(error.kind)));
    out.set_field(error.where);
    out.set_message(error.message);
    return out;
}

Batch check(const v1::BulkAddSessionsRequest& request, const SpecContext& specs) {
    Batch out;
    out.sessions.reserve(static_cast<std::size_t>(request.sessions_size()));
    out.indices.reserve(static_cast<std::size_t>(request.sessions_size()));
    for (int i = 0; i < request.sessions_size(); ++i) {
        const v1::SessionSpec& spec = request.sessions(i);
        const auto index = static_cast<std::uint32_t>(i);
        if (auto why = type_fault(spec)) {
            out.faults.push_back(
                fault_of(index, {ErrorKind::InvalidArgument, std::move(*why), "type"}));
            continue;
        }
        auto checked =
            config::validate_session(to_draft(spec), specs.ports, specs.profiles, specs.tunnels);
        if (checked.ok()) {
            out.sessions.push_back(std::move(checked.session));
            out.indices.push_back(index);
            continue;
        }
        config::MemberFault& first = checked.faults.front();
        out.faults.push_back(fault_of(index, {ErrorKind::InvalidArgument, std::move(first.message),
                                              field_name(first.member)}));
    }
    return out;
}

void tell(Batch batch, const session::AddedEach& done, v1::BulkAddSessionsEvent& event) {
    for (const session::AddedEach::Refusal& r : done.refused) {
        batch.faults.push_back(fault_of(batch.indices[r.index], r.error));
    }
    std::ranges::sort(batch.faults, {}, &v1::SessionFault::index);
    event.set_added(static_cast<std::uint32_t>(done.added));
    event.set_refused(static_cast<std::uint32_t>(batch.faults.size()));
    for (v1::SessionFault& fault : batch.faults) {
        if (event.faults_size() == kMostBulkFaults) break;
        event.add_faults()->Swap(&fault);
    }
}

class Reactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
public:
    Reactor(grpc::CallbackServerContext& context, Backend& backend, metrics::ApiCounters& counters,
            std::atomic<int>& streams)
        : context_{context}, backend_{backend}, counters_{counters}, streams_{streams} {
        if (streams_.fetch_add(1) >= kMostBulkStreams) {
            end(to_status({ErrorKind::ResourceExhausted,
                           "there are " + std::to_string(kMostBulkStreams) +
                               " such streams already, which is the limit: end one of them first",
                           {}}));
            return;
        }
        StartRead(&received_);
    }

    void OnReadDone(bool ok) override {
        if (!ok) {  // the client has said all, or is gone
            return end(context_.IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK);
        }
        v1::BulkAddSessionsRequest request;
        using Understand = grpc::SerializationTraits<v1::BulkAddSessionsRequest>;
        if (!Understand::Deserialize(&received_, &request).ok()) {
            return end(to_status({ErrorKind::InvalidArgument,
                                  "cannot be understood: text has to be UTF-8, and the client has "
                                  "to be of this daemon's version",
                                  "request"}));
        }
        const int size = request.sessions_size();
        if (size < 1 || size > kLargestBulkRequest) {
            return end(to_status({ErrorKind::InvalidArgument,
                                  std::to_string(size) + " entries are out of range: 1.." +
                                      std::to_string(kLargestBulkRequest) + " are accepted",
                                  "sessions"}));
        }
        auto batch = std::make_shared<Batch>(check(request, *backend_.specs()));
        // Whatever becomes of the stream, the reactor stays until it has answered: either here or
        // when the loop has ended and destroys the closure unrun.
        const auto answer = std::make_shared<Answer>(*this);
        backend_.post([this, batch = std::move(batch), answer] {
            if (backend_.sessions().removing_all()) return;
            const auto done = backend_.sessions().add_each(batch->sessions, session::Origin::Api);
            v1::BulkAddSessionsEvent event;
            tell(std::move(*batch), done, event);
            // What left last still lies there, and gRPC aborts rather than write over it.
            sent_.Clear();
            bool own = false;
            static_cast<void>(grpc::SerializationTraits<v1::BulkAddSessionsEvent>::Serialize(
                event, &sent_, &own));
            answer->given = true;
            StartWrite(&sent_);
        });
    }

    void OnWriteDone(bool ok) override {
        if (!ok) return end(grpc::Status::CANCELLED);
        StartRead(&received_);
    }

    void OnDone() override {
        streams_.fetch_sub(1);
        delete this;
    }

private:
    struct Answer {
        explicit Answer(Reactor& r) : reactor{r} {}
        Answer(const Answer&) = delete;
        Answer& operator=(const Answer&) = delete;
        ~Answer() {
            if (!given) reactor.end(shutting_down());
        }
        Reactor& reactor;
        bool given = false;
    };

    void end(const grpc::Status& status) {
        counters_.count("BulkAddSessions", code_name(status.error_code()));
        Finish(status);
    }

    grpc::CallbackServerContext& context_;
    Backend& backend_;
    metrics::ApiCounters& counters_;
    std::atomic<int>& streams_;
    grpc::ByteBuffer received_;
    grpc::ByteBuffer sent_;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* start_bulk_add(
    grpc::CallbackServerContext& context, Backend& backend, metrics::ApiCounters& counters,
    std::atomic<int>& streams) {
    return new Reactor{context, backend, counters, streams};  // deletes itself in OnDone
}

}  // namespace tocsin::control::api
