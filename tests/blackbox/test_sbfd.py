"""S-BFD, RFC 7880 and 7881: a tocsind that asks, a tocsind that answers, and hand-made packets to both."""

import time

import pytest

from lab import Tocsind, wait_until
from lab.control import ADMIN_DOWN, DEMAND, DOWN, FINAL, POLL, SBFD_PORT, UP, Control, frame
from lab.labels import datagram, labelled
from lab.routed import OTHER, OURS, THEIRS, make_routed, router_of
from lab.wire import Wire

FAMILIES = ["ipv4", "ipv6"]
NEAR = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}  # of the initiator
FAR = {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}  # of the reflector
GUEST = {"ipv4": "192.0.2.9", "ipv6": "2001:db8::9"}  # nobody's, on the same network
GUEST_MAC = "02:00:00:00:00:09"
ENTITY = 0xC0000202  # 192.0.2.2
MINE = 0x0A0B0C01
LENGTH = {"ipv4": 24, "ipv6": 64}


def initiator(remote, **keys):
    timers = {"desired_min_tx_interval": "100ms", "detect_mult": 3}
    return {"type": "sbfd", "remote": remote, "remote_discriminator": "192.0.2.2"} | timers | keys


class Pair:
    """Two daemons on one network; `far` has the reflector."""

    def __init__(self, lab, reflectors=({},), sessions=(), sections=None):
        network = lab.network("lan")
        self.far_port = network.attach("far", "f0", silent=True)
        self.near_port = network.attach("near", "n0", silent=True)
        addresses = [[f"{a[f]}/{LENGTH[f]}" for f in FAMILIES] for a in (FAR, NEAR)]
        self.far = Tocsind(lab, self.far_port.namespace, [(self.far_port, "lan0", addresses[0])],
                           sections={"reflector": list(reflectors)} | (sections or {}))  # fmt: skip
        self.near = Tocsind(lab, self.near_port.namespace, [(self.near_port, "lan0", addresses[1])], sessions)
        self.reflectors = lambda: self.far.json("reflector", "list")["reflectors"]


class Asker:
    """Requests by hand to the reflector of a daemon, and what comes back."""

    def __init__(self, port, mac):
        self.wire = Wire(port)
        self.mac = mac

    def ask(self, family="ipv4", control=None, answered=True, **headers):
        """The answers to one request; `answered`: there has to be one."""
        control = control or Control(DOWN, flags=DEMAND, my_discriminator=MINE, your_discriminator=ENTITY,
                                     required_min_rx_us=0)  # fmt: skip
        defaults = {"source": GUEST[family], "destination": FAR[family], "source_mac": GUEST_MAC,
                    "destination_mac": self.mac, "sport": 50100, "dport": SBFD_PORT}  # fmt: skip
        since = time.time() - 0.001
        self.wire.send(frame(control, **(defaults | headers)))

        def answers():
            return [f for f in self.wire.frames(since) if f.control and f.source_port == SBFD_PORT
                    and f.octets[6:12].hex(":") == self.mac]  # fmt: skip

        if answered:
            return wait_until(answers, 5, "an answer")
        time.sleep(0.3)
        return answers()


@pytest.fixture
def asked(lab):
    """A reflector alone, and somebody on its network."""
    network = lab.network("lan")
    port = network.attach("far", "f0", silent=True)
    guest = network.attach("guest", "g0", silent=True)

    def start(reflectors=({},), sections=None, **more):
        daemon = Tocsind(lab, port.namespace, [
            {"name": "lan0", "device": f"net_af_packet0,iface={port.name}",
             "addresses": [f"{FAR[f]}/{LENGTH[f]}" for f in FAMILIES]} | more
        ], sections={"reflector": list(reflectors)} | (sections or {}))  # fmt: skip
        askers.append(Asker(guest, port.mac))
        return daemon, askers[-1]

    askers = []
    yield start
    for asker in askers:
        asker.wire.close()


