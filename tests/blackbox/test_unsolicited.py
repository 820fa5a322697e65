"""Sessions that peers ask for, RFC 9468: who gets one, who does not, how they end, and what a spray of strangers does."""

import ipaddress
import os
import subprocess
import sys
import time

import pytest

from lab import HandmadePeer, flood, wait_until
from lab.control import ADMIN_DOWN, AUTHENTICATION, DEMAND, DOWN, INIT, MULTIPOINT, UP, Control, frame
from lab.stage import OURS4, OURS6, PEER4, PEER6, session
from lab.wire import Wire

STRANGER = "192.0.2.77"
SPRAY_RATE = 100_000  # a second, as far as the machine can


def policy(**keys):
    return {
        "port": "wan0", "enabled": True, "allow": ["192.0.2.0/24", "2001:db8::/64", "fe80::/10"],
        "min_interval": "100ms", "detect_mult": 5,
    } | keys  # fmt: skip


def start(stage, policies, sessions=(), **more):
    return stage.start(sessions, {"unsolicited": policies} | more)


def listed(daemon, port="wan0"):
    found = [p for p in daemon.json("unsolicited", "list")["policies"] if p["port"] == port]
    return found[0] if found else None


def refused(daemon, reason, port="wan0"):
    return int(listed(daemon, port)["refused"].get(reason, 0))


def our_mac(daemon, port="wan0"):
    return next(p for p in daemon.json("port", "list")["ports"] if p["name"] == port)["mac"]


def hello(**changes):
    return Control(my_discriminator=0x7E57_0001, desired_min_tx_us=1_000_000, required_min_rx_us=100_000).with_(**changes)


class Caller:
    """Sends single frames to the daemon and sees what it sends."""

    def __init__(self, stage, daemon):
        self.port, self.mac = stage.theirs, our_mac(daemon)
        self.wire = Wire(stage.theirs)
        stage.lab.on_close(self.wire.close)

    def frame(self, control, source=PEER4, destination=OURS4, **headers):
        return frame(control, source, destination, self.port.mac, headers.pop("destination_mac", self.mac), **headers)

    def send(self, control, **headers):
        self.wire.send(self.frame(control, **headers))

    def heard(self, since=0.0):
        """Control packets of the daemon."""
        mac = bytes.fromhex(self.mac.replace(":", ""))
        return [f for f in self.wire.frames(since) if f.control and f.octets[6:12] == mac]


# req: RFC9468-2-01 RFC9468-2-10 RFC9468-2-17 RFC9468-2-18 RFC9468-3-01 RFC9468-4.1-04 RFC9468-2-16
@pytest.mark.parametrize("family", ["ipv4", "ipv6", "link_local"])
def test_a_peer_that_asks_gets_a_session_and_the_role_is_told(stage, family):
    configured = "192.0.2.50"
    daemon = start(stage, [policy()], [session(configured)])
    address = {"ipv4": PEER4, "ipv6": PEER6}.get(family) or stage.theirs.link_local()
    peer = HandmadePeer(stage.lab, stage.theirs, address, ours(daemon, family))
    peer.wait_up()
    daemon.wait_state(address, "Up")
    made, other = daemon.session(address), daemon.session(configured)
    assert (made["origin"], made["status"]["role"]) == ("ORIGIN_UNSOLICITED", "ROLE_PASSIVE")
    assert (other["origin"], other["status"]["role"]) == ("ORIGIN_CONFIG", "ROLE_ACTIVE")
    assert made["status"]["remote_discr"] == peer.control.my_discriminator
    assert peer.control.your_discriminator == made["status"]["local_discr"]
    table = daemon.ctl("session", "list").stdout
    assert "unsolicited  passive" in table and "active" in table
    assert "Role" in daemon.ctl("session", "show", address).stdout
    assert (int(listed(daemon)["sessions"]), int(listed(daemon)["created"])) == (1, 1)
    metrics = daemon.metrics()
    assert 'tocsin_unsolicited_sessions{port="wan0"} 1' in metrics
    assert 'tocsin_unsolicited_sessions_limit{port="wan0"} 256' in metrics
    assert 'tocsin_unsolicited_created_total{port="wan0"} 1' in metrics
    # It is an ordinary session: it times out after the Detection Time of silence.
    with daemon.watch() as watch:
        silence = time.time()
        peer.mute = True
        down = watch.wait(address, "Down", 5)
        assert down["session"]["status"]["diag"] == 1 and 0.3 < down["seen_at"] - silence < 2


