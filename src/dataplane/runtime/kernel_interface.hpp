#pragma once

#include "dataplane/runtime/interface_lock.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::runtime {

/// A Linux interface behind a port of net_af_packet or net_af_xdp: what their drivers do not do.
/// Both report every link as up, and neither asks for multicast frames.
class KernelInterface {
public:
    /// Receives all multicast groups (IPv6 neighbour discovery) for as long as this object lives,
    /// and keeps other processes of ours in this network namespace from opening the same interface.
    /// nullptr: `error` says why.
    [[nodiscard]] static std::unique_ptr<KernelInterface> open(const std::string& name,
                                                               std::string& error);
    KernelInterface(const KernelInterface&) = delete;
    KernelInterface& operator=(const KernelInterface&) = delete;
    ~KernelInterface();

    /// Administratively up with a carrier; false also when it is gone.
    [[nodiscard]] bool running() const noexcept;

    /// The interface that the port was made for is gone, or another one has its name now: the
    /// driver does not follow it.
    [[nodiscard]] bool lost() const noexcept;

    /// Addresses that the kernel itself has on it: it answers for them beside us.
    [[nodiscard]] std::vector<std::string> kernel_addresses() const;

private:
    KernelInterface(int socket, std::unique_ptr<InterfaceLock> lock, unsigned index,
                    std::string name)
        : lock_{std::move(lock)}, socket_{socket}, index_{index}, name_{std::move(name)} {}

    std::unique_ptr<InterfaceLock> lock_;
    int socket_;
    unsigned index_;
    std::string name_;
};

}  // namespace tocsin::runtime