# req: RFC7880-3-01 RFC7880-3-02 RFC7880-3-03 RFC7880-4.2-03 RFC7881-2-02 RFC7881-2-07 RFC7881-2-04 RFC7881-2-06 RFC7881-2-01
# req: RFC7880-7.3.3-04 RFC7880-7.3.3-05 RFC7880-7.3.2-02
@pytest.mark.parametrize("family", FAMILIES)
def test_comes_up_and_sees_the_reflector_fail(lab, family):
    pair = Pair(lab, sessions=[initiator(FAR[family])])
    pair.near.wait_state(FAR[family], "Up")
    session = pair.near.session(FAR[family])
    assert session["spec"]["type"] == "SESSION_TYPE_SBFD" and session["spec"]["local"] == NEAR[family]
    assert session["status"]["remote_discr"] == ENTITY and session["status"]["demand_mode"]
    (reflector,) = pair.reflectors()
    assert reflector["discriminator"] == ENTITY and reflector["state"] == "SESSION_STATE_UP"
    wait_until(lambda: int(pair.reflectors()[0]["answered"]) > 10, 10, "answers")
    with Wire(pair.far_port) as wire:
        time.sleep(1)
        sent = wire.control(NEAR[family])
    assert {f.destination_port for f in sent} == {SBFD_PORT} and len({f.source_port for f in sent}) == 1
    assert sent[0].source_port != SBFD_PORT and {f.ttl for f in sent} == {255}
    assert all(f.control.flags & DEMAND and f.control.required_min_rx_us == 0 for f in sent)
    assert 9 <= len(sent) <= 15
    pair.far_port.cut()
    pair.near.wait_state(FAR[family], "Down", 5)
    status = pair.near.session(FAR[family])["status"]
    assert status["diag"] == 1 and status["indication"] == "INDICATION_PATH_FAILURE"
    silence = (int(status["last_state_change_us"]) - int(status["last_rx_us"])) * 1e-6
    assert 0.299 < silence < 0.7
    lines = [line for line in pair.near.log.read_text().splitlines() if "session_state_changed" in line]
    assert sum("to=Down" in line for line in lines) == 1
    pair.far_port.heal()
    pair.near.wait_state(FAR[family], "Up")


# req: RFC7880-7.2.2-02 RFC7880-7.2.3-04 RFC7880-7.3.3-02 RFC7880-7.3.3-03
def test_an_entity_out_of_service_is_no_failure(lab):
    pair = Pair(lab, reflectors=[{"name": "self", "discriminator": "192.0.2.2"}], sessions=[initiator(FAR["ipv4"])])
    pair.near.wait_state(FAR["ipv4"], "Up")
    pair.far.ctl("reflector", "admin-down", "self")
    pair.near.wait_state(FAR["ipv4"], "Down", 5)
    status = pair.near.session(FAR["ipv4"])["status"]
    assert status["diag"] == 3 and status["remote_state"] == "SESSION_STATE_ADMIN_DOWN"
    assert status["indication"] == "INDICATION_ADMIN_DOWN" and status["tx_interval_us"] >= 1_000_000
    assert pair.reflectors()[0]["state"] == "SESSION_STATE_ADMIN_DOWN"
    with Wire(pair.far_port) as wire:
        time.sleep(4)
        sent = wire.control(NEAR["ipv4"])
    assert 3 <= len(sent) <= 6, "slow, but asked"
    pair.far.ctl("reflector", "admin-up", "192.0.2.2")
    pair.near.wait_state(FAR["ipv4"], "Up", 5)
    assert pair.near.session(FAR["ipv4"])["status"]["up_count"] == 2
    refused = pair.far.ctl("reflector", "admin-down", "192.0.2.77", check=False)
    assert refused.returncode == 4 and "192.0.2.77" in refused.stderr


# req: RFC7880-7.2.1-01 RFC7880-8-02 RFC7880-4.2-01 RFC7880-7.3-02 RFC7881-2-05
def test_initiators_without_an_answer_are_seen(lab):
    pair = Pair(lab)
    for i, wrong in enumerate(("192.0.2.77", "0x01020304", "7")):
        pair.near.ctl("session", "add", FAR["ipv4"], "--type", "sbfd", "--remote-discriminator", wrong,
                      "--name", f"wrong{i}", "--tx", "100ms")  # fmt: skip
    pair.near.ctl("session", "add", FAR["ipv4"], "--type", "sbfd", "--remote-discriminator", ENTITY, "--name", "right")
    wait_until(lambda: pair.far.drops().get("your_discriminator_unknown", 0) >= 3, 10, "requests for nobody")
    wait_until(lambda: pair.near.json("session", "show", "name:right")["status"]["state"].endswith("UP"), 10, "Up")
    wait_until(lambda: "tocsin_sbfd_initiators_unanswered 3" in pair.near.metrics(), 5, "three without an answer")
    again = pair.near.ctl("session", "add", FAR["ipv4"], "--type", "sbfd", "--remote-discriminator", ENTITY, check=False)
    assert again.returncode != 0 and "one is enough" in again.stderr
    sessions = pair.near.json("session", "list")["sessions"]
    assert len({s["status"]["local_discr"] for s in sessions}) == 4
    refused = pair.near.ctl("session", "add", FAR["ipv6"], "--type", "sbfd", check=False)
    assert refused.returncode != 0 and "remote_discriminator" in refused.stderr


