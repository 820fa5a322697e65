"""tocsind with FRR's bfdd and BIRD: the same cases for both, over every address family."""

import os
import signal
import time

import pytest

from lab import Bird, Frr, Port, Tocsind, wait_until
from lab.bird import BirdNeighbor
from lab.frr import FrrPeer
from lab.tocsin import build_folder
from lab.wire import Wire, gaps

STALL = 0.03  # seconds that this machine may take a CPU away; perf/floors measures without
OURS = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
THEIRS = {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}


@pytest.fixture(scope="session", autouse=True)
def programs():
    if not os.access(build_folder() / "tocsind", os.X_OK):
        pytest.fail(f"{build_folder() / 'tocsind'} is not built: run scripts/build", pytrace=False)


class FrrSide:
    """FRR behind the words that the cases use."""

    def __init__(self, lab, port, local, remote, **options):
        self._peer = FrrPeer(remote, local if ":" in remote else None, **options)
        self.remote = remote
        self.frr = Frr(lab, port, [self._peer])

    def wait(self, up, timeout=15):
        if up:
            self.frr.wait_status(self.remote, "up", timeout)
        else:
            wait_until(lambda: self.frr.status(self.remote) != "up", timeout, "FRR to see it not up", 0.01)

    def set_timers(self, ms):
        self._peer.transmit_ms = self._peer.receive_ms = ms
        self.frr.configure(self._peer)

    def heard_interval_ms(self):
        """What we told it: our Desired Min TX Interval."""
        return self.frr.show()[self.remote]["remote-transmit-interval"]

    def kill(self):
        self.frr.kill()

    def start(self):
        self.frr.start()


class BirdSide:
    def __init__(self, lab, port, local, remote, transmit_ms=100, receive_ms=100, passive=False):
        self.remote = remote
        self.bird = Bird(lab, port, [BirdNeighbor(remote, local)], transmit_ms, receive_ms, passive=passive)

    def wait(self, up, timeout=15):
        if up:
            self.bird.wait_state(self.remote, "Up", timeout)
        else:
            wait_until(lambda: self.bird.state(self.remote) != "Up", timeout, "BIRD to see it not Up", 0.01)

    def set_timers(self, ms):
        self.bird.configure(min_tx_ms=ms, min_rx_ms=ms)

    def heard_interval_ms(self):
        return None  # BIRD shows only what is in force

    def kill(self):
        self.bird.kill()

    def start(self):
        self.bird.start()


@pytest.fixture(params=[FrrSide, BirdSide], ids=["FRR", "BIRD"])
def speaker(request):
    return request.param


@pytest.fixture(params=["ipv4", "ipv6", "link_local"])
def family(request):
    return request.param


class Pair:
    """tocsind and another speaker with one session between them."""

    def __init__(self, lab, speaker, family, ms=100, their_passive=False, our_passive=False):
        lan = lab.network("lan")
        ours = lan.attach("tocsin", "t0", silent=True)
        theirs = lan.attach("peer", "p0", ["192.0.2.2/24", "2001:db8::2/64"])
        self.port = theirs
        self.their_address = theirs.link_local() if family == "link_local" else THEIRS[family]
        self.wire = Wire(theirs)
        lab.on_close(self.wire.close)
        self.session = {
            "remote": self.their_address, "port": "wan0", "passive": our_passive, "detect_mult": 3,
            "desired_min_tx_interval": f"{ms}ms", "required_min_rx_interval": f"{ms}ms",
        }  # fmt: skip
        self.daemon = Tocsind(lab, ours.namespace, [(ours, "wan0", ["192.0.2.1/24", "2001:db8::1/64"])], [self.session])
        self.our_address = (
            self.daemon.session(self.their_address)["spec"]["local"] if family == "link_local" else OURS[family]
        )
        self.speaker = speaker(
            lab, theirs, self.their_address, self.our_address, transmit_ms=ms, receive_ms=ms, passive=their_passive
        )

    def wait_up(self, timeout=20):
        self.daemon.wait_state(self.their_address, "Up", timeout)
        self.speaker.wait(True, timeout)

    def status(self):
        return self.daemon.session(self.their_address)["status"]

    def settle(self):
        """Until our last Poll Sequence is over."""
        wait_until(lambda: not self.status()["poll_in_progress"], 5, "the Poll Sequence to end")
        time.sleep(0.5)


# req: RFC5882-5-03 RFC5882-5-04 RFC5882-2-09 RFC5882-10.1.1-01 RFC5882-9-01
# req: RFC5881-2-01 RFC5880-3.2-01 RFC5880-6.5-02
def test_comes_up_and_stays_up(lab, speaker, family):
    pair = Pair(lab, speaker, family)
    pair.wait_up()
    pair.settle()
    time.sleep(2)
    status = pair.status()
    assert status["down_count"] == 0 and status["tx_interval_us"] == 100_000
    assert int(status["detection_time_us"]) == 300_000
    pair.speaker.wait(True, 1)


