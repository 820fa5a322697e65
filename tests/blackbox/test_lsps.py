"""BFD of MPLS LSPs (RFC 5884, 7726) and LSP Ping (RFC 8029) with hand-made frames and between two daemons."""

import time

import pytest

from lab import wait_until
from lab.control import ADMIN_DOWN, DOWN, MULTIHOP_PORT, UP
from lab.labels import LSP_PING, LabelPeer, LspPing, datagram, discriminator_tlv, labelled, ldp_fec
from lab.stage import FAST, OURS4, PEER4

FEC, LABEL, FAR = "203.0.113.2", 16004, "192.0.2.3"
PORT = {"mpls": True}
THREE = FAST | {"detect_mult": 3}


def ingress(**keys):
    """A [[session]] whose egress is the hand-made peer."""
    return {"type": "mpls", "remote": PEER4, "labels": [LABEL], "fec": f"ldp {FEC}/32"} | THREE | keys


def egress(**keys):
    """The table [lsp_ping] with one FEC that ends with us."""
    fec = {"fec": f"ldp {FEC}/32", "label": LABEL, "local": OURS4, "profile": "fast"} | keys
    return {"lsp_ping": {"allow": ["192.0.2.0/24"], "egress": [fec]}, "profile": [{"name": "fast"} | THREE]}


def routed(control, source_mac, destination_mac, source=PEER4, ttl=255):
    return labelled([], datagram(control, source, OURS4, ttl, MULTIHOP_PORT), source_mac, destination_mac)


def under_label(control, source_mac, destination_mac, source=PEER4, ttl=1, stack=((LABEL, 255),)):
    return labelled(list(stack), datagram(control, source, "127.1.2.3", ttl), source_mac, destination_mac)


def request_frame(peer, message, source=PEER4, stack=((LABEL, 255),), to="127.11.22.33"):
    octets = datagram(message.encode(), source, to, 1, LSP_PING, 50001)
    return labelled(list(stack), octets, peer.port.mac, peer.our_mac)


def request(peer, message, **how):
    peer.wire.send(request_frame(peer, message, **how))


def bootstrap(discriminator=0x0A0B_0C01, fec=FEC, **changes):
    tlvs = ((1, ldp_fec(fec)), discriminator_tlv(discriminator))
    return LspPing(**({"tlvs": tlvs} | changes))


def requests_of(peer):
    return [h for h in peer.received if not h.is_control and h.udp.dport == LSP_PING]


def replies_of(peer):
    return [LspPing.decode(h.payload) for h in peer.received if not h.is_control and h.udp.sport == LSP_PING]


def controls_of(peer):
    return [h for h in peer.received if h.is_control]


@pytest.fixture
def start_ingress(stage):
    """The daemon is ingress, the peer its egress, which learns of the session by LSP Ping."""

    def run(build=routed, port_keys=None, **keys):
        daemon = stage.start([ingress(**keys)], port_keys=PORT | (port_keys or {}))
        peer = LabelPeer(stage.lab, stage.theirs, stage.ours.mac, build, mute=True)
        wait_until(lambda: requests_of(peer), 10, "an Echo request")
        discriminator = LspPing.decode(requests_of(peer)[0].payload).discriminator
        peer.control = peer.control.with_(your_discriminator=discriminator)
        return daemon, peer

    return run


