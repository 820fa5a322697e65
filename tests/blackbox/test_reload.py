"""SIGHUP: the difference is applied, nothing else is touched."""

import signal
import time

import pytest

from lab import wait_until
from lab.control import ADMIN_DOWN, UP
from lab.stage import PEER4, PEER6, session

SECOND, THIRD = "192.0.2.3", "192.0.2.4"


def discriminators(daemon):
    return {remote: s["status"]["local_discr"] for remote, s in daemon.sessions().items()}


@pytest.fixture
def trio(stage):
    """Sessions with PEER4 and SECOND up; THIRD is there but not configured."""
    for address in (SECOND, THIRD):
        stage.add_address(address + "/24")
    stage.start([session(PEER4), session(SECOND)])
    stage.peer(PEER4).wait_up()
    stage.peer(SECOND, discriminator=0x7E57_0003).wait_up()
    wait_until(
        lambda: not any(s["status"]["poll_in_progress"] for s in stage.daemon.sessions().values()),
        5,
        "the Poll Sequences to end",
    )
    return stage


# req: RFC5880-6.8.3-01 RFC5880-6.8.3-02 RFC5880-3-03 RFC5880-6.8.2-01
def test_changed_timers_go_out_by_poll_and_the_others_are_not_touched(trio):
    daemon, before = trio.daemon, discriminators(trio.daemon)
    with daemon.watch() as watch:
        start = time.time()
        daemon.reload(session=[
            session(PEER4),
            session(SECOND, desired_min_tx_interval="250ms", required_min_rx_interval="200ms"),
        ])  # fmt: skip
        changed = trio.peers[SECOND]
        poll = changed.wire.wait_control(
            "192.0.2.1", lambda c: c.poll and c.desired_min_tx_us == 250_000, since=start, what="a Poll"
        )
        assert poll.control.required_min_rx_us == 200_000 and poll.control.state == UP
        changed.wire.wait_control("192.0.2.1", lambda c: not c.poll and c.desired_min_tx_us == 250_000, since=start)
        trio.peers[PEER4].settle(1)
        assert watch.changes() == []
    assert discriminators(daemon) == before
    to_first = [p for p in trio.peers[PEER4].wire.control("192.0.2.1", start) if p.destination == PEER4]
    assert to_first and not any(p.control.poll for p in to_first)
    assert daemon.session(SECOND)["status"]["tx_interval_us"] == 250_000


# req: RFC5880-6.8.16-02 RFC5880-6.8.16-03
def test_sessions_come_and_go_with_the_file(trio):
    start = time.time()
    trio.peer(THIRD, discriminator=0x7E57_0004)
    trio.daemon.reload(session=[session(PEER4), session(THIRD)])
    trio.peers[THIRD].wait_up()
    gone = trio.peers[SECOND].wire.wait_control(
        "192.0.2.1", lambda c: c.state == ADMIN_DOWN, since=start, what="AdminDown"
    )
    assert gone.destination == SECOND and gone.control.diag == 7
    wait_until(lambda: set(trio.daemon.sessions()) == {PEER4, THIRD}, 5, "the deleted session to be gone")
    assert trio.daemon.session(PEER4)["status"]["down_count"] == 0


def test_a_bad_file_changes_nothing(trio):
    before = discriminators(trio.daemon)
    trio.daemon.reload(session=[session(PEER4, detect_mult=0), session(THIRD)])
    wait_until(lambda: "session[0].detect_mult" in trio.daemon.log.read_text(), 5, "the fault in the log")
    trio.peers[PEER4].settle()
    assert discriminators(trio.daemon) == before
    assert trio.daemon.ctl("reload", check=False).returncode == 2
    assert trio.daemon.state(PEER4) == trio.daemon.state(SECOND) == "Up"


def test_sessions_of_the_api_stay(trio):
    trio.daemon.ctl("session", "add", THIRD, "--name", "by-hand")
    trio.peer(THIRD, discriminator=0x7E57_0004).wait_up()
    trio.daemon.reload(session=[session(PEER4)])
    wait_until(lambda: SECOND not in trio.daemon.sessions(), 5, "the reload to take place")
    assert trio.daemon.session(THIRD)["origin"] == "ORIGIN_API"
    assert trio.daemon.session(THIRD)["status"]["down_count"] == 0


def test_the_same_file_again_changes_nothing(trio):
    before = discriminators(trio.daemon)
    start = time.time()
    trio.daemon.process.send_signal(signal.SIGHUP)
    answer = trio.daemon.json("reload")
    assert (answer["added"], answer["removed"], answer["changed"], answer["unchanged"]) == (0, 0, 0, 2)
    trio.peers[PEER4].settle(0.5)
    assert discriminators(trio.daemon) == before
    assert not any(p.control.poll for p in trio.peers[PEER4].wire.control("192.0.2.1", start))


# req: RFC5880-6.1-08
# req: RFC5882-8-02
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_tells_every_peer_and_exits_0(stage, number):
    stage.start([session(PEER4), session(PEER6)])
    peers = [stage.peer(PEER4), stage.peer(PEER6, discriminator=0x7E57_0006)]
    for peer in peers:
        peer.wait_up()
    assert stage.daemon.stop(number) == 0
    for peer in peers:
        last = peer.wire.control(peer.remote)[-1].control
        assert (last.state, last.diag) == (ADMIN_DOWN, 7)
    assert not stage.daemon.socket.exists()
