"""Micro-BFD on the members of a LAG (RFC 7130) with hand-made frames: what is sent, what is taken."""

import time

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q

from lab import wait_until
from lab.control import ADMIN_DOWN, DOWN, INIT, UP
from lab.lag import DEDICATED_MAC, End, Frames, MemberPeer, Panel
from lab.tocsin import Tocsind, af_packet

OURS = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
THEIRS = {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}
FAMILIES = ["ipv4", "ipv6"]
PEER_MAC = "02:00:00:00:77:01"
FAST = {"desired_min_tx_interval": "100ms", "required_min_rx_interval": "100ms", "detect_mult": 3}


class Bench:
    """tocsind with one LAG, and an end of our own on each member link."""

    def __init__(self, lab, members):
        self.lab = lab
        self.panel = Panel(lab, members)
        ours, theirs = lab.namespace("tocsin"), lab.namespace("peer")
        self.ours = [self.panel.attach(ours, f"m{i}", i) for i in range(members)]
        self.theirs = [self.panel.attach(theirs, f"p{i}", i) for i in range(members)]
        self.daemon = None

    def ports(self, **more):
        return [{"name": e.name, "device": af_packet(i, e.name)} | more for i, e in enumerate(self.ours)]

    def lag(self, families=("ipv4",), **keys):
        return {
            "name": "lag1",
            "members": [e.name for e in self.ours],
            "local": [OURS[f] for f in families],
            "remote": [THEIRS[f] for f in families],
        } | FAST | keys

    def start(self, families=("ipv4",), sessions=(), sections=None, ports=None, **keys):
        sections = {"lag": [self.lag(families, **keys)]} | (sections or {})
        self.daemon = Tocsind(self.lab, self.ours[0].namespace, ports or self.ports(), sessions, sections)
        return self.daemon

    def frames(self, family="ipv4", **changes):
        return Frames(THEIRS[family], OURS[family], PEER_MAC).with_(**changes)

    def peer(self, member=0, family="ipv4", discriminator=None, **changes):
        number = 0x7E57_0000 + 2 * member + FAMILIES.index(family) + 1
        return MemberPeer(self.lab, self.theirs[member], self.frames(family, **changes), discriminator=discriminator or number)

    def state(self, member=0, family="ipv4"):
        name = f"lag1.m{member}.{family}"
        found = [s for s in self.daemon.json("session", "list")["sessions"] if s["spec"].get("name") == name]
        return found[0]["status"]["state"].removeprefix("SESSION_STATE_") if found else None

    def wait_state(self, state, member=0, family="ipv4", timeout=5):
        wait_until(lambda: self.state(member, family) == state, timeout, f"m{member} {family} {state}", 0.05)


@pytest.fixture
def bench(lab):
    return lambda members=1: Bench(lab, members)


def destinations(peer, state=None):
    return {h.frame.dst for h in list(peer.received) if state is None or h.control.state == state}


# req: RFC7130-2-01 RFC7130-2.1-01 RFC7130-2.2-02 RFC7130-2.2-03 RFC7130-2.2-04 RFC7130-2.2-10 RFC7130-2.2-14
# req: RFC7130-2.2-15 RFC7130-2.2-17 RFC7130-2.2-20 RFC7130-2.3-01 RFC7130-2.3-07 RFC7130-2.3-08 RFC7130-2.3-12
# req: RFC7130-2.3-13 RFC7130-2.3-14 RFC7130-2.3-10
@pytest.mark.parametrize("family", FAMILIES)
def test_a_session_from_its_first_packet_to_its_end(bench, family):
    b = bench()
    b.start([family])
    peer = b.peer(family=family)
    peer.mute = True
    wait_until(lambda: len(peer.received) >= 3, 10, "packets without a peer")
    first = peer.received[0].control
    assert first.state == DOWN and first.your_discriminator == 0
    assert peer.received[2].time - peer.received[1].time > 0.7, "slow while not Up"
    peer.mute = False
    peer.wait(UP)
    time.sleep(1)
    b.daemon.ctl("session", "admin-down", f"lag1.m0.{family}")
    wait_until(lambda: peer.heard.state == ADMIN_DOWN, 5, "AdminDown")
    received = list(peer.received)
    assert {h.control.state for h in received} >= {DOWN, UP, ADMIN_DOWN}
    assert {h.frame.dst for h in received} == {DEDICATED_MAC}
    assert {h.frame.src for h in received} == {b.ours[0].mac}
    assert {h.frame.type for h in received} == {0x0800 if family == "ipv4" else 0x86DD}
    ip = [h.frame.getlayer(IP if family == "ipv4" else IPv6) for h in received]
    assert {(i.src, i.dst) for i in ip} == {(OURS[family], THEIRS[family])}
    assert {i.ttl if family == "ipv4" else i.hlim for i in ip} == {255}
    (source_port,) = {h.frame.getlayer(UDP).sport for h in received}
    assert source_port >= 49152
    for h in received:
        assert h.control.echo_rx_us == 0 and not h.control.flags & 0x02
    assert not [f for f in peer.wire.frames() if not f.sent and f.destination_port in (3784, 3785, 4784)]


