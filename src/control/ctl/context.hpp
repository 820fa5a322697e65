#pragma once

#include "control/ctl/client.hpp"
#include "control/ctl/exit_code.hpp"
#include "control/ctl/stop.hpp"
#include "control/ctl/table.hpp"

#include <google/protobuf/message.h>

#include <ostream>
#include <string>
#include <string_view>

namespace tocsin::control::ctl {

enum class Format { Table, Json, JsonLines };

/// What every command gets: the daemon, where to write, and how.
struct Context {
    Client& client;
    std::ostream& out;
    std::ostream& err;
    Stop& stop;
    Format format = Format::Table;
    bool colour = false;

    /// One sentence on `err`; returns the code that fits.
    [[nodiscard]] ExitCode fail(const grpc::Status& status) const;
    [[nodiscard]] ExitCode fail(ExitCode code, std::string_view sentence) const;
};

/// Protobuf's JSON with the names of the .proto files and with zeros. `json` is spread over lines,
/// `jsonl` is one line. Without a line break at its end.
[[nodiscard]] std::string json(const google::protobuf::Message& message, Format format);

/// The same as a line or lines of their own.
void print_json(std::ostream& out, const google::protobuf::Message& message, Format format);

/// `json`: the whole answer. `jsonl`: each element of its list on a line of its own.
template <class Response, class Elements>
void print_json(const Context& context, const Response& response, const Elements& elements) {
    if (context.format == Format::Json) return print_json(context.out, response, Format::Json);
    for (const auto& element : elements) print_json(context.out, element, Format::JsonLines);
}

}  // namespace tocsin::control::ctl
