#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace tocsin::control::metrics {

/// Requests by method and status code. Any thread.
class ApiCounters {
public:
    using Key = std::pair<std::string, std::string>;  ///< method, code

    void count(const std::string& method, const std::string& code) {
        const std::lock_guard lock{mutex_};
        ++counts_[{method, code}];
    }
    [[nodiscard]] std::map<Key, std::uint64_t> counts() const {
        const std::lock_guard lock{mutex_};
        return counts_;
    }

private:
    mutable std::mutex mutex_;
    std::map<Key, std::uint64_t> counts_;
};

}  // namespace tocsin::control::metrics
