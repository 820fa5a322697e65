"""Authentication with BIRD, RFC 5880 6.7: every type, wrong keys, rollover, restarts, replayed packets."""

import time

import pytest

from lab import Bird, Tocsind, wait_until
from lab.bird import BirdNeighbor
from lab.control import AUTHENTICATION
from lab.wire import Wire

OURS = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
THEIRS = {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}
# Ours, BIRD's word, Auth Type and Auth Len of the packets (with a secret of 13 octets).
TYPES = {
    "simple_password": ("simple", 1, 16),
    "keyed_md5": ("keyed md5", 2, 24),
    "meticulous_keyed_md5": ("meticulous keyed md5", 3, 24),
    "keyed_sha1": ("keyed sha1", 4, 28),
    "meticulous_keyed_sha1": ("meticulous keyed sha1", 5, 28),
}
SECRET = "tocsin-secret"
DETECTION = 0.3


class Pair:
    """tocsind and BIRD with one authenticated session between them."""

    def __init__(self, lab, kind, family="ipv4", theirs=((1, SECRET),), their_type=None):
        self.kind, self.us, self.them = kind, OURS[family], THEIRS[family]
        lan = lab.network("lan")
        ours = lan.attach("tocsin", "t0", silent=True)
        port = lan.attach("peer", "p0", ["192.0.2.2/24", "2001:db8::2/64"])
        self.wire = Wire(port)
        lab.on_close(self.wire.close)
        self.folder = lab.folder / "keys"
        self.folder.mkdir()
        session = {
            "remote": self.them, "port": "wan0", "desired_min_tx_interval": "100ms",
            "required_min_rx_interval": "100ms", "auth": {"type": kind, "key_chain": "core"},
        }  # fmt: skip
        self.daemon = Tocsind(
            lab, ours.namespace, [(ours, "wan0", ["192.0.2.1/24", "2001:db8::1/64"])], [session],
            {"key_chain": self.chain(self.key(1, SECRET))},
        )  # fmt: skip
        self.bird = Bird(
            lab, port, [BirdNeighbor(self.us, self.them)],
            authentication=their_type or TYPES[kind][0], keys=theirs,
        )  # fmt: skip

    def key(self, number, secret, **lifetimes):
        file = self.folder / f"key-{number}"
        file.write_text(secret + "\n")
        file.chmod(0o600)
        return {"id": number, "secret_file": str(file)} | lifetimes

    @staticmethod
    def chain(*keys):
        return [{"name": "core", "keys": list(keys)}]

    def wait_up(self, timeout=20):
        self.daemon.wait_state(self.them, "Up", timeout)
        self.bird.wait_state(self.us, "Up", timeout)

    def status(self):
        return self.daemon.session(self.them)["status"]

    def auth(self):
        return self.status()["auth"]

    def frames(self, sent, seconds):
        """Control packets that BIRD sent, or we, from now on for a while."""
        start = time.time()
        time.sleep(seconds)
        return [f for f in self.wire.frames(start) if f.control and f.sent == sent]

    def set_keys(self, *keys):
        before = self.daemon.json("key-chain", "list")
        self.daemon.reload(key_chain=self.chain(*keys))
        wait_until(lambda: self.daemon.json("key-chain", "list") != before, 5, "the reload")


@pytest.fixture(params=TYPES)
def kind(request):
    return request.param


# req: RFC5880-6.7-03 RFC5880-6.7-04 RFC5880-6.7.2-01 RFC5880-6.7.2-02 RFC5880-6.7.2-03 RFC5880-6.7.3-01
# req: RFC5880-6.7.3-02 RFC5880-6.7.4-01 RFC5880-6.7.4-02 RFC5880-4.1-23 RFC5880-6.7-05 RFC5880-6.8.1-18
@pytest.mark.parametrize("family", OURS)
def test_every_type_comes_up_and_stays_up(lab, kind, family):
    pair = Pair(lab, kind, family)
    pair.wait_up()
    frames = pair.frames(sent=False, seconds=2)
    assert len(frames) > 10
    for frame in frames:
        section = frame.control.tail
        assert frame.control.flags & AUTHENTICATION
        assert (section[0], section[1], section[2]) == (*TYPES[kind][1:], 1)
        assert frame.control.length == 24 + section[1] == 24 + len(section)
        assert (SECRET.encode() in frame.octets) == (kind == "simple_password")
    status = pair.status()
    assert status["down_count"] == 0 and status["auth"]["failures"] == 0
    assert status["auth"]["type"] == f"AUTH_TYPE_{kind.upper()}" and status["auth"]["can_sign"]
    if kind.startswith("meticulous"):
        numbers = [int.from_bytes(f.control.tail[4:8], "big") for f in frames]
        assert all((b - a) % 2**32 == 1 for a, b in zip(numbers, numbers[1:])), numbers


