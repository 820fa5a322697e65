"""Large packets with FRR and BIRD behind a router, RFC 9764: they take padding, and miss what the path drops."""

import time

import pytest

from lab import Bird, wait_until
from lab.bird import BirdNeighbor
from lab.routed import OURS, THEIRS, make_routed, multihop
from lab.routed_peers import BirdSide, FrrSide, wait_up
from lab.wire import Wire

AUTHENTICATION = {
    "simple_password": "simple", "keyed_md5": "keyed md5", "meticulous_keyed_md5": "meticulous keyed md5",
    "keyed_sha1": "keyed sha1", "meticulous_keyed_sha1": "meticulous keyed sha1",
}  # fmt: skip


@pytest.fixture(params=[FrrSide, BirdSide], ids=["FRR", "BIRD"])
def speaker(request):
    return request.param


@pytest.fixture(params=["ipv4", "ipv6"])
def family(request):
    return request.param


# req: RFC9764-4.4-01 RFC9764-4.1-01 RFC9764-4.1-02 RFC9764-4.3-01 RFC9764-4.4-02
def test_a_path_that_becomes_too_small_takes_the_session_down(lab, speaker, family):
    routed = make_routed(lab)
    daemon = routed.start([multihop(THEIRS[family], padded_pdu_size=1400, min_ttl=speaker.arrives_with_ttl)])
    side = speaker(routed, family)
    wait_up(daemon, side, family)
    with daemon.watch() as watch:
        routed.router.ip("link", "set", "r-far", "mtu", 1300)
        # The peer misses ours and says so; its own packets still come through.
        down = watch.wait(THEIRS[family], "Down", 10)
        assert down["session"]["status"]["diag"] == 3
    wait_until(lambda: not side.is_up(), 5, "the peer to be Down")
    hint = daemon.session(THEIRS[family])["status"]["hint"]
    octets = 1428 if family == "ipv4" else 1448
    assert f"{octets} octets" in hint and "no longer hears us" in hint
    assert "large_packets_lost" in daemon.log.read_text()
    # A size that fits, set live, is heard again.
    daemon.reload(session=[multihop(THEIRS[family], padded_pdu_size=1200, min_ttl=speaker.arrives_with_ttl)])
    wait_up(daemon, side, family)
    assert daemon.session(THEIRS[family])["status"].get("hint", "") == ""
    before = daemon.session(THEIRS[family])["status"]["down_count"]
    routed.router.ip("link", "set", "r-far", "mtu", 1500)
    time.sleep(1)
    after = daemon.session(THEIRS[family])["status"]
    assert after["down_count"] == before and after["udp_payload_octets"] == 1200


# req: RFC9764-4.3-02 RFC9764-4.3-03
def test_a_peer_without_padding_stays_up(lab, speaker, family):
    routed = make_routed(lab)
    daemon = routed.start([multihop(THEIRS[family], padded_pdu_size=1000, min_ttl=speaker.arrives_with_ttl)])
    side = speaker(routed, family)
    wait_up(daemon, side, family)
    with Wire(routed.theirs) as wire:
        time.sleep(1)
        ours = [len(f.control.tail) + 24 for f in wire.control(OURS[family])]
        theirs = [len(f.control.tail) + 24 for f in wire.control(THEIRS[family])]
    assert set(ours) == {1000} and set(theirs) == {24}
    assert daemon.session(THEIRS[family])["status"].get("down_count", 0) == 0


# req: RFC9764-3-07 RFC9764-3-06
@pytest.mark.parametrize("kind", AUTHENTICATION)
def test_the_digest_leaves_the_padding_out(lab, family, kind):
    routed = make_routed(lab)
    key = lab.folder / "key"
    key.write_text("tocsin-secret\n")
    key.chmod(0o600)
    chain = [{"name": "core", "keys": [{"id": 1, "secret_file": str(key)}]}]
    auth = {"type": kind, "key_chain": "core"}
    daemon = routed.start([multihop(THEIRS[family], auth=auth, padded_pdu_size=1300, min_ttl=BirdSide.arrives_with_ttl)], {"key_chain": chain})
    bird = Bird(
        lab, routed.theirs, [BirdNeighbor(OURS[family], THEIRS[family], multihop=True)],
        authentication=AUTHENTICATION[kind], keys=[(1, "tocsin-secret")],
    )  # fmt: skip
    daemon.wait_state(THEIRS[family], "Up", 20)
    bird.wait_state(OURS[family], "Up", 20)
    with Wire(routed.theirs) as wire:
        time.sleep(1)
        ours = wire.control(OURS[family])
    length = {"simple_password": 24 + 3 + 13, "keyed_md5": 48, "meticulous_keyed_md5": 48}.get(kind, 52)
    assert ours and {f.control.length for f in ours} == {length}
    assert {len(f.control.tail) + 24 for f in ours} == {1300}
    assert all(not any(f.control.tail[length - 24 :]) for f in ours)
    assert daemon.session(THEIRS[family])["status"].get("down_count", 0) == 0
