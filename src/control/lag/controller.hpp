#pragma once

#include "control/base/result.hpp"
#include "control/config/schema.hpp"
#include "control/lag/actuator.hpp"
#include "control/lag/group.hpp"
#include "control/lag/view.hpp"
#include "control/session/manager.hpp"
#include "control/session/observer.hpp"
#include "dataplane/message/dataplane.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::lag {

/// The LAGs of the file: which sessions their members have at the moment, which members may be
/// used, and that the load balancers know it. Control thread only, but for published().
///
/// - The sessions of a LAG without LACP are the Manager's, as those of [[session]]; those with it
///   are added and removed here, as LACP says, RFC 7130 3.
/// - It reads what clients know of the sessions, so that holds and dampening of a session hold
///   here.
/// - An act of an Actuator counts when the load balancer was asked and says so; until then it is
///   tried again, ever more seldom.
class Controller final : public session::Observer {
public:
    using MakeActuator = std::function<std::unique_ptr<Actuator>(const config::Lag&)>;

    static constexpr std::chrono::milliseconds kFirstRetry{1000};
    static constexpr std::chrono::milliseconds kLongestRetry{30'000};

    Controller(session::Manager& sessions, const message::Dataplane& dataplane,
               MakeActuator make_actuator);
    ~Controller() override;

    /// The LAGs of a file and its sessions, after the Manager has those; LAGs that stay keep what
    /// they know. Members that are gone are given back.
    void set_lags(const std::vector<config::Lag>& lags,
                  const std::vector<config::Session>& sessions);
    /// What LACP says of a member.
    [[nodiscard]] Result<Ok> report(std::string_view lag, std::string_view port, LinkState state);
    /// A link went up or down.
    void on_link() { dirty_ = true; }

    /// Carries out what is due; each turn of the loop.
    void poll();
    /// Until poll() has something to do that nobody tells it of; nullopt: nothing.
    [[nodiscard]] std::optional<std::chrono::microseconds> idle_for() const;

    /// In the order of the file.
    [[nodiscard]] std::vector<LagView> views() const;
    /// As of the last change. Any thread.
    [[nodiscard]] std::shared_ptr<const std::vector<LagView>> published() const;

    // session::Observer
    void added(const session::SessionRecord& record) override { note(record); }
    void changed(const session::SessionRecord& record, const bfd::SessionEvent&) override {
        note(record);
    }
    void told(const session::SessionRecord& record) override { note(record); }
    void deleted(const session::SessionRecord& record) override { note(record); }
    void refused(const session::SessionRecord&, const char*, bfd::Status) override {}

private:
    /// What is known of a member in one table of the load balancer.
    struct Act {
        std::optional<bool> applied;  ///< in the table, as last asked
        bool under_way = false;
        bool kept_as_last = false;
        unsigned failures = 0;  ///< in a row
        Instant retry_at{};
        std::string error;
        bool was_in = false;  ///< permitted when it was logged last
    };
    struct Entry {
        std::uint64_t id = 0;  ///< of this LAG for as long as it is there
        Group group;
        std::unique_ptr<Actuator> actuator;
        std::map<std::pair<std::string, Table>, Act> acts{};
        std::map<std::string, std::pair<bool, Instant>> used{};  ///< by port: in use, since when
        bool was_up = false;
        Instant since{};
        std::uint64_t downs = 0;
        std::uint64_t taken_out = 0;
        std::uint64_t put_back = 0;
        std::uint64_t failed_acts = 0;
    };

    void note(const session::SessionRecord& record) { dirty_ |= record.type == SessionType::Micro; }
    [[nodiscard]] Entry* find(std::string_view lag);
    [[nodiscard]] Entry* find(std::uint64_t id);
    void look(Entry& entry, Instant now);
    void keep_sessions(Entry& entry, Instant now);
    void tell_changes(Entry& entry, Instant now);
    void act(Entry& entry, Instant now);
    void ask(Entry& entry, const std::string& port, Table table);
    void start(Entry& entry, const std::string& port, Table table, bool in);
    void on_asked(std::uint64_t id, const std::string& port, Table table,
                  const Result<bool>& found);
    void on_done(std::uint64_t id, const std::string& port, Table table, bool in,
                 const Result<Ok>& result);
    void on_verified(std::uint64_t id, const std::string& port, Table table, bool in,
                     const Result<bool>& found);
    void failed(Entry& entry, Act& act, const std::string& port, Table table, std::string why);
    [[nodiscard]] bool is_last(const Entry& entry, const std::string& port, Table table) const;
    void give_back(Entry& entry, const std::string& port);
    void publish();
    [[nodiscard]] LagView view_of(const Entry& entry) const;
    [[nodiscard]] const config::Session* spec(const std::string& port, AddressFamily family) const;

    session::Manager& sessions_;
    const message::Dataplane& dataplane_;
    MakeActuator make_actuator_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::map<std::pair<std::string, AddressFamily>, config::Session> specs_;  ///< by port
    std::uint64_t last_id_ = 0;
    bool dirty_ = false;
    std::optional<Instant> retry_at_;  ///< the earliest
    mutable std::mutex mutex_;         ///< of `published_`
    std::shared_ptr<const std::vector<LagView>> published_;
};

}  // namespace tocsin::control::lag