# req: RFC5884-3.2-01 RFC5884-4-06 RFC5884-6-01 RFC5884-6-04 RFC5884-6-05 RFC5884-6-10 RFC5884-6-12 RFC5884-6-13 RFC5884-7-01
# req: RFC5884-7-04 RFC5884-7-05 RFC5884-7-08 RFC5884-6-02 RFC5884-6-03 RFC5884-4-02 RFC8029-2.1-01 RFC8029-4.3-01
# req: RFC8029-4.3-02 RFC8029-4.3-03 RFC8029-4.3-06 RFC8029-4.3-07 RFC8029-3-05 RFC5884-6.1-01
def test_an_ingress_is_bootstrapped_without_any_reply(start_ingress, stage):
    daemon, peer = start_ingress()
    (first, *_) = requests_of(peer)
    assert [(m.label, m.ttl) for m in first.labels] == [(LABEL, 255)]
    assert (first.ip.src, first.ttl, first.ip.ihl) == (OURS4, 1, 5)
    assert first.ip.dst.startswith("127.")
    message = LspPing.decode(first.payload)
    assert (message.version, message.type, message.reply_mode) == (1, 1, 2)
    assert (message.return_code, message.return_subcode, message.received) == (0, 0, 0)
    assert dict(message.tlvs)[1] == ldp_fec(FEC)
    assert abs((message.sent >> 32) - 2_208_988_800 - time.time()) < 5
    peer.mute = False
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)
    peer.settle(0.5)
    for heard in controls_of(peer):
        assert [(m.label, m.ttl, m.s) for m in heard.labels] == [(LABEL, 255, 1)]
        assert (heard.ip.src, heard.ip.dst, heard.ttl) == (OURS4, first.ip.dst, 1)
        assert heard.udp.dport == 3784 and heard.udp.sport >= 49152
        assert heard.control.my_discriminator == message.discriminator
        assert heard.control.flags & 0x02 == 0 and heard.control.echo_rx_us == 0
    assert "labels_without_authentication" in daemon.log.read_text()
    peer.mute = True
    daemon.wait_state(PEER4, "Down", 5)
    status = daemon.session(PEER4)["status"]
    silence = (int(status["last_state_change_us"]) - int(status["last_rx_us"])) * 1e-6
    assert 0.799 < silence < 1.2, "8 times 100 ms"


# req: RFC5884-5-01 RFC5884-6-16 RFC5884-7-09 RFC5884-7-15 RFC5884-4-03
def test_an_ingress_takes_packets_by_discriminator_alone(start_ingress):
    daemon, peer = start_ingress()
    peer.mute = False
    peer.wait(UP)
    null = lambda c, s, d: under_label(c, s, d, stack=((0, 255),))  # noqa: E731
    popped = lambda c, s, d: under_label(c, s, d, stack=())  # noqa: E731
    far = lambda c, s, d: under_label(c, s, d, ttl=255)  # noqa: E731
    for how in (under_label, null, popped, far, routed):
        peer.build = how
        peer.settle(1)
        assert daemon.state(PEER4) == "Up"
    before = daemon.drops().get("your_discriminator_unknown", 0)
    peer.send(peer.control.with_(your_discriminator=peer.control.your_discriminator ^ 0x5555))
    wait_until(lambda: daemon.drops().get("your_discriminator_unknown", 0) > before, 5, "a foreign discriminator")


# req: RFC5884-7-21 RFC5884-7-22 RFC5884-5-02
def test_while_up_another_peer_is_ignored(start_ingress, stage):
    stage.add_address("192.0.2.77/24")
    daemon, peer = start_ingress()
    peer.mute = False
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)
    for control, how in (
        (peer.control.with_(my_discriminator=0x7777), None),
        (peer.control.with_(state=DOWN), lambda c, s, d: routed(c, s, d, "192.0.2.77")),
    ):
        before = daemon.drops().get("peer_changed", 0)
        peer.send(control, build=how)
        wait_until(lambda b=before: daemon.drops().get("peer_changed", 0) > b, 5, "a packet of another")
    before = daemon.drops().get("no_session", 0)
    peer.send(peer.control.with_(state=DOWN, your_discriminator=0), build=under_label)
    wait_until(lambda: daemon.drops().get("no_session", 0) > before, 5, "a packet without discriminator")
    assert daemon.state(PEER4) == "Up"


# req: RFC5884-4-09 RFC5884-4-11 RFC5884-6.1-03 RFC8029-4.6-01 RFC8029-4.6-02 RFC8029-4.3-05
def test_requests_go_on_and_replies_are_matched(start_ingress):
    daemon, peer = start_ingress(lsp_ping_interval="1s")
    peer.mute = False
    peer.wait(UP)
    peer.settle(3.3)
    messages = [LspPing.decode(h.payload) for h in requests_of(peer)]
    assert len(messages) >= 4
    assert len({m.handle for m in messages}) == 1
    assert [m.sequence - messages[0].sequence for m in messages] == list(range(len(messages)))
    assert all(m.discriminator == messages[0].discriminator for m in messages)

    def reply(heard, handle=0, code=10, to=OURS4):
        asked = LspPing.decode(heard.payload)
        answer = LspPing(2, 2, code, 1, asked.handle ^ handle, asked.sequence, asked.sent)
        octets = datagram(answer.encode(), PEER4, to, 255, heard.udp.sport, LSP_PING)
        peer.wire.send(labelled([], octets, peer.port.mac, peer.our_mac))

    peer.on_request = lambda heard: reply(heard, handle=1)
    wait_until(lambda: "dropped" in lsp_ping_results(daemon), 5, "a reply of another")
    peer.on_request = lambda heard: reply(heard, code=3)
    wait_until(lambda: "egress" in lsp_ping_results(daemon), 5, "a good reply")
    peer.on_request = reply
    wait_until(lambda: "other_code" in lsp_ping_results(daemon), 5, "a reply that disagrees")
    wait_until(lambda: "not_the_egress" in daemon.log.read_text(), 5, "a line in the log")
    assert daemon.state(PEER4) == "Up"


