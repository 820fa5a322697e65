"""BFD of pseudowires (RFC 5885) with hand-made frames and between two daemons."""

import pytest

from lab import wait_until
from lab.control import DOWN, UP
from lab.labels import (
    CHANNEL_BFD,
    CHANNEL_IPV4,
    CHANNEL_IPV6,
    GAL,
    ROUTER_ALERT,
    LabelPeer,
    channel,
    datagram,
    labelled,
)
from lab.stage import FAST, OURS4, OURS6, PEER4, PEER6

OUT, IN, TUNNEL, FAR = 300, 301, 16004, "192.0.2.3"
LOOP = {"ipv4": "127.9.8.7", "ipv6": "::ffff:127.9.8.7"}
OURS = {"ipv4": OURS4, "ipv6": OURS6}
THEIRS = {"ipv4": PEER4, "ipv6": PEER6}
PORT = {"mpls": True}

# CC type, CV type, control word, family of IP inside
KINDS = [
    pytest.param(1, 0x04, True, "ipv4", id="cc1-cv04"),
    pytest.param(1, 0x08, True, "ipv6", id="cc1-cv08"),
    pytest.param(1, 0x10, True, None, id="cc1-cv10"),
    pytest.param(1, 0x20, True, None, id="cc1-cv20"),
    pytest.param(2, 0x10, True, None, id="cc2-cv10"),
    pytest.param(2, 0x04, False, "ipv4", id="cc2-cv04-no-cw"),
    pytest.param(3, 0x10, True, None, id="cc3-cv10"),
    pytest.param(3, 0x04, False, "ipv4", id="cc3-cv04-no-cw"),
    pytest.param(4, 0x10, True, None, id="cc4-cv10"),
]


def table(cc, cv, control_word=True, family=None, **keys):
    out = {"type": "vccv", "remote": PEER4, "labels": [TUNNEL, OUT], "label_in": IN, "cc_type": cc, "cv_type": cv}
    out |= FAST | {"detect_mult": 3}
    if not control_word:
        out["control_word"] = False
    if family:
        out |= {"inner_src": OURS[family], "inner_dst": LOOP[family]}
    return out | keys


def build(cc, control_word, family, *, label=IN, ttl=255, port=3784, kind=None, first=0x10, tail=b""):
    """How the peer sends."""

    def frame(control, source_mac, destination_mac):
        octets = control.encode()
        if family:
            octets = datagram(octets, THEIRS[family], LOOP[family], ttl, port)
        if control_word:
            usual = {None: CHANNEL_BFD, "ipv4": CHANNEL_IPV4, "ipv6": CHANNEL_IPV6}[family]
            octets = channel(usual if kind is None else kind, octets, first)
        stack = [(ROUTER_ALERT, 255)] if cc == 2 else []
        stack += [(label, 1 if cc == 3 else 255)]
        stack += [(GAL, 1)] if cc == 4 else []
        return labelled(stack, octets + tail, source_mac, destination_mac)

    return frame


def only_session(daemon):
    (session,) = daemon.json("session", "list")["sessions"]
    return session


@pytest.fixture
def start(stage):
    def run(*kind, **keys):
        daemon = stage.start([table(*kind, **keys)], port_keys=PORT)
        cc, _, control_word, family = kind
        return daemon, LabelPeer(stage.lab, stage.theirs, stage.ours.mac, build(cc, control_word, family))

    return run


# req: RFC5885-3-01 RFC5885-3.1-03 RFC5885-3.1-04 RFC5885-3.1-06 RFC5885-3.1-10 RFC5885-3.1-11 RFC5885-3.1-12
# req: RFC5885-3.1-14 RFC5885-3.2-01 RFC5885-3.2-05 RFC5885-3.2-07 RFC5885-3.2-10 RFC5885-3.2-12 RFC5885-3.2-16
# req: RFC5885-3.2-17 RFC5885-3.3-03 RFC5885-3.3-06 RFC5885-6-02 RFC5885-3.3-09 RFC5885-3.3-10 RFC5885-3.3-11 RFC5884-7-03
@pytest.mark.parametrize(("cc", "cv", "control_word", "family"), KINDS)
def test_comes_up_and_goes_down_in_time(start, stage, cc, cv, control_word, family):
    daemon, peer = start(cc, cv, control_word, family)
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)
    peer.settle(0.5)
    assert peer.received
    for heard in peer.received:
        assert (heard.ethernet.src, heard.ethernet.dst) == (stage.ours.mac, stage.theirs.mac)
        labels = [m.label for m in heard.labels]
        wanted = [TUNNEL] + ([ROUTER_ALERT] if cc == 2 else []) + [OUT] + ([GAL] if cc == 4 else [])
        assert labels == wanted
        own = heard.labels[labels.index(OUT)]
        assert own.ttl == (1 if cc == 3 else 255)
        assert (heard.channel is not None) == control_word
        if family is None:
            assert heard.channel == CHANNEL_BFD and len(heard.payload) == 24
        else:
            assert heard.channel in (None, CHANNEL_IPV4 if family == "ipv4" else CHANNEL_IPV6)
            assert (heard.ip.src, heard.ip.dst) == (OURS[family], LOOP[family]) or family == "ipv6"
            assert heard.ttl == 255
            assert heard.udp.dport == 3784 and heard.udp.sport >= 49152
        assert heard.control.flags & 0x02 == 0 and heard.control.echo_rx_us == 0
        assert heard.control.diag in (0, 1), "nothing of circuits"
    begin = peer.received[-1].time
    peer.settle(2)
    assert sum(begin < h.time <= begin + 2 for h in peer.received) <= 2 / 0.075 + 3
    peer.mute = True
    daemon.wait_state(PEER4, "Down", 5)
    assert only_session(daemon)["status"]["diag"] == 1
    wait_until(lambda: peer.heard.state == DOWN and peer.heard.diag == 1, 5, "our Down is told")
    peer.mute = False
    peer.wait(UP)


