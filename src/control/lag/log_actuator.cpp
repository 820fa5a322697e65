#include "control/lag/log_actuator.hpp"

#include "control/base/log.hpp"

namespace tocsin::control::lag {

namespace {

void say(std::string_view what, const Actuator::Target& target) {
    log::write(log::Level::Info, "lag", what,
               {{"lag", target.lag}, {"port", target.port}, {"table", name(target.table)}});
}

}  // namespace

void LogActuator::take_out(const Target& target, Done done) {
    if (out_.insert(target).second) say("member_to_be_taken_out", target);
    done(Ok{});
}

void LogActuator::put_back(const Target& target, Done done) {
    if (out_.erase(target) != 0) say("member_to_be_put_back", target);
    done(Ok{});
}

void LogActuator::query(const Target& target, Found found) { found(!out_.contains(target)); }

}  // namespace tocsin::control::lag
