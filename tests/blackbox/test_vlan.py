"""Ports on VLANs of a device: IEEE 802.1Q tags, two of them (802.1ad), and the device's own untagged frames beside."""

import struct

import pytest

from lab import wait_until
from lab.control import PORT, UP, Control, frame
from lab.namespace import LabError
from lab.stage import FAST, OURS4, OURS6, PEER4, PEER6, make_stage
from lab.tocsin import Tocsind
from lab.wire import Wire

TAGS = {"vlan": [100], "qinq": [200, 100]}
SIDES = {"ours": 1, "theirs": 2}
ONE = FAST | {"detect_mult": 3}


def v4(subnet, side):
    return f"10.{subnet}.0.{SIDES[side]}"


def v6(subnet, side):
    return f"2001:db8:{subnet}::{SIDES[side]}"


def device(port, side):
    address = {"ours": (OURS4, OURS6), "theirs": (PEER4, PEER6)}[side]
    return {
        "name": "wan0", "device": f"net_af_packet0,iface={port.name}",
        "addresses": [f"{address[0]}/24", f"{address[1]}/64"],
    }  # fmt: skip


def on_vlan(subnet, side, vlan, **keys):
    return {
        "name": f"vlan{subnet}", "parent": "wan0", "vlan": vlan,
        "addresses": [f"{v4(subnet, side)}/24", f"{v6(subnet, side)}/64"],
    } | keys  # fmt: skip


class Two:
    """Two daemons on one segment: untagged, on VLAN 100 and on VLAN 100 within VLAN 200, all with the same peer."""

    def __init__(self, lab, sections=None, more=None, **keys):
        lan = lab.network("lan")
        self.ports = {side: lan.attach(f"tocsin-{side}", "t0", silent=True) for side in SIDES}
        self.wire = Wire(self.ports["theirs"])
        lab.on_close(self.wire.close)
        self.daemons = {}  # the wire shows what "ours" sends
        for side, other in (("ours", "theirs"), ("theirs", "ours")):
            untagged = {"ours": (PEER4, PEER6), "theirs": (OURS4, OURS6)}[side]
            remotes = [*untagged]
            for subnet in (1, 2):
                remotes += [v4(subnet, other), v6(subnet, other)]
            ports = [
                device(self.ports[side], side),
                on_vlan(1, side, TAGS["vlan"], **keys),
                on_vlan(2, side, TAGS["qinq"], **keys),
            ]
            sessions = [{"remote": r} | ONE | (more or {}) for r in remotes]
            self.daemons[side] = Tocsind(lab, self.ports[side].namespace, ports, sessions, sections)
            self.daemons[side].remotes = remotes

    def packet(self):
        """One for the untagged session of ours, without a tag."""
        session = self.daemons["ours"].session(PEER4)["status"]
        control = Control(
            state=UP, my_discriminator=int(session["remote_discr"]), your_discriminator=int(session["local_discr"])
        )
        return frame(
            control, source=PEER4, destination=OURS4, source_mac=self.ports["theirs"].mac,
            destination_mac=self.ports["ours"].mac, dport=PORT,
        )  # fmt: skip

    def wait_up(self):
        for daemon in self.daemons.values():
            for remote in daemon.remotes:
                daemon.wait_state(remote, "Up", 20)


def tags_of(octets):
    """(TPID, priority, VLAN) of each tag, and the EtherType behind them."""
    at, tags = 12, []
    while True:
        (kind,) = struct.unpack_from("!H", octets, at)
        if kind not in (0x8100, 0x88A8):
            return tags, kind
        (tci,) = struct.unpack_from("!H", octets, at + 2)
        tags.append((kind, tci >> 13, tci & 0xFFF))
        at += 4


