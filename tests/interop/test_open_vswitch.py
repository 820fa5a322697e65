"""BFD of Open vSwitch's userspace datapath in VXLAN and Geneve, RFC 8971 and 9521 as far as it conforms."""

import pytest

from lab import wait_until
from lab.open_vswitch import OpenVswitch
from lab.stage import FAST, OURS4, PEER4
from lab.tocsin import Tocsind

VNI = 100
OUR_VAP, THEIR_VAP = "02:00:00:00:0a:01", "02:00:00:00:0b:01"
OUR_INNER, THEIR_INNER = "10.1.0.1", "10.1.0.2"
FAST_OVS = {"min_rx": 100, "min_tx": 100}  # milliseconds

# What makes Open vSwitch send what RFC 8971 wants, and what RFC 9521 wants.
VXLAN_RULES = FAST_OVS | {"bfd_local_dst_mac": "00:00:5e:00:52:02", "bfd_dst_ip": "127.0.0.1"}
GENEVE_RULES = FAST_OVS | {
    "oam": "true",
    "bfd_local_src_mac": THEIR_VAP,
    "bfd_local_dst_mac": OUR_VAP,
    "bfd_remote_dst_mac": THEIR_VAP,
    "bfd_src_ip": THEIR_INNER,
    "bfd_dst_ip": OUR_INNER,
}
SESSIONS = {
    "vxlan": {"type": "vxlan", "vni": VNI},
    "geneve": {
        "type": "geneve", "vni": VNI, "inner_src_mac": OUR_VAP, "inner_dst_mac": THEIR_VAP,
        "inner_src": OUR_INNER, "inner_dst": THEIR_INNER,
    },
}  # fmt: skip
RULES = {"vxlan": VXLAN_RULES, "geneve": GENEVE_RULES}


class Pair:
    def __init__(self, lab, kind, session=(), rules=None):
        lan = lab.network("lan")
        self.theirs = lan.attach("ovs", "p0")
        self.ours = lan.attach("tocsin", "t0", silent=True)
        self.ovs = OpenVswitch(
            lab, self.theirs, f"{PEER4}/24", kind, OURS4, VNI, RULES[kind] if rules is None else rules
        )
        table = {"remote": PEER4} | FAST | {"detect_mult": 3} | SESSIONS[kind] | dict(session)
        self.daemon = Tocsind(lab, self.ours.namespace, [(self.ours, "wan0", [f"{OURS4}/24"])], [table])

    def wait_up(self):
        self.daemon.wait_state(PEER4, "Up", 30)
        self.ovs.wait_state("up")


@pytest.mark.parametrize("kind", ["vxlan", "geneve"])
def test_comes_up_fails_and_comes_back(lab, kind):
    pair = Pair(lab, kind)
    pair.wait_up()
    status = pair.daemon.session(PEER4)["status"]
    assert int(status["remote_discr"]) != 0
    assert status.get("down_count", 0) == 0
    pair.theirs.cut()
    pair.daemon.wait_state(PEER4, "Down")
    pair.ovs.wait_state("down")
    assert pair.ovs.bfd_status()["forwarding"] == "false"
    pair.theirs.heal()
    pair.wait_up()
    assert int(pair.daemon.session(PEER4)["status"]["down_count"]) == 1


@pytest.mark.parametrize("kind", ["vxlan", "geneve"])
def test_intervals_that_change_take_no_session_down(lab, kind):
    pair = Pair(lab, kind)
    pair.wait_up()
    pair.ovs.set_bfd({"min_tx": 300, "min_rx": 300})
    wait_until(
        lambda: int(pair.daemon.session(PEER4)["status"]["remote_min_rx_interval_us"]) == 300_000, 15, "300 ms"
    )
    status = pair.daemon.session(PEER4)["status"]
    assert status["state"] == "SESSION_STATE_UP"
    assert status.get("down_count", 0) == 0
    assert pair.ovs.state() == "up"


def test_vxlan_with_what_it_sends_by_default(lab):
    lan = lab.network("lan")
    theirs, ours = lan.attach("ovs", "p0"), lan.attach("tocsin", "t0", silent=True)
    ovs = OpenVswitch(lab, theirs, f"{PEER4}/24", "vxlan", OURS4, VNI, FAST_OVS)
    port = {"name": "wan0", "device": f"net_af_packet0,iface={ours.name}", "addresses": [f"{OURS4}/24"]}
    session = {"remote": PEER4, "type": "vxlan", "vni": VNI} | FAST | {"detect_mult": 3}
    daemon = Tocsind(lab, ours.namespace, [port], [session])
    wait_until(lambda: daemon.drops().get("inner_mac", 0) > 3, 15, "its packets to be refused")
    assert daemon.state(PEER4) == "Down"
    daemon.stop()
    daemon = Tocsind(lab, ours.namespace, [port | {"open_vswitch_vxlan": True}], [session])
    daemon.wait_state(PEER4, "Up", 30)
    ovs.wait_state("up")


def test_geneve_with_what_it_sends_by_default(lab):
    """Open vSwitch sends from 169.254.1.1 to 169.254.1.0 and 00:23:20:00:00:01, and takes any addresses."""
    lan = lab.network("lan")
    theirs, ours = lan.attach("ovs", "p0"), lan.attach("tocsin", "t0", silent=True)
    ovs = OpenVswitch(lab, theirs, f"{PEER4}/24", "geneve", OURS4, VNI, FAST_OVS)
    table = {
        "type": "geneve", "remote": PEER4, "vni": VNI, "inner_src": "169.254.1.0", "inner_dst": "169.254.1.1",
        "inner_src_mac": "00:23:20:00:00:01", "inner_dst_mac": ovs.tunnel_mac(),
    }  # fmt: skip
    daemon = Tocsind(lab, ours.namespace, [(ours, "wan0", [f"{OURS4}/24"])], [table | FAST | {"detect_mult": 3}])
    daemon.wait_state(PEER4, "Up", 30)
    ovs.wait_state("up")
