#include "control/ctl/daemon_commands.hpp"

#include "control/ctl/format.hpp"
#include "control/ctl/paging.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::ctl {

namespace {

using Daemon = v1::DaemonService::Stub;
using enum Table::Align;

std::string nanoseconds(std::uint64_t ns) {
    return milliseconds(static_cast<std::int64_t>(ns / 1000));
}

/// "3%" of 0.03.
std::string percent(double share) {
    return std::to_string(static_cast<int>(std::lround(share * 100))) + '%';
}

std::string count(double value) { return std::to_string(std::llround(value)); }

/// A whole number; "-" for 0, which stands for nothing to divide.
std::string whole(double value) { return value == 0 ? "-" : count(value); }

/// "busy, late_tx".
Cell overload(const v1::WorkerOverload& alarm) {
    if (!alarm.active()) return "-";
    std::string out;
    for (const int sign : alarm.signs()) {
        constexpr std::string_view kPrefix = "OVERLOAD_SIGN_";
        std::string name = v1::OverloadSign_Name(static_cast<v1::OverloadSign>(sign));
        if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
        std::ranges::transform(name, name.begin(), [](char c) {
            return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        });
        out += (out.empty() ? "" : ", ") + name;
    }
    return {std::move(out), Colour::Red};
}

/// Of the loop's turns, which are not told apart below a tenth of a millisecond.
std::string turn_time(const v1::WorkerLoad& load, std::uint64_t us) {
    if (load.span_ms() == 0) return "-";
    return us == 0 ? "<0.1 ms" : milliseconds(static_cast<std::int64_t>(us));
}

std::uint64_t sum(const google::protobuf::Map<std::string, std::uint64_t>& counters) {
    std::uint64_t out = 0;
    for (const auto& [name, count] : counters) out += count;
    return out;
}

std::string speed(std::uint32_t mbps) {
    if (mbps == 0) return "-";
    return mbps % 1000 == 0 ? std::to_string(mbps / 1000) + " Gb/s"
                            : std::to_string(mbps) + " Mb/s";
}

void show_neighbors(const Context& context, const v1::ListNeighborsResponse& list) {
    Table table{
        {{"PORT"}, {"ADDRESS"}, {"MAC"}, {"STATE"}, {"CONFIRMED", Right}, {"SESSIONS", Right}}};
    for (const v1::Neighbor& neighbor : list.neighbors()) {
        const bool good = neighbor.state() == v1::NEIGHBOR_STATE_REACHABLE;
        const bool failed = neighbor.state() == v1::NEIGHBOR_STATE_FAILED;
        const Colour colour = good ? Colour::Green : failed ? Colour::Red : Colour::Yellow;
        table.add({neighbor.port(), neighbor.address(), or_dash(neighbor.mac()),
                   Cell{std::string{neighbor_state_name(neighbor.state())}, colour},
                   neighbor.mac().empty()
                       ? "-"
                       : age(static_cast<std::int64_t>(neighbor.age_ms()) * 1000) + " ago",
                   std::to_string(neighbor.sessions())});
    }
    table.print(context.out, context.colour);
}

}  // namespace

ExitCode worker_list(const Context& context) {
    v1::ListWorkersResponse response;
    const auto status = context.client.call(context.client.daemon(), &Daemon::ListWorkers,
                                            v1::ListWorkersRequest{}, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context, response, response.workers());
        return ExitCode::Success;
    }
    Table table{{{"WORKER", Right},
                 {"LCORE", Right},
                 {"SESSIONS", Right},
                 {"UP", Right},
                 {"RX", Right},
                 {"TX", Right},
                 {"DROPS", Right},
                 {"RX/S", Right},
                 {"TX/S", Right},
                 {"DEMAND", Right},
                 {"BUSY", Right},
                 {"CYC/RX", Right},
                 {"CYC/TX", Right},
                 {"GAPS", Right},
                 {"TURN P50", Right},
                 {"TURN P99", Right},
                 {"TURN P99.9", Right},
                 {"TURN MAX", Right},
                 {"LATE TX P99.9", Right},
                 {"LATE TX MAX", Right},
                 {"LATE DETECT MAX", Right},
                 {"OVERLOAD"}}};
    for (const v1::Worker& worker : response.workers()) {
        const v1::WorkerLoad& load = worker.load();
        table.add({std::to_string(worker.index()),
                   std::to_string(worker.lcore()),
                   std::to_string(worker.sessions()),
                   std::to_string(worker.sessions_up()),
                   std::to_string(worker.rx_packets()),
                   std::to_string(worker.tx_packets()),
                   std::to_string(sum(worker.drops())),
                   load.span_ms() == 0 ? "-" : count(load.rx_packets_per_second()),
                   load.span_ms() == 0 ? "-" : count(load.tx_packets_per_second()),
                   percent(worker.demand().share()),
                   load.span_ms() == 0 ? "-" : percent(load.busy()),
                   whole(load.rx_cycles_per_packet()),
                   whole(load.tx_cycles_per_packet()),
                   std::to_string(worker.loop_gaps()),
                   turn_time(load, load.loop_gap_p50_us()),
                   turn_time(load, load.loop_gap_p99_us()),
                   turn_time(load, load.loop_gap_p999_us()),
                   nanoseconds(worker.loop_gap().max_ns()),
                   load.late_tx_p999_us() == 0
                       ? "-"
                       : milliseconds(static_cast<std::int64_t>(load.late_tx_p999_us())),
                   nanoseconds(worker.late_tx().max_ns()),
                   nanoseconds(worker.late_detection().max_ns()),
                   overload(worker.overload())});
    }
    table.print(context.out, context.colour);
    return ExitCode::Success;
}