def ours(daemon, family):
    if family == "link_local":
        (port,) = daemon.json("port", "list")["ports"]
        return next(a for a in port["addresses"] if a.startswith("fe80")).split("/")[0]
    return OURS4 if family == "ipv4" else OURS6


def test_sessions_have_all_that_the_profile_of_the_policy_says(stage):
    profile = {
        "name": "careful", "padded_pdu_size": 300, "interval_alignment": True, "desired_min_tx_interval": "60ms",
        "up_hold": "3s", "down_hold": "200ms", "dampening": {"half_life": "7s"},
    }  # fmt: skip
    keys = {k: v for k, v in policy(profile="careful").items() if k != "min_interval"}
    daemon = start(stage, [keys | {"required_min_rx_interval": "100ms"}], profile=[profile])
    shown = listed(daemon)
    assert (shown["padded_pdu_size"], shown["interval_alignment"]) == (300, True)
    assert (shown["up_hold_ms"], shown["down_hold_ms"], shown["dampening"]["half_life_ms"]) == (3000, 200, 7000)
    peer = HandmadePeer(stage.lab, stage.theirs, PEER4, OURS4)
    with daemon.watch() as watch:
        peer.wait_up()
        status = daemon.session(PEER4)["status"]
        assert (status["indication"], status["held"]) == ("INDICATION_NONE", "HOLD_UP")
        assert status["udp_payload_octets"] == 300
        assert daemon.session(PEER4)["spec"]["dampening"]["half_life_ms"] == 7000
        assert {f.octets[14 + 2 : 14 + 4] for f in peer.sent_since(0)} == {(300 + 28).to_bytes(2, "big")}
        wait_until(lambda: peer.heard.desired_min_tx_us == 100_000, 5, "the common interval")
        assert not watch.changes(PEER4, "Up")
        watch.wait(PEER4, "Up", 6)
    assert daemon.session(PEER4)["status"]["indication"] == "INDICATION_UP"


# req: RFC9468-2-02 RFC9468-2-03 RFC9468-4.2-01
def test_it_is_off_until_it_is_enabled(stage):
    daemon = start(stage, [])
    peer = stage.peer()
    wait_until(lambda: daemon.drops().get("no_session", 0) > 5, 5, "drops of strangers")
    assert daemon.sessions() == {} and listed(daemon) is None
    daemon.reload(unsolicited=[{"port": "wan0"}])  # no values at all
    wait_until(lambda: listed(daemon), 5, "the reload")
    assert not listed(daemon)["enabled"]
    before = daemon.drops()["no_session"]
    wait_until(lambda: daemon.drops()["no_session"] > before + 5, 5, "more drops")
    assert daemon.sessions() == {} and peer.heard is None
    daemon.reload(unsolicited=[policy()])
    peer.wait_up()


# req: RFC9468-2-09
def test_nothing_is_sent_before_a_peer_asks(stage):
    daemon = start(stage, [policy()])
    caller = Caller(stage, daemon)
    time.sleep(5)
    assert caller.heard() == []


# req: RFC9468-2-04 RFC9468-2-05 RFC9468-2-06 RFC9468-4.2-02 RFC9468-4.2-03 RFC9468-4.2-05
@pytest.mark.parametrize(
    ("defaults", "own", "wanted"),
    [
        ({}, {}, (1_000_000, 1_000_000, 3)),
        ({"min_interval": "250ms"}, {}, (250_000, 250_000, 3)),
        ({"min_interval": "250ms", "detect_mult": 7}, {"detect_mult": 5}, (250_000, 250_000, 5)),
        ({}, {"desired_min_tx_interval": "100ms", "required_min_rx_interval": "150ms"}, (100_000, 150_000, 3)),
    ],
)
def test_values_are_those_of_the_port_or_of_all(stage, defaults, own, wanted):
    own = {"port": "wan0", "enabled": True, "allow": ["0.0.0.0/0"]} | own
    daemon = start(stage, [own], unsolicited_defaults=defaults)
    peer = stage.peer(interval=0.1, detect_mult=50)
    peer.wait_up()
    said = peer.wire.wait_control(
        OURS4, lambda c: c.state == UP and c.desired_min_tx_us == wanted[0], what="an Up packet with its interval"
    )
    assert (said.control.desired_min_tx_us, said.control.required_min_rx_us, said.control.detect_mult) == wanted
    shown = listed(daemon)
    assert (shown["desired_min_tx_interval_us"], shown["required_min_rx_interval_us"], shown["detect_mult"]) == wanted


