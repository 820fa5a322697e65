#include "control/ctl/config_commands.hpp"

#include "control/config/load.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::control::ctl {

namespace {

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string mistakes(std::size_t count) { return counted(count, "mistake"); }

}  // namespace

ExitCode config_check(const Context& context, const std::string& file) {
    const config::LoadResult result = config::load_file(file);
    if (context.format != Format::Table) {
        v1::CheckConfigResponse response;
        for (const config::Fault& fault : result.faults) {
            v1::ConfigFault* const out = response.add_faults();
            out->set_path(fault.path);
            out->set_line(fault.line);
            out->set_message(fault.message);
        }
        print_json(context, response, response.faults());
    } else {
        for (const config::Fault& fault : result.faults) context.out << text(fault, file) << '\n';
        if (result.ok()) {
            context.out << file << ": valid, " << counted(result.config->ports.size(), "port")
                        << ", " << counted(result.config->sessions.size(), "session") << '\n';
        }
    }
    if (result.ok()) return ExitCode::Success;
    return context.fail(ExitCode::InvalidArgument, file + " has " + mistakes(result.faults.size()));
}

ExitCode reload(const Context& context) {
    v1::ReloadResponse response;
    const auto status = context.client.call(
        context.client.config(), &v1::ConfigService::Stub::Reload, v1::ReloadRequest{}, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context.out, response, context.format);
    } else {
        for (const v1::ConfigFault& fault : response.faults()) {
            context.out << text(config::Fault{fault.path(), fault.line(), fault.message()},
                                response.config_file())
                        << '\n';
        }
    }
    if (!response.faults().empty()) {
        return context.fail(ExitCode::InvalidArgument,
                            response.config_file() + " has " +
                                mistakes(static_cast<std::size_t>(response.faults_size())) +
                                ", nothing was changed");
    }
    if (context.format != Format::Table) return ExitCode::Success;
    context.out << "sessions: " << response.added() << " added, " << response.removed()
                << " removed, " << response.changed() << " changed, " << response.unchanged()
                << " unchanged\n";
    if (response.key_chains_changed()) context.out << "key chains: changed\n";
    for (const std::string& path : response.needs_restart()) {
        context.out << "takes effect at the next start: " << path << '\n';
    }
    return ExitCode::Success;
}

}  // namespace tocsin::control::ctl
