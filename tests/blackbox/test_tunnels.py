"""BFD inside of VXLAN (RFC 8971) and Geneve (RFC 9521), with hand-made frames and between two daemons."""

import subprocess
import time

import pytest

from lab import wait_until
from lab.control import DOWN, UP
from lab.stage import FAST, OURS4, OURS6, PEER4, PEER6, make_stage
from lab.tocsin import Tocsind, af_packet
from lab.tunnel import VXLAN_MAC, Headers, TunnelPeer

OUR_VAP, THEIR_VAP = "02:00:00:00:0a:01", "02:00:00:00:0b:01"
THREE = FAST | {"detect_mult": 3}
OURS = {"ipv4": OURS4, "ipv6": OURS6}
THEIRS = {"ipv4": PEER4, "ipv6": PEER6}
FAMILIES = ["ipv4", "ipv6"]
LOOPBACK = {"ipv4": "127.0.0.1", "ipv6": "::ffff:127.0.0.1"}
KINDS = ["vxlan", "geneve", "geneve_ip"]


def table(kind, family, inner=None, **keys):
    """A [[session]] of ours, with `inner` as family of what is inside."""
    inner = inner or family
    out = {"type": kind.removesuffix("_ip"), "remote": THEIRS[family]} | THREE
    if kind == "vxlan":
        out |= {"inner_src": OURS[inner]}
    elif kind == "geneve":
        out |= {"vni": 5001, "inner_src_mac": OUR_VAP, "inner_dst_mac": THEIR_VAP}
        out |= {"inner_src": "::" if inner == "ipv6" else "0.0.0.0"}
    else:
        out |= {"vni": 5001, "payload": "ip"}
        out |= {"inner_src": vap(inner, 1), "inner_dst": vap(inner, 2)}
    return out | keys


def vap(family, number):
    return f"10.1.0.{number}" if family == "ipv4" else f"2001:db8:a::{number}"


def headers(kind, family, inner=None, **changes):
    """What the peer of table() sends with."""
    inner = inner or family
    out = Headers(
        kind=kind.removesuffix("_ip"),
        source=THEIRS[family],
        destination=OURS[family],
        vni=1 if kind == "vxlan" else 5001,
        inner_source=THEIRS[inner],
        inner_destination=LOOPBACK[inner],
        inner_source_mac="02:00:00:00:00:99",
        inner_destination_mac=VXLAN_MAC,
        outer_checksum=0 if family == "ipv4" else None,
    )
    if kind == "geneve":
        nobody, loopback = ("0.0.0.0", "127.0.0.1") if inner == "ipv4" else ("::", "::1")
        out = out.with_(inner_source=nobody, inner_destination=loopback)
        out = out.with_(inner_source_mac=THEIR_VAP, inner_destination_mac=OUR_VAP)
    elif kind == "geneve_ip":
        out = out.with_(inner_source=vap(inner, 2), inner_destination=vap(inner, 1))
        out = out.with_(inner_source_mac=None, inner_destination_mac=None)
    return out.with_(**changes)


def only_session(daemon):
    (session,) = daemon.json("session", "list")["sessions"]
    return session


@pytest.fixture
def start(stage):
    """Starts tocsind with one session, and its peer."""

    def run(kind, family, inner=None, keys=None, sections=None, **changes):
        daemon = stage.start([table(kind, family, inner, **(keys or {}))], sections)
        return daemon, TunnelPeer(stage.lab, stage.theirs, headers(kind, family, inner, **changes), stage.ours.mac)

    return run