# req: RFC5880-6.1-03
@pytest.mark.parametrize("passive", ["ours", "theirs"])
def test_one_side_is_passive(lab, speaker, passive):
    pair = Pair(lab, speaker, "ipv4", our_passive=passive == "ours", their_passive=passive == "theirs")
    pair.wait_up()


def test_both_sides_passive_stay_silent(lab, speaker):
    pair = Pair(lab, speaker, "ipv4", our_passive=True, their_passive=True)
    time.sleep(3)
    assert pair.daemon.state(pair.their_address) == "Down"
    assert not [f for f in pair.wire.frames() if f.control]


# req: RFC5880-6.8.3-01 RFC5880-6.8.3-02 RFC5880-6.8.3-06
@pytest.mark.parametrize("ms", [60, 300])
def test_our_timers_change_while_up(lab, speaker, family, ms):
    pair = Pair(lab, speaker, family)
    pair.wait_up()
    pair.settle()
    start = time.time()
    pair.daemon.reload(session=[
        pair.session | {"desired_min_tx_interval": f"{ms}ms", "required_min_rx_interval": f"{ms}ms"}
    ])  # fmt: skip
    pair.wire.wait_control(pair.our_address, lambda c: c.poll and c.desired_min_tx_us == ms * 1000, since=start)
    pair.wire.wait_control(pair.their_address, lambda c: c.final, since=start, what="their Final")
    pair.settle()
    assert pair.status()["down_count"] == 0
    heard = pair.speaker.heard_interval_ms()
    assert heard in (None, ms)
    after = time.time()
    time.sleep(3)
    measured = gaps(pair.wire.control(pair.our_address, after))
    expected = max(ms, 100) / 1000
    assert measured and max(measured) <= expected + STALL
    pair.speaker.wait(True, 1)


# req: RFC5880-6.8.3-13 RFC5880-6.8.12-02
def test_our_timers_change_many_times_while_a_poll_is_under_way(lab, speaker):
    pair = Pair(lab, speaker, "ipv4")
    pair.wait_up()
    pair.settle()
    for i, ms in enumerate((200, 50, 400, 75, 90, 300, 60, 150)):
        changed = {"desired_min_tx_interval": f"{ms}ms", "required_min_rx_interval": f"{2 * ms}ms", "detect_mult": 3 + i}
        pair.daemon.reload(session=[pair.session | changed])
        time.sleep(0.03)
    wait_until(lambda: pair.daemon.session(pair.their_address)["spec"]["detect_mult"] == 10, 5, "the last reload")
    pair.settle()
    status = pair.status()
    assert (status["desired_min_tx_interval_us"], status["required_min_rx_interval_us"]) == (150_000, 300_000)
    assert status["tx_interval_us"] == 150_000 and status["down_count"] == 0
    last = pair.wire.control(pair.our_address)[-1].control
    assert (last.desired_min_tx_us, last.required_min_rx_us, last.detect_mult) == (150_000, 300_000, 10)
    pair.speaker.wait(True, 1)


# req: RFC7419-B-03
def test_intervals_are_aligned_with_a_peer_that_does_not(lab, speaker):
    pair = Pair(lab, speaker, "ipv4")
    pair.wait_up()
    pair.daemon.reload(session=[pair.session | {"interval_alignment": True}])
    pair.settle()
    assert pair.status()["tx_interval_us"] == 100_000, "which is common"
    pair.speaker.set_timers(300)
    wait_until(lambda: pair.status()["tx_interval_us"] == 1_000_000, 10, "a common interval")
    pair.settle()
    status = pair.status()
    assert (status["desired_min_tx_interval_us"], status["required_min_rx_interval_us"]) == (1_000_000, 1_000_000)
    pair.speaker.set_timers(100)
    wait_until(lambda: pair.status()["tx_interval_us"] == 100_000, 10, "the interval of before")
    assert pair.status()["down_count"] == 0
    pair.speaker.wait(True, 1)


# req: RFC5880-6.8.7-07 RFC5880-6.8.6-26 RFC5880-6.8.6-27 RFC5880-6.8.7-11
@pytest.mark.parametrize("ms", [60, 300])
def test_their_timers_change_while_up(lab, speaker, family, ms):
    pair = Pair(lab, speaker, family)
    pair.wait_up()
    pair.settle()
    start = time.time()
    pair.speaker.set_timers(ms)
    pair.wire.wait_control(
        pair.their_address, lambda c: c.poll and c.desired_min_tx_us == ms * 1000, since=start, what="their Poll"
    )
    pair.wire.wait_control(pair.our_address, lambda c: c.final, since=start, what="our Final")
    wait_until(lambda: pair.status()["remote_desired_min_tx_interval_us"] == ms * 1000, 5, "us to know")
    # FRR was seen to announce the two intervals in packets of their own.
    wait_until(lambda: pair.status()["tx_interval_us"] == max(ms, 100) * 1000, 5, "our interval to follow")
    wait_until(
        lambda: int(pair.status()["detection_time_us"]) == 3 * max(ms, 100) * 1000, 5, "the Detection Time to follow"
    )
    assert pair.status()["down_count"] == 0
    pair.speaker.wait(True, 1)