def test_sessions_of_a_device_and_of_its_vlans_come_up_side_by_side(lab):
    two = Two(lab)
    two.wait_up()
    ours = two.daemons["ours"]
    assert {s["status"]["port"] if "port" in s["status"] else s["spec"]["port"] for s in ours.sessions().values()} == {
        "wan0", "vlan1", "vlan2",
    }  # fmt: skip
    seen = {tuple(tags) for tags, _ in (tags_of(f.octets) for f in two.wire.frames() if not f.sent)}
    assert seen == {(), ((0x8100, 6, 100),), ((0x88A8, 6, 200), (0x8100, 6, 100))}
    for daemon in two.daemons.values():
        assert all(s["status"].get("down_count", 0) == 0 for s in daemon.sessions().values())
        assert not {"vlan_unknown", "no_session", "wrong_port"} & daemon.drops().keys()
    two.ports["theirs"].cut()
    for remote in ours.remotes:
        ours.wait_state(remote, "Down")


def test_a_priority_of_its_own(lab):
    two = Two(lab, vlan_priority=3)
    two.wait_up()
    seen = {tuple(tags) for tags, _ in (tags_of(f.octets) for f in two.wire.frames() if not f.sent)}
    assert {priority for tags in seen for _, priority, _ in tags} == {3}


def test_echo_of_a_peer_goes_back_into_its_vlan(lab):
    echo = {"desired_min_echo_tx_interval": "50ms", "required_min_echo_rx_interval": "50ms"}
    two = Two(lab, more=echo)
    two.wait_up()
    for daemon in two.daemons.values():
        wait_until(
            lambda daemon=daemon: all(
                int(daemon.session(r)["status"].get("echo", {}).get("rx_packets", 0)) >= 10 for r in daemon.remotes
            ),
            30,
            "Echo packets to come back on every port",
        )


def test_several_workers_share_the_vlans(lab):
    two = Two(lab, sections={"dataplane": {"workers": [0, 1]}})
    two.wait_up()
    for daemon in two.daemons.values():
        assert all(s["status"].get("down_count", 0) == 0 for s in daemon.sessions().values())


def test_lsps_and_pseudowires_within_two_vlans(lab):
    """Labelled Control packets, those that the egress routes, and LSP Ping leave with the tags of their port."""
    lan = lab.network("lan")
    wire, daemons = None, {}
    for side, other, sent, taken in (("ours", "theirs", 300, 301), ("theirs", "ours", 301, 300)):
        port = lan.attach(f"tocsin-{side}", "t0", silent=True)
        remote, local = v4(2, other), v4(2, side)
        pseudowire = {"type": "vccv", "remote": remote, "labels": [sent], "label_in": taken, "cc_type": 1, "cv_type": 16}
        lsp = {"type": "mpls", "remote": remote, "labels": [16004]}
        sections = {"lsp_ping": {"allow": [f"{remote}/32"], "egress": [{"fec": f"ldp {local}/32", "local": local}]}}
        daemons[side] = Tocsind(
            lab, port.namespace, [device(port, side), on_vlan(2, side, TAGS["qinq"], mpls=True)],
            [pseudowire | ONE] + ([lsp | ONE] if side == "ours" else []), sections,
        )  # fmt: skip
        if wire is None:
            wire = Wire(port)
            lab.on_close(wire.close)
    for daemon in daemons.values():
        wait_until(
            lambda d=daemon: [s["status"]["state"] for s in d.json("session", "list")["sessions"]] == ["SESSION_STATE_UP"] * 2,
            20, "both sessions to be Up",
        )  # fmt: skip
    seen = [tags_of(f.octets) for f in wire.frames()]
    assert {tuple(tags) for tags, kind in seen if kind == 0x8847} == {((0x88A8, 6, 200), (0x8100, 6, 100))}
    assert {tuple(tags) for tags, kind in seen if kind == 0x0800} == {((0x88A8, 6, 200), (0x8100, 6, 100))}


def retagged(octets, tags):
    """The frame with these (TPID, TCI) instead of its own."""
    _, kind = tags_of(octets)
    rest = octets[14 + 4 * len(tags_of(octets)[0]) :]
    return octets[:12] + b"".join(struct.pack("!HH", *t) for t in tags) + struct.pack("!H", kind) + rest