def lsp_ping_results(daemon):
    text = daemon.metrics()
    lines = [line for line in text.splitlines() if line.startswith("tocsin_lsp_ping_replies_total{")]
    return {line.split('result="')[1].split('"')[0] for line in lines if not line.endswith(" 0")}


# req: RFC7726-2.3-03
def test_a_deleted_ingress_says_down_with_diagnostic_7(stage):
    daemon = stage.start([], port_keys=PORT)
    peer = LabelPeer(stage.lab, stage.theirs, stage.ours.mac, routed, mute=True)
    daemon.ctl(
        "session", "add", PEER4, "--type", "mpls", "--label", LABEL, "--tx", "100ms", "--rx", "100ms", "--lsp-ping", "1s"
    )  # fmt: skip
    wait_until(lambda: requests_of(peer), 10, "an Echo request")
    discriminator = LspPing.decode(requests_of(peer)[0].payload).discriminator
    peer.control = peer.control.with_(your_discriminator=discriminator)
    peer.mute = False
    peer.wait(UP)
    peer.received.clear()
    daemon.ctl("session", "delete", PEER4)
    wait_until(lambda: sum(h.control.diag == 7 for h in controls_of(peer)) >= 3, 10, "three packets that say so")
    assert {h.control.state for h in controls_of(peer) if h.control.diag == 7} == {DOWN}


# req: RFC5884-7-20 RFC7726-2.4-01 RFC7726-2.4-02
@pytest.mark.parametrize("key", ["local", "inner_src"])
def test_another_source_is_another_session(start_ingress, key):
    other = "192.0.2.9"
    daemon, peer = start_ingress(port_keys={"addresses": [f"{OURS4}/24", f"{other}/24"]}, **{key: OURS4})
    peer.mute = False
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)
    old = peer.heard.my_discriminator
    daemon.reload(session=[ingress(**{key: other})])
    wait_until(lambda: peer.up() and peer.heard.my_discriminator != old, 15, "the new session to be Up")
    heard = controls_of(peer)
    assert {(h.ip.src, h.control.my_discriminator == old) for h in heard} == {(OURS4, True), (other, False)}
    first = next(i for i, h in enumerate(heard) if h.control.my_discriminator != old)
    assert any(h.control.state in (DOWN, ADMIN_DOWN) and h.control.diag == 7 for h in heard[:first])
    assert not any(h.control.state == UP and h.control.my_discriminator == old for h in heard[first:])


# req: RFC5884-4-01 RFC5884-4-08 RFC5884-7-07 RFC7726-2.1-01 RFC7726-2.1-02 RFC5884-4-04 RFC5884-7-02 RFC5884-4-13
def test_sessions_of_one_fec(stage):
    sessions = [
        ingress(),
        ingress(instance=1, inner_label_ttl=1),
        ingress(inner_dst="127.1.2.3", labels=[LABEL, 24001]),
    ]
    stage.start(sessions, port_keys=PORT)
    peer = LabelPeer(stage.lab, stage.theirs, stage.ours.mac, routed, mute=True)
    wait_until(lambda: len({LspPing.decode(h.payload).discriminator for h in requests_of(peer)}) == 3, 10, "three")
    wait_until(lambda: len({h.ip.dst for h in controls_of(peer)}) == 3, 10, "three destinations")
    assert "127.1.2.3" in {h.ip.dst for h in controls_of(peer)}
    ttls = {tuple((m.label, m.ttl) for m in h.labels) for h in controls_of(peer)}
    assert ttls == {((LABEL, 255),), ((LABEL, 1),), ((LABEL, 255), (24001, 255))}


