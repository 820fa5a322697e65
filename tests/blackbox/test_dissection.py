"""tshark takes every frame that a daemon sends, over each encapsulation, for what it is, and finds no fault in it."""

import time

import pytest

from lab import wait_until
from lab.lag import Panel
from lab.stage import FAST, OURS4, OURS6
from lab.tocsin import Tocsind, af_packet
from lab.tshark import GOOD, Capture

FAR4, FAR6 = "192.0.2.3", "2001:db8::3"
LABEL, IN, OUT = 16004, 301, 300
ONE = FAST | {"detect_mult": 3}
TAGS = ("vlan", "ieee8021ad")
LOOP = "127.9.8.7"


def up(daemon, sessions):
    def all_up():
        states = [s["status"]["state"] for s in daemon.json("session", "list").get("sessions", [])]
        return states == ["SESSION_STATE_UP"] * sessions

    wait_until(all_up, 20, f"{sessions} sessions Up")


def faultless(captures, *ending, least=20):
    """Those of their frames that end with these protocols; all are in order."""
    time.sleep(2)
    frames = [f for capture in captures for f in capture.dissected()]
    for frame in frames:
        assert frame.is_faultless and "data" not in frame.protocols, frame
    bfd = [f for f in frames if f.protocols[-len(ending) :] == ending]
    assert len(bfd) >= least, {f.protocols for f in frames}
    assert all(s == GOOD for f in bfd for s in f.ip_sums + f.udp_sums)
    return bfd


class Pair:
    """Two daemons, whose port is wan0 or, with `vlan`, on a VLAN of it; each wire sees what the other end sends."""

    def __init__(self, lab, vlan=None, **port_keys):
        self.lab = lab
        self.vlan = vlan
        self.port_keys = port_keys
        lan = lab.network("lan")
        self.near, self.far = (lan.attach(name, f"{name}0", silent=True) for name in ("near", "far"))
        self.wires = [Capture(lab, port, port.name) for port in (self.near, self.far)]

    def start(self, near_sessions, far_sessions=(), near_sections=None, far_sections=None):
        near = self._daemon(self.near, [f"{OURS4}/24", f"{OURS6}/64"], near_sessions, near_sections)
        far = self._daemon(self.far, [f"{FAR4}/24", f"{FAR6}/64"], far_sessions, far_sections)
        return near, far

    def _daemon(self, port, addresses, sessions, sections):
        own = {"name": "wan0", "device": af_packet(0, port.name), "addresses": addresses} | self.port_keys
        ports = [own]
        if self.vlan:
            own["addresses"] = []
            ports.append({"name": "vlan0", "parent": "wan0", "vlan": self.vlan, "addresses": addresses})
        return Tocsind(self.lab, port.namespace, ports, [s if s.get("type") == "sbfd" else ONE | s for s in sessions], sections)


# req: RFC5881-4-01
@pytest.mark.parametrize("vlan", [None, [100], [200, 100]], ids=["untagged", "vlan", "qinq"])
def test_single_hop_and_multihop(lab, vlan):
    types = ("single_hop", "multihop")
    pair = Pair(lab, vlan)
    for daemon in pair.start([{"remote": r, "type": t} for r in (FAR4, FAR6) for t in types],
                             [{"remote": r, "type": t} for r in (OURS4, OURS6) for t in types]):  # fmt: skip
        up(daemon, 4)
    frames = faultless(pair.wires, "udp", "bfd")
    assert {sum(map(f.protocols.count, TAGS)) for f in frames} == {len(vlan or ())}
    assert {"ip" in f.protocols for f in frames} == {True, False}


# req: RFC7881-2-01
def test_s_bfd(lab):
    pair = Pair(lab)
    asked = {"type": "sbfd", "remote_discriminator": 7, "desired_min_tx_interval": "100ms"}
    near, _ = pair.start([asked | {"remote": r} for r in (FAR4, FAR6)], far_sections={"reflector": [{"discriminator": 7}]})
    up(near, 2)
    frames = faultless(pair.wires, "udp", "bfd")
    assert {"ip" in f.protocols for f in frames} == {True, False}


# req: RFC5884-7-04 RFC8029-3-01
def test_an_lsp_and_its_ping(lab):
    pair = Pair(lab, mpls=True)
    fec = {"fec": "ldp 203.0.113.2/32", "label": LABEL, "local": FAR4, "profile": "fast"}
    sections = {"lsp_ping": {"allow": ["192.0.2.0/24"], "egress": [fec]}, "profile": [{"name": "fast"} | ONE]}
    near, _ = pair.start([{"type": "mpls", "remote": FAR4, "labels": [LABEL], "fec": fec["fec"]}], far_sections=sections)
    up(near, 1)
    frames = faultless(pair.wires, "udp", "bfd")
    assert {"mpls" in f.protocols for f in frames} == {True, False}, "there under a label, back by IP routing"


@pytest.mark.parametrize(
    ("cc", "cv", "inside", "ending"),
    [(1, 0x10, False, ("pwach", "bfd")), (1, 0x04, True, ("ip", "udp", "bfd")), (2, 0x20, False, ("pwach", "bfd")),
     (3, 0x04, True, ("ip", "udp", "bfd")), (4, 0x10, False, ("pwach", "bfd"))],
    ids=["cc1-raw", "cc1-ip", "cc2-raw", "cc3-ip", "cc4-raw"],
)  # fmt: skip
def test_a_pseudowire(lab, cc, cv, inside, ending):
    pair = Pair(lab, mpls=True)
    common = {"type": "vccv", "cc_type": cc, "cv_type": cv}

    def end(remote, local, out, into):
        keys = common | {"remote": remote, "labels": [LABEL, out], "label_in": into}
        return keys | ({"inner_src": local, "inner_dst": LOOP} if inside else {})

    for daemon in pair.start([end(FAR4, OURS4, OUT, IN)], [end(OURS4, FAR4, IN, OUT)]):
        up(daemon, 1)
    assert {f.protocols.count("mpls") for f in faultless(pair.wires, *ending)} == {1}


# req: RFC7130-2.2-01
@pytest.mark.parametrize("tagged", [False, True])
def test_micro_bfd(lab, tagged):
    panel = Panel(lab, 2)
    daemons = []
    for number, name in ((1, "alpha"), (2, "beta")):
        namespace = lab.namespace(name)
        ends = [panel.attach(namespace, f"{name[0]}{i}", i) for i in range(2)]
        if number == 1:
            capture = Capture(lab, ends[0])
        other = 3 - number
        lag = {"name": "lag1", "members": [e.name for e in ends], "local": [f"192.0.2.{number}", f"2001:db8::{number}"],
               "remote": [f"192.0.2.{other}", f"2001:db8::{other}"]} | ONE  # fmt: skip
        if tagged:
            lag["priority_tag"] = 6
        ports = [{"name": e.name, "device": af_packet(i, e.name)} for i, e in enumerate(ends)]
        daemons.append(Tocsind(lab, namespace, ports, (), {"lag": [lag]}))
    for daemon in daemons:
        up(daemon, 4)
    frames = faultless([capture], "udp", "bfd")
    assert {f.protocols.count("vlan") for f in frames} == {int(tagged)}
    assert {"ip" in f.protocols for f in frames} == {True, False}
