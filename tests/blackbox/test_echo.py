"""The Echo port, from outside: what is sent back, what is refused, and what counts as ours."""

import os
import subprocess
import sys
import threading
import time

import pytest
from lab import flood, wait_until
from lab.control import UP, Control, frame
from lab.stage import OURS4, OURS6, PEER4, PEER6, session

ECHO_PORT = 3785
WILLING = {"required_min_echo_rx_interval": "50ms"}
FLOOD_RATE = 5_000  # frames a second: 80 times what goes back; more overruns the queues of a kernel that is short of CPU


@pytest.fixture(scope="module")
def willing(up_stage_factory):
    return up_stage_factory([session(PEER4, **WILLING), session(PEER6, **WILLING)])


@pytest.fixture(scope="module")
def up_stage_factory():
    from lab import Lab
    from lab.stage import make_stage

    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    labs = []

    def make(sessions):
        labs.append(Lab().__enter__())
        stage = make_stage(labs[-1])
        stage.start(sessions)
        for peer in (stage.peer(PEER4), stage.peer(PEER6, discriminator=0x7E57_0006)):
            peer.wait_up()
        return stage

    yield make
    for lab in labs:
        lab.__exit__(None, None, None)


def returned(peer, payload, since):
    """Frames that came to the peer and carry `payload`."""
    return [f for f in peer.wire.frames(since) if not f.sent and f.octets.endswith(payload)]


def ask(peer, payload, source=None, destination=None, **headers):
    since = time.time()
    peer.wire.send(
        peer.frame(payload, source=source or peer.local, destination=destination or peer.local, dport=ECHO_PORT, **headers)
    )
    return since


@pytest.mark.parametrize("address", [PEER4, PEER6])
@pytest.mark.parametrize("outside", [False, True], ids=["own source", "source outside"])
# req: RFC5880-5-03 RFC5880-6.4-02
def test_a_peers_packet_comes_back_as_it_was(willing, address, outside):
    peer = willing.peers[address]
    source = {PEER4: "198.51.100.7", PEER6: "2001:db8:99::7"}[address] if outside else None
    for _ in range(5):
        payload = os.urandom(64)
        since = ask(peer, payload, source)
        frame = wait_until(lambda p=payload, s=since: returned(peer, p, s), 5, "the packet to come back")[0]
        assert frame.ttl == 254
        assert frame.octets[0:6] == bytes.fromhex(willing.theirs.mac.replace(":", ""))
        assert frame.source == (source or address) and frame.destination == address
    assert len(returned(peer, payload, since)) == 1, "once"


@pytest.mark.parametrize("address", [PEER4, PEER6])
def test_nothing_for_others_comes_back(willing, address):
    peer, daemon = willing.peers[address], willing.daemon
    other = {PEER4: "198.51.100.7", PEER6: "2001:db8:99::7"}[address]
    refused = daemon.drops().get("echo_refused", 0)
    marks = [os.urandom(64) for _ in range(4)]
    since = time.time()
    ask(peer, marks[0], destination=other)
    ask(peer, marks[1], ttl=1)
    ask(peer, marks[2], ttl=0)
    ask(peer, marks[3], source=peer.remote)
    wait_until(lambda: daemon.drops().get("echo_refused", 0) >= refused + 4, 5, "four refusals")
    for mark in marks:
        assert not returned(peer, mark, since)


# req: RFC5880-3.2-03
def test_a_port_without_a_willing_session_returns_nothing(up_stage):
    peer, daemon = up_stage.peers[PEER4], up_stage.daemon
    before = daemon.drops().get("echo_refused", 0)
    mark = os.urandom(64)
    since = ask(peer, mark)
    wait_until(lambda: daemon.drops().get("echo_refused", 0) > before, 5, "a refusal")
    assert not returned(peer, mark, since)


