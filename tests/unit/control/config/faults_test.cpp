#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

struct Case {
    const char* what;
    std::string toml;
    const char* path;
    const char* words;
};

class FaultCases : public testing::TestWithParam<Case> {};

TEST_P(FaultCases, AreReportedOnceWithPathAndAdvice) {
    expect_fault(GetParam().toml, GetParam().path, GetParam().words);
}

std::string port(const std::string& name, const std::string& device, const std::string& rest) {
    return "[[port]]\nname=\"" + name + "\"\ndevice=\"" + device + "\"\n" + rest + "\n";
}
std::string session(const std::string& rest) { return kBase + "[[session]]\n" + rest + "\n"; }
std::string peer(const std::string& rest) { return session("remote=\"192.0.2.2\"\n" + rest); }
std::string with(const std::string& table) { return kBase + table + "\n"; }
std::string many_addresses(int n) {
    std::string out;
    for (int i = 1; i <= n; ++i) out += "\"192.0.2." + std::to_string(i) + "/24\",";
    return out;
}

std::string addresses(const std::string& list) {
    return port("a", "net_tap0", "addresses=[" + list + "]");
}
std::string route(const std::string& rest) { return kPort + "[[port.route]]\n" + rest + "\n"; }

const Case kCases[] = {
    // The file
    {"NoPort", "", "port", "no [[port]]"},
    {"UnknownTable", with("[deamon]"), "deamon", "did you mean \"daemon\"?"},
    {"PluralTable", with("[[sessions]]"), "sessions", "did you mean \"session\"?"},
    {"UnknownWithoutLikeness", with("[xyzzy]"), "xyzzy",
     "there is no such key at the top of the file"},
    {"QuotedKey", peer("\"foo.bar\" = 1"), "session[0].\"foo.bar\"", "no such key"},
    {"Offload", with("[offload.frr]\nconnect=[]"), "offload", "does not offer it yet"},
    {"Actuator", with("[[actuator]]\ntype=\"gobgp\""), "actuator", "does not offer it yet"},
    {"TableInsteadOfArray", "[port]\nname=\"a\"\n", "port", "write [[port]] with double brackets"},
    {"ArrayInsteadOfTable", with("[[daemon]]\nstate_dir=\"/x\""), "daemon",
     "write [daemon] with single"},
    {"ValueInsteadOfTable", "daemon = 3\n" + kBase, "daemon", "write a table, [daemon]"},
    {"WordOfAnotherImplementation", peer("transmit-interval = 50"), "session[0].transmit-interval",
     "did you mean \"desired_min_tx_interval\"?"},
    {"MultiplierOfAnother", peer("multiplier = 3"), "session[0].multiplier",
     "did you mean \"detect_mult\"?"},
    {"WordThatMeansNothingHere", with("[api]\nmultiplier=3"), "api.multiplier",
     "there is no such key"},
    {"ValueInsteadOfTableOfASession", peer("dampening = true"), "session[0].dampening",
     "write a table, dampening = { ... }"},
    // [daemon]
    {"StateDirRelative", with("[daemon]\nstate_dir=\"x\""), "daemon.state_dir",
     "not an absolute path"},
    {"StateDirType", with("[daemon]\nstate_dir=5"), "daemon.state_dir", "write a string in quotes"},
    {"LogLevel", with("[daemon]\nlog={level=\"loud\"}"), "daemon.log.level",
     "write \"debug\", \"info\", \"warn\" or \"error\""},
    {"LogFormat", with("[daemon]\nlog={format=\"xml\"}"), "daemon.log.format",
     "\"text\" or \"json\""},
    {"LogKey", with("[daemon]\nlog={levle=\"info\"}"), "daemon.log.levle",
     "did you mean \"level\"?"},
    {"ShutdownShort", with("[daemon]\nshutdown_timeout=\"99ms\""), "daemon.shutdown_timeout",
     "100ms..60s"},
    {"ShutdownLong", with("[daemon]\nshutdown_timeout=\"60001ms\""), "daemon.shutdown_timeout",
     "100ms..60s"},
    {"ShutdownFine", with("[daemon]\nshutdown_timeout=\"1.0005s\""), "daemon.shutdown_timeout",
     "whole milli"},
    {"DurationWithoutUnit", with("[daemon]\nshutdown_timeout=\"50\""), "daemon.shutdown_timeout",
     "write \"50ms\""},
    // [dataplane]
    {"WorkerNegative", with("[dataplane]\nworkers=[-1]"), "dataplane.workers[0]", "0..127"},
    {"WorkerHigh", with("[dataplane]\nworkers=[1,128]"), "dataplane.workers[1]", "0..127"},
    {"WorkerTwice", with("[dataplane]\nworkers=[1,1]"), "dataplane.workers[1]", "listed twice"},
    {"WorkerText", with("[dataplane]\nworkers=[1,\"2\"]"), "dataplane.workers[1]",
     "not an integer"},
    {"WorkersNoArray", with("[dataplane]\nworkers=1"), "dataplane.workers", "an array of integers"},
    {"MaxSessionsZero", with("[dataplane]\nmax_sessions=0"), "dataplane.max_sessions",
     "1..16000000"},
    {"MaxSessionsHigh", with("[dataplane]\nmax_sessions=16000001"), "dataplane.max_sessions",
     "1..16000000"},
    {"MaxSessionsOverflow", with("[dataplane]\nmax_sessions=99999999999999999999"),
     "dataplane.max_sessions", "99999999999999999999 is out of range"},
    {"MaxSessionsFraction", with("[dataplane]\nmax_sessions=1.5"), "dataplane.max_sessions",
     "an integer"},
    {"Idle", with("[dataplane]\nidle=\"sleep\""), "dataplane.idle", "\"poll\" or \"adaptive\""},
    {"HugePages", with("[dataplane]\nhuge_pages=\"no\""), "dataplane.huge_pages",
     "\"require\" or \"off\""},
    {"Admission", with("[dataplane]\nadmission=\"yes\""), "dataplane.admission",
     "\"refuse\", \"warn\" or \"off\""},
    {"HistoryLow", with("[dataplane]\nhistory=3"), "dataplane.history", "0 (none) or 4..64"},
    {"HistoryHigh", with("[dataplane]\nhistory=65"), "dataplane.history", "0 (none) or 4..64"},
    {"HistoryNegative", with("[dataplane]\nhistory=-1"), "dataplane.history", "-1 is out of range"},
    {"MemoryLow", with("[dataplane]\nmemory_mb=63"), "dataplane.memory_mb", "64..1048576"},
    {"MemoryHigh", with("[dataplane]\nmemory_mb=1048577"), "dataplane.memory_mb", "64..1048576"},
    {"EalArgs", with("[dataplane]\neal_args=[1]"), "dataplane.eal_args[0]", "not a string"},
    // [api], [metrics]
    {"ListenText", with("[api]\nlisten=\"unix:/a\""), "api.listen", "[\"unix:/a\"]"},
    {"ListenTcp", with("[api]\nlisten=[\"tcp:0.0.0.0:1\"]"), "api.listen[0]", "not offered yet"},
    {"ListenRelative", with("[api]\nlisten=[\"unix:a\"]"), "api.listen[0]", "absolute path"},
    {"ListenDirectory", with("[api]\nlisten=[\"unix:/run/\"]"), "api.listen[0]", "absolute path"},
    {"ListenLong", with("[api]\nlisten=[\"unix:/" + std::string(107, 'x') + "\"]"), "api.listen[0]",
     "at most 107"},
    {"ListenTwice", with("[api]\nlisten=[\"unix:/a\",\"unix:/a\"]"), "api.listen[1]",
     "listed twice"},
    {"ListenEmpty", with("[api]\nlisten=[]"), "api.listen", "is empty"},
    {"ListenWithoutScheme", with("[api]\nlisten=[\"/run/x.sock\"]"), "api.listen[0]",
     "write \"unix:/run/x.sock\""},
    {"InterfaceTwice",
     port("a", "net_af_packet0,iface=eth1", "") + port("b", "net_af_xdp0,iface=eth1", ""),
     "port[1].device", "interface eth1 is already used by port[0]"},
    {"MetricsIpv6", with("[metrics]\nlisten=\"[::1]:9000\""), "metrics.listen", "IPv6"},
    {"MetricsNoPort", with("[metrics]\nlisten=\"127.0.0.1\""), "metrics.listen", "ADDRESS:PORT"},
    {"MetricsPortZero", with("[metrics]\nlisten=\"127.0.0.1:0\""), "metrics.listen",
     "ADDRESS:PORT"},
    {"MetricsPortHigh", with("[metrics]\nlisten=\"127.0.0.1:65536\""), "metrics.listen",
     "ADDRESS:PORT"},
    {"MetricsName", with("[metrics]\nlisten=\"localhost:1\""), "metrics.listen", "ADDRESS:PORT"},
    {"MetricsIpv6Bare", with("[metrics]\nlisten=\"::1:9000\""), "metrics.listen", "ADDRESS:PORT"},
    // [[port]]
    {"PortName", port("a b", "net_tap0", ""), "port[0].name", "1..32 letters"},
    {"PortNameLong", port(std::string(33, 'a'), "net_tap0", ""), "port[0].name", "1..32 letters"},
    {"PortNameMissing", "[[port]]\ndevice=\"net_tap0\"\n", "port[0].name", "is missing"},
    {"PortNameTwice", port("a", "net_tap0", "") + port("a", "net_tap1", ""), "port[1].name",
     "already the name of port[0]"},
    {"DeviceMissing", "[[port]]\nname=\"a\"\n", "port[0].device", "is missing"},
    {"DeviceKernelName", port("a", "eth0", ""), "port[0].device", "net_af_xdp0,iface=eth0"},
    {"DeviceEmpty", port("a", "", ""), "port[0].device", "neither a PCI address nor a vdev"},
    {"DeviceTwice", port("a", "net_tap0", "") + port("b", "net_tap0,iface=x", ""), "port[1].device",
     "already the device of port[0]"},
    {"AddressNoLength", addresses("\"192.0.2.1\""), "port[0].addresses[0]", "\"192.0.2.1/24\""},
    {"AddressNonsense", addresses("\"x/24\""), "port[0].addresses[0]", "not ADDRESS/LENGTH"},
    {"AddressLength", addresses("\"192.0.2.1/33\""), "port[0].addresses[0]", "not ADDRESS/LENGTH"},
    {"AddressLengthZero", addresses("\"192.0.2.1/0\""), "port[0].addresses[0]", "has the length 0"},
    {"AddressNetwork", addresses("\"192.0.2.0/24\""), "port[0].addresses[0]",
     "is the network address"},
    {"AddressBroadcast", addresses("\"192.0.2.255/24\""), "port[0].addresses[0]",
     "is the broadcast"},
    {"AddressMulticast", addresses("\"ff02::1/64\""), "port[0].addresses[0]", "multicast"},
    {"AddressLoopback", addresses("\"127.0.0.1/8\""), "port[0].addresses[0]", "loopback"},
    {"AddressMapped", addresses("\"::ffff:192.0.2.1/96\""), "port[0].addresses[0]",
     "write it as IPv4"},
    {"AddressType", addresses("1"), "port[0].addresses[0]", "not a string"},
    {"AddressesOverlap", addresses("\"192.0.2.1/24\",\"192.0.2.9/28\""), "port[0].addresses",
     "overlap"},
    {"AddressesTooMany", addresses(many_addresses(64)), "port[0].addresses", "at most 63"},
    {"AddressTwice",
     port("a", "net_tap0", "addresses=[\"192.0.2.1/24\"]") +
         port("b", "net_tap1", "addresses=[\"192.0.2.1/24\"]"),
     "port[1].addresses", "already an address of port[0]"},
    {"ModeShared", port("a", "net_tap0", "mode=\"shared\""), "port[0].mode", "not offered yet"},
    {"ModeOther", port("a", "net_tap0", "mode=\"half\""), "port[0].mode", "write \"whole\""},
    {"ExceptionTap", port("a", "net_tap0", "exception=\"tap\""), "port[0].exception",
     "not offered yet"},
    {"ExceptionOther", port("a", "net_tap0", "exception=\"x\""), "port[0].exception",
     "write \"none\""},
    {"PointToPointType", port("a", "net_tap0", "point_to_point=1"), "port[0].point_to_point",
     "true or false"},
    {"TunnelsWithoutChecksum", port("a", "net_tap0", "tunnels_without_checksum=\"v6\""),
     "port[0].tunnels_without_checksum", "true or false"},
    {"RxChecksum", port("a", "net_tap0", "rx_checksum=\"yes\""), "port[0].rx_checksum",
     "\"verify\""},
    {"DescriptorsLow", port("a", "net_tap0", "rx_descriptors=63"), "port[0].rx_descriptors",
     "64..32768"},
    {"DescriptorsHigh", port("a", "net_tap0", "tx_descriptors=32769"), "port[0].tx_descriptors",
     "64..32768"},
    {"PortKey", port("a", "net_tap0", "adresses=[]"), "port[0].adresses",
     "did you mean \"addresses\"?"},
    {"RouteHostBits", route("to=\"10.0.0.1/8\"\nvia=\"192.0.2.254\""), "port[0].route[0].to",
     "\"10.0.0.0/8\""},
    {"RouteTo", route("to=\"10.0.0.0\"\nvia=\"192.0.2.254\""), "port[0].route[0].to",
     "not NETWORK/LENGTH"},
    {"RouteToMissing", route("via=\"192.0.2.254\""), "port[0].route[0].to", "is missing"},
    {"RouteViaMissing", route("to=\"10.0.0.0/8\""), "port[0].route[0].via", "is missing"},
    {"RouteVia", route("to=\"10.0.0.0/8\"\nvia=\"gw\""), "port[0].route[0].via",
     "not an IPv4 or IPv6"},
    {"RouteViaMulticast", route("to=\"10.0.0.0/8\"\nvia=\"224.0.0.1\""), "port[0].route[0].via",
     "multicast"},
    {"RouteOffLink", route("to=\"10.0.0.0/8\"\nvia=\"172.16.0.1\""), "port[0].route[0].via",
     "on the link"},
    {"RouteOwn", route("to=\"10.0.0.0/8\"\nvia=\"192.0.2.1\""), "port[0].route[0].via",
     "own address"},
    {"RouteBroadcast", route("to=\"10.0.0.0/8\"\nvia=\"192.0.2.255\""), "port[0].route[0].via",
     "broadcast"},
    {"RouteFamilies", route("to=\"10.0.0.0/8\"\nvia=\"2001:db8::2\""), "port[0].route[0].via",
     "families"},
    {"RouteTwice",
     route("to=\"10.0.0.0/8\"\nvia=\"192.0.2.254\"\n[[port.route]]\nto=\"10.0.0.0/"
           "8\"\nvia=\"192.0.2.253\""),
     "port[0].route[1].to", "already the destination of port[0].route[0]"},
    {"RouteNoArray", kPort + "route = 3\n", "port[0].route", "write [[port.route]]"},
    // [[profile]]
    {"ProfileNameMissing", kPort + "[[profile]]\ndetect_mult=3\n", "profile[0].name", "is missing"},
    {"ProfileName", kPort + "[[profile]]\nname=\"\"\n", "profile[0].name", "1..64 letters"},
    {"ProfileTwice", kBase + kProfile, "profile[1].name", "already the name of profile[0]"},
    {"ProfileMultLow", kPort + "[[profile]]\nname=\"a\"\ndetect_mult=0\n", "profile[0].detect_mult",
     "1..255"},
    {"ProfileMultHigh", kPort + "[[profile]]\nname=\"a\"\ndetect_mult=256\n",
     "profile[0].detect_mult", "1..255"},
    {"ProfileTx", kPort + "[[profile]]\nname=\"a\"\ndesired_min_tx_interval=\"0us\"\n",
     "profile[0].desired_min_tx_interval", "1ms..4294967295us"},
    {"ProfileRx", kPort + "[[profile]]\nname=\"a\"\nrequired_min_rx_interval=\"4294967296us\"\n",
     "profile[0].required_min_rx_interval", "1ms..4294967295us"},
    {"ProfileKey", kPort + "[[profile]]\nname=\"a\"\nmultiplier=3\n", "profile[0].multiplier",
     "no such key"},
    // [[session]]: parameters
    {"MultZero", peer("detect_mult=0"), "session[0].detect_mult", "0 is out of range: 1..255"},
    {"MultHigh", peer("detect_mult=256"), "session[0].detect_mult", "1..255"},
    {"MultNegative", peer("detect_mult=-3"), "session[0].detect_mult", "-3 is out of range"},
    {"MultText", peer("detect_mult=\"3\""), "session[0].detect_mult", "write an integer"},
    {"TxZero", peer("desired_min_tx_interval=\"0us\""), "session[0].desired_min_tx_interval",
     "1ms.."},
    {"TxNumber", peer("desired_min_tx_interval=50"), "session[0].desired_min_tx_interval",
     "\"50ms\""},
    {"TxFine", peer("desired_min_tx_interval=\"0.5us\""), "session[0].desired_min_tx_interval",
     "whole number"},
    {"TxNegative", peer("desired_min_tx_interval=\"-1ms\""), "session[0].desired_min_tx_interval",
     "negative"},
    {"RxLong", peer("required_min_rx_interval=\"4295s\""), "session[0].required_min_rx_interval",
     "out of range"},
    {"RxUnit", peer("required_min_rx_interval=\"1min\""), "session[0].required_min_rx_interval",
     "unknown unit"},
    {"DscpHigh", peer("dscp=64"), "session[0].dscp", "0..63"},
    {"DscpNegative", peer("dscp=-1"), "session[0].dscp", "0..63"},
    {"MinTtl", peer("min_ttl=254"), "session[0].min_ttl", "TTL 255"},
    {"PassiveText", peer("passive=\"yes\""), "session[0].passive", "true or false"},
    {"TypeMicro", peer("type=\"micro\""), "session[0].type", "write a [[lag]]"},
    {"TypeUnknown", peer("type=\"hop\""), "session[0].type", "write \"single_hop\""},
    {"Auth", peer("auth={type=\"x\", key_chain=\"a\"}"), "session[0].auth.type",
     "is not a type of authentication"},
    {"AuthUnknownChain", peer("auth={type=\"keyed_md5\", key_chain=\"a\"}"),
     "session[0].auth.key_chain", "has no [[key_chain]]"},
    {"SessionKey", peer("detect_multiplier=3"), "session[0].detect_multiplier",
     "did you mean \"detect_mult\"?"},
    {"SessionName", peer("name=\"a b\""), "session[0].name", "1..64 letters"},
    {"SessionNameEmpty", peer("name=\"\""), "session[0].name", "is empty"},
    {"Profile", peer("profile=\"fats\""), "session[0].profile", "did you mean \"fast\"?"},
    {"Port", peer("port=\"wan1\""), "session[0].port", "did you mean \"wan0\"?"},
    // [[session]]: addresses
    {"RemoteMissing", session("name=\"a\""), "session[0].remote", "is missing"},
    {"RemoteType", session("remote=5"), "session[0].remote", "a string in quotes"},
    {"RemoteNonsense", session("remote=\"router1\""), "session[0].remote",
     "not an IPv4 or IPv6 address"},
    {"RemoteZone", session("remote=\"fe80::2%eth0\""), "session[0].remote", "has a zone"},
    {"RemoteLength", session("remote=\"192.0.2.2/24\""), "session[0].remote",
     "has a prefix length"},
    {"RemoteMulticast", session("remote=\"224.0.0.5\""), "session[0].remote", "multicast"},
    {"RemoteMulticast6", session("remote=\"ff02::5\""), "session[0].remote", "multicast"},
    {"RemoteUnspecified", session("remote=\"0.0.0.0\""), "session[0].remote", "unspecified"},
    {"RemoteUnspecified6", session("remote=\"::\""), "session[0].remote", "unspecified"},
    {"RemoteLoopback", session("remote=\"127.0.0.1\""), "session[0].remote", "loopback"},
    {"RemoteLoopback6", session("remote=\"::1\""), "session[0].remote", "loopback"},
    {"RemoteBroadcast", session("remote=\"255.255.255.255\""), "session[0].remote", "broadcast"},
    {"RemoteReserved", session("remote=\"240.0.0.1\""), "session[0].remote", "reserved"},
    {"RemoteNetwork", session("remote=\"192.0.2.0\""), "session[0].remote",
     "network address of 192.0.2.1/24"},
    {"RemoteSubnetBroadcast", session("remote=\"192.0.2.255\""), "session[0].remote",
     "broadcast address of"},
    {"RemoteOwn", session("remote=\"192.0.2.1\""), "session[0].remote", "our own address"},
    {"RemoteOffLink", session("remote=\"198.51.100.1\""), "session[0].remote",
     "in no subnet of any port"},
    {"RemoteOffPort", session("remote=\"198.51.100.1\"\nport=\"wan0\""), "session[0].remote",
     "in no subnet of port wan0 (192.0.2.1/24, 2001:db8::1/64)"},
    {"LocalOther", peer("local=\"192.0.2.9\""), "session[0].local", "not an address of port wan0"},
    {"LocalFamily", peer("local=\"2001:db8::1\""), "session[0].local", "different families"},
    {"LocalNonsense", peer("local=\"me\""), "session[0].local", "not an IPv4 or IPv6 address"},
    {"LocalLinkLocal", session("remote=\"2001:db8::2\"\nlocal=\"fe80::1\""), "session[0].local",
     "not an address of port"},
    {"SeveralPorts",
     kPort + port("b", "net_tap1", "addresses=[\"192.0.2.9/24\"]") +
         "[[session]]\nremote=\"192.0.2.2\"\n",
     "session[0].port", "several (wan0, b)"},
    {"LinkLocalSeveralPorts",
     kPort + port("b", "net_tap1", "") + "[[session]]\nremote=\"fe80::2\"\n", "session[0].port",
     "several (wan0, b)"},
    // [[session]]: together
    {"NameTwice", peer("name=\"a\"\n[[session]]\nname=\"a\"\nremote=\"192.0.2.3\""),
     "session[1].name", "already the name of session[0]"},
    {"PeerTwice", peer("[[session]]\nport=\"wan0\"\nremote=\"192.0.2.2\""), "session[1].remote",
     "already the peer of session[0]"},
    {"PointToPointTwice",
     port("a", "net_tap0", "point_to_point=true\naddresses=[\"192.0.2.1/24\"]") +
         "[[session]]\nremote=\"192.0.2.2\"\n[[session]]\nremote=\"192.0.2.3\"\n",
     "session[1].remote", "point-to-point and session[0]"},
    {"TooMany", peer("[[session]]\nremote=\"192.0.2.3\"\n[dataplane]\nmax_sessions=1"),
     "dataplane.max_sessions", "the 2 sessions of this file"},
};

