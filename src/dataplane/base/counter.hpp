#pragma once

#include <atomic>
#include <cstdint>

namespace tocsin {

/// A counter with one writer. `add` is a plain add, without a locked instruction; a reader on
/// another thread accepts a value that is a moment old.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void set(std::uint64_t v) noexcept { value_.store(v, std::memory_order_relaxed); }
    void raise_to(std::uint64_t v) noexcept {
        if (v > get()) set(v);
    }
    [[nodiscard]] std::uint64_t get() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace tocsin
