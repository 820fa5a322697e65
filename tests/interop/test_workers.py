"""Two workers of one daemon, each with sessions to FRR and to BIRD: packets arrive wherever the kernel's hash
puts them and are handed over to the worker of their session."""

import os
import signal
import time

import pytest

from lab import Bird, Frr, Tocsind, wait_until
from lab.bird import BirdNeighbor
from lab.frr import FrrPeer
from lab.wire import Wire

PAIRS = 4  # of addresses on each port, one session each


class Workshop:
    """tocsind with two workers and two ports: FRR behind the first one, BIRD behind the second one."""

    def __init__(self, lab, queues):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            pytest.skip("two workers need two CPUs")
        ours, self.theirs, ports = [], [], []
        for n in (0, 1):
            lan = lab.network(f"lan{n}")
            ours.append(lan.attach(ours[0].namespace if ours else "tocsin", f"t{n}", silent=True))
            self.theirs.append(lan.attach(f"peer{n}", f"p{n}", [f"10.{n}.0.{201 + i}/24" for i in range(PAIRS)]))
            ports.append(
                {
                    "name": f"wan{n}",
                    "device": f"net_af_packet{n},iface={ours[n].name},qpairs={queues}",
                    "addresses": [f"10.{n}.0.{i + 1}/24" for i in range(PAIRS)],
                }
            )
        sessions = [
            {
                "name": f"s{n}{i}", "local": f"10.{n}.0.{i + 1}", "remote": f"10.{n}.0.{201 + i}", "port": f"wan{n}",
                "detect_mult": 3, "desired_min_tx_interval": "100ms", "required_min_rx_interval": "100ms",
            }
            for n in (0, 1) for i in range(PAIRS)
        ]  # fmt: skip
        self.daemon = Tocsind(
            lab, ours[0].namespace, ports, sessions, {"dataplane": {"workers": cpus[-2:], "max_sessions": 64}}
        )
        self.frr = Frr(lab, self.theirs[0], [FrrPeer(f"10.0.0.{i + 1}", f"10.0.0.{201 + i}") for i in range(PAIRS)])
        self.bird = Bird(
            lab, self.theirs[1], [BirdNeighbor(f"10.1.0.{i + 1}", f"10.1.0.{201 + i}") for i in range(PAIRS)]
        )

    def sessions(self, port=None):
        found = self.daemon.json("session", "list", "--all")["sessions"]
        return [s for s in found if port is None or s["spec"]["port"] == port]

    def states(self, port=None):
        return {s["status"]["state"] for s in self.sessions(port)}

    def wait(self, state, port=None, timeout=20):
        wait_until(lambda: self.states(port) == {f"SESSION_STATE_{state}"}, timeout, f"all sessions {state}", 0.05)

    def workers(self):
        return self.daemon.json("worker", "list")["workers"]


@pytest.mark.parametrize("queues", [1, 2])
def test_sessions_of_two_workers_hold_and_fail_apart(lab, queues):
    shop = Workshop(lab, queues)
    shop.wait("UP")
    assert [int(w["sessions"]) for w in shop.workers()] == [PAIRS, PAIRS]
    for port in shop.daemon.json("port", "list")["ports"]:
        assert port["rx_queues"] == queues
        assert port["steering"] == "software hand-over", port
    time.sleep(3)
    assert all(s["status"].get("down_count", 0) == 0 for s in shop.sessions())
    drops = shop.daemon.drops()
    assert not drops.get("handover_ring_full"), drops
    assert not drops.get("no_session"), drops

    # One side dies: its sessions go Down on both workers, the others stay as they are.
    shop.frr.kill()
    shop.wait("DOWN", "wan0", 5)
    for s in shop.sessions("wan0"):
        assert s["status"]["diag"] == 1, s  # Control Detection Time Expired
    assert shop.states("wan1") == {"SESSION_STATE_UP"}
    shop.frr.start()
    shop.wait("UP")
    assert all(s["status"].get("down_count", 0) == 0 for s in shop.sessions("wan1"))


def test_every_peer_of_both_workers_hears_of_the_end(lab):
    shop = Workshop(lab, 2)
    shop.wait("UP")
    wires = [Wire(port) for port in shop.theirs]
    for wire in wires:
        lab.on_close(wire.close)
    start = time.time()
    assert shop.daemon.stop(signal.SIGTERM) == 0
    for n, wire in enumerate(wires):
        for i in range(PAIRS):
            wire.wait_control(f"10.{n}.0.{i + 1}", lambda c: c.state == 0, since=start, what="AdminDown")