INSTANTIATE_TEST_SUITE_P(Config, FaultCases, testing::ValuesIn(kCases),
                         [](const auto& fault) { return std::string{fault.param.what}; });

TEST(Faults, OfAddressesDoNotDragSessionsAlong) {
    expect_fault(addresses("\"192.0.2.1\"") + "[[session]]\nremote=\"192.0.2.2\"\n",
                 "port[0].addresses[0]", "no prefix length");
}

TEST(Faults, QuoteControlCharactersInsteadOfPrintingThem) {
    const LoadResult result = load_text(session("remote=\"a\\u001b[31mb\""));
    ASSERT_EQ(result.faults.size(), 1U);
    EXPECT_EQ(result.faults[0].message.find('\x1b'), std::string::npos);
    EXPECT_NE(result.faults[0].message.find("\\x1b"), std::string::npos);
}

TEST(Ranges, AreAcceptedAtBothEnds) {
    for (const char* good :
         {"detect_mult=1", "detect_mult=255", "dscp=0", "dscp=63", "min_ttl=255",
          "desired_min_tx_interval=\"1ms\"", "desired_min_tx_interval=\"4294967295us\"",
          "required_min_rx_interval=\"1ms\"", "required_min_rx_interval=\"4294967.295ms\""}) {
        EXPECT_TRUE(load_text(peer(good)).ok()) << good << all(load_text(peer(good)));
    }
    for (const char* good :
         {"[daemon]\nshutdown_timeout=\"100ms\"", "[daemon]\nshutdown_timeout=\"60s\"",
          "[dataplane]\nworkers=[]", "[dataplane]\nworkers=[0,127]", "[dataplane]\nmax_sessions=1",
          "[dataplane]\nmax_sessions=16_000_000", "[dataplane]\nhistory=0",
          "[dataplane]\nhistory=4", "[dataplane]\nhistory=64", "[dataplane]\nmemory_mb=0",
          "[dataplane]\nmemory_mb=64", "[dataplane]\nmemory_mb=1048576",
          "[metrics]\nlisten=\"0.0.0.0:1\"", "[metrics]\nlisten=\"127.0.0.1:65535\""}) {
        EXPECT_TRUE(load_text(with(good)).ok()) << good << all(load_text(with(good)));
    }
    EXPECT_TRUE(load_text(port(std::string(32, 'a'), "net_tap0", "")).ok());
    EXPECT_TRUE(load_text(peer("name=\"" + std::string(64, 'a') + "\"")).ok());
}

}  // namespace
}  // namespace tocsin::control::config
