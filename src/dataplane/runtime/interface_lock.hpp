#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace tocsin::runtime {

/// Keeps two processes of ours from driving the same Linux interface.
///
/// An flock() on an empty file named after the network namespace and the interface, in a folder
/// that only its owner can write to: nobody without those rights can take it, and it is free again
/// when its process ends in whatever way.
class InterfaceLock {
public:
    static constexpr const char* kFolder = "/run/tocsin/interfaces";

    /// nullptr: `error` says who has it or what is missing. `folder` is made where it is not there.
    [[nodiscard]] static std::unique_ptr<InterfaceLock> take(
        const std::string& interface, std::string& error,
        const std::filesystem::path& folder = kFolder);
    InterfaceLock(const InterfaceLock&) = delete;
    InterfaceLock& operator=(const InterfaceLock&) = delete;
    ~InterfaceLock();

private:
    InterfaceLock(int fd, std::filesystem::path file) : fd_{fd}, file_{std::move(file)} {}

    int fd_;
    std::filesystem::path file_;
};

}  // namespace tocsin::runtime
