#include "control/ctl/history_command.hpp"

#include "control/ctl/history_capture.hpp"
#include "control/ctl/history_text.hpp"
#include "tocsinctl.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kDown = 1'795'255'338'000'042'000;  // 2026-11-21T10:02:18.000042Z

v1::PacketRecord packet(v1::PacketDirection direction, std::int64_t first, std::int64_t last,
                        std::uint32_t count, const char* verdict,
                        v1::SessionState state = v1::SESSION_STATE_UP) {
    v1::PacketRecord out;
    out.set_direction(direction);
    out.set_kind(v1::PACKET_KIND_CONTROL);
    out.set_first_ns(first);
    out.set_last_ns(last);
    out.set_count(count);
    out.set_verdict(verdict);
    std::string octets(24, '\0');
    octets[0] = 0x20;
    octets[1] = static_cast<char>((static_cast<int>(state) - 1) << 6);
    octets[2] = 3;
    octets[3] = 24;
    out.set_octets(octets);
    v1::ControlPacket& p = *out.mutable_packet();
    p.set_version(1);
    p.set_state(state);
    p.set_detect_mult(3);
    p.set_length(24);
    p.set_desired_min_tx_interval_us(50'000);
    p.set_required_min_rx_interval_us(3'300);
    return out;
}

v1::GetSessionHistoryResponse silence() {
    v1::GetSessionHistoryResponse out;
    *out.mutable_session() = FakeSessions::session(1, v1::SESSION_STATE_DOWN);
    out.set_source_port(50'000);
    out.set_taken_ns(kDown + 5000 * kMs);
    v1::PacketRecord heard = packet(v1::PACKET_DIRECTION_RECEIVED, kDown - 120'450 * kMs,
                                    kDown - 150 * kMs, 1204, "accepted");
    heard.set_longest_gap_us(101'000);
    v1::PacketRecord bad =
        packet(v1::PACKET_DIRECTION_RECEIVED, kDown - 90 * kMs, kDown - 40 * kMs, 2, "auth_digest");
    bad.mutable_packet()->set_authentication_present(true);
    bad.mutable_packet()->set_length(52);
    bad.set_varied(true);
    (*bad.mutable_octets())[1] = static_cast<char>(0xc4);
    (*bad.mutable_octets())[3] = 52;
    v1::PacketRecord ours =
        packet(v1::PACKET_DIRECTION_SENT, kDown - 120'000 * kMs, kDown - 12 * kMs, 1300, "sent");
    ours.mutable_packet()->set_poll(true);
    ours.set_latest_us(2'500);
    for (const auto& r : {ours, heard, bad}) *out.mutable_frozen()->add_records() = r;
    out.mutable_frozen()->set_overwritten(7);
    v1::PacketRecord told = packet(v1::PACKET_DIRECTION_SENT, kDown + 5'000, kDown + 5'000, 1,
                                   "could_not_leave", v1::SESSION_STATE_DOWN);
    told.mutable_packet()->set_diag(1);
    *out.mutable_live()->add_records() = told;
    v1::DownRecord& down = *out.mutable_down();
    down.set_at_ns(kDown);
    down.set_last_rx_ns(kDown - 150 * kMs);
    down.set_state(v1::SESSION_STATE_DOWN);
    down.set_diag(1);
    down.set_diag_name("Control Detection Time Expired");
    down.mutable_evidence()->set_sent(3);
    down.mutable_evidence()->set_dropped(2);
    down.mutable_evidence()->set_dropped_as("auth_digest");
    return out;
}

class HistoryCommand : public Tocsinctl {
protected:
    HistoryCommand() { daemon_.sessions.history = silence(); }
    ~HistoryCommand() override { std::filesystem::remove(file_); }

    std::string file_ = std::filesystem::temp_directory_path() /
                        ("tocsin-history-" + std::to_string(::getpid()) + ".pcapng");
};

TEST_F(HistoryCommand, PrintsEveryRecordWhereItEnded) {
    EXPECT_EQ(run({"session", "history", "rr1"}), ExitCode::Success);
    EXPECT_EQ(daemon_.sessions.history_of.session().name(), "rr1");
    EXPECT_EQ(
        out(),
        "Session 1 rr1: 2001:db8::1 on wan0, read 2026-11-21T10:02:23.000042Z\n"
        "Left Up   2026-11-21T10:02:18.000042Z to Down: Control Detection Time Expired\n"
        "Silence   last packet 150 ms before, at least 3 of ours left since, at least 2 received "
        "but dropped (auth_digest)\n"
        "\n"
        "           TIME    DELTA      STATE  FLAGS  DIAG  TX/RX MS   VERDICT\n"
        "10:02:17.850042        -  <-  Up     -      -     50/3.3 x3  accepted x 1204 over 120.3 "
        "s, "
        "longest gap 101 ms\n"
        "10:02:17.960042  +110 ms  <-  Up     A      -     50/3.3 x3  auth_digest x 2 over 50 ms\n"
        "10:02:17.988042   +28 ms  ->  Up     P      -     50/3.3 x3  sent x 1300 over 120 s, up "
        "to "
        "2.5 ms late\n"
        "10:02:18.000042   +12 ms  ==  Down   -      1     -          left Up: Control Detection "
        "Time Expired\n"
        "10:02:18.000047    +5 us  ->  Down   -      1     50/3.3 x3  could not leave\n"
        "\n7 more made room (dataplane.history keeps more)\n");
}

TEST_F(HistoryCommand, LeavesOutWhatCameAfterTheDown) {
    EXPECT_EQ(run({"session", "history", "--down", "rr1"}), ExitCode::Success);
    EXPECT_THAT(out(), Not(HasSubstr("could not leave")));
    EXPECT_THAT(out(), HasSubstr("left Up"));
    EXPECT_EQ(run({"session", "history", "--down", "rr1", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 3);
    EXPECT_EQ(run({"session", "history", "rr1", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 4);
    EXPECT_THAT(out(), HasSubstr("\"verdict\":\"auth_digest\""));
    EXPECT_EQ(run({"session", "history", "rr1", "-o", "json"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("\"last_rx_ns\""));
}

TEST_F(HistoryCommand, SaysThatThereIsNothing) {
    daemon_.sessions.history.Clear();
    *daemon_.sessions.history.mutable_session() = FakeSessions::session(1, v1::SESSION_STATE_DOWN);
    EXPECT_EQ(run({"session", "history", "1"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("No packet yet.\n"));
    EXPECT_EQ(run({"session", "history", "1", "--down"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("It was never Up and then left it.\n"));
    daemon_.sessions.refusal = {grpc::StatusCode::FAILED_PRECONDITION,
                                "tocsind keeps no packets: dataplane.history is 0"};
    EXPECT_NE(run({"session", "history", "1"}), ExitCode::Success);
    EXPECT_THAT(err(), HasSubstr("dataplane.history is 0"));
}

TEST_F(HistoryCommand, WritesACaptureOfTheFirstAndTheLastOfEachRun) {
    EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", file_}), ExitCode::Success);
    EXPECT_EQ(out(), "");
    EXPECT_THAT(err(), HasSubstr("7 packets of 4 records written to " + file_));
    std::ifstream in{file_, std::ios::binary};
    const std::string capture{std::istreambuf_iterator<char>{in}, {}};
    ASSERT_GT(capture.size(), 64U);
    // Every block says its length at both ends.
    std::size_t blocks = 0;
    for (std::size_t at = 0; at < capture.size(); ++blocks) {
        std::uint32_t length = 0;
        std::uint32_t again = 0;
        std::memcpy(&length, &capture[at + 4], sizeof length);
        ASSERT_EQ(length % 4, 0U);
        ASSERT_LE(at + length, capture.size());
        std::memcpy(&again, &capture[at + length - 4], sizeof again);
        ASSERT_EQ(length, again);
        at += length;
    }
    EXPECT_EQ(blocks, 2U + 7U);
    EXPECT_EQ(capture.substr(0, 4), "\x0a\x0d\x0d\x0a");
    EXPECT_THAT(capture, HasSubstr("tocsin: accepted x 1204 over 120.3 s, longest gap 101 ms; "
                                   "this is the last of them"));
    EXPECT_THAT(capture, HasSubstr("others had other octets"));
    EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", "-"}), ExitCode::Success);
    EXPECT_EQ(out(), capture);
}

TEST_F(HistoryCommand, ACaptureHasTheMacAddressesThatAreKnownAndSaysWhichAreNot) {
    const auto capture = [this] {
        EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", "-"}), ExitCode::Success);
        return out();
    };
    EXPECT_THAT(capture(), HasSubstr("our MAC address is not known and 02:00:00:00:00:01 stands "
                                     "for it; the neighbour's MAC address is not known and "
                                     "02:00:00:00:00:02 stands for it"));
    v1::GetSessionHistoryResponse& history = daemon_.sessions.history;
    history.set_port_mac("0a:0b:0c:0d:0e:01");
    history.set_next_hop("2001:db8::1");
    history.set_next_hop_mac("0a:0b:0c:0d:0e:02");
    const std::string ours{"\x0a\x0b\x0c\x0d\x0e\x01"};
    const std::string theirs{"\x0a\x0b\x0c\x0d\x0e\x02"};
    EXPECT_THAT(capture(), HasSubstr(theirs + ours)) << "sent";
    EXPECT_THAT(capture(), HasSubstr(ours + theirs)) << "received";
    EXPECT_THAT(capture(), HasSubstr("; MAC addresses are those of when the history was read"));
    EXPECT_THAT(capture(), Not(HasSubstr("stands for it")));
    EXPECT_THAT(capture(), Not(HasSubstr("router")));
    history.set_next_hop("fe80::9");
    EXPECT_THAT(capture(), HasSubstr("the peer's that of the router fe80::9"));
    history.clear_next_hop_mac();
    EXPECT_THAT(capture(), HasSubstr("the neighbour's MAC address is not known"));
    EXPECT_THAT(capture(), Not(HasSubstr("our MAC address is not known")));
}

TEST_F(HistoryCommand, ACaptureHasThePacketsThatTheTypeOfTheSessionSends) {
    v1::GetSessionHistoryResponse& history = daemon_.sessions.history;
    v1::SessionSpec& spec = *history.mutable_session()->mutable_spec();
    const auto capture = [this] {
        EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", "-"}), ExitCode::Success);
        return out();
    };
    const std::string single_hop{"\x0e\xc8"};
    EXPECT_THAT(capture(), HasSubstr("\xc3\x50" + single_hop)) << "ours is from 50000";
    EXPECT_THAT(capture(), HasSubstr("\xc0\x01" + single_hop)) << "49152 is tcpdump's BCM-LI";
    spec.set_type(v1::SESSION_TYPE_MULTIHOP);
    EXPECT_THAT(capture(), HasSubstr("\xc3\x50\x12\xb0")) << "to 4784";
    EXPECT_THAT(capture(), HasSubstr("\xc0\x01\x12\xb0"));
    EXPECT_THAT(capture(), Not(HasSubstr(single_hop)));

    spec.set_type(v1::SESSION_TYPE_ECHO);
    spec.set_local("192.0.2.1");
    spec.set_remote("192.0.2.254");
    const std::string us{"\xc0\x00\x02\x01", 4};
    const std::string echo = us + us + "\xc3\x50\x0e\xc9";
    EXPECT_THAT(capture(), HasSubstr("\xff\x11\xf7\xb5" + echo)) << "as it left";
    EXPECT_THAT(capture(), HasSubstr("\xfe\x11\xf8\xb5" + echo)) << "one router later";

    spec.set_type(v1::SESSION_TYPE_VXLAN);
    v1::Tunnel& tunnel = *spec.mutable_tunnel();
    tunnel.set_vni(0x010203);
    tunnel.set_ttl(64);
    tunnel.set_inner_src("192.0.2.1");
    tunnel.set_inner_dst("127.0.0.1");
    tunnel.set_inner_dst_mac("00:00:5e:00:52:02");
    const std::string them{"\xc0\x00\x02\xfe", 4};
    const std::string loopback{"\x7f\x00\x00\x01", 4};
    const std::string vni{"\x01\x02\x03\x00", 4};
    const std::string bfd_mac{"\x00\x00\x5e\x00\x52\x02", 6};
    EXPECT_THAT(capture(), HasSubstr(us + them + "\xc3\x50\x12\xb5")) << "4789";
    EXPECT_THAT(capture(), HasSubstr(them + us + "\xc0\x01\x12\xb5"));
    EXPECT_THAT(capture(), HasSubstr(vni + bfd_mac));
    EXPECT_THAT(capture(), HasSubstr(us + loopback + "\xc3\x50" + single_hop));
    EXPECT_THAT(capture(), HasSubstr(them + loopback + "\xc0\x01" + single_hop));

    spec.set_type(v1::SESSION_TYPE_GENEVE);
    tunnel.set_inner_src("10.1.0.1");
    tunnel.set_inner_dst("10.1.0.2");
    tunnel.set_inner_src_mac("02:00:00:00:0a:01");
    tunnel.set_inner_dst_mac("02:00:00:00:0b:01");
    tunnel.add_inner_vlan(7);
    tunnel.set_inner_priority(6);
    const std::string a{"\x02\x00\x00\x00\x0a\x01", 6};
    const std::string b{"\x02\x00\x00\x00\x0b\x01", 6};
    const std::string tag{"\x81\x00\xc0\x07\x08\x00", 6};
    EXPECT_THAT(capture(), HasSubstr(vni + b + a + tag)) << "sent";
    EXPECT_THAT(capture(), HasSubstr(vni + a + b + tag)) << "received";
    EXPECT_THAT(capture(), HasSubstr(std::string{"\x0a\x01\x00\x02\x0a\x01\x00\x01", 8}));
    tunnel.set_payload(v1::TUNNEL_PAYLOAD_IP);
    EXPECT_THAT(capture(), HasSubstr(vni + "\x45"));
}

TEST_F(HistoryCommand, SaysWhyAFileCannotBeWritten) {
    EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", "/nowhere/x.pcapng"}),
              ExitCode::Failure);
    EXPECT_THAT(err(), HasSubstr("/nowhere/x.pcapng: No such file or directory"));
}

/// A disk with room for so many octets of a file; a write of more fails as on a full one.
class SmallDisk {
public:
    explicit SmallDisk(rlim_t octets) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{.rlim_cur = octets, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~SmallDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int) = SIG_DFL;
};

TEST_F(HistoryCommand, LeavesNoHalfOfACaptureThatLooksWhole) {
    {
        const SmallDisk disk{512};
        EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", file_}), ExitCode::Failure);
    }
    EXPECT_THAT(err(), HasSubstr(file_ + ": File too large, nothing of the capture was kept"));
    EXPECT_FALSE(std::filesystem::exists(file_));
    EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", file_}), ExitCode::Success);
    EXPECT_GT(std::filesystem::file_size(file_), 512U) << "or the disk was large enough";
}

TEST_F(HistoryCommand, RemovesNothingThatIsNoFile) {
    EXPECT_EQ(run({"session", "history", "rr1", "--pcapng", "/dev/full"}), ExitCode::Failure);
    EXPECT_THAT(err(), HasSubstr("/dev/full: No space left on device\n"));
    EXPECT_TRUE(std::filesystem::exists("/dev/full"));
}

TEST(SpanText, IsAsExactAsItHelps) {
    EXPECT_EQ(span_text(-5), "0 us");
    EXPECT_EQ(span_text(1'500), "1.5 us");
    EXPECT_EQ(span_text(999'400), "999 us");
    EXPECT_EQ(span_text(1'234'567), "1.23 ms");
    EXPECT_EQ(span_text(101'000'000), "101 ms");
    EXPECT_EQ(span_text(2'500'000'000), "2.5 s");
    EXPECT_EQ(span_text(120'300'000'000), "120.3 s");
    EXPECT_EQ(span_text(725'000'000'000), "12m 05s");
}

TEST(EvidenceText, SaysOnlyWhatIsThere) {
    EXPECT_EQ(evidence_text({}), "");
    v1::DownEvidence e;
    e.set_not_sent(2);
    EXPECT_EQ(evidence_text(e), "at least 2 of ours could not leave");
}

}  // namespace
}  // namespace tocsin::control::ctl
