#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tocsin::control::session {

/// A std::unordered_map that may become very large without ever making the control loop wait: it
/// grows a 256th at a time, so that no rehash moves more than that.
template <class Key, class Value, class Hash = std::hash<Key>>
class ShardedMap {
public:
    using Shard = std::unordered_map<Key, Value, Hash>;

    /// The element, an empty one if there was none, and whether it is new.
    std::pair<Value*, bool> try_emplace(const Key& key) {
        Shard& s = shard(key);
        if (spare_.empty()) {
            const auto [it, fresh] = s.try_emplace(key);
            size_ += fresh ? 1 : 0;
            return {&it->second, fresh};
        }
        spare_.back().key() = key;
        auto [it, fresh, node] = s.insert(std::move(spare_.back()));
        if (fresh) {
            spare_.pop_back();
            ++size_;
        } else {
            spare_.back() = std::move(node);
        }
        return {&it->second, fresh};
    }
    /// nullptr when there is none.
    [[nodiscard]] Value* find(const Key& key) {
        Shard& s = shard(key);
        const auto it = s.find(key);
        return it == s.end() ? nullptr : &it->second;
    }
    [[nodiscard]] bool contains(const Key& key) { return find(key) != nullptr; }
    /// Takes the element out. Its memory is kept for the next one, as long as there is little of
    /// it.
    [[nodiscard]] std::optional<Value> take(const Key& key) {
        auto node = shard(key).extract(key);
        if (!node) return std::nullopt;
        --size_;
        std::optional<Value> out{std::exchange(node.mapped(), Value{})};
        if (spare_.size() < kMostSpare) spare_.push_back(std::move(node));
        return out;
    }
    void erase(const Key& key) { size_ -= shard(key).erase(key); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t kShards = 256;
    static constexpr std::size_t kMostSpare = 4096;

    [[nodiscard]] Shard& shard(const Key& key) {
        // Multiplied, since the hash of an integer is itself and its low bits choose the bucket.
        return shards_[(Hash{}(key)*0x9e3779b97f4a7c15U) >> 56U];
    }

    std::array<Shard, kShards> shards_;
    std::vector<typename Shard::node_type> spare_;  ///< with empty values
    std::size_t size_ = 0;
};

}  // namespace tocsin::control::session