@pytest.mark.parametrize(
    "tags",
    [
        [(0x8100, 101)],
        [(0x8100, 200)],
        [(0x88A8, 200), (0x8100, 101)],
        [(0x88A8, 100), (0x8100, 200)],
        [(0x8100, 100), (0x8100, 7)],
        [(0x88A8, 200), (0x8100, 100), (0x8100, 5)],
    ],
    ids=lambda tags: "-".join(str(tci) for _, tci in tags),
)  # fmt: skip
def test_tags_of_nobody_are_dropped(lab, tags):
    two = Two(lab)
    two.wait_up()
    ours = two.daemons["ours"]
    before = ours.drops().get("vlan_unknown", 0)
    two.wire.send(retagged(two.packet(), tags))
    wait_until(lambda: ours.drops().get("vlan_unknown", 0) == before + 1, 5, "the frame to be counted")
    assert all(s["status"].get("down_count", 0) == 0 for s in ours.sessions().values())


def test_a_packet_of_another_vlan_is_not_for_the_session(lab):
    """The same octets under another port's tag: RFC 5881 has a session belong to an interface."""
    two = Two(lab)
    two.wait_up()
    ours = two.daemons["ours"]
    for tags in ([(0x8100, 100)], [(0x88A8, 200), (0x8100, 100)]):
        before = ours.drops().get("ip_destination", 0)
        two.wire.send(retagged(two.packet(), tags))
        wait_until(lambda: ours.drops().get("ip_destination", 0) == before + 1, 5, "the frame to be counted")


def test_the_list_of_ports_says_whose_vlan_it_is(lab):
    two = Two(lab)
    ports = {p["name"]: p for p in two.daemons["ours"].json("port", "list")["ports"]}
    assert ports["vlan1"]["parent"] == "wan0" and ports["vlan1"]["vlan"] == [100]
    assert ports["vlan2"]["parent"] == "wan0" and ports["vlan2"]["vlan"] == [200, 100]
    assert ports["vlan1"]["mac"] == ports["wan0"]["mac"] and not ports["wan0"]["parent"]
    text = two.daemons["ours"].ctl("port", "list").stdout
    assert "wan0 VLAN 100" in text and "wan0 VLAN 200.100" in text


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ({"parent": "wan0"}, "port[1].vlan"),
        ({"parent": "wan0", "vlan": 100}, "write an array of integers, such as [100]"),
        ({"parent": "wan0", "vlan": []}, "one, or two with the outermost first"),
        ({"parent": "wan0", "vlan": [1, 2, 3]}, "has 3 identifiers"),
        ({"parent": "wan0", "vlan": [0]}, "1..4094 are accepted"),
        ({"parent": "wan0", "vlan": [4095]}, "1..4094 are accepted"),
        ({"parent": "lan7", "vlan": [100]}, "there is no port \"lan7\""),
        ({"parent": "vlan9", "vlan": [100]}, "is on a VLAN itself"),
        ({"parent": "wan0", "vlan": [100], "vlan_priority": 8}, "0..7 are accepted"),
        ({"parent": "wan0", "vlan": [100], "device": "net_tap0"}, "its parent has the device"),
        ({"parent": "wan0", "vlan": [100], "rx_descriptors": 64}, "its parent has the device"),
        ({"parent": "wan0", "vlan": [100], "echo_source": ["192.0.2.9"]}, "parent's echo_source"),
        ({"vlan": [100], "device": "net_tap0"}, "belongs to a port on a VLAN"),
    ],
    ids=range(13),
)
def test_mistakes_are_told_of(lab, port, message):
    stage = make_stage(lab)
    table = {"name": "vlan9", "addresses": ["10.9.0.1/24"]} | port
    with pytest.raises(LabError) as error:
        Tocsind(lab, stage.ours.namespace, [device(stage.ours, "ours"), table], [])
    assert message in str(error.value)


def test_the_same_vlan_twice_is_a_mistake(lab):
    stage = make_stage(lab)
    ports = [device(stage.ours, "ours"), on_vlan(1, "ours", [100]), on_vlan(2, "ours", [100])]
    with pytest.raises(LabError, match="is already that of port"):
        Tocsind(lab, stage.ours.namespace, ports, [])
