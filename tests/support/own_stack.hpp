#pragma once

#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace tocsin::test {

/// Runs `f` on a stack of its own and returns what it left there; empty when that was not possible.
template <class F>
std::vector<std::uint8_t> stack_left_by(F f) {
    constexpr std::size_t kSize = 1U << 20U;
    const std::unique_ptr<void, decltype(&std::free)> stack{std::aligned_alloc(4096, kSize),
                                                            &std::free};
    auto* const octets = static_cast<std::uint8_t*>(stack.get());
    std::fill_n(octets, kSize, std::uint8_t{0});
    pthread_attr_t how;
    pthread_attr_init(&how);
    pthread_attr_setstack(&how, octets, kSize);
    pthread_t thread{};
    const auto run = [](void* what) -> void* {
        (*static_cast<F*>(what))();
        return nullptr;
    };
    const bool ran = pthread_create(&thread, &how, run, &f) == 0;
    if (ran) pthread_join(thread, nullptr);
    pthread_attr_destroy(&how);
    return ran ? std::vector<std::uint8_t>(octets, octets + kSize) : std::vector<std::uint8_t>{};
}

/// Whether these octets lie anywhere in `where`.
inline bool holds(std::span<const std::uint8_t> where, std::span<const std::uint8_t> what) {
    return std::ranges::search(where, what).begin() != where.end();
}

}  // namespace tocsin::test