@pytest.fixture
def start_egress(stage):
    """The daemon is egress, the peer an ingress that has not asked for anything yet."""

    def run(build=under_label, **keys):
        daemon = stage.start([], egress(**keys), port_keys=PORT)
        peer = LabelPeer(stage.lab, stage.theirs, stage.ours.mac, build, mute=True, discriminator=0x0A0B_0C01)
        return daemon, peer

    return run


# req: RFC5884-6-06 RFC5884-6-08 RFC5884-6-09 RFC5884-6-11 RFC5884-6-14 RFC5884-6-15 RFC5884-7-11 RFC5884-7-12
# req: RFC5884-7-13 RFC5884-7-14 RFC5884-7-19 RFC8029-4.5-01 RFC8029-4.5-02 RFC8029-4.5-03 RFC8029-4.5-05
# req: RFC8029-4.4-01 RFC8029-4.4-04 RFC7726-2.1-05
def test_an_egress_makes_the_session_that_is_asked_for(start_egress):
    daemon, peer = start_egress()
    assert not daemon.sessions()
    for _ in range(3):
        request(peer, bootstrap())
    wait_until(lambda: controls_of(peer) and len(replies_of(peer)) == 3, 10, "Control packets and replies")
    assert list(daemon.sessions()) == [PEER4]
    first = controls_of(peer)[0]
    assert first.ethernet.type == 0x0800 and (first.ip.src, first.ip.dst, first.ttl) == (OURS4, PEER4, 255)
    assert first.udp.dport == MULTIHOP_PORT and first.udp.sport >= 49152
    assert (first.control.state, first.control.your_discriminator) == (DOWN, 0x0A0B_0C01)
    reply = replies_of(peer)[0]
    asked = bootstrap()
    assert (reply.type, reply.return_code, reply.return_subcode) == (2, 3, 1)
    assert (reply.handle, reply.sequence, reply.sent) == (asked.handle, asked.sequence, asked.sent)
    assert abs((reply.received >> 32) - 2_208_988_800 - time.time()) < 5
    assert reply.discriminator == first.control.my_discriminator
    (heard, *_) = [h for h in peer.received if not h.is_control]
    assert (heard.ip.src, heard.ip.dst, heard.ttl, heard.udp.dport) == (OURS4, PEER4, 255, 50001)
    peer.mute = False
    peer.wait(UP)
    daemon.wait_state(PEER4, "Up", 5)
    assert all(h.control.your_discriminator == 0x0A0B_0C01 for h in controls_of(peer))
    assert {h.control.my_discriminator for h in controls_of(peer)} == {reply.discriminator}
    assert len({h.udp.sport for h in controls_of(peer)}) == 1


# req: RFC7726-2.3-08 RFC7726-2.3-09 RFC7726-2.3-01 RFC7726-2.3-02
def test_an_egress_forgets_the_ingress_after_a_down_and_ends(start_egress):
    daemon, peer = start_egress(removal_delay="8s")
    request(peer, bootstrap())
    wait_until(lambda: controls_of(peer), 10, "Control packets")
    peer.mute = False
    peer.wait(UP)
    peer.mute = True
    daemon.wait_state(PEER4, "Down", 5)
    peer.settle(5.5)
    downs = [h.control.your_discriminator for h in controls_of(peer) if h.control.state == DOWN and h.control.diag == 1]
    assert downs[:3] == [0x0A0B_0C01] * 3
    assert len(downs) > 3 and set(downs[3:]) == {0}
    wait_until(lambda: not daemon.sessions(), 10, "the session to be removed")


# req: RFC7726-2.3-04 RFC7726-2.3-05
def test_an_egress_ends_a_session_that_the_ingress_removes(start_egress):
    daemon, peer = start_egress()
    request(peer, bootstrap())
    wait_until(lambda: controls_of(peer), 10, "Control packets")
    peer.mute = False
    peer.wait(UP)
    for state, diag in ((ADMIN_DOWN, 7), (DOWN, 3)):  # neither of them is a removal
        peer.mute = True
        peer.send(peer.control.with_(state=state, diag=diag))
        daemon.wait_state(PEER4, "Down", 5)
        peer.settle(0.5)
        assert daemon.sessions()
        peer.control = peer.control.with_(state=DOWN)
        peer.mute = False
        peer.wait(UP)
    peer.mute = True
    peer.send(peer.control.with_(state=DOWN, diag=7))
    wait_until(lambda: not daemon.sessions(), 5, "the session to be removed")