REFUSED = {
    "not allowed": (hello(), {"source": "192.0.2.9"}, "not_allowed"),
    "denied": (hello(), {"source": "192.0.2.130"}, "denied"),
    "another subnet": (hello(), {"source": "198.51.100.9"}, "subnet"),
    "the network's address": (hello(), {"source": "192.0.2.0"}, "subnet"),
    "another subnet, IPv6": (hello(), {"source": "2001:db8:1::9", "destination": OURS6}, "subnet"),
    "AdminDown": (hello(state=ADMIN_DOWN), {"source": STRANGER}, "peer_admin_down"),
    "hours of patience": (hello(detect_mult=255, desired_min_tx_us=0xFFFF_FFFF), {"source": STRANGER}, "detection_time"),
    "a signature": (hello(flags=AUTHENTICATION, length=33, tail=b"\1\x09\1secret"), {"source": STRANGER}, "authentication"),
}
DROPPED = {
    "TTL 254": (hello(), {"ttl": 254}, "ttl_not_255"),
    "version 2": (hello(version=2), {}, "version"),
    "length 23": (hello(length=23), {}, "length_too_short"),
    "length 28": (hello(length=28), {}, "length_beyond_payload"),
    "detect mult 0": (hello(detect_mult=0), {}, "detect_mult_zero"),
    "multipoint": (hello(flags=MULTIPOINT), {}, "multipoint"),
    "my discriminator 0": (hello(my_discriminator=0), {}, "my_discriminator_zero"),
    "Up": (hello(state=UP), {}, "your_discriminator_zero_state"),
    "Init": (hello(state=INIT), {}, "your_discriminator_zero_state"),
    "unknown discriminator": (hello(your_discriminator=0x1234), {}, "your_discriminator_unknown"),
    "from ourselves": (hello(), {"source": OURS4}, "ip_source"),
    "multihop": (hello(), {"dport": 4784}, "no_session"),
}


# req: RFC9468-2-11 RFC9468-2-14 RFC9468-2-15 RFC9468-6.1-03
def test_who_is_not_permitted_gets_nothing_and_is_counted_by_reason(stage):
    daemon = start(stage, [policy(allow=["192.0.2.64/26", "192.0.2.128/25", "2001:db8::/32"], deny=["192.0.2.130"])])
    caller = Caller(stage, daemon)
    for what, (control, headers, reason) in REFUSED.items():
        before = refused(daemon, reason)
        caller.send(control, **headers)
        wait_until(lambda r=reason, n=before: refused(daemon, r) == n + 1, 3, f"a refusal of {what}")
    assert daemon.sessions() == {} and caller.heard() == []
    assert 'tocsin_unsolicited_refused_total{port="wan0",reason="denied"} 1' in daemon.metrics()
    assert "refused" in daemon.ctl("unsolicited", "list").stdout
    caller.send(hello(), source=STRANGER)
    wait_until(lambda: STRANGER in daemon.sessions(), 3, "a session of one that is permitted")
    wait_until(lambda: "unsolicited refused" in daemon.log.read_text(), 3, "a word in the log")


# req: RFC9468-2-12 RFC9468-2-13 RFC9468-1-02 RFC9468-6.1-02
@pytest.mark.parametrize("what", DROPPED)
def test_what_fails_a_check_never_creates_a_session(stage, what):
    control, headers, reason = DROPPED[what]
    daemon = start(stage, [policy()])
    caller = Caller(stage, daemon)
    for _ in range(20):
        caller.send(control, **headers)
    wait_until(lambda: daemon.drops().get(reason, 0) == 20, 3, f"drops by {reason}")
    time.sleep(0.2)
    assert daemon.sessions() == {} and int(listed(daemon)["created"]) == 0 and caller.heard() == []


