#include "control/config/labels.hpp"

#include "dataplane/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace tocsin::control::config {

namespace {

/// Octets mixed into a number; not secret.
class Mix {
public:
    explicit Mix(std::uint64_t seed) noexcept : value_{seed} {}
    void add(std::uint64_t v) noexcept {
        value_ = (value_ ^ v) * 0x9e3779b97f4a7c15U;
        value_ ^= value_ >> 32U;
    }
    void add(std::span<const std::uint8_t> octets) noexcept {
        for (const std::uint8_t octet : octets) add(octet);
        add(octets.size());
    }
    void add(const IpAddress& a) noexcept {
        add(std::uint64_t{static_cast<std::uint8_t>(a.family)});
        add(std::span{a.octets});
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return (value_ ^ value_ >> 29U) * 0xbf58476d1ce4e5b9U;
    }

private:
    std::uint64_t value_;
};

void add_lsp(Mix& to, const IpAddress& local, const IpAddress& remote,
             const Labels& labels) noexcept {
    to.add(local);
    to.add(remote);
    to.add(labels.fec.type);
    to.add(labels.fec.value);
    to.add(labels.instance);
    to.add(labels.remote_discr.value);
}

}  // namespace

std::optional<std::uint8_t> select_cv_type(std::uint8_t local, std::uint8_t remote,
                                           bool control_word, bool status_is_signalled) noexcept {
    const auto both = static_cast<std::uint8_t>(local & remote);
    for (const std::uint8_t type : {kCvAchStatus, kCvAch, kCvIpUdpStatus, kCvIpUdp}) {
        if ((both & type) == 0) continue;
        if (!is_over_ip(type) && !control_word) continue;
        if (tells_status(type) && status_is_signalled) continue;
        return type;
    }
    return std::nullopt;
}

IpAddress loopback_of(AddressFamily family, std::uint64_t seed) noexcept {
    Mix mix{seed};
    mix.add(0x7f);
    const std::uint64_t v = mix.value();
    // 1..254 each: neither of these has the form of a network or of a broadcast address.
    const auto octet = [&](unsigned i) {
        return static_cast<std::uint8_t>(1U + (v >> 16U * i & 0xffffU) % 254U);
    };
    IpAddress out{.family = family};
    const std::size_t at = family == AddressFamily::V4 ? 0 : 12;
    if (at != 0) out.octets[10] = out.octets[11] = 0xff;
    out.octets[at] = 127;
    for (unsigned i = 1; i < 4; ++i) out.octets[at + i] = octet(i);
    return out;
}

std::uint64_t lsp_seed(const IpAddress& local, const IpAddress& remote,
                       const Labels& labels) noexcept {
    Mix mix{0x5884};
    add_lsp(mix, local, remote, labels);
    return mix.value();
}

void fill_label_key(SessionKey& key, const IpAddress& local, const IpAddress& remote,
                    const IpAddress& inner_src, const IpAddress& inner_dst,
                    const Labels& labels) noexcept {
    key.family = inner_dst.family;
    if (key.type == SessionType::Vccv) {
        key.instance =
            overlay::Vccv::identity(labels.label_in, labels.channel, labels.control_word);
        return;
    }
    // No packet is found by it: `local` stands for all that is the session's own.
    key.instance = labels.remote_discr.value;
    key.remote = remote.octets;
    for (std::size_t i = 0; i < 2; ++i) {
        Mix mix{i};
        add_lsp(mix, local, remote, labels);
        mix.add(inner_src);
        mix.add(inner_dst);
        const std::uint64_t v = mix.value();
        std::memcpy(&key.local[8 * i], &v, sizeof v);
    }
}

}  // namespace tocsin::control::config
