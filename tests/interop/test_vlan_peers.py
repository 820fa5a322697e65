"""A port on a VLAN with a speaker that knows nothing of VLANs: Open vSwitch in between tags and untags."""

import pytest

from lab import Bird, Tocsind
from lab.bird import BirdNeighbor
from lab.frr import Frr, FrrPeer
from lab.open_vswitch import VlanSwitch
from lab.stage import FAST

OURS = {"ipv4": "10.1.0.1", "ipv6": "2001:db8:1::1"}
THEIRS = {"ipv4": "10.1.0.2", "ipv6": "2001:db8:1::2"}


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("speaker", ["frr", "bird"])
# req: RFC5881-2-01
def test_comes_up_fails_and_comes_back(lab, speaker, family):
    trunk, access = lab.network("trunk"), lab.network("access")
    ours = trunk.attach("tocsin", "t0", silent=True)
    theirs = access.attach("peer", "p0", [f"{THEIRS['ipv4']}/24", f"{THEIRS['ipv6']}/64"])
    switch = VlanSwitch(lab, trunk=trunk, access=access, vlan=100)
    remote, local = THEIRS[family], OURS[family]
    if speaker == "frr":
        frr = Frr(lab, theirs, [FrrPeer(local, remote if family == "ipv6" else None)])
        peer_is_up = lambda: frr.wait_status(local, "up")  # noqa: E731
    else:
        bird = Bird(lab, theirs, [BirdNeighbor(local, remote)])
        peer_is_up = lambda: bird.wait_state(local, "Up")  # noqa: E731
    ports = [
        {"name": "wan0", "device": f"net_af_packet0,iface={ours.name}", "addresses": ["192.0.2.1/24"]},
        {"name": "blue", "parent": "wan0", "vlan": [100], "addresses": [f"{OURS['ipv4']}/24", f"{OURS['ipv6']}/64"]},
    ]
    daemon = Tocsind(lab, ours.namespace, ports, [{"remote": remote, "port": "blue"} | FAST | {"detect_mult": 3}])
    daemon.wait_state(remote, "Up", 30)
    peer_is_up()
    assert daemon.session(remote)["status"].get("down_count", 0) == 0
    switch.cut()
    daemon.wait_state(remote, "Down")
    switch.heal()
    daemon.wait_state(remote, "Up", 30)
    peer_is_up()
