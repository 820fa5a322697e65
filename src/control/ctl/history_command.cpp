#include "control/ctl/history_command.hpp"

#include "control/ctl/history_capture.hpp"
#include "control/ctl/history_text.hpp"
#include "control/ctl/selector.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace tocsin::control::ctl {

namespace {

ExitCode write_pcapng(const Context& context, const v1::GetSessionHistoryResponse& history,
                      HistoryPart part, const std::string& name) {
    const auto records = records_of(history, part);
    if (name == "-") {
        write_capture(context.out, history, records);
        return ExitCode::Success;
    }
    std::ofstream file{name, std::ios::binary | std::ios::trunc};
    const std::size_t n = file ? write_capture(file, history, records) : 0;
    file.close();
    if (!file) {
        return context.fail(ExitCode::Failure, "--pcapng: " + name + ": " + std::strerror(errno));
    }
    context.err << n << " packets of " << records.size() << " records written to " << name << '\n';
    return ExitCode::Success;
}

}  // namespace

ExitCode session_history(const Context& context, const HistoryOptions& options) {
    auto selector = selector_of(options.selector, options.port, options.local);
    if (!selector.ok()) return context.fail(ExitCode::InvalidArgument, selector.error().message);
    v1::GetSessionHistoryRequest request;
    *request.mutable_session() = std::move(selector).value();
    v1::GetSessionHistoryResponse response;
    const auto status = context.client.call(
        context.client.sessions(), &v1::SessionService::Stub::GetSessionHistory, request, response);
    if (!status.ok()) return context.fail(status);
    const HistoryPart part{.frozen = true, .live = !options.down};
    if (!options.pcapng.empty()) return write_pcapng(context, response, part, options.pcapng);
    if (context.format == Format::Table) {
        print_history(context.out, response, part, context.colour);
        return ExitCode::Success;
    }
    if (options.down) response.clear_live();
    if (context.format == Format::Json) {
        print_json(context.out, response, Format::Json);
    } else {
        for (const auto* r : records_of(response, part)) {
            print_json(context.out, *r, Format::JsonLines);
        }
    }
    return ExitCode::Success;
}

}  // namespace tocsin::control::ctl
