#include "control/session/desired_set.hpp"

namespace tocsin::control::session {

SessionRecord& DesiredSet::insert(const config::Session& session, Origin origin) {
    const PortId port = registry_.port_named(session.port)->id;
    SessionRecord& record = registry_.insert(session, port, origin);
    if (record.local.family == AddressFamily::None) {
        record.local = next_hops_.local_for(port, record.remote).value_or(IpAddress{});
    }
    reconciler_.add(record);
    return record;
}

void DesiredSet::erase(SessionRecord& record) {
    reconciler_.remove(record);
    registry_.erase(record);
}

void DesiredSet::set_admin_down(SessionRecord& record, bool down) {
    if (record.admin_down == down) return;
    record.admin_down = down;
    reconciler_.need(record, kNeedAdmin);
}

}  // namespace tocsin::control::session
