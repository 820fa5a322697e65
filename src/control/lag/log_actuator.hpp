#pragma once

#include "control/lag/actuator.hpp"

#include <set>

namespace tocsin::control::lag {

/// Does nothing but say what would be done: a dry run, and for those who act upon the API or the
/// log themselves. It answers as a load balancer would that obeys.
class LogActuator final : public Actuator {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "log"; }
    [[nodiscard]] bool has_tables() const noexcept override { return true; }
    void take_out(const Target& target, Done done) override;
    void put_back(const Target& target, Done done) override;
    void query(const Target& target, Found found) override;

private:
    std::set<Target> out_;
};

}  // namespace tocsin::control::lag