/// Where the frames of a port on a VLAN are.
std::string vlan_of(const v1::Port& port) {
    std::string out = port.parent() + " VLAN ";
    for (int i = 0; i < port.vlan_size(); ++i) {
        if (i != 0) out += '.';
        out += std::to_string(port.vlan(i));
    }
    return out;
}

ExitCode port_list(const Context& context) {
    v1::ListPortsResponse response;
    const auto status = context.client.call(context.client.daemon(), &Daemon::ListPorts,
                                            v1::ListPortsRequest{}, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context, response, response.ports());
        return ExitCode::Success;
    }
    Table table{{{"NAME"},
                 {"LINK"},
                 {"SPEED", Right},
                 {"MAC"},
                 {"MTU", Right},
                 {"DRIVER"},
                 {"STEERING"},
                 {"RX", Right},
                 {"TX", Right},
                 {"MISSED", Right},
                 {"ERRORS", Right},
                 {"ADDRESSES"}}};
    for (const v1::Port& port : response.ports()) {
        const Cell link = port.link_up() ? Cell{"up", Colour::Green} : Cell{"down", Colour::Red};
        const std::string first = port.addresses().empty() ? "-" : port.addresses(0);
        const bool counts = port.parent().empty();  // of a VLAN the parent does
        const auto counted = [counts](std::uint64_t n) {
            return counts ? std::to_string(n) : std::string{"-"};
        };
        table.add({port.name(), link, speed(port.link_speed_mbps()), or_dash(port.mac()),
                   std::to_string(port.mtu()), counts ? or_dash(port.driver()) : vlan_of(port),
                   or_dash(port.steering()), counted(port.rx_packets()), counted(port.tx_packets()),
                   counted(port.rx_missed()), counted(port.rx_errors() + port.tx_errors()), first});
        for (int i = 1; i < port.addresses_size(); ++i) {
            table.add({"", "", "", "", "", "", "", "", "", "", "", port.addresses(i)});
        }
    }
    table.print(context.out, context.colour);
    for (const v1::Port& port : response.ports()) {
        if (!port.parent().empty()) continue;
        if (port.rx_queues() > 1 || port.steering() == "software hand-over") {
            context.out << port.name() << ": " << port.steering_reason() << '\n';
        }
    }
    return ExitCode::Success;
}

ExitCode neighbor_list(const Context& context, const NeighborOptions& options) {
    v1::ListNeighborsRequest request;
    request.set_port(options.port);
    v1::ListNeighborsResponse list;
    std::uint64_t shown = 0;
    const grpc::Status status = read_pages(
        context, options.all, request, list, shown,
        [&](const auto& wanted, auto& page) {
            return context.client.call(context.client.daemon(), &Daemon::ListNeighbors, wanted,
                                       page);
        },
        [](auto& page) -> auto& { return *page.mutable_neighbors(); });
    if (!status.ok()) return context.fail(status);
    if (context.format == Format::Json) print_json(context.out, list, Format::Json);
    if (context.format == Format::Table) show_neighbors(context, list);
    tell_of_more(context, list, shown, "neighbours");
    return ExitCode::Success;
}

