#include "control/grpc/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tocsin::control::api {

namespace {

bool somebody_listens(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int r = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const bool listens = r == 0 || errno == EAGAIN || errno == EINPROGRESS;
    ::close(fd);
    return listens;
}

Error unusable(const std::string& path, const std::string& why) {
    return {ErrorKind::FailedPrecondition, path + " cannot be used as API socket: " + why,
            "api.listen"};
}

}  // namespace

Result<Ok> prepare_unix_socket(const std::string& path) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        return unusable(path, "1.." + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                  " characters are accepted");
    }
    const std::filesystem::path directory = std::filesystem::path{path}.parent_path();
    std::error_code code;
    if (!directory.empty() && !std::filesystem::exists(directory, code)) {
        if (!std::filesystem::create_directories(directory, code) && code) {
            return unusable(path, "cannot create " + directory.string() + ": " + code.message());
        }
        ::chmod(directory.c_str(), 0755);
    }
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return Ok{};
        return unusable(path, std::strerror(errno));
    }
    if (!S_ISSOCK(status.st_mode)) {
        return unusable(path, "there is a file of that name which is not a socket; remove it");
    }
    if (somebody_listens(path)) {
        return Error{ErrorKind::Unavailable,
                     "another process serves unix:" + path +
                         "; stop it, or give this one another api.listen",
                     "api.listen"};
    }
    if (::unlink(path.c_str()) != 0) return unusable(path, std::strerror(errno));
    return Ok{};
}

}  // namespace tocsin::control::api