# req: RFC8971-1-01 RFC8971-6-03 RFC9521-1-01 RFC9521-4-02 RFC9521-4-10 RFC9521-5-02
@pytest.mark.parametrize("inner", FAMILIES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_comes_up_and_goes_down_in_time(start, kind, family, inner):
    daemon, peer = start(kind, family, inner)
    peer.wait(UP)
    daemon.wait_state(THEIRS[family], "Up", 5)
    spec = only_session(daemon)["spec"]
    assert spec["type"] == ("SESSION_TYPE_VXLAN" if kind == "vxlan" else "SESSION_TYPE_GENEVE")
    assert spec["tunnel"]["vni"] == peer.headers.vni
    peer.mute = True
    daemon.wait_state(THEIRS[family], "Down", 5)
    status = only_session(daemon)["status"]
    assert status["diag"] == 1
    silence = (int(status["last_state_change_us"]) - int(status["last_rx_us"])) * 1e-6
    assert 0.299 < silence < 0.7
    peer.mute = False
    peer.wait(UP)


# req: RFC8971-5-01 RFC8971-5-03 RFC8971-5-04 RFC8971-5-05 RFC8971-5-08 RFC8971-5-10 RFC8971-5-12 RFC8971-5-13
# req: RFC8971-5-15 RFC8971-5-17 RFC8971-5-18 RFC8971-5-19 RFC8971-3-04 RFC8971-4-04
@pytest.mark.parametrize("family", FAMILIES)
def test_vxlan_is_sent_as_the_rfc_has_it(start, stage, family):
    _, peer = start("vxlan", family)
    peer.wait(UP)
    peer.settle(0.5)
    assert len({(h.outer["UDP"].sport, h.inner_udp.sport) for h in peer.received}) == 1
    for heard in peer.received:
        assert (heard.outer.src, heard.outer.dst) == (stage.ours.mac, stage.theirs.mac)
        assert int(heard.tunnel.flags) == 0x08 and heard.tunnel.vni == 1
        assert bytes(heard.tunnel)[1:4] == bytes(3) and bytes(heard.tunnel)[7] == 0
        inner = heard.inner_ethernet
        assert (inner.dst, inner.src) == (VXLAN_MAC, stage.ours.mac)
        assert inner.type == (0x0800 if family == "ipv4" else 0x86DD)
        assert heard.inner_ip.src == OURS[family]
        assert heard.inner_ip.dst == ("127.0.0.1" if family == "ipv4" else "::ffff:127.0.0.1")
        assert (heard.inner_ip.ttl if family == "ipv4" else heard.inner_ip.hlim) == 255
        outer = heard.outer.payload
        assert (outer.ttl if family == "ipv4" else outer.hlim) == 64
        assert (heard.outer["UDP"].chksum == 0) == (family == "ipv4")
        assert heard.outer["UDP"].sport >= 49152 and heard.inner_udp.sport >= 49152
        assert heard.control.echo_rx_us == 0


# req: RFC9521-4-01 RFC9521-4-04 RFC9521-4-05 RFC9521-4-07 RFC9521-4-09 RFC9521-4-11 RFC9521-4-12 RFC9521-4-13
# req: RFC9521-4-14 RFC9521-4-15 RFC9521-4-16 RFC9521-4-17 RFC9521-5-01 RFC9521-5-03 RFC9521-5-05 RFC9521-5-06
# req: RFC9521-5-07 RFC9521-5-08 RFC9521-5-09 RFC9521-5-10 RFC9521-5-11 RFC9521-3-02
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["geneve", "geneve_ip"])
def test_geneve_is_sent_as_the_rfc_has_it(start, kind, family):
    _, peer = start(kind, family)
    peer.wait(UP)
    peer.settle(0.5)
    ip_type = 0x0800 if family == "ipv4" else 0x86DD
    assert len({(h.outer["UDP"].sport, h.inner_udp.sport) for h in peer.received}) == 1
    for heard in peer.received:
        first = bytes(heard.tunnel)[:8]
        assert first[0] == 0 and first[1] == 0x80 and first[7] == 0
        assert int.from_bytes(first[2:4], "big") == (0x6558 if kind == "geneve" else ip_type)
        assert int.from_bytes(first[4:7], "big") == 5001
        assert (heard.inner_ip.ttl if family == "ipv4" else heard.inner_ip.hlim) == 255
        assert heard.inner_udp.sport >= 49152
        if kind == "geneve":
            assert (heard.inner_ethernet.dst, heard.inner_ethernet.src) == (THEIR_VAP, OUR_VAP)
            ends = ("0.0.0.0", "127.0.0.1") if family == "ipv4" else ("::", "::1")
        else:
            assert heard.inner_ethernet is None
            ends = (vap(family, 1), vap(family, 2))
        assert (heard.inner_ip.src, heard.inner_ip.dst) == ends


def refused(daemon, peer, reason, **headers):
    """Whether a packet that would take the session Down is dropped for `reason`."""
    before = daemon.drops().get(reason, 0)
    peer.send(peer.control.with_(state=DOWN), **headers)
    wait_until(lambda: daemon.drops().get(reason, 0) == before + 1, 5, f"a drop as {reason} of {headers}")
    assert only_session(daemon)["status"].get("down_count", 0) == 0