ExitCode key_chain_list(const Context& context) {
    v1::ListKeyChainsResponse response;
    const auto status = context.client.call(context.client.daemon(), &Daemon::ListKeyChains,
                                            v1::ListKeyChainsRequest{}, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context, response, response.key_chains());
        return ExitCode::Success;
    }
    using enum Table::Align;
    Table table{{{"CHAIN"},
                 {"SESSIONS", Right},
                 {"KEY", Right},
                 {"NOW"},
                 {"ACCEPTED FROM"},
                 {"UNTIL"},
                 {"SIGNS FROM"},
                 {"UNTIL"}}};
    constexpr std::int64_t kSecond = 1'000'000;
    const auto bound = [](std::int64_t s, const char* none) {
        return s == 0 ? std::string{none} : time_of(s * kSecond).substr(0, 19) + "Z";
    };
    for (const v1::KeyChain& chain : response.key_chains()) {
        for (const v1::Key& key : chain.keys()) {
            const bool first = &key == &chain.keys(0);
            const Cell now = key.signing()    ? Cell{"signs", Colour::Green}
                             : key.accepted() ? Cell{"accepted"}
                                              : Cell{"-"};
            table.add({first ? chain.name() : "", first ? std::to_string(chain.sessions()) : "",
                       std::to_string(key.id()), now, bound(key.accept().from(), "always"),
                       bound(key.accept().until(), "forever"), bound(key.send().from(), "always"),
                       bound(key.send().until(), "forever")});
        }
    }
    table.print(context.out, context.colour);
    for (const v1::KeyChain& chain : response.key_chains()) {
        if (std::ranges::any_of(chain.keys(), &v1::Key::signing)) continue;
        context.out << chain.name() << ": no key may sign now, its sessions send nothing\n";
    }
    return ExitCode::Success;
}

ExitCode stats(const Context& context) {
    v1::GetStatsResponse response;
    const auto status = context.client.call(context.client.daemon(), &Daemon::GetStats,
                                            v1::GetStatsRequest{}, response);
    if (!status.ok()) return context.fail(status);
    if (context.format != Format::Table) {
        print_json(context.out, response, context.format);
        return ExitCode::Success;
    }
    Properties out;
    out.add("Sessions Up", std::to_string(response.sessions_up()));
    out.add("Sessions Init", std::to_string(response.sessions_init()));
    out.add("Sessions Down", std::to_string(response.sessions_down()));
    out.add("Sessions AdminDown", std::to_string(response.sessions_admin_down()));
    if (response.sessions_waiting() != 0) {
        out.add("Sessions waiting for a worker", std::to_string(response.sessions_waiting()));
    }
    out.gap();
    out.add("Control packets received", std::to_string(response.rx_packets()));
    out.add("Control packets sent", std::to_string(response.tx_packets()));
    out.add("Transitions into Up", std::to_string(response.transitions_up()));
    out.add("Transitions out of Up", std::to_string(response.transitions_down()));
    out.add("Frames for the slow path", std::to_string(response.punted()));
    out.add("Frames of the slow path sent", std::to_string(response.frames_sent()));
    out.add("Watchers", std::to_string(response.watchers()));
    if (!response.drops().empty()) out.gap();
    const std::map<std::string, std::uint64_t> drops{response.drops().begin(),
                                                     response.drops().end()};
    for (const auto& [reason, count] : drops) out.add("Dropped, " + reason, std::to_string(count));
    out.print(context.out, context.colour);
    return ExitCode::Success;
}

ExitCode version(const Context& context, std::string_view own_version) {
    v1::GetVersionResponse response;
    const auto status = context.client.call(context.client.daemon(), &Daemon::GetVersion,
                                            v1::GetVersionRequest{}, response);
    if (context.format != Format::Table) {
        context.out << "{\"tocsinctl\": \"" << own_version << "\", \"tocsind\": "
                    << (status.ok() ? json(response, Format::JsonLines) : "null") << "}\n";
        return ExitCode::Success;
    }
    context.out << "tocsinctl " << own_version << '\n';
    if (!status.ok()) {
        context.out << "tocsind   not reachable at " << context.client.socket() << '\n';
        return ExitCode::Success;
    }
    context.out << "tocsind   " << response.version() << " on " << response.dpdk() << ", started "
                << time_of(response.started_us()) << ", room for " << response.max_sessions()
                << " sessions\n";
    if (!response.config_file().empty())
        context.out << "          " << response.config_file() << '\n';
    return ExitCode::Success;
}

}  // namespace tocsin::control::ctl