# req: RFC7130-2.2-05
def test_a_passive_end_waits_for_an_active_one(bench):
    b = bench()
    b.start(passive=True)
    peer = b.peer()
    peer.mute = True
    time.sleep(2.5)
    assert peer.received == []
    peer.mute = False
    peer.wait(UP)


# req: RFC7130-2.3-02 RFC7130-2.3-03 RFC7130-2.3-04 RFC7130-2.3-05 RFC7130-2.3-09
@pytest.mark.parametrize("family", FAMILIES)
def test_the_learned_mac_comes_after_detect_mult_packets_and_from_bfd_alone(bench, family):
    b = bench()
    b.start([family], destination_mac="learned", detect_mult=4)
    peer = b.peer(family=family)
    for _ in range(2):
        peer.wait(UP)
        wait_until(lambda: peer.received[-1].frame.dst == PEER_MAC, 5, "packets to the peer's MAC")
        received = list(peer.received)
        came_up = max(i for i, h in enumerate(received) if h.control.state != UP) + 1
        kinds = [h.frame.dst for h in received[came_up:]]
        first_unicast = kinds.index(PEER_MAC)
        assert first_unicast >= 4 and set(kinds[:first_unicast]) == {DEDICATED_MAC}
        assert set(kinds[first_unicast:]) == {PEER_MAC}
        assert destinations(peer, DOWN) | destinations(peer, INIT) <= {DEDICATED_MAC}
        peer.frames = peer.frames.with_(destination_mac=b.ours[0].mac)  # taken as well
        time.sleep(1)
        assert peer.up()
        with peer._lock:
            peer.received.clear()
            peer.down()


# req: RFC7130-2.3-06
@pytest.mark.parametrize("mac", [DEDICATED_MAC, "00:00:00:00:00:00"])
def test_a_mac_that_is_no_station_is_not_learned(bench, mac):
    b = bench()
    b.start(destination_mac="learned")
    # A bridge does not pass such frames on: the peer sits right behind the cable.
    ours = b.ours[0]
    peer = MemberPeer(b.lab, End(b.panel, b.panel.hub, ours.hub_end, ours.hub_end), b.frames(source_mac=mac))
    peer.wait(UP)
    time.sleep(2)
    assert peer.up()
    assert destinations(peer) == {DEDICATED_MAC}


def test_a_mac_that_changes_is_followed_by_way_of_the_dedicated_one(bench):
    b = bench()
    b.start(destination_mac="learned")
    peer = b.peer()
    peer.wait(UP)
    wait_until(lambda: peer.received[-1].frame.dst == PEER_MAC, 5, "packets to the peer's MAC")
    peer.received.clear()
    peer.frames = peer.frames.with_(source_mac="02:00:00:00:77:02")
    wait_until(lambda: peer.received and peer.received[-1].frame.dst == "02:00:00:00:77:02", 5, "packets to the new MAC")
    kinds = [h.frame.dst for h in list(peer.received)]
    first = kinds.index("02:00:00:00:77:02")
    assert kinds[first - 3 : first] == [DEDICATED_MAC] * 3
    assert peer.up()


