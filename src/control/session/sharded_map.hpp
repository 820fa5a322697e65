#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tocsin::control::session {

/// A std::unordered_map that may become very large without ever making the control loop wait: it
/// grows a 256th at a time, so that no rehash moves more than that, and no two of them come
/// together, however evenly the keys are spread.
template <class Key, class Value, class Hash = std::hash<Key>>
class ShardedMap {
public:
    using Shard = std::unordered_map<Key, Value, Hash>;

    ShardedMap() {
        for (std::size_t i = 0; i < kShards; ++i) shards_[i] = empty_shard(i);
    }

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
    /// Gives back the memory of `some` elements or a few more; false when nothing is left.
    bool clear_some(std::size_t some) {
        const std::size_t enough = size_ - std::min(size_, some);
        for (std::size_t i = 0; i < kShards && size_ > enough; ++i) {
            size_ -= shards_[i].size();
            shards_[i] = empty_shard(i);
        }
        return size_ != 0;
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t kShards = 256;
    static constexpr std::size_t kMostSpare = 4096;

    /// Its buckets double when it has 0.7 to 1.4 times as many elements, each shard at another
    /// time.
    [[nodiscard]] static Shard empty_shard(std::size_t i) {
        Shard out;
        out.max_load_factor(0.7F * std::exp2(static_cast<float>(i) / kShards));
        return out;
    }
    [[nodiscard]] Shard& shard(const Key& key) {
        // Multiplied, since the hash of an integer is itself and its low bits choose the bucket.
        return shards_[(Hash{}(key)*0x9e3779b97f4a7c15U) >> 56U];
    }

    std::array<Shard, kShards> shards_;
    std::vector<typename Shard::node_type> spare_;  ///< with empty values
    std::size_t size_ = 0;
};

}  // namespace tocsin::control::session