# req: RFC9468-6.1-01
def test_only_the_port_with_the_policy_takes_part(stage):
    other = stage.lab.network("other")
    other_theirs = other.attach(stage.theirs.namespace, "p1", ["198.51.100.2/24"])
    other_ours = other.attach(stage.ours.namespace, "t1", silent=True)
    daemon = stage.start([], {"unsolicited": [policy(allow=["0.0.0.0/0"])]}, [(other_ours, "wan1", ["198.51.100.1/24"])])
    elsewhere = HandmadePeer(stage.lab, other_theirs, "198.51.100.2", "198.51.100.1")
    stage.peer().wait_up()
    wait_until(lambda: daemon.drops().get("no_session", 0) > 5, 5, "drops on the other port")
    assert elsewhere.heard is None and set(daemon.sessions()) == {PEER4}


# req: RFC9468-2-08
def test_two_peers_with_one_discriminator_are_two_sessions(stage):
    daemon = start(stage, [policy()])
    caller = Caller(stage, daemon)
    for source in (STRANGER, "192.0.2.78"):
        caller.send(hello(), source=source)
    wait_until(lambda: len(daemon.sessions()) == 2, 3, "both sessions")
    numbers = [s["status"]["local_discr"] for s in daemon.sessions().values()]
    assert len({*numbers, 0x7E57_0001, 0}) == 4


# req: RFC9468-2-17 RFC9468-2-19 RFC9468-2-21
def test_a_peer_that_asked_once_is_answered_for_a_while_only(stage):
    daemon = start(stage, [policy()])
    caller = Caller(stage, daemon)
    asked = time.time()
    caller.send(hello())
    wait_until(lambda: PEER4 in daemon.sessions(), 3, "the session")
    wait_until(lambda: PEER4 not in daemon.sessions(), 30, "the session to end")
    ended = time.time()
    packets = caller.heard()
    assert packets[0].control.your_discriminator == 0x7E57_0001 and packets[0].control.state == INIT
    assert packets[0].time - asked < 1.2
    assert packets[-1].time - asked >= 3 - 1.2  # Detection Time 3 x 1 s; slow packets are up to 1 s apart
    assert ended - asked >= 3
    time.sleep(2)
    assert caller.heard(ended + 0.1) == []
    assert listed(daemon)["ended"] == [] and int(listed(daemon)["ended_count"]) == 1


# req: RFC9468-2-20 RFC9468-2-21 RFC9468-2-22 RFC9468-2-23
def test_one_that_went_down_is_silent_remembered_and_comes_back(stage):
    daemon = start(stage, [policy(linger="4s")])
    peer = stage.peer()
    peer.wait_up()
    old = daemon.session(PEER4)
    peer.automatic = False
    peer.mute = True
    wait_until(lambda: PEER4 not in daemon.sessions(), 3, "the session to end")
    gone = time.time()
    time.sleep(2)
    assert peer.sent_since(gone) == []
    (ended,) = listed(daemon)["ended"]
    assert (ended["remote"], ended["diag"]) == (PEER4, 1)
    assert "Detection Time Expired" in daemon.ctl("unsolicited", "list").stdout
    wait_until(lambda: listed(daemon)["ended"] == [], 5, "the end of its memory")
    peer.change(state=DOWN, your_discriminator=0)
    peer.automatic = True
    peer.mute = False
    peer.wait_up()
    assert daemon.session(PEER4)["id"] != old["id"]


def test_a_peer_that_restarts_with_another_discriminator_keeps_its_session(stage):
    daemon = start(stage, [policy()])
    peer = stage.peer()
    peer.wait_up()
    old = daemon.session(PEER4)
    peer.heard = None
    peer.change(state=DOWN, your_discriminator=0, my_discriminator=0x7E57_0077)
    peer.wait_up()
    new = daemon.session(PEER4)
    assert (new["id"], new["status"]["local_discr"]) == (old["id"], old["status"]["local_discr"])
    assert new["status"]["down_count"] == 1 and new["status"]["remote_discr"] == 0x7E57_0077


