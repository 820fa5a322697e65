"""Hostile and broken packets: dropped, counted by reason, and nothing else happens."""

import struct
import subprocess
import sys
import time

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from lab import HandmadePeer, flood, wait_until
from lab.control import AUTHENTICATION, DOWN, INIT, MULTIPOINT, Control
from lab.stage import OURS4, OURS6, PEER4, PEER6, session
from lab.wire import Wire

TIMES = 20
FLOOD_RATE = 20_000  # a second; far more overruns the kernel's queues between the namespaces, not the daemon
STRANGER4, STRANGER6 = "192.0.2.77", "2001:db8::77"


def control(change):
    """The peer's own packet of the moment with a few fields changed."""
    return lambda peer: peer.frame(change(peer.control))


def headers(**changes):
    return lambda peer: peer.frame(peer.control, **changes)


def rewrite(change):
    """The peer's own frame as octets that `change` alters in place. 14 is the IP header's start."""

    def build(peer):
        octets = bytearray(peer.frame(peer.control))
        change(octets)
        return bytes(octets)

    return build


def put(offset, value):
    def change(octets):
        octets[offset : offset + len(value)] = value

    return rewrite(change)


def tagged(peer):
    ether = Ether(peer.frame(peer.control))
    return bytes(Ether(src=ether.src, dst=ether.dst) / Dot1Q(vlan=7, type=ether.type) / ether.payload)


def behind_hop_by_hop(peer):
    ether = Ether(peer.frame(peer.control))
    ip, udp = ether[IPv6], ether[UDP]
    return bytes(
        Ether(src=ether.src, dst=ether.dst)
        / IPv6(src=ip.src, dst=ip.dst, hlim=255)
        / IPv6ExtHdrHopByHop()
        / UDP(sport=udp.sport, dport=udp.dport)
        / Raw(bytes(udp.payload))
    )


def fragment(peer):
    """The first part of a packet that would take the session down."""
    ether = Ether(peer.frame(peer.control.with_(state=DOWN)))
    ether[IP].flags = "MF"
    del ether[IP].chksum
    return bytes(ether)


