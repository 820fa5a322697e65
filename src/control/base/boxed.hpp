#pragma once

#include <memory>
#include <utility>

namespace tocsin::control {

/// An optional value that takes a pointer where it is not there: for what few of very many have. A
/// copy has a value of its own.
template <class T>
class Boxed {
public:
    Boxed() = default;
    Boxed(T value) : value_{std::make_unique<T>(std::move(value))} {}
    Boxed(const Boxed& other) : value_{other ? std::make_unique<T>(*other) : nullptr} {}
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(const Boxed& other) {
        if (this != &other) value_ = other ? std::make_unique<T>(*other) : nullptr;
        return *this;
    }
    Boxed& operator=(Boxed&&) noexcept = default;
    ~Boxed() = default;

    [[nodiscard]] explicit operator bool() const noexcept { return value_ != nullptr; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }
    [[nodiscard]] const T* get() const noexcept { return value_.get(); }

    friend bool operator==(const Boxed& a, const Boxed& b) { return a && b ? *a == *b : !a && !b; }

private:
    std::unique_ptr<T> value_;
};

}  // namespace tocsin::control
