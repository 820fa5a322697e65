"""The lab itself, with FRR against BIRD: what the other suites stand on."""

import os
import signal
import statistics
import time

import pytest

from lab import Bird, Frr, HandmadePeer
from lab.bird import BirdNeighbor
from lab.control import DOWN
from lab.frr import FrrPeer
from lab.namespace import PREFIX, RUN_FOLDER, Lab, remove_dead_runs, run, wait_until
from lab.processes import start_time
from lab.wire import gaps


def frr_and_bird(lab, transmit_ms=100):
    lan = lab.network("lan")
    frr_port = lan.attach("frr", "f0", ["192.0.2.1/24", "2001:db8::1/64"])
    bird_port = lan.attach("bird", "b0", ["192.0.2.2/24", "2001:db8::2/64"])
    times = {"transmit_ms": transmit_ms, "receive_ms": transmit_ms}
    frr = Frr(lab, frr_port, [
        FrrPeer("192.0.2.2", **times), FrrPeer("2001:db8::2", "2001:db8::1", **times),
    ])  # fmt: skip
    bird = Bird(lab, bird_port, [
        BirdNeighbor("192.0.2.1", "192.0.2.2"), BirdNeighbor("2001:db8::1", "2001:db8::2"),
    ], transmit_ms, transmit_ms)  # fmt: skip
    frr.wait_status("192.0.2.2", "up")
    bird.wait_state("2001:db8::1", "Up")
    return frr, bird


def carrier(port):
    return port.namespace.run("cat", f"/sys/class/net/{port.name}/carrier").stdout.strip()


def test_a_cut_is_seen_by_bfd_alone(lab):
    frr, bird = frr_and_bird(lab)
    frr.port.cut()
    frr.wait_status("192.0.2.2", "down", 3)
    bird.wait_state("192.0.2.1", "Down", 3)
    assert frr.show()["192.0.2.2"]["diagnostic"] == "control detection time expired"
    assert carrier(frr.port) == "1" and carrier(bird.port) == "1"
    frr.port.heal()
    frr.wait_status("192.0.2.2", "up")
    bird.wait_state("2001:db8::1", "Up")


def test_timers_change_while_up(lab):
    frr, bird = frr_and_bird(lab)
    frr.configure(FrrPeer("192.0.2.2", transmit_ms=250, receive_ms=250))
    wait_until(lambda: bird.show()["192.0.2.1"][1] == 0.25, 5, "BIRD to send every 250 ms")
    bird.configure(min_tx_ms=400)
    wait_until(lambda: frr.show()["192.0.2.2"]["remote-transmit-interval"] == 400, 5, "FRR to hear of 400 ms")
    assert frr.status("192.0.2.2") == "up"


def test_a_killed_peer_comes_back(lab):
    frr, bird = frr_and_bird(lab)
    bird.kill()
    frr.wait_status("192.0.2.2", "down", 3)
    bird.start()
    frr.wait_status("192.0.2.2", "up")


@pytest.mark.parametrize(("local", "remote"), [("192.0.2.2", "192.0.2.1"), ("2001:db8::2", "2001:db8::1")])
def test_the_hand_made_peer_comes_up_with_bird_and_the_wire_shows_its_pace(lab, local, remote):
    lan = lab.network("lan")
    bird_port = lan.attach("bird", "b0", ["192.0.2.1/24", "2001:db8::1/64"])
    peer = HandmadePeer(lab, lan.attach("peer", "p0", ["192.0.2.2/24", "2001:db8::2/64"]), local, remote)
    bird = Bird(lab, bird_port, [BirdNeighbor(local, remote)])
    peer.wait_up()
    peer.settle(1.5)
    start = time.time()
    peer.settle(2)
    measured = gaps(peer.sent_since(start))
    # BIRD jitters by up to a quarter; single packets wait for a CPU, which is no matter of the wire.
    assert len(measured) > 15 and 0.07 < statistics.median(measured) < 0.1
    octets = peer.frame(peer.control)
    assert peer.remote_mac() == bird_port.mac and bytes.fromhex(bird_port.mac.replace(":", "")) == octets[:6]
    peer.change(state=DOWN)
    peer.automatic = False
    bird.wait_state(local, "Init", 3)


def test_what_a_crashed_run_left_is_removed_by_the_next_one(lab):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        crashing = Lab()
        process = crashing.namespace("x").start("sleep", "1000", log=crashing.folder / "log")
        os.write(writing, f"{crashing.id} {process.pid}".encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    run_id, pid = os.read(reading, 200).decode().split()
    assert run_id in run("ip", "netns").stdout and start_time(int(pid)) is not None
    remove_dead_runs()
    assert run_id not in run("ip", "netns").stdout
    assert not (RUN_FOLDER / run_id).exists()
    wait_until(lambda: start_time(int(pid)) is None, 2, "the sleeper to end")


def test_closing_removes_every_namespace(lab):
    inner = Lab()
    frr_and_bird(inner)
    name = f"{PREFIX}{inner.id}"
    assert name in run("ip", "netns").stdout
    start = time.monotonic()
    inner.close()
    assert name not in run("ip", "netns").stdout
    assert time.monotonic() - start < 10
