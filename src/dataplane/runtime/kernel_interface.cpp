#include "dataplane/runtime/kernel_interface.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tocsin::runtime {

std::unique_ptr<KernelInterface> KernelInterface::open(const std::string& name,
                                                       std::string& error) {
    const unsigned index = if_nametoindex(name.c_str());
    if (index == 0 || name.size() >= IFNAMSIZ) {
        error = "there is no interface " + name + " in this network namespace";
        return nullptr;
    }
    std::unique_ptr<InterfaceLock> lock = InterfaceLock::take(name, error);
    if (!lock) return nullptr;
    // Protocol 0: the socket itself receives nothing. Its membership ends with it.
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        error = std::string{"no packet socket: "} + std::strerror(errno) +
                "; CAP_NET_RAW and CAP_NET_ADMIN are needed";
        return nullptr;
    }
    packet_mreq all{};
    all.mr_ifindex = static_cast<int>(index);
    all.mr_type = PACKET_MR_ALLMULTI;
    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
    return std::unique_ptr<KernelInterface>{new KernelInterface{fd, std::move(lock), index, name}};
}

KernelInterface::~KernelInterface() { close(socket_); }

bool KernelInterface::lost() const noexcept { return if_nametoindex(name_.c_str()) != index_; }

std::vector<std::string> KernelInterface::kernel_addresses() const {
    std::vector<std::string> out;
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return out;
    for (const ifaddrs* a = all; a != nullptr; a = a->ifa_next) {
        if (a->ifa_addr == nullptr || name_ != a->ifa_name) continue;
        const int family = a->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        std::array<char, INET6_ADDRSTRLEN> text{};
        const void* const octets =
            family == AF_INET ? static_cast<const void*>(
                                    &reinterpret_cast<const sockaddr_in*>(a->ifa_addr)->sin_addr)
                              : &reinterpret_cast<const sockaddr_in6*>(a->ifa_addr)->sin6_addr;
        if (inet_ntop(family, octets, text.data(), text.size()) != nullptr) {
            out.emplace_back(text.data());
        }
    }
    freeifaddrs(all);
    return out;
}

bool KernelInterface::running() const noexcept {
    if (lost()) return false;
    // Not sysfs: inside a network namespace /sys may still show another namespace's interfaces.
    ifreq request{};
    std::memcpy(request.ifr_name, name_.c_str(), name_.size());
    if (ioctl(socket_, SIOCGIFFLAGS, &request) != 0) return false;
    return (request.ifr_flags & IFF_UP) != 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

}  // namespace tocsin::runtime