# req: RFC7880-9-01 RFC7881-4-05 RFC7880-7.1-07 RFC7880-10-01
def test_coexists_with_classical_sessions(lab):
    classical = {"desired_min_tx_interval": "100ms", "required_min_rx_interval": "100ms"}
    pair = Pair(lab, sessions=[initiator(FAR["ipv4"], name="seamless"), {"remote": FAR["ipv4"], "name": "classical"} | classical])
    pair.far.ctl("session", "add", NEAR["ipv4"], "--tx", "100ms", "--rx", "100ms")
    for name in ("seamless", "classical"):
        wait_until(lambda n=name: pair.near.json("session", "show", f"name:{n}")["status"]["state"].endswith("UP"), 10, name)
    time.sleep(1)
    for name in ("seamless", "classical"):
        assert pair.near.json("session", "show", f"name:{name}")["status"]["down_count"] == 0


# req: RFC7881-5-02 RFC7881-5.1-01 RFC7881-5.1-04 RFC7881-6.1-08 RFC7880-8.2-02 RFC7881-7-03
@pytest.mark.parametrize("family", FAMILIES)
def test_over_a_router(lab, family):
    routed = make_routed(lab)
    daemon = routed.start(sections={"reflector": [{"discriminator": ENTITY, "required_min_rx_interval": "300ms"}]})
    local = f"{THEIRS[family]}/{LENGTH[family]}"
    routed.theirs.namespace.ip("addr", "flush", "dev", routed.theirs.name)
    port = {"name": "p0", "device": f"net_af_packet0,iface={routed.theirs.name}", "addresses": [local],
            "route": [{"to": "0.0.0.0/0" if family == "ipv4" else "::/0", "via": router_of(THEIRS[family])}]}  # fmt: skip
    other = Tocsind(lab, routed.theirs.namespace, [port], [initiator(OURS[family]), initiator(OTHER[family])])
    other.wait_state(OURS[family], "Up", 20)
    # It reaches us by a port that has no way back, over which nothing is answered.
    wait_until(lambda: daemon.drops().get("reflector_no_return", 0) > 1, 10, "requests without a way back")
    assert other.state(OTHER[family]) == "Down"
    assert other.session(OURS[family])["status"]["tx_interval_us"] == 300_000, "the reflector's word"
    assert daemon.json("reflector", "list")["reflectors"][0]["discriminator"] == ENTITY
    refused = other.ctl("session", "add", "fe80::1", "--type", "sbfd", "--remote-discriminator", 7, check=False)
    assert refused.returncode != 0 and "link-local" in refused.stderr


# req: RFC7880-5-06 RFC7881-6-01
def test_answers_what_comes_under_a_label_by_way_of_ip_routing(asked):
    daemon, asker = asked(mpls=True)
    control = Control(DOWN, flags=DEMAND, my_discriminator=MINE, your_discriminator=ENTITY, required_min_rx_us=0)
    request = datagram(control, GUEST["ipv4"], "127.1.2.3", 1, SBFD_PORT)
    asker.wire.send(labelled([(16004, 255)], request, GUEST_MAC, asker.mac))

    def answers():
        return [f for f in asker.wire.frames() if f.control and f.source_port == SBFD_PORT]

    (answer,) = wait_until(answers, 5, "an answer")
    assert (answer.source, answer.destination, answer.ttl) == (FAR["ipv4"], GUEST["ipv4"], 255)
    assert (answer.control.my_discriminator, answer.control.state) == (ENTITY, UP)
    assert int(daemon.json("reflector", "list")["reflectors"][0]["answered"]) == 1


