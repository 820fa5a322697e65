"""Multihop over a router, RFC 5883: addresses, ports, TTL, one session for each pair."""

import pytest

from lab import HandmadePeer, wait_until
from lab.control import DOWN, MULTIHOP_PORT, PORT, UP
from lab.routed import OTHER, OURS, THEIRS, make_routed, multihop, router_of
from lab.wire import Wire

FAMILIES = ["ipv4", "ipv6"]


@pytest.fixture
def routed(lab):
    return make_routed(lab)


def peer_of(routed, family, local=None, remote=None, **options):
    """Behind the router. `remote`: our address that it speaks to."""
    return HandmadePeer(
        routed.lab, routed.theirs, local or THEIRS[family], remote or OURS[family],
        **({"interval": 0.1, "detect_mult": 3, "udp_port": MULTIHOP_PORT} | options),
    )  # fmt: skip


def through_the_router(routed, peer, control, **headers):
    """One packet as the router hands it to us, of which every header can be chosen."""
    mac = routed.ours.mac
    with Wire(routed.near) as wire:
        wire.send(peer.frame(control, destination_mac=mac, source_mac=routed.near.mac, **headers))


# req: RFC5883-5-01 RFC5883-5-02 RFC5883-5-03 RFC5883-3-02
@pytest.mark.parametrize("family", FAMILIES)
def test_comes_up_through_a_router_and_goes_down_in_time(routed, family):
    peer = peer_of(routed, family)
    daemon = routed.start([multihop(THEIRS[family])])
    peer.wait_up()
    session = daemon.session(THEIRS[family])
    assert session["spec"]["type"] == "SESSION_TYPE_MULTIHOP" and session["spec"]["min_ttl"] == 254
    assert session["spec"]["local"] == OURS[family] and session["spec"]["port"] == "wan0"
    assert session["status"]["next_hop"] == router_of(OURS[family])
    daemon.reload(session=[multihop(THEIRS[family], desired_min_tx_interval="150ms")])  # a Poll Sequence
    wait_until(lambda: peer.heard.desired_min_tx_us == 150_000, 5, "the new interval")
    peer.mute = True
    daemon.wait_state(THEIRS[family], "Down", 5)
    status = daemon.session(THEIRS[family])["status"]
    assert status["diag"] == 1
    silence = (int(status["last_state_change_us"]) - int(status["last_rx_us"])) * 1e-6
    assert 0.299 < silence < 0.6
    peer.mute = False
    peer.wait_up()
    sent = peer.sent_since(0)
    assert {p.destination_port for p in sent} == {MULTIHOP_PORT}
    assert {p.ttl for p in sent} == {254}
    assert {p.control.echo_rx_us for p in sent} == {0}
    assert len({p.source_port for p in sent}) == 1 and sent[0].source_port >= 49152


# req: RFC5883-3-03 RFC5883-3-04
@pytest.mark.parametrize("family", FAMILIES)
def test_the_lowest_ttl_is_configured_and_changed_live(routed, family):
    peer = peer_of(routed, family)
    daemon = routed.start()
    daemon.ctl("session", "add", THEIRS[family], "--type", "multihop", "--min-ttl", 255, "--tx", "100ms", "--rx", "100ms")
    wait_until(lambda: daemon.drops().get("ttl_too_low", 0) > 5, 10, "packets with TTL 254 to be dropped")
    assert daemon.state(THEIRS[family]) == "Down"
    daemon.ctl("session", "set", f"peer:{THEIRS[family]}", "--min-ttl", 64)
    peer.wait_up()
    before = daemon.drops()["ttl_too_low"]
    for ttl in (63, 1, 0):
        through_the_router(routed, peer, peer.control.with_(state=DOWN), ttl=ttl)
    wait_until(lambda: daemon.drops()["ttl_too_low"] == before + 3, 5, "three drops")
    assert daemon.state(THEIRS[family]) == "Up"
    through_the_router(routed, peer, peer.control.with_(state=DOWN), ttl=64)
    wait_until(lambda: daemon.session(THEIRS[family])["status"]["down_count"] == 1, 5, "TTL 64 to count")
    peer.wait_up()
    assert daemon.session(THEIRS[family])["spec"]["min_ttl"] == 64


# req: RFC5883-3-05 RFC5883-3-04
@pytest.mark.parametrize("family", FAMILIES)
def test_packets_may_come_in_by_another_port_than_they_leave_by(routed, family):
    peer = peer_of(routed, family, remote=OTHER[family])
    daemon = routed.start([multihop(THEIRS[family], local=OTHER[family])])
    peer.wait_up()
    assert daemon.session(THEIRS[family])["spec"]["port"] == "wan0"
    with Wire(routed.near) as near:
        peer.settle(0.5)
        ours = [f for f in near.frames() if f.control]
    assert ours and all(f.source == OTHER[family] for f in ours), "all that passes here is what we send"
    ports = {p["name"]: p for p in daemon.json("port", "list")["ports"]}
    assert int(ports["wan1"]["rx_packets"]) > 5