@pytest.mark.parametrize("address,ours", [(PEER4, OURS4), (PEER6, OURS6)])
def test_what_claims_to_be_ours_is_dropped_whatever_it_contains(willing, address, ours):
    peer, daemon = willing.peers[address], willing.daemon
    discriminator = daemon.session(address)["status"]["local_discr"]
    echo = b"TCH\x01" + discriminator.to_bytes(4, "big")
    before = daemon.drops().get("echo_not_ours", 0) + daemon.drops().get("session_type", 0)
    payloads = [
        os.urandom(40), bytes(24), echo + os.urandom(32), echo + os.urandom(31),
        peer.control.encode(),  # the steady packet that would refresh the session
        Control(state=UP, my_discriminator=discriminator, your_discriminator=discriminator).encode(),
    ]  # fmt: skip
    for payload in payloads:
        for ttl in (255, 254):
            ask(peer, payload, source=ours, destination=ours, ttl=ttl)
    wait_until(
        lambda: sum(daemon.drops().get(r, 0) for r in ("echo_not_ours", "session_type")) >= before + 8,
        5, "drops",
    )  # fmt: skip
    assert daemon.state(address) == "Up"
    assert daemon.session(address)["status"]["down_count"] == 0
    assert "tocsin_bfd_echo_packets_received_total" in daemon.metrics()
    received = [x for x in daemon.metrics().splitlines() if x.startswith("tocsin_bfd_echo_packets_received_total")]
    assert all(line.endswith(" 0") for line in received)


# req: RFC5880-6.4-04
def test_what_is_advertised_is_received_and_sent_back(willing):
    """Echo packets at the advertised rate beside Control packets: each comes back, nothing is lost of either."""
    peer, daemon = willing.peers[PEER4], willing.daemon
    drops = daemon.drops()
    sent = 0
    since = time.time()
    mark = os.urandom(32)
    while time.time() - since < 5:
        ask(peer, mark + sent.to_bytes(4, "big"))
        sent += 1
        time.sleep(0.05)
    back = wait_until(
        lambda: len([f for f in peer.wire.frames(since) if not f.sent and f.octets[-36:-4] == mark]) == sent,
        5, f"all of {sent} packets to come back",
    )  # fmt: skip
    assert back and sent > 50
    for reason in ("echo_refused", "tx_queue_full", "tx_no_mbuf"):  # the kernel's own noise aside
        assert daemon.drops().get(reason, 0) == drops.get(reason, 0)
    assert daemon.session(PEER4)["status"]["down_count"] == 0


def test_a_flood_starves_only_the_station_that_sends_it(stage):
    """The peer's own Echo comes back and our Control packets leave in time while another station floods the port."""
    stranger = stage.lan.attach("stranger", "s0", ["192.0.2.9/24"])
    daemon = stage.start([session(PEER4, **WILLING)])
    # A Detection Time of ours that outlasts a peer without CPU; the one that a peer would have is judged below.
    peer = stage.peer(PEER4, detect_mult=20)
    peer.wait_up()
    peer.settle(2.5)  # the intervals of Up are in force
    mark, ours = os.urandom(32), peer.remote_mac()
    hostile = frame(
        mark, source="192.0.2.9", destination="192.0.2.9", dport=ECHO_PORT, source_mac=stranger.mac, destination_mac=ours
    )
    echoes = [
        peer.frame(mark + n.to_bytes(4, "big"), destination=PEER4, dport=ECHO_PORT, destination_mac=ours) for n in range(200)
    ]
    sent, closing = 0, threading.Event()

    def ask_on():
        nonlocal sent
        while sent < len(echoes) and not closing.wait(0.05):
            peer.wire.send(echoes[sent])
            sent += 1

    before, since = daemon.drops(), time.time()
    asking = threading.Thread(target=ask_on)
    asking.start()
    try:
        flooded = subprocess.run(
            stranger.namespace.command(sys.executable, flood.__file__, stranger.name, 5, FLOOD_RATE),
            input=hostile.hex(), capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        closing.set()
        asking.join()
    until = time.time()
    assert int(flooded.stdout) > 10_000
    assert daemon.drops().get("echo_rate_limited", 0) - before.get("echo_rate_limited", 0) > 5_000

    def back():
        return len([f for f in peer.wire.frames(since) if not f.sent and f.octets[-36:-4] == mark])

    assert sent > 30
    wait_until(lambda: back() == sent, 5, f"all of {sent} packets of the peer to come back")
    looped = sum(
        float(line.split()[-1])
        for line in daemon.metrics().splitlines()
        if line.startswith("tocsin_bfd_echo_packets_looped_total")
    )
    assert looped - sent <= 3 * 20 * (until - since + 1) + 64, "three times what is advertised, and a burst"
    assert daemon.session(PEER4)["status"]["down_count"] == 0
    for reason in ("tx_queue_full", "tx_no_mbuf"):
        assert daemon.drops().get(reason, 0) == before.get(reason, 0)
    times = [f.time for f in peer.sent_since(since) if f.time < until]
    assert max(b - a for a, b in zip(times, times[1:])) < 0.5, "a Detection Time of five intervals"
