#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tocsin::control {

/// gRPC maps each kind to its own status.
enum class ErrorKind {
    InvalidArgument,  ///< the caller's input; `where` names the field or key path
    NotFound,
    AlreadyExists,
    ResourceExhausted,  ///< a limit such as max_sessions; the message says which and how to raise
                        ///< it
    FailedPrecondition,
    Unavailable,  ///< worth another try later
    Internal,
};

/// A fault, for a person: what is wrong, the accepted range, what to do.
struct Error {
    ErrorKind kind = ErrorKind::Internal;
    std::string message;  ///< one sentence without final full stop
    std::string where;    ///< key path, field or peer; may be empty

    [[nodiscard]] std::string text() const {
        return where.empty() ? message : where + ": " + message;
    }
};

/// A value or an Error. `T` may be void-like `Ok`.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_{std::move(value)} {}
    Result(Error error) : content_{std::move(error)} {}

    [[nodiscard]] bool ok() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] T& value() & { return std::get<0>(content_); }
    [[nodiscard]] const T& value() const& { return std::get<0>(content_); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(content_)); }
    [[nodiscard]] const Error& error() const { return std::get<1>(content_); }

private:
    std::variant<T, Error> content_;
};

struct Ok {};

}  // namespace tocsin::control
