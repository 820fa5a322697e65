#include "control/ctl/exit_code.hpp"

namespace tocsin::control::ctl {

ExitCode exit_code_of(grpc::StatusCode code) noexcept {
    switch (code) {
        case grpc::StatusCode::OK:
            return ExitCode::Success;
        case grpc::StatusCode::INVALID_ARGUMENT:
        case grpc::StatusCode::OUT_OF_RANGE:
            return ExitCode::InvalidArgument;
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
            return ExitCode::Unreachable;
        case grpc::StatusCode::NOT_FOUND:
            return ExitCode::NotFound;
        case grpc::StatusCode::ALREADY_EXISTS:
            return ExitCode::AlreadyExists;
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            return ExitCode::LimitReached;
        case grpc::StatusCode::FAILED_PRECONDITION:
            return ExitCode::FailedPrecondition;
        default:
            return ExitCode::Failure;
    }
}

}  // namespace tocsin::control::ctl
