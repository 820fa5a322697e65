#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::auth {

/// Whole pages of memory that stay out of core dumps and swap, zeroed when they are given back.
/// std::bad_alloc when there are none.
[[nodiscard]] void* take_secret_pages(std::size_t octets);
void give_back_secret_pages(void* pages, std::size_t octets) noexcept;

/// Keeps what a container holds in such pages. Each piece takes at least one page.
template <class T>
struct SecretAllocator {
    using value_type = T;
    SecretAllocator() = default;
    template <class U>
    SecretAllocator(const SecretAllocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t n) {
        return static_cast<T*>(take_secret_pages(n * sizeof(T)));
    }
    void deallocate(T* p, std::size_t n) noexcept { give_back_secret_pages(p, n * sizeof(T)); }
    friend bool operator==(const SecretAllocator&, const SecretAllocator&) = default;
};

/// The octets of a key. Nothing prints it.
using Secret = std::vector<std::uint8_t, SecretAllocator<std::uint8_t>>;

/// A value in such pages, shared.
template <class T>
[[nodiscard]] std::shared_ptr<T> make_secret(T value) {
    return std::allocate_shared<T>(SecretAllocator<T>{}, std::move(value));
}

}  // namespace tocsin::control::auth
