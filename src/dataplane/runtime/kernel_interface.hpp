#pragma once

#include <memory>
#include <string>

namespace tocsin::runtime {

/// A Linux interface behind a port of net_af_packet or net_af_xdp: what their drivers do not do.
/// Both report every link as up, and neither asks for multicast frames.
class KernelInterface {
public:
    /// Receives all multicast groups (IPv6 neighbour discovery) for as long as this object lives.
    /// nullptr when the interface is not there.
    [[nodiscard]] static std::unique_ptr<KernelInterface> open(const std::string& name);
    KernelInterface(const KernelInterface&) = delete;
    KernelInterface& operator=(const KernelInterface&) = delete;
    ~KernelInterface();

    /// Administratively up with a carrier; false also when it is gone.
    [[nodiscard]] bool running() const noexcept;

private:
    KernelInterface(int socket, std::string name) : socket_{socket}, name_{std::move(name)} {}

    int socket_;
    std::string name_;
};

}  // namespace tocsin::runtime
