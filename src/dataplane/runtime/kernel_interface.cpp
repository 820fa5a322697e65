#include "dataplane/runtime/kernel_interface.hpp"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace tocsin::runtime {

std::unique_ptr<KernelInterface> KernelInterface::open(const std::string& name) {
    const unsigned index = if_nametoindex(name.c_str());
    if (index == 0 || name.size() >= IFNAMSIZ) return nullptr;
    // Protocol 0: the socket itself receives nothing. Its membership ends with it.
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) return nullptr;
    packet_mreq all{};
    all.mr_ifindex = static_cast<int>(index);
    all.mr_type = PACKET_MR_ALLMULTI;
    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
    return std::unique_ptr<KernelInterface>{new KernelInterface{fd, name}};
}

KernelInterface::~KernelInterface() { close(socket_); }

bool KernelInterface::running() const noexcept {
    // Not sysfs: inside a network namespace /sys may still show another namespace's interfaces.
    ifreq request{};
    std::memcpy(request.ifr_name, name_.c_str(), name_.size());
    if (ioctl(socket_, SIOCGIFFLAGS, &request) != 0) return false;
    return (request.ifr_flags & IFF_UP) != 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

}  // namespace tocsin::runtime
