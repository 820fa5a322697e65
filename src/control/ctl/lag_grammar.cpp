#include "control/ctl/lag_grammar.hpp"

#include "control/ctl/option.hpp"

namespace tocsin::control::ctl {

void add_lag_commands(CommandLine& line, CLI::App& app) {
    CLI::App& group = *app.add_subcommand("lag", "LAGs with micro-BFD on their members (RFC 7130)");
    group.require_subcommand(1);
    line.add(group, "list", "LAGs in a table", lag_list);
    CLI::App& show = *line.add(group, "show", "A LAG and its members, or all of them",
                               [&line](auto& c) { return lag_show(c, line.lag); });
    show.add_option("lag", line.lag.names, "Name of the LAG");
    CLI::App& report = *line.add(group, "report", "Tell what LACP says of a member",
                                 [&line](auto& c) { return lag_report(c, line.lag); });
    report.add_option("lag", line.lag.lag, "Name of the LAG")->required();
    report.add_option("port", line.lag.port, "Name of the member's port")->required();
    report.add_option("state", line.lag.state, "State of the member")
        ->required()
        ->check(one_of({"detached", "standby", "collecting", "distributing"}))
        ->option_text("detached|standby|collecting|distributing");
}

}  // namespace tocsin::control::ctl
