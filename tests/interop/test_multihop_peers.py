"""Multihop with BIRD and FRR behind a router, RFC 5883."""

import time

import pytest

from lab import Bird, wait_until
from lab.bird import BirdNeighbor
from lab.routed import OURS, THEIRS, make_routed, multihop
from lab.routed_peers import BirdSide, FrrSide, wait_up
from lab.wire import Wire

DETECTION = 0.3
STALL = 0.05  # that this machine may take a CPU away


@pytest.fixture(params=[FrrSide, BirdSide], ids=["FRR", "BIRD"])
def speaker(request):
    return request.param


@pytest.fixture(params=["ipv4", "ipv6"])
def family(request):
    return request.param


# req: RFC5883-5-01 RFC5883-5-02 RFC5883-3-02
def test_comes_up_goes_down_in_time_and_comes_up_again(lab, speaker, family):
    routed = make_routed(lab)
    daemon = routed.start([multihop(THEIRS[family], min_ttl=speaker.arrives_with_ttl)])
    side = speaker(routed, family)
    wait_up(daemon, side, family)
    wire = Wire(routed.theirs)
    lab.on_close(wire.close)
    time.sleep(1)
    packets = wire.control(OURS[family])
    assert packets and all(p.destination_port == 4784 and p.ttl == 254 for p in packets)
    assert {p.control.echo_rx_us for p in packets} == {0}
    with daemon.watch() as watch:
        side.kill()
        down = watch.wait(THEIRS[family], "Down")
        silence = (int(down["last_change_us"]) - int(down["last_rx_us"])) * 1e-6
        assert DETECTION - 0.001 <= silence <= DETECTION + STALL
        assert down["session"]["status"]["diag"] == 1
    side.start()
    wait_up(daemon, side, family)


def test_a_path_that_is_cut_behind_the_router_is_seen_by_both(lab, speaker, family):
    routed = make_routed(lab)
    daemon = routed.start([multihop(THEIRS[family], min_ttl=speaker.arrives_with_ttl)])
    side = speaker(routed, family)
    wait_up(daemon, side, family)
    routed.theirs.cut()
    daemon.wait_state(THEIRS[family], "Down", 5)
    wait_until(lambda: not side.is_up(), 5, "the peer to see it")
    routed.theirs.heal()
    wait_up(daemon, side, family)


# req: RFC5883-3-03
def test_our_lowest_ttl_keeps_packets_out(lab, speaker, family):
    routed = make_routed(lab)
    daemon = routed.start([multihop(THEIRS[family], min_ttl=speaker.arrives_with_ttl + 1)])
    side = speaker(routed, family)
    wait_until(lambda: daemon.drops().get("ttl_too_low", 0) > 2, 15, "packets that a router has passed on to be dropped")
    assert daemon.state(THEIRS[family]) == "Down" and not side.is_up()
    daemon.reload(session=[multihop(THEIRS[family], min_ttl=speaker.arrives_with_ttl)])
    wait_up(daemon, side, family)


# req: RFC5883-6-01
@pytest.mark.parametrize("kind", ["meticulous keyed sha1", "keyed md5"])
def test_authentication_works_over_several_hops(lab, family, kind):
    routed = make_routed(lab)
    key = lab.folder / "key"
    key.write_text("tocsin-secret\n")
    key.chmod(0o600)
    auth = {"type": kind.replace(" ", "_"), "key_chain": "core"}
    chain = [{"name": "core", "keys": [{"id": 1, "secret_file": str(key)}]}]
    daemon = routed.start([multihop(THEIRS[family], auth=auth, min_ttl=BirdSide.arrives_with_ttl)], {"key_chain": chain})
    bird = Bird(
        lab, routed.theirs, [BirdNeighbor(OURS[family], THEIRS[family], multihop=True)],
        authentication=kind, keys=[(1, "tocsin-secret")],
    )  # fmt: skip
    daemon.wait_state(THEIRS[family], "Up", 20)
    bird.wait_state(OURS[family], "Up", 20)
    assert "multihop_without_authentication" not in daemon.log.read_text()
