#include "dataplane/runtime/runtime_directory.hpp"

#include <rte_eal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace tocsin::runtime {

namespace {

constexpr std::string_view kPrefix = "tocsin-";

std::filesystem::path runtime_directory() {
    const char* const named = rte_eal_get_runtime_dir();
    return named == nullptr ? "" : named;
}

/// Nobody listens behind a Unix socket whose process is gone; one of a live process answers.
bool is_dead(const std::filesystem::path& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket.string();
    if (path.size() >= sizeof address.sun_path) return false;
    path.copy(address.sun_path, path.size());
    const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const bool dead = result != 0 && errno == ECONNREFUSED;
    ::close(fd);
    return dead;
}

}  // namespace

std::string file_prefix() { return std::string{kPrefix} + std::to_string(getpid()); }

void remove_runtime_directory() {
    const std::filesystem::path directory = runtime_directory();
    if (directory.filename() != file_prefix()) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
}

void remove_dead_runtime_directories() {
    const std::filesystem::path ours = runtime_directory();
    std::error_code ignored;
    for (std::filesystem::directory_iterator it{ours.parent_path(), ignored}, end; it != end;
         it.increment(ignored)) {
        const std::filesystem::path& other = it->path();
        if (other == ours || !other.filename().string().starts_with(kPrefix)) continue;
        if (is_dead(other / "dpdk_telemetry.v2")) std::filesystem::remove_all(other, ignored);
    }
}

}  // namespace tocsin::runtime