# req: RFC7130-2.3-11
def test_a_reload_chooses_the_mac_of_a_session_that_stays_up(bench):
    b = bench()
    b.start()
    peer = b.peer()
    peer.wait(UP)
    b.daemon.reload(lag=[b.lag(destination_mac="learned")])
    wait_until(lambda: peer.received[-1].frame.dst == PEER_MAC, 5, "packets to the peer's MAC")
    b.daemon.reload(lag=[b.lag()])
    wait_until(lambda: peer.received[-1].frame.dst == DEDICATED_MAC, 5, "packets to the dedicated MAC")
    assert peer.up()
    states = [h.control.state for h in list(peer.received)]
    assert set(states[states.index(UP) :]) == {UP}


# req: RFC7130-2.3-15
def test_packets_may_have_a_priority_tag(bench):
    b = bench()
    b.start(priority_tag=5)
    peer = b.peer()
    peer.wait(UP)
    tags = [h.frame.getlayer(Dot1Q) for h in list(peer.received)]
    assert all(t is not None and (t.vlan, t.prio) == (0, 5) for t in tags)


# req: RFC7130-2.3-16 RFC7130-2.3-17 RFC7130-2.3-18
def test_tags_of_vlan_0_are_taken_and_others_not(bench):
    b = bench()
    b.start()
    peer = b.peer()
    peer.wait(UP)
    for n in range(30):  # a mix keeps it Up
        peer.frames = peer.frames.with_(tag=[None, (0, 0), (0, 7)][n % 3])
        time.sleep(0.05)
    assert peer.up()
    peer.frames = peer.frames.with_(tag=(100, 7))
    b.wait_state("DOWN")
    assert b.daemon.drops().get("vlan_unknown", 0) > 0


# req: RFC7130-2.2-16
@pytest.mark.parametrize("family", FAMILIES)
def test_a_ttl_below_255_is_not_taken(bench, family):
    b = bench()
    b.start([family])
    peer = b.peer(family=family)
    peer.wait(UP)
    peer.frames = peer.frames.with_(ttl=254)
    b.wait_state("DOWN", family=family)
    assert b.daemon.drops().get("ttl_not_255", 0) > 0


# req: RFC7130-2.2-09 RFC7130-2.2-11 RFC7130-2.2-12
def test_packets_belong_to_the_session_of_their_link(bench):
    b = bench(2)
    b.start()
    peers = [b.peer(0), b.peer(1)]
    peers[1].mute = True
    peers[0].wait(UP)
    assert b.state(1) == "DOWN", "a packet on m0 says nothing about m1"
    peers[1].mute = False
    peers[1].wait(UP)
    # The discriminator counts, not the source address.
    peers[0].frames = peers[0].frames.with_(source="192.0.2.99")
    time.sleep(1)
    assert b.state(0) == "UP"
    # On the other link it does not.
    replayed = peers[0].control
    peers[0].mute = True
    until = time.time() + 2
    while time.time() < until:
        peers[1].send(replayed)
        time.sleep(0.05)
    assert b.state(0) == "DOWN" and b.state(1) == "UP"
    assert b.daemon.drops().get("wrong_port", 0) > 0


# req: RFC7130-2.2-13 RFC7130-2.2-18 RFC7130-2.2-19 RFC7130-4-01
def test_single_hop_and_micro_bfd_do_not_mix(bench):
    b = bench()
    ports = b.ports(addresses=["192.0.2.1/24"])
    session = {"name": "single", "remote": "192.0.2.2", "port": "m0"} | FAST
    daemon = b.start(ports=ports, sessions=[session])
    peer = b.peer(udp_port=3784, destination_mac=b.ours[0].mac)
    time.sleep(2)
    assert b.state() == "DOWN", "packets to 3784 are not of micro-BFD"
    peer.down()
    peer.frames = b.frames()
    peer.wait(UP)


    def single():
        return next(s for s in daemon.json("session", "list")["sessions"] if s["spec"].get("name") == "single")["status"]

    wait_until(lambda: single()["state"] == "SESSION_STATE_DOWN", 5, "the single-hop session to hear nothing")
    # The micro session's own discriminator, to the other ports.
    for port in (3784, 4784):
        peer.frames = b.frames(udp_port=port, destination_mac=b.ours[0].mac)
        b.wait_state("DOWN")
        peer.down()
        peer.frames = b.frames()
        peer.wait(UP)
    assert single()["state"] == "SESSION_STATE_DOWN" and peer.up(), "packets to 6784 are not of single hop"