ANY_FAMILY = {
    # RFC 5880 6.8.6
    "version 0": (control(lambda c: c.with_(version=0)), "version"),
    "version 2": (control(lambda c: c.with_(version=2)), "version"),
    "length 23": (control(lambda c: c.with_(length=23)), "length_too_short"),
    "A with length 25": (control(lambda c: c.with_(flags=AUTHENTICATION, length=25, tail=b"\1")), "length_too_short"),
    "length beyond the payload": (control(lambda c: c.with_(length=28)), "length_beyond_payload"),
    "length 255": (control(lambda c: c.with_(length=255)), "length_beyond_payload"),
    "detect mult 0": (control(lambda c: c.with_(detect_mult=0)), "detect_mult_zero"),
    "multipoint": (control(lambda c: c.with_(flags=MULTIPOINT)), "multipoint"),
    "my discriminator 0": (control(lambda c: c.with_(my_discriminator=0)), "my_discriminator_zero"),
    "unknown discriminator": (
        control(lambda c: c.with_(your_discriminator=c.your_discriminator ^ 1)),
        "your_discriminator_unknown",
    ),
    "no discriminator but Up": (control(lambda c: c.with_(your_discriminator=0)), "your_discriminator_zero_state"),
    "no discriminator but Init": (
        control(lambda c: c.with_(your_discriminator=0, state=INIT)),
        "your_discriminator_zero_state",
    ),
    "authenticated": (
        control(lambda c: c.with_(flags=AUTHENTICATION, length=33, tail=b"\1\x09\1secret")),
        "auth_unexpected",
    ),
    "authentication beyond Length": (
        control(lambda c: c.with_(flags=AUTHENTICATION, length=26, tail=b"\4\x1c")),
        "auth_unexpected",
    ),
    "23 octets": (lambda peer: peer.frame(peer.control.encode()[:23]), "payload_too_short"),
    "no octets": (lambda peer: peer.frame(b""), "payload_too_short"),
    # Spoofed from afar, RFC 5881 5
    "TTL 254": (headers(ttl=254), "ttl_not_255"),
    "TTL 128": (headers(ttl=128), "ttl_not_255"),
    "TTL 1": (headers(ttl=1), "ttl_not_255"),
    "TTL 0": (headers(ttl=0), "ttl_not_255"),
    "somebody else's MAC": (headers(destination_mac="02:00:00:00:be:ef"), "mac_not_ours"),
    "VLAN tag": (tagged, "vlan_unknown"),
}
IPV4 = {
    "stranger without discriminator": (
        lambda p: p.frame(p.control.with_(your_discriminator=0, state=DOWN), source=STRANGER4),
        "no_session",
    ),
    "IP version 5": (put(14, b"\x55"), "ip_header"),
    "IP header of 16 octets": (put(14, b"\x44"), "ip_header"),
    "IP length beyond the frame": (headers(ip={"len": 300}), "ip_length"),
    "IP checksum": (headers(ip={"chksum": 0x1234}), "ip_checksum"),
    "from ourselves": (headers(source=OURS4), "ip_source"),
    "from multicast": (headers(source="224.0.0.5"), "ip_source"),
    "from broadcast": (headers(source="255.255.255.255"), "ip_source"),
    "from loopback": (headers(source="127.0.0.1"), "ip_source"),
    "from nowhere": (headers(source="0.0.0.0"), "ip_source"),
    "to another address": (headers(destination="192.0.2.9"), "ip_destination"),
    "UDP length 7": (headers(udp={"len": 7}), "udp_length"),
    "UDP length beyond the packet": (headers(udp={"len": 200}), "udp_length"),
    "UDP checksum": (headers(udp={"chksum": 0x1234}), "udp_checksum"),
}
IPV6 = {
    "stranger without discriminator": (
        lambda p: p.frame(p.control.with_(your_discriminator=0, state=DOWN), source=STRANGER6),
        "no_session",
    ),
    "IP length beyond the frame": (headers(ip={"plen": 300}), "ip_length"),
    "extension header": (behind_hop_by_hop, "ip_extension_header"),
    "from ourselves": (headers(source=OURS6), "ip_source"),
    "from multicast": (headers(source="ff02::1"), "ip_source"),
    "from loopback": (headers(source="::1"), "ip_source"),
    "from nowhere": (headers(source="::"), "ip_source"),
    "to another address": (headers(destination="2001:db8::9"), "ip_destination"),
    "UDP length beyond the packet": (headers(udp={"len": 200}), "udp_length"),
    "UDP checksum": (headers(udp={"chksum": 0x1234}), "udp_checksum"),
    "UDP checksum zero": (headers(udp={"chksum": 0}), "udp_checksum"),
}
CASES = [
    pytest.param(local, *case, id=f"{name} {label}")
    for local, label, table in ((PEER4, "IPv4", ANY_FAMILY | IPV4), (PEER6, "IPv6", ANY_FAMILY | IPV6))
    for name, case in table.items()
]


# The kernel behind the peer says a few things of its own accord, such as multicast listener reports.
BACKGROUND = {"ip_destination", "not_handled", "punt_rate_limited"}


def counted(more, reason):
    return more >= TIMES if reason in BACKGROUND else more == TIMES


# req: RFC5880-6.8.6-03 RFC5880-6.8.6-04 RFC5880-6.8.6-05 RFC5880-6.8.6-06 RFC5880-6.8.6-08
# req: RFC5880-6.8.6-09 RFC5880-6.8.6-10 RFC5880-6.8.6-12 RFC5880-6.8.6-13 RFC5880-6.8.6-17
# req: RFC5880-4.1-13 RFC5880-4.1-25 RFC5880-9-02 RFC5881-5-02 RFC5881-5-07 RFC5881-3-05
@pytest.mark.parametrize(("local", "build", "reason"), CASES)
def test_is_dropped_counted_by_reason_and_changes_nothing(up_stage, local, build, reason):
    peer = up_stage.peers[local]
    frame = build(peer)
    before, downs = up_stage.daemon.drops(), up_stage.daemon.session(local)["status"]["down_count"]
    for _ in range(TIMES):
        peer.wire.send(frame)
    wait_until(
        lambda: counted(up_stage.daemon.drops().get(reason, 0) - before.get(reason, 0), reason),
        2,
        f"{TIMES} more drops by {reason}; drops were {before}, are {up_stage.daemon.drops()}",
    )
    status = up_stage.daemon.session(local)["status"]
    assert status["state"] == "SESSION_STATE_UP"
    assert status["down_count"] == downs
    assert status["remote_discr"] == peer.control.my_discriminator
    others = {r: n for r, n in up_stage.daemon.drops().items() if n != before.get(r, 0) and r != reason}
    assert set(others) <= BACKGROUND


