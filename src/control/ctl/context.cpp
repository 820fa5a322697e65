#include "control/ctl/context.hpp"

#include <google/protobuf/util/json_util.h>

namespace tocsin::control::ctl {

ExitCode Context::fail(const grpc::Status& status) const {
    return fail(exit_code_of(status.error_code()), client.explain(status));
}

ExitCode Context::fail(ExitCode code, std::string_view sentence) const {
    out.flush();
    err << "tocsinctl: " << sentence << '\n';
    return code;
}

std::string json(const google::protobuf::Message& message, Format format) {
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = format == Format::Json;
    options.always_print_primitive_fields = true;
    options.preserve_proto_field_names = true;
    std::string text;
    // Fails only for Any and malformed well-known types, which our messages do not have.
    (void)google::protobuf::util::MessageToJsonString(message, &text, options);
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

void print_json(std::ostream& out, const google::protobuf::Message& message, Format format) {
    out << json(message, format) << '\n';
}

}  // namespace tocsin::control::ctl