def test_the_peer_s_admin_down_ends_it_and_asks_for_no_other(stage):
    daemon = start(stage, [policy()])
    peer = stage.peer()
    peer.wait_up()
    peer.change(state=ADMIN_DOWN)
    wait_until(lambda: PEER4 not in daemon.sessions(), 3, "the session to end")
    peer.change(your_discriminator=0)
    wait_until(lambda: refused(daemon, "peer_admin_down") > 3, 5, "refusals")
    assert daemon.sessions() == {}
    peer.change(state=DOWN)
    peer.wait_up()


# req: RFC9468-2-24
@pytest.mark.parametrize("by", ["reload", "api"])
def test_a_configured_session_takes_its_place_without_a_flap(stage, by):
    daemon = start(stage, [policy()])
    peer = stage.peer()
    peer.wait_up()
    before = daemon.session(PEER4)["status"]["local_discr"]
    with daemon.watch() as watch:
        if by == "reload":
            daemon.reload(session=[session(PEER4, name="rr1", required_min_rx_interval="150ms")])
        else:
            daemon.ctl("session", "add", PEER4, "--port", "wan0", "--name", "rr1", "--rx", "150ms", "--tx", "100ms", "--detect-mult", "5")
        wait_until(lambda: daemon.session(PEER4)["spec"]["name"] == "rr1", 5, "the configured session")
        peer.wire.wait_control(OURS4, lambda c: c.state == UP and c.required_min_rx_us == 150_000)
        time.sleep(1)
        assert watch.changes() == []
    made = daemon.session(PEER4)
    assert made["origin"] == ("ORIGIN_CONFIG" if by == "reload" else "ORIGIN_API")
    assert made["status"]["role"] == "ROLE_ACTIVE" and made["status"]["local_discr"] == before
    assert made["status"]["down_count"] == 0 and len(daemon.sessions()) == 1
    assert int(listed(daemon)["sessions"]) == 0
    daemon.reload(unsolicited=[])  # the policy has no power over it any more
    wait_until(lambda: listed(daemon) is None, 5, "the reload")
    assert daemon.state(PEER4) == "Up"


def test_the_api_neither_deletes_nor_changes_one_but_may_hold_it_down(stage):
    daemon = start(stage, [policy()])
    peer = stage.peer()
    peer.wait_up()
    for words in (("delete", PEER4), ("set", PEER4, "--detect-mult", "9")):
        answer = daemon.ctl("session", *words, check=False)
        assert answer.returncode != 0 and "policy" in answer.stderr, answer.stderr
    assert daemon.state(PEER4) == "Up"
    daemon.ctl("session", "admin-down", PEER4)
    wait_until(lambda: peer.heard.state == ADMIN_DOWN, 3, "AdminDown")
    time.sleep(12)  # longer than any patience with a session that does not come Up
    assert daemon.state(PEER4) == "AdminDown"
    daemon.ctl("session", "admin-up", PEER4)
    peer.wait_up(15)


def test_a_reload_deletes_what_it_no_longer_permits_and_leaves_the_others(stage):
    second = "192.0.2.3"
    stage.add_address(second + "/24")
    daemon = start(stage, [policy()])
    peers = [stage.peer(), stage.peer(second, discriminator=0x7E57_0003)]
    for peer in peers:
        peer.wait_up()
    kept = daemon.session(second)["status"]["local_discr"]
    reloaded = time.time()
    daemon.reload(unsolicited=[policy(deny=[PEER4])])
    peers[0].wire.wait_control(OURS4, lambda c: c.state == ADMIN_DOWN, since=reloaded, what="AdminDown")
    wait_until(lambda: set(daemon.sessions()) == {second}, 5, "the other one alone")
    peers[0].change(state=DOWN, your_discriminator=0)
    wait_until(lambda: refused(daemon, "denied") > 3, 5, "refusals")
    assert daemon.session(second)["status"]["local_discr"] == kept
    assert daemon.session(second)["status"]["down_count"] == 0