# req: RFC5883-4.1-01 RFC5883-4.1-02 RFC5883-4.1-03 RFC5883-4.1-04
def test_one_session_for_each_pair_of_addresses(routed):
    second = "198.51.100.3"
    routed.theirs.namespace.ip("addr", "add", f"{second}/24", "dev", routed.theirs.name)
    pairs = [(there, here) for there in (THEIRS["ipv4"], second) for here in (OURS["ipv4"], OTHER["ipv4"])]
    daemon = routed.start([multihop(there, local=here) for there, here in pairs[:3]])
    daemon.ctl("session", "add", pairs[3][0], "--type", "multihop", "--local", pairs[3][1])
    for there, here in pairs:
        refused = daemon.ctl("session", "add", there, "--type", "multihop", "--local", here, check=False)
        assert refused.returncode != 0 and "RFC 5883 4.1" in refused.stderr
    sessions = daemon.json("session", "list")["sessions"]
    assert len(sessions) == 4

    def states():
        return {
            (s["spec"]["remote"], s["spec"]["local"]): s["status"]["state"].removeprefix("SESSION_STATE_")
            for s in daemon.json("session", "list")["sessions"]
        }

    peer = peer_of(routed, "ipv4")
    peer.automatic = False
    through_the_router(routed, peer, peer.control, destination="192.0.2.7")
    wait_until(lambda: states()[pairs[0]] == "INIT", 5, "the first packet to find its session")
    assert [states()[p] for p in pairs[1:]] == ["DOWN"] * 3


# req: RFC5883-4.1-05 RFC5883-5-06
@pytest.mark.parametrize("family", FAMILIES)
def test_single_hop_and_multihop_to_one_peer_are_kept_apart(routed, family):
    gateway = router_of(OURS[family])
    daemon = routed.start([
        multihop(gateway, name="far"),
        multihop(gateway, name="near") | {"type": "single_hop", "port": "wan0"},
    ])  # fmt: skip
    near, far = (
        HandmadePeer(routed.lab, routed.near, gateway, OURS[family], discriminator=number, udp_port=port)
        for number, port in ((0x7E57_0001, PORT), (0x7E57_0002, MULTIHOP_PORT))
    )
    near.wait_up()
    far.wait_up()

    def status(name):
        return daemon.json("session", "show", f"name:{name}")["status"]

    before = daemon.drops().get("session_type", 0)
    with Wire(routed.near) as wire:
        for peer, other in ((near, MULTIHOP_PORT), (far, PORT)):
            frame = peer.frame(peer.control.with_(state=DOWN), dport=other, destination_mac=routed.ours.mac)
            wire.send(frame)
    wait_until(lambda: daemon.drops().get("session_type", 0) == before + 2, 5, "both to be dropped")
    for name in ("near", "far"):
        assert status(name)["state"] == "SESSION_STATE_UP" and status(name).get("down_count", 0) == 0
    assert far.control.state == near.control.state == UP
    table = daemon.ctl("session", "list").stdout
    assert "single_hop" in table and "multihop" in table


def test_another_source_is_dropped_unless_that_is_switched_off(routed):
    peer = peer_of(routed, "ipv4")
    daemon = routed.start([multihop(THEIRS["ipv4"])])
    peer.wait_up()
    through_the_router(routed, peer, peer.control.with_(state=DOWN), source="198.51.100.99", ttl=254)
    wait_until(lambda: daemon.drops().get("source_mismatch", 0) == 1, 5, "the stranger to be dropped")
    assert daemon.session(THEIRS["ipv4"])["status"].get("down_count", 0) == 0


# req: RFC5883-6-01 RFC5880-9-03 RFC5882-10.1.3-02
def test_a_session_without_authentication_is_warned_of(routed):
    daemon = routed.start([multihop(THEIRS["ipv4"])])
    assert "multihop_without_authentication" in daemon.log.read_text()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["single_hop", "multihop"])
def test_dscp_is_changed_without_a_flap(routed, family, kind):
    if kind == "multihop":
        peer, remote = peer_of(routed, family), THEIRS[family]
        daemon = routed.start([multihop(remote, dscp=10) | {"name": "file"}])
    else:
        remote = router_of(OURS[family])
        peer = HandmadePeer(routed.lab, routed.near, remote, OURS[family])
        daemon = routed.start([multihop(remote, dscp=10) | {"name": "file", "type": "single_hop"}])

    def dscp(frame):
        ip = frame.octets[14:]
        return ip[1] >> 2 if ip[0] >> 4 == 4 else (ip[0] << 8 | ip[1]) >> 6 & 63

    def seen(value):
        sent = peer.sent_since(0)
        return sent and dscp(sent[-1]) == value

    peer.wait_up()
    wait_until(lambda: seen(10), 5, "the file's")
    daemon.reload(session=[daemon.config["session"][0] | {"dscp": 0}])
    wait_until(lambda: seen(0), 5, "the reload's")
    assert daemon.session(remote)["status"].get("down_count", 0) == 0
    # A session of the API: default, then changed.
    daemon.reload(session=[])
    wait_until(lambda: daemon.state(remote) is None, 5, "the session to end")
    peer.change(state=DOWN, your_discriminator=0)
    daemon.ctl("session", "add", remote, "--type", kind, "--tx", "100ms", "--rx", "100ms", "--detect-mult", 5)
    peer.wait_up()
    wait_until(lambda: seen(48), 5, "the default")
    daemon.ctl("session", "set", f"peer:{remote}", "--dscp", 34)
    wait_until(lambda: seen(34), 5, "the new one")
    session = daemon.session(remote)
    assert session["spec"]["dscp"] == 34 and session["status"].get("down_count", 0) == 0