# req: RFC8971-5-06 RFC8971-5-07 RFC8971-6-01 RFC8971-6-02 RFC8971-6-04 RFC8971-6-05 RFC8971-6-07 RFC8971-6-08
@pytest.mark.parametrize("family", FAMILIES)
def test_vxlan_that_is_wrong_is_dropped_under_its_reason(start, family):
    daemon, peer = start("vxlan", family)
    peer.wait(UP)
    refused(daemon, peer, "wrong_instance", vni=2)
    refused(daemon, peer, "wrong_instance", vlans=(7,))
    refused(daemon, peer, "vxlan_header", flags=0)
    refused(daemon, peer, "inner_mac", inner_destination_mac="02:00:00:00:0c:0c")
    refused(daemon, peer, "inner_ttl", ttl=254)
    refused(daemon, peer, "inner_not_bfd", port=3785)
    refused(daemon, peer, "inner_udp_checksum", inner_checksum=1)
    refused(daemon, peer, "udp_checksum", outer_checksum=1)
    refused(daemon, peer, "inner_destination", inner_destination="10.1.1.1" if family == "ipv4" else "2001:db8:a::7")
    refused(daemon, peer, "source_mismatch", source="192.0.2.77" if family == "ipv4" else "2001:db8::77")
    if family == "ipv4":
        refused(daemon, peer, "inner_ip_checksum", inner_ip=(("chksum", 1),))
    else:
        refused(daemon, peer, "udp_checksum", outer_checksum=0)
        refused(daemon, peer, "inner_udp_checksum", inner_checksum=0)
    # These are not wrong: another address of 127/8, any outer TTL, any reserved bits, VLAN 0.
    other = "127.1.2.3" if family == "ipv4" else "::ffff:127.1.2.3"
    before = int(only_session(daemon)["status"]["rx_packets"])
    peer.mute = True
    for ok in ({"inner_destination": other}, {"outer_ttl": 1}, {"flags": 0xFF}, {"vlans": (0,)}):
        peer.send(peer.control, **ok)
    wait_until(lambda: int(only_session(daemon)["status"]["rx_packets"]) >= before + 4, 3, "four packets to count")


@pytest.mark.parametrize("kind", KINDS)
def test_a_port_may_take_tunnels_over_ipv6_without_checksum(stage, kind):
    port = {"name": "wan0", "device": af_packet(0, stage.ours.name), "addresses": [f"{OURS4}/24", f"{OURS6}/64"],
            "tunnels_without_checksum": True}  # fmt: skip
    daemon = Tocsind(stage.lab, stage.ours.namespace, [port], [table(kind, "ipv6")])
    peer = TunnelPeer(stage.lab, stage.theirs, headers(kind, "ipv6", outer_checksum=0), stage.ours.mac)
    peer.wait(UP)
    daemon.wait_state(PEER6, "Up", 5)
    refused(daemon, peer, "udp_checksum", outer_checksum=1)
    refused(daemon, peer, "inner_udp_checksum", inner_checksum=0)


# req: RFC9521-4-18 RFC9521-4-19 RFC9521-4.1-01 RFC9521-4.1-03 RFC9521-4.1-04 RFC9521-4.1-05 RFC9521-5.1-01 RFC9521-5.1-03
# req: RFC9521-5.1-04 RFC9521-4.1-08
@pytest.mark.parametrize("kind", ["geneve", "geneve_ip"])
def test_geneve_that_is_wrong_is_dropped_under_its_reason(start, kind):
    daemon, peer = start(kind, "ipv4")
    peer.wait(UP)
    refused(daemon, peer, "wrong_instance", vni=5002)
    other = {"inner_source_mac": THEIR_VAP, "inner_destination_mac": OUR_VAP}  # encapsulates data in another way
    if kind == "geneve":
        other = dict.fromkeys(other) | {"inner_source": vap("ipv4", 2), "inner_destination": vap("ipv4", 1)}
    refused(daemon, peer, "wrong_instance", **other)
    refused(daemon, peer, "geneve_critical_option", flags=0xC0)
    refused(daemon, peer, "inner_ttl", ttl=254)
    refused(daemon, peer, "inner_not_bfd", port=4784)
    refused(daemon, peer, "inner_udp_checksum", inner_checksum=1)
    refused(daemon, peer, "destination_mismatch", inner_destination="10.1.0.9")
    if kind == "geneve":
        refused(daemon, peer, "wrong_instance", inner_destination_mac="02:00:00:00:0a:02")
        refused(daemon, peer, "wrong_instance", inner_source_mac="02:00:00:00:0b:02")
        refused(daemon, peer, "wrong_instance", vlans=(7,))
    else:
        refused(daemon, peer, "source_mismatch", inner_source="10.1.0.9")


