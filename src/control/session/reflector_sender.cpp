#include "control/session/reflector_sender.hpp"

#include <utility>

namespace tocsin::control::session {

ReflectorSender::~ReflectorSender() {
    if (in_force_) dataplane_->keep(std::move(in_force_));
    if (before_) dataplane_->keep(std::move(before_));
}

void ReflectorSender::pump() {
    if (!waiting_ || asked_) return;
    const message::SetReflectors body{.table = waiting_->table.get(),
                                      .rate = waiting_->rate,
                                      .rate_per_source = waiting_->rate_per_source};
    if (!link_->send({.id = kRequest, .body = body})) return;
    before_ = std::exchange(in_force_, std::move(waiting_->table));
    waiting_.reset();
    asked_ = true;
}

bool ReflectorSender::answered(message::RequestId id) {
    if (id != kRequest) return false;
    asked_ = false;
    before_.reset();
    return true;
}

}  // namespace tocsin::control::session
