#pragma once

#include <cstdint>
#include <span>

namespace tocsin::bfd {

/// First in, first out, over memory of the owner. The owner sees to it that it never overflows:
/// each slot is in it at most once.
template <class T>
class SlotQueue {
public:
    explicit SlotQueue(std::span<T> memory) noexcept : memory_{memory} {}

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    void push(T value) noexcept {
        std::uint32_t at = head_ + size_;
        if (at >= memory_.size()) at -= static_cast<std::uint32_t>(memory_.size());
        memory_[at] = value;
        ++size_;
    }
    T pop() noexcept {
        const T value = memory_[head_];
        if (++head_ == memory_.size()) head_ = 0;
        --size_;
        return value;
    }

private:
    std::span<T> memory_;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
};

}  // namespace tocsin::bfd
