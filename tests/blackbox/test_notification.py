"""What clients are told of a session, and what the log, the metrics and the command line say beside it."""

import signal
import time

import pytest

from lab import wait_until
from lab.control import ADMIN_DOWN, DOWN
from lab.stage import OURS4, PEER4, session

C_BIT = 0x08
FLAPPY = {"half_life": "600s", "max_suppress": "3600s"}


def told(daemon, remote=PEER4):
    """(indication, held, initiator) as the API says it, without their prefixes."""
    status = daemon.session(remote)["status"]
    return tuple(status[key].split("_", 1)[1].lower() for key in ("indication", "held", "initiator"))


@pytest.fixture
def up(stage):
    """A session of `keys` with its peer, Up."""

    def start(**keys):
        stage.start([session(PEER4, **keys)])
        peer = stage.peer(PEER4)
        peer.wait_up()
        wait_until(lambda: not stage.daemon.session(PEER4)["status"]["poll_in_progress"], 5, "the Poll Sequence to end")
        return stage.daemon, peer

    return start


def flap(daemon, peer):
    peer.mute = True
    daemon.wait_state(PEER4, "Down")
    peer.mute = False
    peer.change(state=DOWN)
    daemon.wait_state(PEER4, "Up")


# req: RFC5882-3.2-02 RFC5882-4.2-02 RFC5882-3.2-05 RFC5882-3.2-04
def test_an_admin_down_of_the_peer_is_no_failure_but_for_those_who_have_nothing_else(up):
    daemon, peer = up()
    assert told(daemon) == ("up", "none", "handshake")
    with daemon.watch() as independent, daemon.watch("--admin-down-is-failure") as dependent:
        peer.change(state=ADMIN_DOWN)
        status = independent.wait(PEER4, "Down")["session"]["status"]
        assert status["indication"] == "INDICATION_ADMIN_DOWN"
        assert status["initiator"] == "INITIATOR_REMOTE_ADMIN"
        assert status["remote_state"] == "SESSION_STATE_ADMIN_DOWN"
        assert dependent.wait(PEER4, "Down")["session"]["status"]["indication"] == "INDICATION_PATH_FAILURE"
    assert told(daemon) == ("admin_down", "none", "remote_admin")
    assert "initiator=remote_admin indication=admin_down" in daemon.process.output()


# req: RFC5882-3.2-01 RFC5882-4.2-01 RFC5882-3.2-03 RFC5882-4.1-01
def test_an_admin_down_of_ours_is_no_failure_but_for_those_who_have_nothing_else(up):
    daemon, _ = up()
    with daemon.watch() as independent, daemon.watch("--admin-down-is-failure") as dependent:
        daemon.ctl("session", "admin-down", PEER4)
        status = independent.wait(PEER4, "AdminDown")["session"]["status"]
        assert (status["indication"], status["initiator"]) == ("INDICATION_ADMIN_DOWN", "INITIATOR_LOCAL_ADMIN")
        assert dependent.wait(PEER4, "AdminDown")["session"]["status"]["indication"] == "INDICATION_PATH_FAILURE"


# req: RFC5882-4.2-03 RFC5882-3.2-05
def test_silence_and_a_down_of_the_peer_are_failures(up):
    daemon, peer = up()
    with daemon.watch() as watch:
        peer.mute = True
        status = watch.wait(PEER4, "Down")["session"]["status"]
        assert (status["indication"], status["initiator"]) == ("INDICATION_PATH_FAILURE", "INITIATOR_DETECTION_TIME")
        assert (status["diag"], status["remote_state"]) == (1, "SESSION_STATE_UP")
        peer.mute = False
        peer.change(state=DOWN)
        watch.wait(PEER4, "Up")
        start = time.time()
        peer.automatic = False
        peer.change(state=DOWN, diag=4)
        status = watch.wait(PEER4, "Down", since=start)["session"]["status"]
        assert (status["indication"], status["initiator"]) == ("INDICATION_PATH_FAILURE", "INITIATOR_NEIGHBOR")
        assert (status["diag"], status["remote_diag"]) == (3, 4)
    metrics = daemon.metrics()
    assert 'tocsin_bfd_indications_total{indication="path_failure"} 2' in metrics
    assert 'tocsin_bfd_state_changes_total{initiator="neighbor"} 1' in metrics


