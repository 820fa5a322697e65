"""Large packets, RFC 9764: what is on the wire, live changes, bounds, and ICMP that changes nothing."""

import struct
import time

import pytest

from lab import HandmadePeer, wait_until
from lab.control import DOWN, FINAL, MULTIHOP_PORT, POLL, UP
from lab.routed import OURS, THEIRS, make_routed, multihop, router_of
from lab.stage import PEER4, PEER6, session
from lab.wire import Wire

FAMILIES = ["ipv4", "ipv6"]
PEERS = {"ipv4": PEER4, "ipv6": PEER6}


def layers(seen):
    """Octets of the IP packet, its header, and the UDP datagram with its own length field."""
    ip = seen.octets[14:]
    four = ip[0] >> 4 == 4
    length = struct.unpack("!H", ip[2:4])[0] if four else struct.unpack("!H", ip[4:6])[0] + 40
    header = ip[: 20 if four else 40]
    return length, header, ip[len(header) : length]


def expect_padded(seen, size):
    length, header, udp = layers(seen)
    payload = udp[8:]
    assert struct.unpack("!H", udp[4:6])[0] == size + 8 and len(payload) == size
    if len(header) == 20:
        assert length == size + 28 and struct.unpack("!H", header[6:8])[0] == 0x4000, "DF, no fragment"
    else:
        assert length == size + 48 and header[6] == 17, "no fragment header"
    assert not any(payload[seen.control.length :]), "zeros behind Length"


def sizes(packets):
    return {len(layers(p)[2]) - 8 for p in packets}


# req: RFC9764-3-01 RFC9764-3-02 RFC9764-3-05 RFC9764-3-06 RFC9764-3-09 RFC9764-5.1-02 RFC9764-5.2-02 RFC9764-5.2-05
@pytest.mark.parametrize("family", FAMILIES)
def test_every_packet_is_padded_and_the_size_changes_live(stage, family):
    remote = PEERS[family]
    daemon = stage.start([session(remote)])
    peer = stage.peer(remote)
    peer.wait_up()
    assert sizes(peer.sent_since(0)) == {24}
    overhead = 28 if family == "ipv4" else 48

    def change(size):
        daemon.ctl("session", "set", f"peer:{remote}", "--padded-pdu-size", size)
        start = time.time()
        wait_until(lambda: sizes(peer.sent_since(start)[-3:]) == {max(size, 24)}, 5, f"packets of {size} octets")
        status = daemon.session(remote)["status"]
        assert status["udp_payload_octets"] == max(size, 24)
        assert status["ip_packet_octets"] == max(size, 24) + overhead
        assert status.get("down_count", 0) == 0

    daemon.reload(session=[])
    wait_until(lambda: daemon.state(remote) is None, 5, "the session to end")
    peer.change(state=DOWN, your_discriminator=0)
    daemon.ctl("session", "add", remote, "--tx", "100ms", "--rx", "100ms", "--detect-mult", 5)
    peer.wait_up()
    for size in (1400, 1000, 0, 1500 - overhead):
        change(size)
    size = 1500 - overhead
    start = time.time() + 0.2
    time.sleep(0.2)
    peer.send(peer.control.with_(flags=POLL))
    daemon.ctl("session", "set", f"peer:{remote}", "--tx", "150ms")  # our own Poll Sequence
    wait_until(lambda: any(p.control.flags & POLL for p in peer.sent_since(start)), 5, "our Poll")
    peer.change(state=DOWN)
    wait_until(lambda: daemon.session(remote)["status"].get("down_count", 0) == 1, 5, "the session to flap")
    peer.wait_up()
    daemon.ctl("session", "admin-down", f"peer:{remote}")
    wait_until(lambda: peer.heard.state == 0, 5, "AdminDown")
    sent = peer.sent_since(start)
    assert any(p.control.flags & FINAL for p in sent) and any(p.control.flags & POLL for p in sent)
    assert {p.control.state for p in sent} >= {0, UP}
    for p in sent:
        expect_padded(p, size)
        assert p.control.length == 24


# req: RFC9764-4.1-02 RFC9764-5.1-02 RFC9764-4.6-01 RFC9764-4.2-01
@pytest.mark.parametrize("family", FAMILIES)
def test_multihop_is_padded_too(lab, family):
    routed = make_routed(lab)
    peer = HandmadePeer(lab, routed.theirs, THEIRS[family], OURS[family], udp_port=MULTIHOP_PORT)
    routed.start([multihop(THEIRS[family], padded_pdu_size=1400)])
    peer.wait_up()
    for p in peer.sent_since(0):
        expect_padded(p, 1400)


# req: RFC9764-5.2-01 RFC9764-5.2-04 RFC9764-3-04
def test_sizes_out_of_range_are_refused(stage):
    daemon = stage.start()
    for size in (23, 65536):
        refused = daemon.ctl("session", "add", PEER4, "--padded-pdu-size", size, check=False)
        assert refused.returncode != 0 and "65535" in refused.stderr, refused.stderr
    for remote, most in ((PEER4, 1472), (PEER6, 1452)):
        refused = daemon.ctl("session", "add", remote, "--padded-pdu-size", most + 1, check=False)
        assert refused.returncode != 0
        assert "the MTU of port wan0, 1500" in refused.stderr and f"at most {most} octets" in refused.stderr
        daemon.ctl("session", "add", remote, "--padded-pdu-size", most)


# req: RFC9764-1-01 RFC9764-3-03 RFC9764-4.3-03
@pytest.mark.parametrize("family", FAMILIES)
def test_packets_of_any_size_and_padding_are_taken(stage, family):
    remote = PEERS[family]
    daemon = stage.start([session(remote, padded_pdu_size=1000, detect_mult=3)])
    peer = stage.peer(remote)
    peer.wait_up()
    overhead = 48 if family == "ipv6" else 28
    for tail in (b"", b"\xff", b"\xff" * 76, bytes(range(256)) * 5, b"\xa5" * (1500 - overhead - 24)):
        peer.change(tail=tail)
        time.sleep(0.6)  # longer than the Detection Time
    assert daemon.session(remote)["status"].get("down_count", 0) == 0


# req: RFC9764-4.4-03 RFC9764-3-08
@pytest.mark.parametrize("family", FAMILIES)
def test_icmp_about_the_size_changes_nothing(lab, family):
    routed = make_routed(lab)
    peer = HandmadePeer(lab, routed.theirs, THEIRS[family], OURS[family], udp_port=MULTIHOP_PORT)
    routed.start([multihop(THEIRS[family], padded_pdu_size=1400)])
    peer.wait_up()
    routed.router.ip("link", "set", "r-far", "mtu", 1300)
    with Wire(routed.near) as near:
        icmp = {"ipv4": lambda f: f.octets[23] == 1 and f.octets[34] == 3,
                "ipv6": lambda f: f.octets[20] == 58 and f.octets[54] == 2}[family]  # fmt: skip
        told = wait_until(
            lambda: next((f for f in near.frames() if f.sent and f.source == router_of(OURS[family]) and icmp(f)), None),
            5, "the router to say that the packet is too big",
        )  # fmt: skip
        time.sleep(1)
        after = [f for f in near.control(OURS[family], told.time) if not f.sent]
        assert len(after) >= 1
        for f in after:
            expect_padded(f, 1400)


# req: RFC9764-5.1-01
def test_it_is_announced(stage):
    assert "large_packets" in stage.start().json("version")["tocsind"]["capabilities"]