# req: RFC5880-6.8.16-02 RFC5880-6.2-18
def test_admin_down_of_ours(lab, speaker, family):
    pair = Pair(lab, speaker, family)
    pair.wait_up()
    pair.daemon.ctl("session", "admin-down", pair.their_address, "--port", "wan0")
    pair.speaker.wait(False, 2)
    time.sleep(2)
    pair.speaker.wait(False, 1)
    pair.daemon.ctl("session", "admin-up", pair.their_address, "--port", "wan0")
    pair.wait_up()


# req: RFC5880-6.8.6-29 RFC5880-6.2-13
def test_admin_down_of_frr(lab, family):
    pair = Pair(lab, FrrSide, family)
    pair.wait_up()
    frr, peer = pair.speaker.frr, pair.speaker.frr.peers[0]
    peer.shutdown = True
    frr.configure(peer)
    pair.daemon.wait_state(pair.their_address, "Down", 3)
    assert pair.status()["diag"] == 3 and pair.status()["remote_state"] == "SESSION_STATE_ADMIN_DOWN"
    peer.shutdown = False
    frr.configure(peer)
    pair.wait_up()


# req: RFC5880-6.8.6-15 RFC5880-6.1-11 RFC5880-6.8.1-09
def test_a_killed_peer_is_detected_and_comes_back(lab, speaker, family):
    pair = Pair(lab, speaker, family)
    pair.wait_up()
    pair.settle()
    with pair.daemon.watch() as watch:
        start = time.time()
        pair.speaker.kill()
        event = watch.wait(pair.their_address, "Down", since=start)
        assert event["session"]["status"]["diag"] == 1
    time.sleep(0.5)
    assert pair.status()["remote_discr"] == 0
    pair.speaker.start()
    pair.wait_up()


# req: RFC5880-6.8.4-03 RFC5880-6.8.4-10
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_a_cut_path_is_reported_after_the_detection_time(lab, speaker, family):
    pair = Pair(lab, speaker, family, ms=50)
    pair.wait_up()
    pair.settle()
    with pair.daemon.watch() as watch:
        for _ in range(3):
            start = pair.port.cut()
            event = watch.wait(pair.their_address, "Down", since=start)
            last_rx, down = int(event["last_rx_us"]), int(event["last_change_us"])
            assert 150_000 <= down - last_rx <= 150_000 + STALL * 1e6
            # The packet it counts from was on the wire at that time.
            assert min(abs(f.time - last_rx / 1e6) for f in pair.wire.control(pair.their_address)) < STALL
            pair.speaker.wait(False, 2)
            healed = pair.port.heal()
            watch.wait(pair.their_address, "Up", since=healed)
            pair.speaker.wait(True)
            pair.settle()


# req: RFC5881-7-01 RFC5882-8-01
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_a_session_runs_inside_a_tunnel_of_the_kernel(lab, speaker, family):
    lan = lab.network("lan")
    ends = []
    for number, (name, port) in enumerate((("tocsin", "t0"), ("peer", "p0")), 1):
        under = lan.attach(name, port, [f"198.51.100.{number}/24"])
        far = f"198.51.100.{3 - number}"
        under.namespace.ip(
            "link", "add", "vx0", "type", "vxlan", "id", 7, "dev", port, "local", f"198.51.100.{number}", "remote", far,
            "dstport", 4789,
        )  # fmt: skip
        ends.append(Port(under.namespace, "vx0", None, None))
    ours, theirs = ends
    ours.namespace.sysctl("net/ipv6/conf/vx0/disable_ipv6", 1)
    for address in ("192.0.2.2/24", "2001:db8::2/64"):
        theirs.namespace.ip("addr", "add", address, "dev", "vx0", *(["nodad"] if ":" in address else []))
    for end in ends:
        end.namespace.ip("link", "set", "vx0", "up")
    wire = Wire(theirs)
    lab.on_close(wire.close)
    timers = {"desired_min_tx_interval": "100ms", "required_min_rx_interval": "100ms"}
    daemon = Tocsind(
        lab, ours.namespace, [(ours, "wan0", ["192.0.2.1/24", "2001:db8::1/64"])],
        [{"remote": THEIRS[family], "port": "wan0"} | timers],
    )  # fmt: skip
    peer = speaker(lab, theirs, THEIRS[family], OURS[family])
    daemon.wait_state(THEIRS[family], "Up", 20)
    peer.wait(True, 20)
    time.sleep(2)
    assert daemon.session(THEIRS[family])["status"]["down_count"] == 0
    assert {f.ttl for f in wire.frames() if f.control} == {255}


def test_a_restart_of_ours_is_seen_by_the_peer(lab, speaker):
    pair = Pair(lab, speaker, "ipv4")
    pair.wait_up()
    pair.daemon.stop(signal.SIGKILL)
    pair.speaker.wait(False, 3)
    pair.daemon.start()
    pair.wait_up()


@pytest.mark.slow
def test_no_false_down_in_a_minute(lab, speaker):
    pair = Pair(lab, speaker, "ipv4", ms=50)
    pair.wait_up()
    time.sleep(60)
    assert pair.status()["down_count"] == 0