# req: RFC7726-2.3-06
def test_an_egress_ends_a_session_that_never_comes_up(start_egress):
    daemon, peer = start_egress(max_down_time="2s")
    request(peer, bootstrap())
    wait_until(lambda: daemon.sessions(), 10, "a session")
    wait_until(lambda: not daemon.sessions(), 10, "no session")


# req: RFC7726-3-01
def test_an_egress_may_know_one_session_for_each_fec(stage):
    daemon = stage.start([ingress(), ingress(instance=1)], port_keys=PORT)
    peer = LabelPeer(stage.lab, stage.theirs, stage.ours.mac, routed, mute=True)
    wait_until(lambda: len({LspPing.decode(h.payload).discriminator for h in requests_of(peer)}) == 2, 10, "two")
    first, second = sorted({LspPing.decode(h.payload).discriminator for h in requests_of(peer)})
    peer.ignores = lambda heard: heard.is_control and heard.control.my_discriminator == second
    peer.control = peer.control.with_(your_discriminator=first)
    peer.mute = False
    peer.wait(UP)
    peer.settle(2)
    states = {s["status"]["local_discr"]: s["status"]["state"] for s in listed(daemon)}
    assert states[first] == "SESSION_STATE_UP" and states[second] == "SESSION_STATE_DOWN"


# req: RFC5884-6-07 RFC5884-4-12 RFC7726-2.1-03 RFC7726-2.1-06 RFC8029-3.2-02 RFC8029-5-02 RFC8029-4.4-02
# req: RFC8029-4.4-03 RFC8029-3-02 RFC8029-3-08
def test_an_egress_makes_no_session_for_others(start_egress):
    daemon, peer = start_egress()
    good = bootstrap()
    cases = [
        ("no_mapping", bootstrap(fec="203.0.113.9"), {}, 4),
        ("label_mismatch", good, {"stack": ((LABEL + 1, 255),)}, 10),
        ("malformed", LspPing(tlvs=((1, ldp_fec(FEC)[:7]),)), {}, 1),
        ("not_understood", LspPing(tlvs=(*good.tlvs, (100, b"\x07"))), {}, 2),
        ("version", bootstrap(version=2), {}, None),
        ("source", good, {"source": "198.51.100.7"}, None),
    ]
    for outcome, message, how, code in cases:
        seen = len(replies_of(peer))
        request(peer, message, **how)
        wait_until(lambda o=outcome: o in outcomes(daemon), 5, f"a request that is {outcome}")
        if code is not None:
            wait_until(lambda n=seen: len(replies_of(peer)) > n, 5, f"a reply to what is {outcome}")
            assert replies_of(peer)[-1].return_code == code
    assert 9 in dict(replies_of(peer)[-1].tlvs)
    assert not daemon.sessions() and not controls_of(peer)


def outcomes(daemon):
    lines = [
        line for line in daemon.metrics().splitlines() if line.startswith("tocsin_lsp_ping_requests_received_total{")
    ]
    return {line.split('outcome="')[1].split('"')[0] for line in lines if not line.endswith(" 0")}


# req: RFC8029-4.4-05 RFC8029-5-01
def test_a_flood_of_requests_does_not_touch_sessions(start_egress):
    daemon, peer = start_egress()
    flood = [request_frame(peer, bootstrap(1000 + i)) for i in range(50)]
    request(peer, bootstrap())
    wait_until(lambda: controls_of(peer), 10, "Control packets")
    peer.change(detect_mult=30)  # what the flood takes of its own time is not the daemon's fault
    peer.mute = False
    peer.wait(UP)
    peer.settle(2)  # the intervals of Up are in force
    begin = peer.received[-1].time
    for _ in range(200):
        for octets in flood:
            peer.wire.send(octets)
        time.sleep(0.005)  # up to 10,000 a second
    peer.settle(0.5)
    times = [h.time for h in controls_of(peer) if h.time >= begin]
    assert max(b - a for a, b in zip(times, times[1:], strict=False)) < 0.3, "its packets leave in time"
    wait_until(lambda: "rate_limit" in outcomes(daemon), 5, "too many requests")
    peer.wait(UP)
    assert int(daemon.session(PEER4)["status"].get("down_count", 0)) == 0


