#include "dataplane/runtime/interface_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace tocsin::runtime {

namespace {

constexpr mode_t kOwnerOnly = 0700;

/// Interfaces of the same name in two network namespaces are two interfaces.
std::string file_name(const std::string& interface) {
    struct stat netns {};
    const bool known = ::stat("/proc/self/ns/net", &netns) == 0;
    return (known ? std::to_string(netns.st_ino) : std::string{"netns"}) + '-' + interface;
}

bool prepare(const std::filesystem::path& folder, std::string& why) {
    std::error_code failed;
    std::filesystem::create_directories(folder.parent_path(), failed);
    if (::mkdir(folder.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
        why = std::strerror(errno);
        return false;
    }
    struct stat found {};
    if (::lstat(folder.c_str(), &found) != 0) {
        why = std::strerror(errno);
        return false;
    }
    const bool ours = S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() &&
                      (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (!ours) why = "it is not a folder that belongs to us alone";
    return ours;
}

/// The file may have been removed by its last owner between open() and flock().
bool still_there(int fd, const std::filesystem::path& file) {
    struct stat locked {};
    struct stat named {};
    return ::fstat(fd, &locked) == 0 && ::stat(file.c_str(), &named) == 0 &&
           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
}

}  // namespace

std::unique_ptr<InterfaceLock> InterfaceLock::take(const std::string& interface, std::string& error,
                                                   const std::filesystem::path& folder) {
    const auto refused = [&](const std::string& why) {
        error = "interface " + interface + " cannot be locked in " + folder.string() + ": " + why;
        return nullptr;
    };
    std::string why;
    if (!prepare(folder, why)) return refused(why);
    const std::filesystem::path file = folder / file_name(interface);
    for (;;) {
        const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return refused(std::strerror(errno));
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            const int reason = errno;
            ::close(fd);
            if (reason != EWOULDBLOCK) return refused(std::strerror(reason));
            error = "interface " + interface + " is used by another tocsind; stop that one first";
            return nullptr;
        }
        if (still_there(fd, file)) {
            return std::unique_ptr<InterfaceLock>{new InterfaceLock{fd, file}};
        }
        ::close(fd);
    }
}

InterfaceLock::~InterfaceLock() {
    ::unlink(file_.c_str());
    ::close(fd_);
}

}  // namespace tocsin::runtime