# req: RFC5885-3.1-01 RFC5885-3.2-13 RFC5885-3.2-14 RFC5885-3.2-18 RFC5885-7-01
def test_what_is_wrong_is_dropped_under_its_reason(start, stage):
    daemon, peer = start(1, 0x04, True, "ipv4")
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)
    cases = {
        "channel_header": build(1, True, "ipv4", first=0x11),
        "channel_type": build(1, True, "ipv4", kind=0x0022),
        "inner_ttl": build(1, True, "ipv4", ttl=254),
        "inner_not_bfd": build(1, True, "ipv4", port=3503),
        "wrong_instance": build(1, True, "ipv4", label=IN + 1),
        "session_type": build(1, True, None),  # CV 0x10 of the other end
        "label_stack": lambda c, s, d: labelled([], b"", s, d, 0x8847),
        "not_handled": build(1, True, "ipv4", first=0x00),
    }
    for reason, how in cases.items():
        before = daemon.drops().get(reason, 0)
        peer.send(peer.control, build=how)
        wait_until(lambda r=reason, b=before: daemon.drops().get(r, 0) > b, 5, f"a drop as {reason}")
    peer.wait(UP)


# req: RFC5885-3.1-05 RFC5885-3.1-08 RFC5885-3.1-09
def test_a_packet_without_our_discriminator_belongs_to_its_label(start):
    daemon, peer = start(1, 0x10, True, None)
    wait_until(lambda: peer.heard, 5, "the daemon speaks first")
    peer.wait(UP)
    before = daemon.drops().get("no_session", 0)
    peer.send(peer.control.with_(state=DOWN, your_discriminator=0), build=build(1, True, None, label=777))
    wait_until(lambda: daemon.drops().get("no_session", 0) > before, 5, "a label that nobody has")
    peer.wait(UP)


# req: RFC5885-3.2-14
def test_the_packet_ends_where_bfd_says(start):
    daemon, peer = start(1, 0x10, True, None)
    peer.build = build(1, True, None, tail=b"\xa5" * 20)
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)


# req: RFC5885-7-02
@pytest.mark.parametrize(("cv", "inside"), [(0x20, False), (0x04, True)], ids=["raw", "ip"])
def test_between_two_daemons(stage, cv, inside):
    chain, auth = stage.signed()
    near = auth | ({"inner_src": OURS4} if inside else {})
    far = auth | {"labels": [IN], "label_in": OUT, "remote": OURS4} | ({"inner_src": FAR} if inside else {})
    ours = stage.start([table(3, cv) | near | {"labels": [OUT], "remote": FAR}], chain, port_keys=PORT)
    theirs = stage.start_far(f"{FAR}/24", [table(3, cv) | far], chain, PORT)
    ours.wait_state(FAR, "Up", 10)
    theirs.wait_state(OURS4, "Up", 10)


# req: RFC5885-3.1-07 RFC5885-3.3-12
def test_a_pseudowire_has_one_session(start, stage):
    daemon, peer = start(1, 0x10, True, None)
    peer.wait(UP)
    add = ["session", "add", PEER4, "--type", "vccv", "--label", "500", "--label-in", str(IN), "--cc-type", "1"]
    refused = daemon.ctl(*add, "--cv-type", "32", check=False)
    assert refused.returncode != 0
    added = daemon.ctl(*add[:8], "302", *add[9:], "--cv-type", "32")
    assert added.returncode == 0
    assert len(daemon.json("session", "list")["sessions"]) == 2
