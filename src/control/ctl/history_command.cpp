#include "control/ctl/history_command.hpp"

#include "control/ctl/history_capture.hpp"
#include "control/ctl/history_text.hpp"
#include "control/ctl/selector.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tocsin::control::ctl {

namespace {

/// A capture that ends in the middle, maybe between two packets, looks like a whole one. False: it
/// is none that could be removed, such as a device.
bool forget(const std::string& name) {
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(name, error);
    if (error || !std::filesystem::is_regular_file(file, error)) return false;
    if (std::filesystem::remove(file, error)) return true;
    std::filesystem::resize_file(file, 0, error);  // the folder does not let us
    return !error;
}

ExitCode write_pcapng(const Context& context, const v1::GetSessionHistoryResponse& history,
                      HistoryPart part, const std::string& name) {
    const auto records = records_of(history, part);
    if (name == "-") {
        write_capture(context.out, history, records);
        return ExitCode::Success;
    }
    errno = 0;
    std::ofstream file{name, std::ios::binary | std::ios::trunc};
    const bool opened = file.is_open();
    const std::size_t n = opened ? write_capture(file, history, records) : 0;
    file.close();
    if (!file) {
        const int why = errno == 0 ? EIO : errno;
        return context.fail(
            ExitCode::Failure,
            "--pcapng: " + name + ": " + std::strerror(why) +
                (opened && forget(name) ? ", nothing of the capture was kept" : ""));
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