# req: RFC7130-2.1-02 RFC7130-3-03 RFC7130-3-05 RFC7130-5-03
def test_both_families_of_a_member_are_sessions_of_their_own(bench):
    b = bench()
    daemon = b.start(FAMILIES)
    four, six = b.peer(family="ipv4"), b.peer(family="ipv6")
    four.wait(UP)
    six.wait(UP)
    wait_until(lambda: daemon.json("lag", "list")["lags"][0]["members"][0].get("confirmed"), 5, "the member to be confirmed")
    six.mute = True
    b.wait_state("DOWN", family="ipv6")
    assert b.state(family="ipv4") == "UP"
    member = daemon.json("lag", "list")["lags"][0]["members"][0]
    assert not member.get("in_use") and member["places"][0]["reason"] == "MEMBER_REASON_FAILED"
    six.mute = False
    six.wait(UP)
    wait_until(lambda: daemon.json("lag", "list")["lags"][0]["members"][0].get("in_use"), 5, "the member to be used again")


# req: RFC7130-3-04 RFC7130-5-02
def test_each_family_may_decide_about_a_table_of_its_own(bench):
    b = bench()
    daemon = b.start(FAMILIES, per_family=True, take_out_last=True)
    four, six = b.peer(family="ipv4"), b.peer(family="ipv6")
    four.wait(UP)
    six.wait(UP)
    six.mute = True
    b.wait_state("DOWN", family="ipv6")
    places = {p["table"]: p for p in daemon.json("lag", "list")["lags"][0]["members"][0]["places"]}
    assert places["LAG_TABLE_IPV4"].get("permitted") and not places["LAG_TABLE_IPV6"].get("permitted")
    assert places["LAG_TABLE_IPV4"].get("applied") and not places["LAG_TABLE_IPV6"].get("applied")


# req: RFC7130-6-01
def test_authentication_holds_on_member_links(bench, lab):
    b = bench()
    secret = lab.folder / "secret"
    secret.write_text("tocsin")
    secret.chmod(0o600)
    chain = {"name": "core", "keys": [{"id": 1, "secret_file": str(secret)}]}
    b.start(auth={"type": "meticulous_keyed_sha1", "key_chain": "core"}, sections={"key_chain": [chain]})
    peer = b.peer()
    wait_until(lambda: sum(n for k, n in b.daemon.drops().items() if k.startswith("auth")) > 0, 10, "a dropped packet")
    assert b.state() == "DOWN"
    assert all(h.control.flags & 0x04 and h.control.length == 52 for h in list(peer.received))


# req: RFC7130-A-08
def test_a_peer_without_micro_bfd_is_seen(bench):
    b = bench()
    daemon = b.start()
    session = daemon.json("lag", "list")["lags"][0]["members"][0]["sessions"][0]
    assert not session.get("peer_heard")
    assert 'tocsin_lag_sessions_never_heard{lag="lag1"} 1' in daemon.metrics()
    assert "never heard" in daemon.ctl("lag", "show").stdout
    peer = b.peer()
    peer.wait(UP)
    wait_until(lambda: 'tocsin_lag_sessions_never_heard{lag="lag1"} 0' in daemon.metrics(), 5, "the metric to say so")


# req: RFC7130-A-03
def test_a_member_that_is_removed_tells_its_peer(bench):
    b = bench(2)
    b.start()
    peers = [b.peer(0), b.peer(1)]
    for peer in peers:
        peer.wait(UP)
    peers[1].automatic = False  # goes on saying Up: it is told for as long as it takes
    b.daemon.reload(lag=[b.lag(members=["m0"])])
    wait_until(lambda: peers[1].heard.state == ADMIN_DOWN, 5, "AdminDown")
    time.sleep(1)
    told = [h.control for h in peers[1].received if h.control.state == ADMIN_DOWN]
    assert told and {c.diag for c in told} == {7}
    assert peers[0].up()


# req: RFC7130-2.1-03 RFC7130-2.1-04
def test_micro_sessions_come_from_a_lag_alone(bench):
    b = bench()
    daemon = b.start()
    answer = daemon.ctl("session", "add", "192.0.2.2", "--type", "micro", "--port", "m0", "--local", "192.0.2.1", check=False)
    assert answer.returncode != 0
    assert len(daemon.json("session", "list")["sessions"]) == 1