# req: RFC5880-6.7-02 RFC5880-6.7.2-12 RFC5880-6.7.3-23 RFC5880-6.7.4-23
def test_another_secret_never_comes_up(lab, kind):
    pair = Pair(lab, kind, theirs=((1, "tocsin-Secret"),))
    wait_until(lambda: pair.auth()["failures"] > 2, 15, "failures to be counted")
    assert pair.auth()["last_failure"] == "auth_digest"
    assert pair.status()["state"] == "SESSION_STATE_DOWN" and pair.bird.state(pair.us) != "Up"
    assert pair.daemon.drops()["auth_digest"] > 2
    assert "tocsin-secret" not in pair.daemon.log.read_text().lower()


# req: RFC5880-6.7-02 RFC5880-6.7.3-15 RFC5880-6.7.1-02 RFC5880-6.7.1-03
@pytest.mark.parametrize(
    ("their_type", "reason"),
    [("meticulous keyed md5", "auth_type_mismatch"), ("keyed sha1", "auth_type_mismatch"), ("none", "auth_missing")],
)
def test_another_type_never_comes_up(lab, their_type, reason):
    pair = Pair(lab, "keyed_md5", their_type=their_type)
    wait_until(lambda: pair.auth()["failures"] > 2, 15, "failures to be counted")
    assert pair.auth()["last_failure"] == reason
    assert pair.status()["state"] == "SESSION_STATE_DOWN" and pair.bird.state(pair.us) != "Up"


# req: RFC5880-6.7.3-16
def test_an_unknown_key_never_comes_up(lab):
    pair = Pair(lab, "meticulous_keyed_sha1", theirs=((9, SECRET),))
    wait_until(lambda: pair.auth()["failures"] > 2, 15, "failures to be counted")
    assert pair.auth()["last_failure"] == "auth_key_unknown"


# req: RFC5880-6.7.3-03 RFC5880-6.7.4-03
def test_keys_roll_over_without_a_flap(lab, kind):
    pair = Pair(lab, kind)
    pair.wait_up()
    new = "another-secret"
    # Both accept both; then each signs with the new one, then the old one is gone.
    pair.bird.keys = [(1, SECRET), (2, new)]
    pair.bird.configure()
    begins = "2020-01-01T00:00:00Z"
    pair.set_keys(pair.key(1, SECRET), pair.key(2, new, send=[begins, "2020-01-02T00:00:00Z"]))
    time.sleep(2 * DETECTION)
    assert pair.auth()["key_id"] == 1
    pair.set_keys(pair.key(1, SECRET), pair.key(2, new, send=[begins, "forever"]))
    wait_until(lambda: pair.auth()["key_id"] == 2, 5, "the new key to sign")
    assert {f.control.tail[2] for f in pair.frames(sent=False, seconds=2 * DETECTION)} == {2}
    pair.bird.keys = [(2, new)]
    pair.bird.configure()
    assert {f.control.tail[2] for f in pair.frames(sent=True, seconds=1)[3:]} == {2}
    pair.set_keys(pair.key(2, new))
    time.sleep(3 * DETECTION)
    status = pair.status()
    assert status["state"] == "SESSION_STATE_UP" and status["down_count"] == 0
    assert status["auth"]["failures"] == 0
    pair.bird.wait_state(pair.us, "Up", 1)


def test_a_key_that_is_taken_away_takes_the_session_down(lab):
    pair = Pair(lab, "meticulous_keyed_sha1")
    pair.wait_up()
    pair.set_keys(pair.key(2, "another-secret"))
    pair.daemon.wait_state(pair.them, "Down", 5)
    assert pair.auth()["last_failure"] == "auth_key_unknown"
    pair.set_keys(pair.key(1, SECRET))
    pair.wait_up()


# req: RFC5880-6.8.1-22
def test_a_restarted_peer_begins_with_another_sequence_number(lab, kind):
    pair = Pair(lab, kind)
    pair.wait_up()
    pair.bird.kill()
    pair.daemon.wait_state(pair.them, "Down", 5)
    pair.bird.start()
    pair.wait_up()


def test_a_restarted_daemon_begins_with_another_sequence_number(lab, kind):
    pair = Pair(lab, kind)
    pair.wait_up()
    pair.daemon.stop()
    pair.bird.wait_state(pair.us, "Down", 5)
    pair.daemon.start()
    pair.wait_up()


# req: RFC5880-6.7.3-19 RFC5880-6.7.4-19
def test_replayed_packets_change_nothing(lab):
    pair = Pair(lab, "meticulous_keyed_sha1")
    pair.wait_up()
    recorded = [f.octets for f in pair.frames(sent=True, seconds=2)]
    assert len(recorded) > 10
    before = pair.auth()
    for octets in recorded:
        pair.wire.send(octets)
    wait_until(lambda: pair.auth()["failures"] >= before["failures"] + len(recorded), 5, "all to be discarded")
    auth = pair.auth()
    assert auth["last_failure"] == "auth_sequence"
    # What was recorded keeps no session Up whose peer is gone.
    pair.bird.kill()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and pair.daemon.state(pair.them) == "Up":
        for octets in recorded[-3:]:
            pair.wire.send(octets)
        time.sleep(0.05)
    assert pair.daemon.state(pair.them) != "Up"
