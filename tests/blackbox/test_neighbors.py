"""What the daemon does on its segment besides BFD: ARP, neighbour discovery, echo, next hops."""

import time

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from lab import Tocsind, Wire, wait_until
from lab.control import UP
from lab.stage import OURS4, OURS6, PEER4, PEER6, session
from lab.tocsin import build_folder


@pytest.fixture
def quiet(stage):
    """A daemon without sessions, and a wire to look at it."""
    stage.start([])
    with Wire(stage.theirs) as wire:
        yield stage, wire


def own_mac(stage):
    return stage.daemon.json("port", "list")["ports"][0]["mac"]


def received(wire, kind, condition=lambda _: True):
    for seen in wire.frames():
        ether = Ether(seen.octets)
        if not seen.sent and kind in ether and condition(ether[kind]):
            return ether
    return None


def test_arp_requests_for_our_address_are_answered(quiet):
    stage, wire = quiet
    mac = stage.theirs.mac
    wire.send(bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=PEER4, pdst=OURS4)))
    answer = wait_until(lambda: received(wire, ARP, lambda a: a.op == 2 and a.pdst == PEER4), 3, "an ARP reply")
    assert (answer[ARP].psrc, answer[ARP].hwsrc, answer.src) == (OURS4, own_mac(stage), own_mac(stage))
    assert answer.dst == mac


def test_arp_requests_for_other_addresses_are_not_answered(quiet):
    stage, wire = quiet
    mac = stage.theirs.mac
    wire.send(bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=PEER4, pdst="192.0.2.99")))
    time.sleep(0.5)
    assert received(wire, ARP, lambda a: a.psrc == "192.0.2.99") is None


def test_neighbour_solicitations_are_answered(quiet):
    stage, wire = quiet
    mac = stage.theirs.mac
    wire.send(bytes(
        Ether(src=mac, dst="33:33:ff:00:00:01") / IPv6(src=PEER6, dst="ff02::1:ff00:1", hlim=255)
        / ICMPv6ND_NS(tgt=OURS6) / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    ))  # fmt: skip
    answer = wait_until(
        lambda: received(wire, ICMPv6ND_NA, lambda a: a.tgt == OURS6 and a.S == 1), 3, "an advertisement"
    )
    assert answer[IPv6].hlim == 255 and answer.src == own_mac(stage)


def test_a_duplicate_address_probe_for_our_address_is_answered_to_all_nodes(quiet):
    stage, wire = quiet
    time.sleep(2.5)  # our own detection of duplicates is over: until then the other one would be right
    wire.send(bytes(
        Ether(src=stage.theirs.mac, dst="33:33:ff:00:00:01") / IPv6(src="::", dst="ff02::1:ff00:1", hlim=255)
        / ICMPv6ND_NS(tgt=OURS6)
    ))  # fmt: skip
    answer = wait_until(
        lambda: received(wire, ICMPv6ND_NA, lambda a: a.tgt == OURS6 and a.S == 0), 3, "an advertisement"
    )
    assert answer[IPv6].dst == "ff02::1"


def test_a_solicitation_from_off_the_link_is_ignored(quiet):
    stage, wire = quiet
    wire.send(bytes(
        Ether(src=stage.theirs.mac, dst="33:33:ff:00:00:01") / IPv6(src=PEER6, dst="ff02::1:ff00:1", hlim=254)
        / ICMPv6ND_NS(tgt=OURS6) / ICMPv6NDOptSrcLLAddr(lladdr=stage.theirs.mac)
    ))  # fmt: skip
    time.sleep(0.5)
    assert received(wire, ICMPv6ND_NA, lambda a: a.tgt == OURS6 and a.S == 1) is None


@pytest.mark.parametrize("address", [OURS4, OURS6])
@pytest.mark.parametrize("size", [0, 56, 1400])
def test_ping_is_answered(quiet, address, size):
    stage, _ = quiet
    result = stage.theirs.namespace.run(
        "ping", "-c", 3, "-i", "0.2", "-W", 1, "-s", size, address, check=False, timeout=10
    )
    assert " 0% packet loss" in result.stdout, result.stdout


@pytest.mark.parametrize("remote", [PEER4, PEER6])
def test_a_changed_mac_of_the_peer_is_followed(stage, remote):
    stage.start([session(remote)])
    peer = stage.peer(remote)
    peer.wait_up()
    new = "02:00:5e:00:53:01"
    stage.theirs.set_mac(new)
    if ":" in remote:  # the kernel forgets IPv6 neighbours with the MAC, not its addresses
        stage.theirs.namespace.run("ping", "-c", 1, "-W", 1, OURS6, check=False)
    else:
        stage.theirs.namespace.run("ping", "-c", 1, "-W", 1, OURS4, check=False)
    start = time.time()
    wait_until(
        lambda: any(s.octets[:6] == bytes.fromhex(new.replace(":", "")) for s in peer.sent_since(start)),
        40,
        "packets to the new MAC",
    )
    assert stage.daemon.session(remote)["status"]["down_count"] == 0
    neighbor = next(n for n in stage.daemon.json("neighbor", "list")["neighbors"] if n["address"] == remote)
    assert neighbor["mac"] == new


# req: RFC5881-6-02
def test_a_single_hop_peer_outside_the_subnets_of_the_port_is_refused(stage):
    daemon = Tocsind(
        stage.lab, stage.ours.namespace, [(stage.ours, "wan0", [f"{OURS4}/24"])], [session("198.51.100.2")], start=False
    )
    result = stage.ours.namespace.run(build_folder() / "tocsind", "--config", daemon.file, "--check", check=False)
    assert result.returncode == 2
    assert "session[0].remote" in result.stdout + result.stderr


def test_an_unresolved_next_hop_is_told_and_resolved_later(stage):
    late = "192.0.2.50"
    daemon = stage.start([session(late)])
    wait_until(lambda: daemon.sessions().get(late), 5, "the session")
    status = daemon.session(late)["status"]
    assert status["next_hop_resolved"] is False and status["next_hop"] == late
    stage.add_address(f"{late}/24")
    peer = stage.peer(late)
    peer.wait_up(20)
    assert daemon.session(late)["status"]["next_hop_resolved"] is True


def test_a_link_local_session_uses_the_link_local_address_of_the_port(stage):
    far = stage.theirs.link_local()
    stage.start([session(far)])
    seen = {}
    with Wire(stage.theirs) as wire:
        wait_until(
            lambda: seen.setdefault("p", next((f for f in wire.frames() if f.control and f.destination == far), None))
            or seen.clear(),
            20,
            "a Control packet to the link-local address",
        )
    assert seen["p"].source.startswith("fe80::")
    assert seen["p"].ttl == 255 and seen["p"].control.state != UP
    assert IP not in Ether(seen["p"].octets)
