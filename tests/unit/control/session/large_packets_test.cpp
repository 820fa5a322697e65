// padded_pdu_size at the workers, within the MTU of the port, RFC 9764.

#include "control/session/packet_size.hpp"
#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

class LargePackets : public ManagerFixture {
protected:
    static config::Session padded(std::string_view remote, std::uint16_t octets) {
        config::Session s = spec(remote);
        s.padded_pdu_size = octets;
        return s;
    }
    std::uint16_t asked_for(SessionId id) {
        const SessionView v = manager.view(id).value();
        return dataplane.headers(v.worker, v.status.session.slot).padded_length;
    }
};

// req: RFC9764-3-01 RFC9764-4.1-02
TEST_F(LargePackets, AreAskedForWithTheHeadersAndChangedWhileUp) {
    const SessionId id = up("10.0.0.2");
    EXPECT_EQ(asked_for(id), 0);
    for (const std::uint16_t octets : {1400, 1000, 0}) {
        ASSERT_TRUE(manager.update(id, padded("10.0.0.2", octets), Origin::Api).ok());
        run(5ms);
        EXPECT_EQ(asked_for(id), octets);
        EXPECT_EQ(manager.view(id)->spec.padded_pdu_size, octets);
        EXPECT_EQ(manager.view(id)->status.down_count, 0U);
    }
}

// req: RFC9764-5.2-04
TEST_F(LargePackets, StayWithinTheMtuOfThePort) {
    EXPECT_EQ(asked_for(add(padded("10.0.0.2", 1472))), 0) << "before the worker has it";
    add(padded("2001:db8::2", 1452));
    for (const auto& s :
         {padded("10.0.0.3", 1473), padded("2001:db8::3", 1453), padded("10.0.0.3", 65535)}) {
        const auto ids = manager.add({&s, 1}, Origin::Api, "sessions");
        ASSERT_FALSE(ids.ok());
        EXPECT_EQ(ids.error().where, "sessions[0].padded_pdu_size");
        EXPECT_NE(ids.error().message.find("the MTU of port p0, 1500"), std::string::npos)
            << ids.error().message;
    }
    const SessionId id = up("10.0.0.4");
    EXPECT_EQ(manager.update(id, padded("10.0.0.4", 1473), Origin::Api).error().where,
              ".padded_pdu_size");
    EXPECT_EQ(asked_for(id), 0);
}

TEST(PaddedPackets, StayWithinWhatBuffersHold) {
    const SessionPort jumbo{.id = {0}, .name = "p0", .mac = {}, .mtu = 9000};
    EXPECT_FALSE(Admission::check_padding(jumbo, 28, 1972));
    EXPECT_FALSE(Admission::check_padding(jumbo, 48, 1952));
    const auto error = Admission::check_padding(jumbo, 28, 1973);
    ASSERT_TRUE(error);
    EXPECT_NE(error->message.find("at most 1972 octets"), std::string::npos) << error->message;
}

// req: RFC9764-5.2-02 RFC9764-5.2-03
TEST(PaddedPackets, HaveTheSizeOfWhatIsLonger) {
    bfd::SessionSnapshot plain;
    bfd::SessionSnapshot signed_with_sha1;
    signed_with_sha1.control_length = 52;
    EXPECT_EQ(udp_payload_octets(0, plain), 24U);
    EXPECT_EQ(udp_payload_octets(1400, plain), 1400U);
    EXPECT_EQ(udp_payload_octets(24, signed_with_sha1), 52U);
    EXPECT_EQ(config::header_octets(spec("192.0.2.2")), 28U);
    EXPECT_EQ(config::header_octets(spec("2001:db8::2")), 48U);
}

TEST(PaddedPackets, AreSuspectedOnlyWhenThePeerSaysThatItHearsNothing) {
    bfd::SessionSnapshot s;
    s.session_state = bfd::SessionState::Down;
    s.local_diag = bfd::Diag::NeighborSignaledSessionDown;
    s.remote_diag = bfd::Diag::ControlDetectionTimeExpired;
    EXPECT_NE(size_hint(28, 1400, s).find("1428 octets"), std::string::npos);
    EXPECT_NE(size_hint(48, 1400, s).find("1448 octets"), std::string::npos);
    EXPECT_EQ(size_hint(28, 0, s), "");
    s.remote_diag = bfd::Diag::PathDown;
    EXPECT_EQ(size_hint(28, 1400, s), "");
    s.remote_diag = bfd::Diag::ControlDetectionTimeExpired;
    s.local_diag = bfd::Diag::ControlDetectionTimeExpired;
    EXPECT_EQ(size_hint(28, 1400, s), "");
    s.local_diag = bfd::Diag::NeighborSignaledSessionDown;
    s.session_state = bfd::SessionState::Up;
    EXPECT_EQ(size_hint(28, 1400, s), "");
}

}  // namespace
}  // namespace tocsin::control::session
