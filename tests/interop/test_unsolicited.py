"""Unsolicited BFD, RFC 9468, with FRR's bfdd and BIRD as the active side: they are configured, tocsind is not."""

import time

import pytest

from lab import Bird, Frr, Tocsind, wait_until
from lab.bird import BirdNeighbor
from lab.frr import FrrPeer
from lab.wire import Wire

OURS = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
THEIRS = {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}
SECRET = "tocsin-secret"
POLICY = {
    "port": "wan0", "enabled": True, "allow": ["192.0.2.0/24", "2001:db8::/64", "fe80::/10"],
    "min_interval": "100ms", "detect_mult": 3,
}  # fmt: skip


class ActiveFrr:
    def __init__(self, lab, port, them, us):
        self._us = us
        self._frr = Frr(lab, port, [FrrPeer(us, them if ":" in them else None)])

    def up(self):
        return self._frr.status(self._us) == "up"

    def kill(self):
        self._frr.kill()

    def start(self):
        self._frr.start()


class ActiveBird:
    def __init__(self, lab, port, them, us, **options):
        self._us = us
        self._bird = Bird(lab, port, [BirdNeighbor(us, them)], **options)

    def up(self):
        return self._bird.state(self._us) == "Up"

    def kill(self):
        self._bird.kill()

    def start(self):
        self._bird.start()


class Segment:
    """tocsind with a policy and no session, and where the active side will be."""

    def __init__(self, lab, family, policy=None, sections=None):
        lan = lab.network("lan")
        ours = lan.attach("tocsin", "t0", silent=True)
        self.lab = lab
        self.port = lan.attach("peer", "p0", ["192.0.2.2/24", "2001:db8::2/64"])
        self.them = self.port.link_local() if family == "link_local" else THEIRS[family]
        self.wire = Wire(self.port)
        lab.on_close(self.wire.close)
        self.daemon = Tocsind(
            lab, ours.namespace, [(ours, "wan0", ["192.0.2.1/24", "2001:db8::1/64"])], [],
            {"unsolicited": [POLICY | (policy or {})]} | (sections or {}),
        )  # fmt: skip
        self.us = OURS.get(family) or self.our_link_local()
        self.speaker = None

    def our_link_local(self):
        (port,) = self.daemon.json("port", "list")["ports"]
        return next(a for a in port["addresses"] if a.startswith("fe80")).split("/")[0]

    def start(self, speaker, **options):
        self.speaker = speaker(self.lab, self.port, self.them, self.us, **options)

    def wait_up(self):
        self.daemon.wait_state(self.them, "Up", 20)
        wait_until(self.speaker.up, 10, "the active side to be up")

    def sent(self, since):
        return self.wire.control(self.us, since)


@pytest.fixture(params=[ActiveFrr, ActiveBird], ids=["FRR", "BIRD"])
def speaker(request):
    return request.param


# req: RFC9468-2-10 RFC9468-2-17 RFC9468-2-18 RFC9468-2-20 RFC9468-2-21 RFC9468-2-22 RFC9468-2-09
@pytest.mark.parametrize("family", ["ipv4", "ipv6", "link_local"])
def test_the_active_side_gets_a_session_fails_and_comes_back(lab, speaker, family):
    segment = Segment(lab, family)
    time.sleep(1.5)
    assert segment.sent(0) == [] and segment.daemon.sessions() == {}
    segment.start(speaker)
    segment.wait_up()
    first = segment.daemon.session(segment.them)
    assert (first["origin"], first["status"]["role"]) == ("ORIGIN_UNSOLICITED", "ROLE_PASSIVE")
    assert first["status"]["tx_interval_us"] == 100_000 and first["status"]["detection_time_us"] == "300000"
    time.sleep(2)
    assert segment.daemon.session(segment.them)["status"]["down_count"] == 0

    segment.speaker.kill()
    wait_until(lambda: segment.daemon.sessions() == {}, 5, "the session to end")
    gone = time.time()
    time.sleep(2)
    assert segment.sent(gone + 0.3) == []

    segment.speaker.start()
    segment.wait_up()
    assert segment.daemon.session(segment.them)["id"] != first["id"]


# req: RFC9468-2-11
def test_the_active_side_stays_down_without_permission(lab, speaker):
    segment = Segment(lab, "ipv4", {"deny": [THEIRS["ipv4"]]})
    segment.start(speaker)
    time.sleep(4)
    assert not segment.speaker.up() and segment.daemon.sessions() == {} and segment.sent(0) == []
    (policy,) = segment.daemon.json("unsolicited", "list")["policies"]
    assert int(policy["refused"]["denied"]) >= 2


def with_key(lab):
    file = lab.folder / "key-1"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    return {
        "key_chain": [{"name": "core", "keys": [{"id": 1, "secret_file": str(file)}]}],
        "profile": [{"name": "safe", "auth": {"type": "meticulous_keyed_sha1", "key_chain": "core"}}],
    }  # fmt: skip


# req: RFC9468-6.2-01 RFC9468-6.2-02
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_an_authentic_bird_gets_a_session_and_comes_back(lab, family):
    segment = Segment(lab, family, {"profile": "safe"}, with_key(lab))
    segment.start(ActiveBird, authentication="meticulous keyed sha1", keys=[(1, SECRET)])
    segment.wait_up()
    status = segment.daemon.session(segment.them)["status"]
    assert status["auth"]["type"] == "AUTH_TYPE_METICULOUS_KEYED_SHA1" and status["auth"]["failures"] == 0
    assert "weaker_authentication" not in segment.daemon.log.read_text()
    segment.speaker.kill()
    wait_until(lambda: segment.daemon.sessions() == {}, 5, "the session to end")
    segment.speaker.start()
    segment.wait_up()


# req: RFC9468-6.2-01
@pytest.mark.parametrize("options", [{}, {"authentication": "meticulous keyed sha1", "keys": [(1, "another")]}], ids=["none", "wrong key"])  # fmt: skip
def test_a_bird_without_the_key_hears_nothing(lab, options):
    segment = Segment(lab, "ipv4", {"profile": "safe"}, with_key(lab))
    segment.start(ActiveBird, **options)
    time.sleep(4)
    assert not segment.speaker.up() and segment.daemon.sessions() == {} and segment.sent(0) == []
    (policy,) = segment.daemon.json("unsolicited", "list")["policies"]
    assert int(policy["refused"]["authentication"]) >= 2


# req: RFC9468-6.2-02
def test_a_weaker_type_is_warned_about(lab):
    sections = with_key(lab)
    sections["profile"][0]["auth"]["type"] = "keyed_md5"
    segment = Segment(lab, "ipv4", {"profile": "safe"}, sections)
    segment.start(ActiveBird, authentication="keyed md5", keys=[(1, SECRET)])
    segment.wait_up()
    assert "unsolicited weaker_authentication" in segment.daemon.log.read_text()
