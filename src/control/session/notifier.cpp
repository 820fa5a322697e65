#include "control/session/notifier.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::session {

Notifier::Notifier(Registry& registry, const message::Dataplane& dataplane, Totals& totals,
                   Tell tell, Changed changed)
    : registry_{registry},
      dataplane_{dataplane},
      totals_{totals},
      tell_{std::move(tell)},
      changed_{std::move(changed)} {}

void Notifier::on_event(SessionId id, const bfd::SessionEvent& event) {
    SessionRecord* const record = registry_.find(id);
    notify::Telling* const telling = registry_.tellings().find(id.value);
    if (record != nullptr && telling != nullptr) look(*record, *telling, &event);
}

void Notifier::deleted(const SessionRecord& record) {
    totals_.held(record.told.held, notify::Held::None);
    if (record.dampened) totals_.dampened.set(totals_.dampened.get() - 1);
}

void Notifier::clear_dampening(std::span<const SessionId> ids) {
    for (const SessionId id : ids) {
        SessionRecord* const record = registry_.find(id);
        notify::Telling* const telling = registry_.tellings().find(id.value);
        if (record == nullptr || telling == nullptr) continue;
        telling->clear_dampening();
        look(*record, *telling, nullptr);
    }
}

bool Notifier::run() {
    Tellings& tellings = registry_.tellings();
    if (!tellings.next_deadline()) return false;
    const Instant now = dataplane_.now();
    for (std::size_t n = 0; n < kPerRun; ++n) {
        const auto id = tellings.next_due(now);
        if (!id) return false;
        SessionRecord* const record = registry_.find({*id});
        notify::Telling* const telling = tellings.find(*id);
        if (record == nullptr || telling == nullptr) continue;
        look(*record, *telling, nullptr);
        if (!telling->policy().active()) registry_.forget_policy(*record);
    }
    return true;
}

std::optional<std::chrono::microseconds> Notifier::idle_for() const {
    const auto deadline = registry_.tellings().next_deadline();
    if (!deadline) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::microseconds>(*deadline - dataplane_.now());
    return std::max(left, std::chrono::microseconds{0});
}

void Notifier::look(SessionRecord& record, notify::Telling& telling,
                    const bfd::SessionEvent* event) {
    const Instant now = dataplane_.now();
    const notify::Told before = record.told;
    const bool was_dampened = telling.dampened();
    bfd::SessionEvent out;
    const bool tell = event != nullptr ? telling.on_event(*event, now, record.told, out)
                                       : telling.look(record.status, now, record.told, out);
    record.dampened = telling.dampened();
    registry_.tellings().arm(record.id.value);
    totals_.held(before.held, record.told.held);
    totals_.told(before.indication, record.told.indication);
    if (was_dampened != telling.dampened()) {
        totals_.dampened.set(totals_.dampened.get() + (was_dampened ? ~std::uint64_t{0} : 1U));
        if (!was_dampened) totals_.dampenings.add();
    }
    if (tell) tell_(record, out);
    if (before != record.told || was_dampened != telling.dampened()) changed_(record);
}

}  // namespace tocsin::control::session