# req: RFC9521-4.1-11 RFC9521-5.1-08 RFC8971-3-03 RFC9521-4.1-12 RFC9521-5.1-09
@pytest.mark.parametrize("kind", KINDS)
def test_packets_of_nobody_open_nothing(start, kind):
    daemon, peer = start(kind, "ipv4", vni=77)
    wait_until(lambda: daemon.drops().get("no_session", 0) > 5, 10, "packets in VNI 77 to be dropped")
    assert daemon.state(PEER4) == "Down"
    assert not peer.received

    def told():
        return [line for line in daemon.log.read_text().splitlines() if "packet_without_session" in line]

    (line,) = wait_until(told, 5, "management to be told")
    assert f"type={kind.removesuffix('_ip')} " in line and "vni=77" in line and "port=wan0" in line
    time.sleep(1)
    assert len(told()) == 1, "once"


# req: RFC8971-3-02 RFC8971-6-06 RFC8971-3-01
def test_sessions_of_several_vnis_between_two_vteps(stage):
    daemon = stage.start([table("vxlan", "ipv4", name=f"v{vni}", vni=vni) for vni in (100, 200)],
                         {"vxlan": {"sessions_per_pair": 3}})  # fmt: skip
    peers = {
        vni: TunnelPeer(stage.lab, stage.theirs, headers("vxlan", "ipv4", vni=vni), stage.ours.mac, discriminator=vni)
        for vni in (100, 200)
    }
    for peer in peers.values():
        peer.wait(UP)
    peers[200].mute = True

    def states():
        return {s["spec"]["name"]: s["status"]["state"].removeprefix("SESSION_STATE_")
                for s in daemon.json("session", "list")["sessions"]}  # fmt: skip

    wait_until(lambda: states() == {"v100": "UP", "v200": "DOWN"}, 5, "only VNI 200 to fail")
    add = ("session", "add", PEER4, "--type", "vxlan", "--vni")
    again = daemon.ctl(*add, 100, check=False)
    assert again.returncode != 0 and "VNI 100 from 192.0.2.1" in again.stderr
    daemon.ctl(*add, 300)
    fourth = daemon.ctl(*add, 400, check=False)
    assert fourth.returncode != 0 and "no more than 3" in fourth.stderr
    assert "VNI 300" in daemon.ctl("session", "show", "3").stdout


# req: RFC8971-4-03 RFC8971-5-03
def test_the_management_vni_is_changed_by_a_reload(stage):
    daemon = stage.start([table("vxlan", "ipv4")], {"vxlan": {"management_vni": 77}})
    first = TunnelPeer(stage.lab, stage.theirs, headers("vxlan", "ipv4", vni=77), stage.ours.mac)
    first.wait(UP)
    daemon.reload(vxlan={"management_vni": 4096})
    second = TunnelPeer(stage.lab, stage.theirs, headers("vxlan", "ipv4", vni=4096), stage.ours.mac)
    second.wait(UP)
    assert only_session(daemon)["spec"]["tunnel"]["vni"] == 4096


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_session_through_the_command_line(stage, kind):
    daemon = stage.start()
    keys = table(kind, "ipv4")
    arguments = ["--type", keys["type"], "--tx", "100ms", "--rx", "100ms"]
    for key in ("vni", "payload", "inner_src", "inner_dst", "inner_src_mac", "inner_dst_mac"):
        if key in keys:
            arguments += ["--" + key.replace("_", "-"), keys[key]]
    daemon.ctl("session", "add", PEER4, *arguments)
    TunnelPeer(stage.lab, stage.theirs, headers(kind, "ipv4"), stage.ours.mac).wait(UP)
    lines = daemon.ctl("session", "list", "-o", "jsonl").stdout
    refused = daemon.ctl("session", "add", PEER4, "--vni", 7, check=False)
    assert refused.returncode != 0 and "vni: means nothing" in refused.stderr
    daemon.ctl("session", "delete", f"peer:{PEER4}")
    file = daemon.folder / "again.jsonl"
    file.write_text(lines)
    assert "1 session added" in daemon.ctl("session", "add", "--from", file).stdout
    assert only_session(daemon)["spec"]["tunnel"]["vni"] == (1 if kind == "vxlan" else 5001)