# The packet is asked around first; the last worker tells control, which gives the session to the one with the least to do.
def test_two_workers_share_what_peers_ask_for(stage):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("two workers need two CPUs")
    daemon = start(stage, [policy()], dataplane={"workers": cpus[-2:]})
    peers = [stage.peer()]
    for i in (3, 4, 5):
        stage.add_address(f"192.0.2.{i}/24")
        peers.append(stage.peer(f"192.0.2.{i}", discriminator=0x7E57_0000 + i))
    for peer in peers:
        peer.wait_up()
    assert {s["worker"] for s in daemon.sessions().values()} == {0, 1}
    assert len(daemon.sessions()) == 4 and int(listed(daemon)["created"]) == 4


def strangers(caller, n):
    base = int(ipaddress.ip_address("2001:db8::1:0"))
    return [
        caller.frame(hello(my_discriminator=i + 1, detect_mult=60), source=str(ipaddress.ip_address(base + i)), destination=OURS6)
        for i in range(n)
    ]


# req: RFC9468-6.1-05
def test_a_limit_of_100_lets_100_of_1000_in_and_the_configured_session_does_not_notice(stage):
    daemon = start(stage, [policy(max_sessions=100)], [session(PEER4)])
    peer = stage.peer()
    peer.wait_up()
    caller = Caller(stage, daemon)
    for octets in strangers(caller, 1000):
        caller.wire.send(octets)
        time.sleep(0.002)
    counted = lambda: refused(daemon, "limit") + refused(daemon, "rate") + daemon.drops().get("punt_rate_limited", 0)  # noqa: E731
    wait_until(lambda: counted() >= 900, 5, "900 refusals")
    assert counted() == 900
    assert int(listed(daemon)["sessions"]) == 100 == len(daemon.sessions()) - 1
    assert daemon.session(PEER4)["status"]["down_count"] == 0 and daemon.state(PEER4) == "Up"
    assert daemon.log.read_text().count("unsolicited refused") <= 2


# req: RFC9468-6.1-05
def test_a_spray_of_strangers_leaves_an_up_session_alone(stage):
    daemon = start(
        stage,
        [policy(max_sessions=100)],
        [session(PEER4, desired_min_tx_interval="50ms", required_min_rx_interval="50ms", detect_mult=10)],
    )
    peer = stage.peer(interval=0.05, detect_mult=10)
    peer.wait_up()
    caller = Caller(stage, daemon)
    frames = strangers(caller, 500)
    caller.wire.close()  # it would only cost time
    spray = subprocess.run(
        stage.theirs.namespace.command(sys.executable, flood.__file__, stage.theirs.name, 5, SPRAY_RATE),
        input="\n".join(f.hex() for f in frames), capture_output=True, text=True, check=True,
    )  # fmt: skip
    sent = int(spray.stdout)
    print(f"{sent / 5:.0f} strangers a second")
    assert sent > 5 * SPRAY_RATE / 20
    assert daemon.session(PEER4)["status"]["down_count"] == 0 and daemon.state(PEER4) == "Up"
    assert int(listed(daemon)["sessions"]) <= 100
    assert len(daemon.sessions()) <= 101


# req: RFC9468-1-01
def test_all_other_procedures_hold(stage):
    """Demand mode and Echo of an unsolicited session, as its profile says."""
    profile = {"name": "all", "demand_mode": True, "demand_poll_interval": "1s", "required_min_echo_rx_interval": "50ms"}
    daemon = start(stage, [policy(profile="all")], profile=[profile])
    peer = HandmadePeer(stage.lab, stage.theirs, PEER4, OURS4)
    peer.wait_up()
    wait_until(lambda: peer.heard.flags & DEMAND, 5, "Demand mode to be told")
    assert peer.heard.echo_rx_us == 50_000
    payload = os.urandom(40)
    since = time.time()
    peer.wire.send(peer.frame(payload, destination=PEER4, dport=3785))
    wait_until(
        lambda: [f for f in peer.wire.frames(since) if not f.sent and f.octets.endswith(payload)], 5, "Echo to come back"
    )
    assert daemon.session(PEER4)["origin"] == "ORIGIN_UNSOLICITED"
