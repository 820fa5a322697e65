"""The Echo port, from outside: what is sent back, what is refused, and what counts as ours."""

import os
import time

import pytest
from lab import wait_until
from lab.control import UP, Control
from lab.stage import OURS4, OURS6, PEER4, PEER6, session

ECHO_PORT = 3785
WILLING = {"required_min_echo_rx_interval": "50ms"}


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