# req: RFC7881-2-01 RFC7881-5.1.1-03 RFC7881-6.1-01 RFC7881-6.1-03 RFC7881-6.1-04 RFC7881-6.1-05 RFC7881-6.1-06
# req: RFC7880-7.2.2-03 RFC7880-7.2.2-05 RFC7880-7.2.2-06 RFC7880-6.2-02 RFC7880-5-01
@pytest.mark.parametrize("family", FAMILIES)
def test_answers_whatever_the_ttl(asked, family):
    _, asker = asked()
    for ttl, port in ((1, 1024), (64, 50100), (255, 65535)):
        (answer,) = asker.ask(family, ttl=ttl, sport=port)
        assert (answer.source, answer.destination, answer.ttl) == (FAR[family], GUEST[family], 255)
        assert (answer.source_port, answer.destination_port) == (SBFD_PORT, port)
        control = answer.control
        assert (control.state, control.flags) == (UP, 0)
        assert (control.my_discriminator, control.your_discriminator) == (ENTITY, MINE)
    since = time.time()
    time.sleep(2)
    assert not [f for f in asker.wire.frames(since) if f.control], "nothing by itself"


# req: RFC7881-5.1.1-01 RFC7881-6.1-02 RFC7881-6.1-03
@pytest.mark.parametrize("family", FAMILIES)
def test_answers_what_ends_here_on_its_way(asked, family):
    _, asker = asked()
    beyond = {"ipv4": "198.51.100.7", "ipv6": "2001:db8:7::7"}[family]
    loopback = {"ipv4": "127.0.0.1", "ipv6": "::ffff:127.0.0.1"}[family]
    for destination, ttl in ((beyond, 1), (loopback, 1), (loopback, 255)):
        (answer,) = asker.ask(family, destination=destination, ttl=ttl)
        assert answer.source == FAR[family] and answer.destination == GUEST[family]
    assert not asker.ask(family, destination=beyond, ttl=64, answered=False), "we are no router"


# req: RFC7880-7.2.3-05 RFC7880-A-01 RFC7881-6-02 RFC7880-7.2.1-01 RFC7881-7-02 RFC7881-7-03 RFC7881-4-02 RFC7881-8-01
def test_what_is_not_answered(asked):
    daemon, asker = asked()
    asker.ask()
    request = Control(DOWN, flags=DEMAND, my_discriminator=MINE, your_discriminator=ENTITY, required_min_rx_us=0)

    def refused(reason, control=request, **headers):
        before = daemon.drops().get(reason, 0)
        assert not asker.ask(control=control, answered=False, **headers), reason
        wait_until(lambda: daemon.drops().get(reason, 0) > before, 5, reason)

    refused("reflector_demand_clear", request.with_(flags=0))
    refused("reflector_source_port", sport=SBFD_PORT)
    refused("your_discriminator_unknown", request.with_(your_discriminator=ENTITY + 1))
    refused("your_discriminator_unknown", request.with_(your_discriminator=0))
    refused("auth_unexpected", request.with_(flags=DEMAND | 0x04, length=28, tail=b"\1\4\1x"))
    refused("detect_mult_zero", request.with_(detect_mult=0))
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", FAR["ipv4"]):
        refused("ip_source", source=source)
    for source in ("::", "::1", "ff02::1"):
        refused("ip_source", family="ipv6", source=source)
    refused("reflector_no_return", source="203.0.113.9")
    refused("not_handled", dport=7783)
    refused("not_handled", dport=7785)
    asker.ask()


# req: RFC7880-7.2.2-04 RFC7880-7.2.2-07 RFC7880-7.2.2-08 RFC7880-7.2.2-09 RFC7880-7.5-05 RFC7880-10-03
def test_what_an_answer_repeats(asked):
    reflector = {"discriminator": ENTITY, "required_min_rx_interval": "50ms", "required_min_echo_rx_interval": "20ms"}
    _, asker = asked([reflector])
    for mult, interval in ((1, 123_456), (3, 1), (255, 0xFFFFFFFF)):
        request = Control(UP, flags=DEMAND | POLL, detect_mult=mult, my_discriminator=MINE, your_discriminator=ENTITY,
                          desired_min_tx_us=interval, required_min_rx_us=0)  # fmt: skip
        control = asker.ask(control=request)[0].control
        assert (control.detect_mult, control.desired_min_tx_us) == (mult, interval)
        assert (control.required_min_rx_us, control.echo_rx_us) == (50_000, 20_000)
        assert control.flags == FINAL