# req: RFC8971-1-01 RFC9521-1-01
@pytest.mark.parametrize("inner", FAMILIES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_two_daemons_are_up_and_tshark_finds_no_fault(lab, kind, family, inner):
    stage = make_stage(lab)
    far = stage.lan.attach("far", "f0", silent=True)
    theirs = {
        "vxlan": {"inner_src": THEIRS_OF_DAEMON[inner]},
        "geneve": {"inner_src_mac": THEIR_VAP, "inner_dst_mac": OUR_VAP},
        "geneve_ip": {"inner_src": vap(inner, 2), "inner_dst": vap(inner, 1)},
    }[kind]
    capture = lab.folder / "tunnel.pcap"
    dump = subprocess.Popen(
        stage.ours.namespace.command("tcpdump", "-U", "-i", stage.ours.name, "-w", str(capture), "udp"),
        stderr=subprocess.DEVNULL,
    )
    lab.on_close(dump.terminate)
    here = stage.start([table(kind, family, inner, remote=THEIRS_OF_DAEMON[family])])
    there = Tocsind(lab, far.namespace, [(far, "wan0", ["192.0.2.3/24", "2001:db8::3/64"])],
                    [table(kind, family, inner) | {"remote": OURS[family]} | theirs])  # fmt: skip
    for daemon in (here, there):
        wait_until(lambda d=daemon: only_session(d)["status"]["state"] == "SESSION_STATE_UP", 10, "Up")
    wait_until(lambda: capture.exists() and capture.stat().st_size > 4000, 10, "a capture")
    dump.terminate()
    dump.wait()
    found = subprocess.run(
        ["tshark", "-r", str(capture), "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
         "-T", "fields", "-e", "frame.protocols", "-e", "ip.checksum.status", "-e", "udp.checksum.status",
         "-e", "_ws.malformed", "-e", "_ws.expert.message"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    tunnels = [line for line in found if kind.removesuffix("_ip") in line]
    assert len(tunnels) > 10
    for line in tunnels:
        protocols, ip_status, udp_status, malformed, _ = (line + "\t" * 4).split("\t")[:5]
        assert protocols.endswith(":bfd"), line
        assert not malformed, line
        assert set(ip_status.split(",")) <= {"1", ""}, line  # 1: good
        # 3: none, which is what the outer one is over IPv4.
        assert udp_status.split(",") == ["3" if family == "ipv4" else "1", "1"], line


THEIRS_OF_DAEMON = {"ipv4": "192.0.2.3", "ipv6": "2001:db8::3"}


# req: RFC8971-9-01 RFC9521-6-01
@pytest.mark.parametrize("kind", KINDS)
def test_two_daemons_authenticate_each_other(lab, kind):
    stage = make_stage(lab)
    far = stage.lan.attach("far", "f0", silent=True)
    secret = lab.folder / "secret"
    secret.write_text("tunnels-are-open")
    secret.chmod(0o600)
    chain = [{"name": "k", "keys": [{"id": 7, "secret_file": str(secret)}]}]
    auth = {"auth": {"type": "meticulous_keyed_sha1", "key_chain": "k"}}
    theirs = {
        "vxlan": {"inner_src": "192.0.2.3"},
        "geneve": {"inner_src_mac": THEIR_VAP, "inner_dst_mac": OUR_VAP},
        "geneve_ip": {"inner_src": vap("ipv4", 2), "inner_dst": vap("ipv4", 1)},
    }[kind]
    here = stage.start([table(kind, "ipv4", remote="192.0.2.3") | auth], {"key_chain": chain})
    there = Tocsind(lab, far.namespace, [(far, "wan0", ["192.0.2.3/24"])],
                    [table(kind, "ipv4") | {"remote": OURS4} | theirs | auth], {"key_chain": chain})  # fmt: skip
    for daemon in (here, there):
        wait_until(lambda d=daemon: only_session(d)["status"]["state"] == "SESSION_STATE_UP", 10, "Up")
    assert "tunnel_without_authentication" not in here.log.read_text()