# req: RFC7726-4-01 RFC7726-2.1-04 RFC7726-2.1-07 RFC7726-2.1-08 RFC8029-5-01
def test_an_egress_has_limits(stage):
    sections = egress(max_sessions=2)
    sections["lsp_ping"]["requests_per_second"] = 5
    daemon = stage.start([], sections, port_keys=PORT)
    peer = LabelPeer(stage.lab, stage.theirs, stage.ours.mac, under_label, mute=True)
    for discriminator in (1, 2, 3):
        request(peer, bootstrap(discriminator))
    wait_until(lambda: "refused" in outcomes(daemon), 5, "the third to be refused")
    peer.settle(0.5)
    assert len(replies_of(peer)) == 2
    assert len(daemon.json("session", "list")["sessions"]) == 2
    for _ in range(40):
        request(peer, bootstrap(1))
    wait_until(lambda: "rate_limit" in outcomes(daemon), 5, "too many requests")


# req: RFC7726-2.3-07
def test_sessions_end_with_their_fec(start_egress):
    daemon, peer = start_egress()
    request(peer, bootstrap())
    wait_until(lambda: daemon.sessions(), 10, "a session")
    daemon.reload(lsp_ping={"allow": ["192.0.2.0/24"]})
    wait_until(lambda: not daemon.sessions(), 10, "no session")


# req: RFC5884-7-16 RFC5884-7-17 RFC5884-7-18
def test_an_egress_may_send_under_labels(start_egress):
    _, peer = start_egress(return_labels=[2001])
    request(peer, bootstrap())
    wait_until(lambda: controls_of(peer), 10, "Control packets")
    first = controls_of(peer)[0]
    assert [(m.label, m.ttl) for m in first.labels] == [(2001, 255)]
    assert first.ip.dst.startswith("127.") and first.ttl == 1 and first.udp.dport == 3784
    peer.mute = False
    peer.wait(UP)


# req: RFC5884-6-01 RFC5884-7-10 RFC5884-8-01 RFC7726-2.1-10 RFC7726-2.4-02
@pytest.mark.parametrize("labels", [[], [LABEL]], ids=["php", "labelled"])
def test_between_two_daemons(stage, labels):
    chain, auth = stage.signed()
    far = egress()
    far["lsp_ping"]["egress"][0]["local"] = FAR
    far["profile"][0] |= auth
    theirs = stage.start_far(f"{FAR}/24", [], far | chain, PORT)
    sessions = [ingress(remote=FAR, labels=labels, instance=i, **auth) for i in (0, 1)]
    ours = stage.start(sessions, chain, port_keys=PORT)
    for daemon in (ours, theirs):
        wait_until(lambda d=daemon: [up(s) for s in listed(d)] == [True, True], 20, "two sessions Up")
    before = {s["status"]["remote_discr"] for s in listed(ours)}
    assert before == {s["status"]["local_discr"] for s in listed(theirs)}
    # The egress ends; the ingress asks again, and both sessions come back with another discriminator.
    theirs.stop()
    wait_until(lambda: not any(up(s) for s in listed(ours)), 10, "Down")
    theirs.start()
    wait_until(lambda: [up(s) for s in listed(ours)] == [True, True], 15, "Up again")
    assert not before & {s["status"]["remote_discr"] for s in listed(ours)}


def listed(daemon):
    return daemon.json("session", "list").get("sessions", [])


def up(session):
    return session["status"]["state"] == "SESSION_STATE_UP"


# req: RFC5884-7-05 RFC5884-6-02 RFC5884-6-03 RFC5885-3.1-08 RFC5885-3.2-04 RFC5885-3.2-11 RFC5885-3.3-08
@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"local": "127.0.0.1"}, "local"),
        ({"demand_mode": True}, "demand_mode"),
        ({"desired_min_echo_tx_interval": "100ms"}, "desired_min_echo_tx_interval"),
        ({"labels": [3]}, "labels"),
        ({"inner_dst": "192.0.2.9"}, "inner_dst"),
        ({"inner_label_ttl": 2}, "inner_label_ttl"),
        ({"lsp_ping_interval": "10ms"}, "lsp_ping_interval"),
        ({"fec": "bgp 1"}, "fec"),
        ({"label_in": 300}, "label_in"),
        ({"vni": 1}, "vni"),
    ],
)
def test_the_file_is_refused(stage, keys, where):
    daemon = stage.start([], port_keys=PORT)
    daemon.config["session"] = [ingress(**keys)]
    daemon.write()
    checked = daemon.ctl("config", "check", daemon.file, check=False)
    assert checked.returncode != 0
    assert f"session[0].{where}" in checked.stdout + checked.stderr
