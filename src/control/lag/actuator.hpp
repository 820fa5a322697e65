#pragma once

#include "control/base/result.hpp"
#include "control/lag/group.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace tocsin::control::lag {

/// Who has the load balancer of a LAG: a bonding port of DPDK, a bond or team of the kernel, a bond
/// of Open vSwitch. Control thread only; an answer may come at once, from within the call, or later
/// on the control thread, but not after the actuator has ended. Nothing here knows BFD: when to
/// act, that it was done and what to do about a failure is the Controller's.
class Actuator {
public:
    /// A member of a LAG in one table; the names are those of the configuration.
    struct Target {
        std::string lag;
        std::string port;
        Table table = Table::Both;
        friend auto operator<=>(const Target&, const Target&) = default;
    };
    using Done = std::function<void(Result<Ok>)>;
    using Found = std::function<void(Result<bool>)>;

    Actuator() = default;
    Actuator(const Actuator&) = delete;
    Actuator& operator=(const Actuator&) = delete;
    virtual ~Actuator() = default;

    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    /// The load balancer has a table for each family; else it is only asked about Table::Both.
    [[nodiscard]] virtual bool has_tables() const noexcept = 0;
    /// No traffic but BFD is sent by the member from then on; BFD still is, RFC 7130 3. Doing it
    /// twice is harmless.
    virtual void take_out(const Target& target, Done done) = 0;
    /// The other way round.
    virtual void put_back(const Target& target, Done done) = 0;
    /// Whether the member is in the table, asked of the load balancer itself.
    virtual void query(const Target& target, Found found) = 0;
};

}  // namespace tocsin::control::lag