# req: RFC7881-7-01 RFC7880-5-03 RFC7880-3-04 RFC7880-5-05 RFC7880-4.2-03
def test_policies_and_their_reload(asked):
    few = {"discriminator": ENTITY, "allow": ["192.0.2.0/28"], "deny": ["192.0.2.8"]}
    daemon, asker = asked([few, {"name": "second", "discriminator": 7, "admin_down": True}])
    assert "several_discriminators" in daemon.log.read_text()
    asker.ask()
    assert not asker.ask(source="192.0.2.8", answered=False) and not asker.ask(source="192.0.2.20", answered=False)
    assert daemon.drops()["reflector_denied"] == 2
    seven = Control(DOWN, flags=DEMAND, my_discriminator=MINE, your_discriminator=7, required_min_rx_us=0)
    assert asker.ask(control=seven)[0].control.state == ADMIN_DOWN
    listed = {r["discriminator"]: r for r in daemon.json("reflector", "list")["reflectors"]}
    assert (int(listed[ENTITY]["answered"]), int(listed[ENTITY]["refused"])) == (1, 2)
    daemon.reload(reflector=[few | {"allow": ["192.0.2.20"]}, {"discriminator": 9}])
    wait_until(lambda: asker.ask(source="192.0.2.20", answered=False), 10, "the new policy")
    assert not asker.ask(control=seven, answered=False), "it is gone"
    assert asker.ask(control=seven.with_(your_discriminator=9))[0].control.state == UP
    text = daemon.metrics()
    assert 'tocsin_sbfd_reflector_requests_total{discriminator="192.0.2.2",result="answered"}' in text
    assert 'tocsin_sbfd_reflector_in_service{discriminator="0.0.0.9"} 1' in text


# req: RFC7880-11-04 RFC7880-11-05 RFC7880-11-06 RFC7880-11-07 RFC7880-11-08
def test_authenticated(lab):
    secret = lab.folder / "secret"
    secret.write_text("seamless")
    secret.chmod(0o600)
    chain = {"key_chain": [{"name": "k", "keys": [{"id": 7, "secret_file": str(secret)}]}]}
    strong, weak = ({"auth": {"type": kind, "key_chain": "k"}} for kind in ("meticulous_keyed_sha1", "simple_password"))
    reflectors = [{"discriminator": "192.0.2.2"} | strong, {"discriminator": 9} | weak]
    pair = Pair(lab, reflectors, sections=chain)
    log = pair.far.log.read_text()
    assert "simple_password reflector=0.0.0.9" in log and "simple_password reflector=192.0.2.2" not in log
    pair.near.config |= chain
    pair.near.stop()
    pair.near.config["session"] = [
        initiator(FAR["ipv4"], name="strong", **strong),
        initiator(FAR["ipv6"], name="weak", remote_discriminator=9, **weak),
        initiator(FAR["ipv4"], name="none", remote_discriminator=9),
    ]
    pair.near.write()
    pair.near.start()
    pair.near.wait_state(FAR["ipv6"], "Up")

    def state(name):
        return pair.near.json("session", "show", f"name:{name}")["status"]["state"]

    wait_until(lambda: state("strong") == "SESSION_STATE_UP", 10, "the session with SHA1")
    wait_until(lambda: pair.far.drops().get("auth_missing", 0) > 1, 10, "requests without authentication")
    assert state("none") == "SESSION_STATE_DOWN"
    assert pair.near.log.read_text().count("sbfd simple_password") >= 1
    time.sleep(2)
    assert state("strong") == "SESSION_STATE_UP" and pair.near.json("session", "show", "name:strong")["status"]["down_count"] == 0


# req: RFC7880-5-02 RFC7880-5-03 RFC7880-8.1-01
def test_a_flood_gets_its_share_and_others_theirs(asked):
    daemon, asker = asked(sections={"sbfd": {"rate": 100_000, "rate_per_source": 100}})
    asker.ask()
    time.sleep(1)  # nobody begins with a burst
    since = time.time()
    octets = frame(Control(DOWN, flags=DEMAND, my_discriminator=MINE, your_discriminator=ENTITY), GUEST["ipv4"], FAR["ipv4"],
                   GUEST_MAC, asker.mac, sport=50100, dport=SBFD_PORT)  # fmt: skip
    for _ in range(1000):
        asker.wire.send(octets)
    wait_until(lambda: daemon.drops().get("reflector_rate_limited", 0) > 500, 10, "requests beyond the rate")
    asker.ask(source="192.0.2.30")
    answered = [f for f in asker.wire.frames(since) if f.destination == GUEST["ipv4"] and f.source_port == SBFD_PORT]
    assert 60 <= len(answered) <= 65 + 100 * (time.time() - since)
    assert not daemon.sessions(), "no state is kept"