# req: RFC5882-3.3-01 RFC5882-4.1-06
def test_a_peer_that_was_never_heard_never_failed(stage):
    daemon = stage.start([session(PEER4)])
    with daemon.watch() as watch:
        time.sleep(3)
        assert told(daemon) == ("none", "none", "none")
        assert not daemon.session(PEER4)["status"]["peer_heard"]
        peer = stage.peer(PEER4)
        peer.wait_up()
        watch.wait(PEER4, "Up")
        assert daemon.session(PEER4)["status"]["peer_heard"]
        assert not [e for e in watch.events() if "FAILURE" in str(e)]


# req: RFC5882-2-08 RFC5882-3.3-02 RFC5882-4.3.1-03 RFC5882-4.3-01
def test_a_restart_loses_the_state_without_a_failure_and_the_c_bit_never_said_otherwise(up):
    daemon, peer = up()
    peer.automatic = False  # for the peer the session stays Up
    daemon.stop(signal.SIGKILL)
    daemon.start()
    with daemon.watch() as watch:
        wait_until(lambda: peer.heard and peer.heard.state == DOWN, 10, "the daemon to start anew")
        peer.automatic = True
        peer.wait_up(20)
        watch.wait(PEER4, "Up")
        assert not [e for e in watch.events() if "FAILURE" in str(e)]
    packets = peer.wire.control(OURS4)
    assert len(packets) > 5
    assert {(p.control.length, p.control.tail) for p in packets} == {(24, b"")}, "nothing of clients"
    assert not [p for p in packets if p.control.flags & C_BIT], "a restart ends sessions, so that C must be 0"


# req: RFC5882-4.3-02
def test_the_c_bit_of_the_peer_is_shown(up):
    daemon, peer = up()

    def remote_c():
        return daemon.session(PEER4)["status"]["remote_control_plane_independent"]

    assert not remote_c()
    peer.change(flags=C_BIT)
    wait_until(remote_c, 5, "the C bit to be shown")
    assert "C bit, local / remote" in daemon.ctl("session", "show", PEER4).stdout
    peer.change(flags=0)
    wait_until(lambda: not remote_c(), 5, "the C bit to be shown as cleared")
    assert daemon.state(PEER4) == "Up"


def test_an_up_is_held_back_from_clients_and_from_nobody_else(stage):
    daemon = stage.start([session(PEER4, up_hold="3s")])
    with daemon.watch() as watch:
        stage.peer(PEER4).wait_up()
        up_at = time.time()
        assert told(daemon) == ("none", "up", "handshake")
        assert "Up held back" in daemon.ctl("session", "list").stdout
        assert 'tocsin_bfd_sessions_held{reason="up_hold"} 1' in daemon.metrics()
        assert not watch.changes(PEER4, "Up")
        watch.wait(PEER4, "Up")
        assert 2.5 < time.time() - up_at < 6
    assert told(daemon) == ("up", "none", "handshake")


def test_what_flaps_is_dampened_until_it_is_cleared(up):
    daemon, peer = up(dampening=FLAPPY)
    with daemon.watch() as watch:
        for _ in range(3):
            flap(daemon, peer)
        assert told(daemon) == ("path_failure", "dampened", "handshake")
        assert len(watch.changes(PEER4, "Down")) == 3
        assert len(watch.changes(PEER4, "Up")) == 2, "the third is held back"
        assert "dampened" in daemon.ctl("session", "list").stdout
        assert "penalty 29" in daemon.ctl("session", "show", PEER4).stdout
        assert "tocsin_bfd_sessions_dampened 1" in daemon.metrics()
        daemon.reload(session=[session(PEER4, dampening=FLAPPY), session("192.0.2.77")])
        wait_until(lambda: "192.0.2.77" in daemon.sessions(), 5, "the reload")
        assert told(daemon)[1] == "dampened", "outlasts a reload"
        daemon.ctl("session", "clear-dampening", PEER4)
        wait_until(lambda: len(watch.changes(PEER4, "Up")) == 3, 5, "the Up")
    assert told(daemon) == ("up", "none", "handshake")
    assert daemon.session(PEER4)["status"]["dampening"]["penalty"] == 0
    assert "session_told" in daemon.process.output()


