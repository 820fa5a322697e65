#include "control/ctl/client.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <utility>

namespace tocsin::control::ctl {

namespace {

constexpr int kConnectTimeoutMs = 5000;
constexpr int kLongestBackoffMs = 1000;  // of `watch`, which waits for the daemon to come back

std::shared_ptr<grpc::Channel> open_channel(const std::string& socket) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);  // a page of 10,000 sessions is more than the default
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    // Despite its name also the time that one attempt may take: a busy daemon needs a moment to
    // greet.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestBackoffMs);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(socket, grpc::InsecureChannelCredentials(), arguments);
}

bool may_not_open(const std::string& socket) {
    constexpr std::string_view kScheme = "unix:";
    return socket.starts_with(kScheme) &&
           access(socket.c_str() + kScheme.size(), R_OK | W_OK) != 0 && errno == EACCES;
}

/// A field of a request, without what it is in, as the option that it came from.
std::string option_of(std::string_view field) {
    static constexpr std::pair<std::string_view, std::string_view> kOptions[]{
        {"desired_min_tx_interval_us", "--tx"},
        {"required_min_rx_interval_us", "--rx"},
        {"demand_mode", "--demand"},
        {"demand_poll_interval_us", "--demand-poll"},
        {"desired_min_echo_tx_interval_us", "--echo-tx"},
        {"required_min_echo_rx_interval_us", "--echo-rx"},
        {"states", "--state"},
        {"up_hold_ms", "--up-hold"},
        {"down_hold_ms", "--down-hold"},
    };
    // Those whose option has their name.
    static constexpr std::string_view kSame[]{"congestion_control",
                                              "dampening",
                                              "detect_mult",
                                              "dscp",
                                              "inner_dst",
                                              "inner_dst_mac",
                                              "inner_priority",
                                              "inner_src",
                                              "inner_src_mac",
                                              "inner_vlan",
                                              "interval_alignment",
                                              "key_chain",
                                              "local",
                                              "match_source",
                                              "min_ttl",
                                              "name",
                                              "outer_checksum",
                                              "padded_pdu_size",
                                              "passive",
                                              "payload",
                                              "port",
                                              "profile",
                                              "remote",
                                              "ttl",
                                              "type",
                                              "vni"};
    const auto* const found =
        std::ranges::find(kOptions, field, &std::pair<std::string_view, std::string_view>::first);
    if (found != std::end(kOptions)) return std::string{found->second};
    const std::string_view whole = field.substr(0, field.find('['));  // inner_vlan[1]
    if (std::ranges::find(kSame, whole) == std::end(kSame)) return std::string{field};
    std::string out = "--" + std::string{whole};
    std::ranges::replace(out, '_', '-');
    return out;
}

/// A fault's path and text in words of the command line.
std::string in_options_one(std::string_view message) {
    const auto colon = message.find(": ");
    if (colon == message.npos || message.find(' ') < colon) return std::string{message};
    std::string_view path = message.substr(0, colon);
    const std::string text{message.substr(colon)};
    if (path.starts_with("sessions[") && path.ends_with("].remote")) {
        return "REMOTE" + text;  // of `session add`, where it is no option
    }
    if (path.ends_with(".auth.type") || path.ends_with(".auth")) return "--auth" + text;
    constexpr std::string_view kDampening = ".dampening.";
    if (const auto at = path.find(kDampening); at != path.npos) {
        return "--dampening: " + std::string{path.substr(at + kDampening.size())} + text;
    }
    const auto dot = path.rfind('.');
    if (dot != path.npos) return option_of(path.substr(dot + 1)) + text;
    if (path.starts_with("session")) return text.substr(2);  // all of it: the text says which one
    return (path == "port" ? option_of(path) : std::string{path}) + text;
}

/// Faults name fields of the request, such as `sessions[0].port: ...`, one after the other; a
/// person has typed options.
std::string in_options(std::string_view message) {
    constexpr std::string_view kNext = "; sessions[";
    std::string out;
    while (true) {
        const auto end = std::min(message.find(kNext), message.size());
        out += in_options_one(message.substr(0, end));
        if (end == message.size()) return out;
        out += "; ";
        message.remove_prefix(end + 2);
    }
}

/// What the file system says about a Unix socket that nobody answers on.
std::string_view socket_hint(const std::string& socket) {
    constexpr std::string_view kScheme = "unix:";
    if (!socket.starts_with(kScheme)) return {};
    errno = 0;
    if (access(socket.c_str() + kScheme.size(), R_OK | W_OK) == 0) return {};
    return errno == ENOENT ? " (there is no such socket)" : "";
}

}  // namespace

Client::Client(std::string socket, std::chrono::milliseconds timeout, Stop& stop)
    : socket_{std::move(socket)},
      timeout_{timeout},
      stop_{stop},
      channel_{open_channel(socket_)},
      sessions_{v1::SessionService::NewStub(channel_)},
      watch_{v1::WatchService::NewStub(channel_)},
      daemon_{v1::DaemonService::NewStub(channel_)},
      config_{v1::ConfigService::NewStub(channel_)},
      unsolicited_{v1::UnsolicitedService::NewStub(channel_)},
      lags_{v1::LagService::NewStub(channel_)},
      sbfd_{v1::SbfdService::NewStub(channel_)} {}

std::string Client::explain(const grpc::Status& status) const {
    switch (status.error_code()) {
        case grpc::StatusCode::UNAVAILABLE:
            if (may_not_open(socket_)) {
                return "no permission on " + socket_ + ": run as its owner or as root";
            }
            return "cannot reach tocsind at " + socket_ + std::string{socket_hint(socket_)} +
                   ": is it running? start it with `tocsind --config FILE` or name another socket "
                   "with --socket";
        case grpc::StatusCode::DEADLINE_EXCEEDED:
            return "tocsind at " + socket_ + " gave no answer within " +
                   std::to_string(timeout_.count()) +
                   " ms: look at its log, or allow more with --timeout";
        case grpc::StatusCode::CANCELLED:
            return "interrupted";
        case grpc::StatusCode::UNIMPLEMENTED:
            return "tocsind at " + socket_ +
                   " does not know this call: compare `tocsinctl version`";
        default:
            break;
    }
    if (!status.error_message().empty()) return in_options(status.error_message());
    return "tocsind refused without a reason (gRPC status " + std::to_string(status.error_code()) +
           ')';
}

}  // namespace tocsin::control::ctl