# req: RFC5880-6.8.6-07 RFC5880-6-01 RFC5881-4-08 RFC5881-4-09
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("octets after Length", lambda p: p.frame(p.control.with_(tail=b"\xff" * 1400))),
        ("source port 3784", lambda p: p.frame(p.control, sport=3784)),
        ("source port 1024", lambda p: p.frame(p.control, sport=1024)),
        ("reserved diagnostic", lambda p: p.frame(p.control.with_(diag=31))),
        ("no type of service", lambda p: p.frame(p.control, tos=0)),
    ],
)
@pytest.mark.parametrize("local", [PEER4, PEER6])
def test_unusual_packets_that_no_rule_forbids_are_taken(up_stage, local, name, change):
    peer = up_stage.peers[local]
    frame = change(peer)
    drops = up_stage.daemon.drops()
    before = int(up_stage.daemon.session(local)["status"]["rx_packets"])
    for _ in range(TIMES):
        peer.wire.send(frame)
    wait_until(
        lambda: int(up_stage.daemon.session(local)["status"]["rx_packets"]) >= before + TIMES,
        2,
        f"{TIMES} more packets to be accepted with {name}",
    )
    assert {r for r, n in up_stage.daemon.drops().items() if n != drops.get(r, 0)} <= BACKGROUND
    assert up_stage.daemon.state(local) == "Up"


def test_a_fragment_is_never_taken_for_a_packet(up_stage):
    # The kernel's AF_PACKET fan-out holds fragments back to reassemble them; drivers of NICs do not.
    peer = up_stage.peers[PEER4]
    down = Ether(fragment(peer))
    for _ in range(TIMES):
        peer.wire.send(bytes(down))
    peer.settle(0.3)
    assert up_stage.daemon.state(PEER4) == "Up" and up_stage.daemon.session(PEER4)["status"]["down_count"] == 0


# req: RFC5881-6-06 RFC5881-6-07
def test_a_changed_source_never_becomes_the_destination(up_stage):
    peer = up_stage.peers[PEER4]
    start = time.time()
    for host in range(100, 120):
        peer.wire.send(peer.frame(peer.control, source=f"192.0.2.{host}"))
    wait_until(lambda: up_stage.daemon.session(PEER4)["status"]["seen_source"], 2, "the source to be reported")
    peer.settle(0.5)
    sent = peer.sent_since(start)
    assert sent and {p.destination for p in sent} == {PEER4}
    assert up_stage.daemon.state(PEER4) == "Up"


# req: RFC5881-5-08
def test_the_multihop_port_is_no_way_around_ttl(up_stage):
    peer = up_stage.peers[PEER4]
    before = up_stage.daemon.session(PEER4)["status"]
    for _ in range(TIMES):
        peer.wire.send(peer.frame(peer.control.with_(state=DOWN), dport=4784, ttl=64))
    peer.settle(0.3)
    after = up_stage.daemon.session(PEER4)["status"]
    assert after["state"] == "SESSION_STATE_UP" and after["down_count"] == before["down_count"]