def test_dampening_ends_by_itself(up):
    daemon, peer = up(dampening={"half_life": "2s"})
    for _ in range(3):
        flap(daemon, peer)
    wait_until(lambda: told(daemon) == ("up", "none", "handshake"), 15, "the dampening to end")


# req: RFC5882-2-03
def test_nothing_is_sent_before_somebody_asks_for_a_session(stage):
    daemon = stage.start([])
    peer = stage.peer(PEER4)
    time.sleep(3)
    assert daemon.sessions() == {} and peer.wire.control(OURS4) == []


# req: RFC5880-6.8.3-01 RFC5880-6.8.3-02 RFC5880-6.8.12-02 RFC5880-6.8.3-13 RFC5882-2-02 RFC5882-6-03
def test_everything_that_may_change_changes_while_up(stage):
    daemon = stage.start([])
    daemon.ctl("session", "add", PEER4, "--tx", "100ms", "--rx", "100ms", "--detect-mult", "5")
    peer = stage.peer(PEER4)
    peer.wait_up()
    start = time.time()
    daemon.ctl("session", "set", PEER4, "--tx", "200ms", "--rx", "150ms", "--detect-mult", "7", "--passive",
               "--match-source", "--dscp", "10", "--no-follow-link", "--up-hold", "1s", "--down-hold", "20ms",
               "--dampening", "half_life=10s,suppress=3000", "--interval-alignment")  # fmt: skip
    spec = daemon.session(PEER4)["spec"]
    assert (spec["desired_min_tx_interval_us"], spec["required_min_rx_interval_us"]) == (200_000, 150_000)
    assert (spec["detect_mult"], spec["passive"], spec["match_source"], spec["follow_link"]) == (7, True, True, False)
    assert (spec["dscp"], spec["up_hold_ms"], spec["down_hold_ms"], spec["interval_alignment"]) == (10, 1000, 20, True)
    assert (spec["dampening"]["half_life_ms"], spec["dampening"]["suppress"]) == (10_000, 3000)
    changed = peer.wire.wait_control(
        OURS4, lambda c: c.poll and c.desired_min_tx_us == 1_000_000, since=start, what="a Poll with aligned intervals"
    )
    assert (changed.control.required_min_rx_us, changed.control.detect_mult) == (1_000_000, 7)
    wait_until(lambda: peer.wire.control(OURS4)[-1].octets[15] >> 2 == 10, 5, "packets with the new DSCP")
    daemon.ctl("session", "set", PEER4, "--no-interval-alignment", "--dampening", "off", "--up-hold", "0s",
               "--down-hold", "0s")  # fmt: skip
    # Many changes, faster than the peer is asked.
    for ms in range(100, 130):
        daemon.ctl("session", "set", PEER4, "--tx", f"{ms}ms", "--rx", f"{ms}ms")
    peer.wire.wait_control(OURS4, lambda c: not c.poll and c.desired_min_tx_us == 129_000, since=start)
    wait_until(lambda: not daemon.session(PEER4)["status"]["poll_in_progress"], 10, "the Poll Sequences to end")
    status = daemon.session(PEER4)["status"]
    assert (status["tx_interval_us"], status["down_count"]) == (129_000, 0)
    assert not daemon.session(PEER4)["spec"]["dampening"]["enabled"]


def test_wrong_words_are_refused(stage):
    daemon = stage.start([session(PEER4)])
    for arguments, words in (
        (("--dampening", "halflife=5s"), "is not one of half_life"),
        (("--dampening", "suppress=lots"), "is not a whole number"),
        (("--dampening", "yes"), "neither on nor off"),
        (("--up-hold", "1500us"), "whole number of milliseconds"),
        (("--down-hold", "11"), "--down-hold"),
        (("--dampening", "reuse=5000"), "is not below suppress"),
    ):
        result = daemon.ctl("session", "add", "192.0.2.50", *arguments, check=False)
        assert result.returncode == 2 and words in result.stderr, result.stderr
