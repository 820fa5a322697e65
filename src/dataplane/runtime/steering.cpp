#include "dataplane/runtime/steering.hpp"

#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include <array>
#include <cstdlib>
#include <span>
#include <vector>

namespace tocsin::runtime {

namespace {

constexpr std::array<std::uint16_t, 2> kBfdPorts{3784, 4784};  // RFC 5881 4, RFC 5883 2
// Micro-BFD, S-BFD, VXLAN and Geneve: a tunnel's source port differs from session to session.
constexpr std::array<std::uint16_t, 4> kFurtherPorts{6784, 7784, 4789, 6081};

/// Ethernet, IPv4 or IPv6, UDP to one port: spread over queues.
class Rule {
public:
    Rule(rte_flow_item_type ip, std::uint16_t udp_port, const std::vector<std::uint16_t>& queues,
         std::uint64_t rss) {
        udp_.hdr.dst_port = rte_cpu_to_be_16(udp_port);
        mask_.hdr.dst_port = rte_cpu_to_be_16(0xffff);
        items_[0].type = RTE_FLOW_ITEM_TYPE_ETH;
        items_[1].type = ip;
        items_[2].type = RTE_FLOW_ITEM_TYPE_UDP;
        items_[2].spec = &udp_;
        items_[2].mask = &mask_;
        items_[3].type = RTE_FLOW_ITEM_TYPE_END;
        rss_.types = rss;
        rss_.queue = queues.data();
        rss_.queue_num = static_cast<std::uint32_t>(queues.size());
        actions_[0].type = RTE_FLOW_ACTION_TYPE_RSS;
        actions_[0].conf = &rss_;
        actions_[1].type = RTE_FLOW_ACTION_TYPE_END;
        attributes_.ingress = 1;
    }
    Rule(const Rule&) = delete;
    Rule& operator=(const Rule&) = delete;

    [[nodiscard]] bool validate(PortId port, rte_flow_error& error) const {
        return rte_flow_validate(port.value, &attributes_, items_.data(), actions_.data(),
                                 &error) == 0;
    }
    [[nodiscard]] rte_flow* create(PortId port, rte_flow_error& error) const {
        return rte_flow_create(port.value, &attributes_, items_.data(), actions_.data(), &error);
    }

private:
    rte_flow_attr attributes_{};
    rte_flow_item_udp udp_{};
    rte_flow_item_udp mask_{};
    std::array<rte_flow_item, 4> items_{};
    rte_flow_action_rss rss_{};
    std::array<rte_flow_action, 2> actions_{};
};

std::string text_of(const rte_flow_error& error) {
    return error.message == nullptr ? rte_strerror(rte_errno) : error.message;
}

/// Validated first: all or none.
bool spread_all(PortId port, std::span<const std::uint16_t> udp_ports,
                const std::vector<std::uint16_t>& queues, std::uint64_t rss, std::string& refused) {
    rte_flow_error error{};
    std::vector<rte_flow*> made;
    for (const bool validate : {true, false}) {
        for (const rte_flow_item_type ip : {RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_IPV6}) {
            for (const std::uint16_t udp_port : udp_ports) {
                const Rule rule{ip, udp_port, queues, rss};
                if (validate) {
                    if (rule.validate(port, error)) continue;
                } else if (rte_flow* const flow = rule.create(port, error)) {
                    made.push_back(flow);
                    continue;
                }
                refused = text_of(error);
                for (rte_flow* const flow : made) rte_flow_destroy(port.value, flow, nullptr);
                return false;
            }
        }
    }
    return true;
}

std::string text_of(std::span<const std::uint16_t> ports) {
    std::string out;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        if (i != 0) out += i + 1 == ports.size() ? " and " : ", ";
        out += std::to_string(ports[i]);
    }
    return out;
}

}  // namespace

std::vector<std::uint16_t> spread_by_flow_rules(PortId port, std::uint16_t queues,
                                                std::uint64_t rss, std::string& refused) {
    std::vector<std::uint16_t> all(queues);
    for (std::uint16_t q = 0; q < queues; ++q) all[q] = q;
    std::vector<std::uint16_t> spread;
    if (!spread_all(port, kBfdPorts, all, rss, refused)) return spread;
    spread.assign(kBfdPorts.begin(), kBfdPorts.end());
    // A device may take those of tunnels for headers that it knows itself, and refuse.
    std::string ignored;
    for (const std::uint16_t further : kFurtherPorts) {
        if (spread_all(port, {&further, 1}, all, rss, ignored)) spread.push_back(further);
    }
    return spread;
}

Steering decide(const SteeringFacts& f) {
    const std::string queues = std::to_string(f.rx_queues) + " queues";
    if (f.workers == 1) return {"one queue", "there is one worker"};
    if (f.rx_queues == 1) {
        return {"software hand-over", f.driver + " has 1 receive queue for " +
                                          std::to_string(f.workers) +
                                          " workers: the first worker reads it and hands packets "
                                          "over to the others"};
    }
    const std::string rest = f.rx_queues < f.workers
                                 ? "; there are " + std::to_string(f.workers) +
                                       " workers, those without a queue are handed their packets"
                                 : std::string{};
    if (!f.flow_rules.empty()) {
        return {"rte_flow",
                "rules spread UDP to " + text_of(f.flow_rules) + " over " + queues + rest};
    }
    const std::string refused =
        "rte_flow rules are refused by " + f.driver + " (" + f.flow_rules_refused + ")";
    if (f.rss != 0) {
        const bool udp = (f.rss & RTE_ETH_RSS_UDP) != 0;
        return {"rss", "the device spreads packets over " + queues + " by " +
                           (udp ? "addresses and UDP ports" : "addresses") + "; " + refused + rest};
    }
    return {"software hand-over", f.driver + " offers no RSS and " + refused + ": its " + queues +
                                      " are read as it fills them, packets are handed over to the "
                                      "worker of their session" +
                                      rest};
}

}  // namespace tocsin::runtime