def test_a_flood_of_broken_packets_does_not_take_a_session_down(up_stage):
    peer = up_stage.peers[PEER4]
    frames = [
        peer.frame(peer.control.with_(your_discriminator=0xDEAD)),
        peer.frame(peer.control, ttl=254),
        peer.frame(b"x"),
        b"\xff" * 60,
        peer.frame(peer.control, dport=53),
        bytes(Ether(dst=peer.remote_mac(), src=peer.port.mac, type=0x0806) / Raw(struct.pack("!H", 7) * 20)),
    ]
    before = sum(up_stage.daemon.drops().values())
    with up_stage.daemon.watch() as watch:
        sent = subprocess.run(
            up_stage.theirs.namespace.command(sys.executable, flood.__file__, up_stage.theirs.name, 3, FLOOD_RATE),
            input="\n".join(frame.hex() for frame in frames), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert int(sent.stdout) > 10_000
        assert watch.changes() == []
    assert sum(up_stage.daemon.drops().values()) - before > 10_000
    assert up_stage.daemon.state(PEER4) == "Up" and up_stage.daemon.state(PEER6) == "Up"


# req: RFC5881-3-02 RFC5881-9-01
def test_a_packet_on_another_port_than_the_session_s_is_dropped(stage):
    other = stage.lab.network("other")
    other_theirs = other.attach(stage.theirs.namespace, "p1", ["198.51.100.2/24"])
    other_ours = other.attach(stage.ours.namespace, "t1", silent=True)
    daemon = stage.start([session(PEER4)], more_ports=[(other_ours, "wan1", ["198.51.100.1/24"])])
    peer = stage.peer()
    peer.wait_up()
    wrong = HandmadePeer(stage.lab, other_theirs, "198.51.100.2", "198.51.100.1")
    wrong.mute = True
    ours = next(p for p in daemon.json("port", "list")["ports"] if p["name"] == "wan1")["mac"]
    known = peer.control
    for packet in (
        wrong.frame(known.with_(state=DOWN), destination_mac=ours),
        wrong.frame(known.with_(state=DOWN), destination_mac=ours, source=PEER4, destination=OURS4),
        wrong.frame(known.with_(state=DOWN, your_discriminator=0), destination_mac=ours, source=PEER4),
    ):
        before = sum(daemon.drops().values())
        for _ in range(TIMES):
            wrong.wire.send(packet)
        wait_until(lambda b=before: sum(daemon.drops().values()) >= b + TIMES, 2, "the drops to be counted")
    assert daemon.drops()["wrong_port"] == TIMES
    assert daemon.session(PEER4)["status"]["down_count"] == 0
    assert daemon.state(PEER4) == "Up"


# req: RFC5881-6-01
def test_packets_of_a_session_leave_through_its_port_whatever_the_routes_say(stage):
    other = stage.lab.network("other")
    other_theirs = other.attach(stage.theirs.namespace, "p1", ["198.51.100.2/24"])
    other_ours = other.attach(stage.ours.namespace, "t1", silent=True)
    daemon = stage.start([session(PEER4)], more_ports=[(other_ours, "wan1", ["198.51.100.1/24"])])
    elsewhere = Wire(other_theirs)
    stage.lab.on_close(elsewhere.close)
    peer = stage.peer()
    peer.wait_up()
    ports = [dict(port) for port in daemon.config["port"]]
    ports[1]["route"] = [{"to": f"{PEER4}/32", "via": "198.51.100.2"}, {"to": "192.0.2.0/24", "via": "198.51.100.2"}]
    daemon.reload(port=ports)
    peer.settle(1)
    peer.mute = True  # the slow packets of a Down session go the same way
    daemon.wait_state(PEER4, "Down", 3)
    start = time.time()
    peer.settle(2.5)
    assert len(peer.sent_since(start)) >= 2
    assert not [f for f in elsewhere.frames() if f.control]


def test_match_source_drops_other_sources(stage):
    daemon = stage.start([session(PEER4, match_source=True)])
    peer = stage.peer()
    peer.wait_up()
    for _ in range(TIMES):
        peer.wire.send(peer.frame(peer.control.with_(state=DOWN), source=STRANGER4))
    wait_until(lambda: daemon.drops().get("source_mismatch") == TIMES, 2, "drops by source_mismatch")
    assert daemon.state(PEER4) == "Up" and daemon.session(PEER4)["status"]["down_count"] == 0


# req: RFC5880-6.1-02 RFC5880-6.8.7-08
def test_a_passive_session_is_silent_until_it_hears_its_peer(stage):
    stage.start([session(PEER4, passive=True)])
    peer = stage.peer()
    peer.mute = True
    peer.settle(2.5)
    assert peer.sent_since(0) == []
    peer.mute = False
    peer.wait_up()


# req: RFC5880-3.1-01
def test_nothing_leaves_without_a_session(stage):
    daemon = stage.start([])
    wire = Wire(stage.theirs)
    stage.lab.on_close(wire.close)
    stage.theirs.namespace.run("ping", "-c", "1", "-W", "2", OURS4)  # the daemon does speak on this port
    time.sleep(2.5)
    mac = bytes.fromhex(daemon.json("port", "list")["ports"][0]["mac"].replace(":", ""))
    ours = [f for f in wire.frames() if f.octets[6:12] == mac]
    assert ours and not [f for f in ours if f.control]


# req: RFC5880-3.1-01
def test_a_control_packet_for_no_session_starts_nothing(stage):
    daemon = stage.start([])
    peer = stage.peer()
    peer.wire.send(peer.frame(Control(my_discriminator=9), destination_mac=daemon.json("port", "list")["ports"][0]["mac"]))
    wait_until(lambda: daemon.drops().get("no_session", 0) >= 1, 3, "a drop by no_session")
    assert daemon.sessions() == {} and peer.sent_since(0) == []
