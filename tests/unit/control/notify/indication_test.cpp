#include "control/notify/indication.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::notify {
namespace {

using bfd::Diag;
using bfd::SessionState;

bfd::SessionEvent event(SessionState from, SessionState to, Diag diag,
                        SessionState remote = SessionState::Up, std::uint32_t transitions = 1) {
    bfd::SessionEvent out;
    out.reported_state = from;
    out.now.session_state = to;
    out.now.local_diag = diag;
    out.now.remote_session_state = remote;
    out.transitions = transitions;
    return out;
}

struct Case {
    const char* name;
    bfd::SessionEvent event;
    Indication before;
    Initiator initiator;
    Indication indication;
};

using enum SessionState;
using I = Indication;

const Case kCases[]{
    {"silence", event(Up, Down, Diag::ControlDetectionTimeExpired), I::Up, Initiator::DetectionTime,
     I::PathFailure},
    {"Echo lost", event(Up, Down, Diag::EchoFunctionFailed), I::Up, Initiator::Echo,
     I::PathFailure},
    {"neighbour says Down", event(Up, Down, Diag::NeighborSignaledSessionDown, Down), I::Up,
     Initiator::Neighbor, I::PathFailure},
    {"link lost", event(Up, Down, Diag::PathDown), I::Up, Initiator::Path, I::PathFailure},
    {"plane reset", event(Up, Down, Diag::ForwardingPlaneReset), I::Up, Initiator::Path,
     I::PathFailure},
    {"remote AdminDown", event(Up, Down, Diag::NeighborSignaledSessionDown, AdminDown), I::Up,
     Initiator::RemoteAdmin, I::AdminDown},
    {"local AdminDown", event(Up, AdminDown, Diag::AdministrativelyDown), I::Up,
     Initiator::LocalAdmin, I::AdminDown},
    {"enabled again", event(AdminDown, Down, Diag::AdministrativelyDown, Down), I::AdminDown,
     Initiator::LocalAdmin, I::None},
    {"disabled and enabled, merged", event(Up, Down, Diag::AdministrativelyDown, Up, 2), I::Up,
     Initiator::LocalAdmin, I::None},
    {"on the way up", event(Down, Init, Diag::None, Down), I::None, Initiator::Handshake, I::None},
    {"back to Down on the way up", event(Init, Down, Diag::ControlDetectionTimeExpired, Down),
     I::None, Initiator::DetectionTime, I::None},
    {"Up", event(Init, Up, Diag::None), I::None, Initiator::Handshake, I::Up},
    {"Up after a failure", event(Init, Up, Diag::None), I::PathFailure, Initiator::Handshake,
     I::Up},
    {"Init after a failure", event(Down, Init, Diag::ControlDetectionTimeExpired, Down),
     I::PathFailure, Initiator::Handshake, I::PathFailure},
    {"failed and Init, merged", event(Up, Init, Diag::NeighborSignaledSessionDown, Down, 2), I::Up,
     Initiator::Handshake, I::PathFailure},
    {"disabled after a failure", event(Down, AdminDown, Diag::AdministrativelyDown, Down),
     I::PathFailure, Initiator::LocalAdmin, I::AdminDown},
    {"the peer is disabled after a failure",
     event(Down, Down, Diag::ControlDetectionTimeExpired, AdminDown, 0), I::PathFailure,
     Initiator::Path, I::AdminDown},
    {"the peer is enabled again", event(Down, Down, Diag::NeighborSignaledSessionDown, Down, 0),
     I::AdminDown, Initiator::Path, I::None},
};

// req: RFC5882-3.2-01 RFC5882-3.2-02 RFC5882-4.2-01 RFC5882-4.2-02 RFC5882-4.2-03 RFC5882-3.3-01
// req: RFC5882-4.1-01
TEST(Indication, FollowsEachKindOfChange) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(initiator(c.event, Initiator::Path), c.initiator);
        EXPECT_EQ(indication(c.event, c.before), c.indication);
    }
}

TEST(Indication, OfAPeerThatFellSilentAfterItsAdminDownStays) {
    const bfd::SessionEvent forgotten =
        event(Down, Down, Diag::NeighborSignaledSessionDown, AdminDown, 0);
    EXPECT_EQ(indication(forgotten, Indication::AdminDown), Indication::AdminDown);
}

}  // namespace
}  // namespace tocsin::control::notify
