#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

namespace tocsin::control::session {

/// A std::unordered_map that may become very large without ever making the control loop wait: it
/// grows a 256th at a time, so that no rehash moves more than that.
template <class Key, class Value, class Hash = std::hash<Key>>
class ShardedMap {
public:
    using Shard = std::unordered_map<Key, Value, Hash>;

    /// The element, and whether it is new.
    template <class... Arguments>
    std::pair<Value*, bool> try_emplace(const Key& key, Arguments&&... arguments) {
        const auto [it, fresh] = shard(key).try_emplace(key, std::forward<Arguments>(arguments)...);
        size_ += fresh ? 1 : 0;
        return {&it->second, fresh};
    }
    /// nullptr when there is none.
    [[nodiscard]] Value* find(const Key& key) {
        Shard& s = shard(key);
        const auto it = s.find(key);
        return it == s.end() ? nullptr : &it->second;
    }
    [[nodiscard]] bool contains(const Key& key) { return find(key) != nullptr; }
    /// Takes the element out; an empty handle when there is none.
    [[nodiscard]] typename Shard::node_type extract(const Key& key) {
        auto node = shard(key).extract(key);
        size_ -= node ? 1 : 0;
        return node;
    }
    void erase(const Key& key) { size_ -= shard(key).erase(key); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t kShards = 256;

    [[nodiscard]] Shard& shard(const Key& key) {
        // Multiplied, since the hash of an integer is itself and its low bits choose the bucket.
        return shards_[(Hash{}(key)*0x9e3779b97f4a7c15U) >> 56U];
    }

    std::array<Shard, kShards> shards_;
    std::size_t size_ = 0;
};

}  // namespace tocsin::control::session
