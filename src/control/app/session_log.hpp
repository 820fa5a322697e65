#pragma once

#include "control/app/unmatched_log.hpp"
#include "control/auth/chains.hpp"
#include "control/base/log.hpp"
#include "control/session/observer.hpp"
#include "control/session/registry.hpp"
#include "dataplane/message/dataplane.hpp"

namespace tocsin::control::app {

/// Logs what happens to sessions, at a bounded rate: when thousands change at once, the rest is
/// counted and reported as one line.
class SessionLog final : public session::Observer {
public:
    static constexpr std::uint32_t kBurst = 200;
    static constexpr std::uint32_t kPerSecond = 100;

    /// `chains` tells what key chain numbers stand for.
    SessionLog(const session::Registry& registry, const message::Dataplane& dataplane,
               const auth::Chains& chains);

    void added(const session::SessionRecord& record) override;
    void changed(const session::SessionRecord& record, const bfd::SessionEvent& event) override;
    void told(const session::SessionRecord& record) override;
    void deleted(const session::SessionRecord& record) override;
    void refused(const session::SessionRecord& record, const char* command,
                 bfd::Status status) override;
    void unmatched(const message::UnmatchedPacket& packet) override { unmatched_.note(packet); }

    /// Reports what was suppressed; call it every second.
    void report_suppressed();

private:
    [[nodiscard]] bool allow();
    [[nodiscard]] std::string port(const session::SessionRecord& record) const;

    const session::Registry& registry_;
    const message::Dataplane& dataplane_;
    const auth::Chains& chains_;
    UnmatchedLog unmatched_;
    log::RateLimit limit_{kBurst, kPerSecond};
};

}  // namespace tocsin::control::app
