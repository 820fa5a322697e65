"""LAGs between two daemons (RFC 7130): members that are cut, swapped, miscabled, disabled, added and removed."""

import time

import pytest

from lab import wait_until
from lab.lag import Panel
from lab.tocsin import Tocsind, af_packet

FAST = {"desired_min_tx_interval": "50ms", "required_min_rx_interval": "50ms", "detect_mult": 3}
DETECTION = 0.15


class Side:
    """One of the two systems."""

    def __init__(self, lab, panel, name, number, links):
        self.lab, self.number = lab, number
        self.namespace = lab.namespace(name)
        self.ends = [panel.attach(self.namespace, f"{name[0]}{i}", i) for i in range(links)]
        self.daemon = None

    def lag(self, members=None, name="lag1", subnet=1, families=("ipv4",), **keys):
        def address(family, number):
            return f"192.0.{subnet}.{number}" if family == "ipv4" else f"2001:db8:{subnet}::{number}"

        chosen = self.ends if members is None else [self.ends[i] for i in members]
        return {
            "name": name,
            "members": [e.name for e in chosen],
            "local": [address(f, self.number) for f in families],
            "remote": [address(f, 3 - self.number) for f in families],
        } | FAST | keys

    def start(self, *lags, workers=None):
        ports = [{"name": e.name, "device": af_packet(i, e.name)} for i, e in enumerate(self.ends)]
        sections = {"lag": list(lags) or [self.lag()]}
        if workers:
            sections["dataplane"] = {"workers": workers}
        self.daemon = Tocsind(self.lab, self.namespace, ports, (), sections)

    def view(self, name="lag1"):
        return next(g for g in self.daemon.json("lag", "list")["lags"] if g["name"] == name)

    def member(self, index, name="lag1"):
        return next(m for m in self.view(name)["members"] if m["port"] == self.ends[index].name)

    def in_use(self, name="lag1"):
        """Indices of the links that traffic may use."""
        used = {m["port"] for m in self.view(name)["members"] if m.get("in_use")}
        return [i for i, e in enumerate(self.ends) if e.name in used]

    def confirmed(self, name="lag1"):
        ports = {m["port"] for m in self.view(name)["members"] if m.get("confirmed")}
        return [i for i, e in enumerate(self.ends) if e.name in ports]

    def wait_in_use(self, links, name="lag1", timeout=8):
        wait_until(lambda: self.in_use(name) == links, timeout, f"{self.namespace.short}: {name} to use {links}", 0.05)

    def wait_confirmed(self, links, name="lag1", timeout=10):
        wait_until(lambda: self.confirmed(name) == links, timeout, f"{self.namespace.short}: {links} to be Up in {name}", 0.05)

    def log(self):
        return self.daemon.log.read_text()


class Pair:
    def __init__(self, lab, links):
        self.panel = Panel(lab, links)
        self.links = list(range(links))
        self.a = Side(lab, self.panel, "alpha", 1, links)
        self.b = Side(lab, self.panel, "beta", 2, links)

    def start(self, **keys):
        for side in (self.a, self.b):
            side.start(side.lag(**keys))
        self.wait_up()
        return self

    def wait_up(self, links=None):
        for side in (self.a, self.b):
            side.wait_confirmed(self.links if links is None else links)


@pytest.fixture
def pair(lab):
    return lambda links: Pair(lab, links)


def discriminators(side):
    return [s["status"]["local_discr"] for s in side.daemon.json("session", "list")["sessions"]]


# req: RFC7130-2-01 RFC7130-2.2-01 RFC7130-2.2-06
@pytest.mark.parametrize("families", [("ipv4",), ("ipv4", "ipv6")], ids=["ipv4", "both"])
def test_eight_members_come_up(pair, families):
    p = pair(8).start(families=families)
    for side in (p.a, p.b):
        assert side.view()["up"] and side.view()["members_in_use"] == 8
        discr = discriminators(side)
        assert len(discr) == len(set(discr)) == 8 * len(families)
        sessions = side.daemon.json("session", "list")["sessions"]
        assert {s["spec"]["type"] for s in sessions} == {"SESSION_TYPE_MICRO"}
        assert {(s["spec"]["port"], s["spec"]["remote"]) for s in sessions} == {
            (e.name, s["spec"]["remote"]) for e in side.ends for s in sessions
        }


# req: RFC7130-1-01 RFC7130-1-02 RFC7130-5-01 RFC7130-2.2-07
@pytest.mark.parametrize("how", ["silent", "carrier"])
def test_a_member_that_is_cut_leaves_and_the_others_stay(pair, how):
    p = pair(4).start()
    end = p.b.ends[1]
    at = end.wire(None) if how == "silent" else end.set_carrier(False)
    p.a.wait_in_use([0, 2, 3])
    p.b.wait_in_use([0, 2, 3])
    for side in (p.a, p.b):
        out = side.member(1)
        assert out["places"][0]["reason"] == "MEMBER_REASON_FAILED"
        session = next(s for s in side.daemon.json("session", "list")["sessions"] if s["spec"]["port"] == side.ends[1].name)
        took = int(session["status"]["last_state_change_us"]) * 1e-6 - at
        assert took < DETECTION + 0.5, took
        others = [s for s in side.daemon.json("session", "list")["sessions"] if s["spec"]["port"] != side.ends[1].name]
        assert all(s["status"]["state"] == "SESSION_STATE_UP" for s in others)
        assert sum(int(s["status"].get("down_count", 0)) for s in others) == 0
        assert f"member_to_be_taken_out lag=lag1 port={side.ends[1].name}" in side.log()
    if how == "silent":
        end.wire(1)
    else:
        end.set_carrier(True)
    p.wait_up()
    for side in (p.a, p.b):
        side.wait_in_use(p.links)
        assert f"member_to_be_put_back lag=lag1 port={side.ends[1].name}" in side.log()


def test_one_direction_is_enough_to_lose_a_member(pair):
    p = pair(2).start()
    # Only what beta sends is lost.
    p.panel.hub.ip("link", "set", p.a.ends[0].hub_end, "type", "bridge_slave", "mcast_flood", "off")
    p.a.wait_in_use([1])
    p.b.wait_in_use([1])


def test_links_between_the_same_two_lags_may_cross(pair):
    p = pair(2).start()
    p.b.ends[0].wire(1)
    p.b.ends[1].wire(0)
    time.sleep(1)
    p.wait_up()
    assert p.a.in_use() == p.b.in_use() == [0, 1]


# req: RFC7130-2.2-20
def test_a_link_to_another_lag_does_not_come_up(pair):
    p = pair(4)
    for side in (p.a, p.b):
        side.start(side.lag([0, 1]), side.lag([2, 3], name="lag2", subnet=3))
    for side in (p.a, p.b):
        side.wait_confirmed([0, 1])
        side.wait_confirmed([2, 3], "lag2")
    # Link 1 of lag1 and link 2 of lag2 are swapped at beta.
    p.b.ends[1].wire(2)
    p.b.ends[2].wire(1)
    for side in (p.a, p.b):
        side.wait_in_use([0])
        side.wait_in_use([3], "lag2")
    time.sleep(2)
    for side in (p.a, p.b):
        assert side.in_use() == [0] and side.in_use("lag2") == [3]
        assert side.daemon.drops().get("not_our_address", 0) + side.daemon.drops().get("ip_destination", 0) + sum(
            side.daemon.drops().values()) > 0
    p.b.ends[1].wire(1)
    p.b.ends[2].wire(2)
    for side in (p.a, p.b):
        side.wait_in_use([0, 1])
        side.wait_in_use([2, 3], "lag2")


# req: RFC7130-A-04
def test_a_session_that_an_operator_disables_pulls_no_member_at_either_end(pair):
    p = pair(2).start()
    p.a.daemon.ctl("session", "admin-down", f"lag1.{p.a.ends[0].name}.ipv4")
    reason = "MEMBER_REASON_ADMIN_DOWN"
    for side in (p.a, p.b):
        wait_until(lambda side=side: side.member(0)["places"][0]["reason"] == reason, 5, "AdminDown to be seen", 0.05)
    time.sleep(1)
    for side in (p.a, p.b):
        assert side.in_use() == [0, 1] and side.view()["up"]
        assert "member_to_be_taken_out" not in side.log()
    p.a.daemon.ctl("session", "admin-up", f"lag1.{p.a.ends[0].name}.ipv4")
    p.wait_up()
    for side in (p.a, p.b):
        assert "member_to_be_taken_out" not in side.log()


def test_a_lag_with_too_few_members_is_down(pair):
    p = pair(3).start(minimum_links=2)
    p.b.ends[0].wire(None)
    p.a.wait_in_use([1, 2])
    assert p.a.view()["up"]
    p.b.ends[1].wire(None)
    p.a.wait_in_use([2])
    assert not p.a.view().get("up") and p.a.view()["down_count"] == "1"
    assert 'tocsin_lag_up{lag="lag1"} 0' in p.a.daemon.metrics()
    assert 'tocsin_lag_members_in_use{lag="lag1"} 1' in p.a.daemon.metrics()
    assert "lag_down lag=lag1" in p.a.log()
    p.b.ends[0].wire(0)
    p.a.wait_in_use([0, 2])
    assert p.a.view()["up"]


def test_the_last_member_is_kept_unless_told_otherwise(pair):
    p = pair(2).start()
    for end in p.b.ends:
        end.wire(None)
    p.a.wait_in_use([])
    kept = [m["places"][0].get("kept_as_last", False) for m in p.a.view()["members"]]
    applied = [m["places"][0].get("applied", False) for m in p.a.view()["members"]]
    assert sorted(kept) == sorted(applied) == [False, True]
    p.a.daemon.reload(lag=[p.a.lag(take_out_last=True)])
    wait_until(lambda: not any(m["places"][0].get("applied") for m in p.a.view()["members"]), 5, "both to be taken out", 0.05)


def test_a_reload_adds_and_removes_members_and_leaves_the_others_alone(pair):
    p = pair(3)
    for side in (p.a, p.b):
        side.start(side.lag([0, 1]))
    p.wait_up([0, 1])
    for side in (p.a, p.b):
        side.daemon.reload(lag=[side.lag([1, 2])])
    p.wait_up([1, 2])
    for side in (p.a, p.b):
        sessions = {s["spec"]["port"]: s["status"] for s in side.daemon.json("session", "list")["sessions"]}
        assert sorted(sessions) == [side.ends[1].name, side.ends[2].name]
        assert int(sessions[side.ends[1].name].get("down_count", 0)) == 0
        assert side.in_use() == [1, 2]
    # Timers of a session that stays Up.
    for side in (p.a, p.b):
        side.daemon.reload(lag=[side.lag([1, 2], desired_min_tx_interval="100ms", required_min_rx_interval="100ms")])
    wait_until(
        lambda: all(
            s["status"]["tx_interval_us"] == 100_000
            for side in (p.a, p.b)
            for s in side.daemon.json("session", "list")["sessions"]
        ),
        5,
        "the new interval",
        0.05,
    )
    assert all(
        int(s["status"].get("down_count", 0)) == 0
        for side in (p.a, p.b)
        for s in side.daemon.json("session", "list")["sessions"]
    )
    p.a.daemon.reload(lag=[])
    wait_until(lambda: p.a.daemon.json("session", "list").get("sessions", []) == [], 5, "no session", 0.05)
    assert p.a.daemon.json("lag", "list").get("lags", []) == []


def test_a_change_that_waits_for_a_restart_forgets_no_session(pair, lab):
    p = pair(2).start()
    daemon, secret = p.a.daemon, lab.folder / "secret"
    secret.write_text("tocsin-secret\n")
    secret.chmod(0o600)
    before = p.a.lag()

    def reload(*lags):
        daemon.config["lag"] = list(lags)
        daemon.write()
        return daemon.json("reload")

    # Other addresses, and authentication, which this daemon has no room for.
    daemon.config["key_chain"] = [{"name": "core", "keys": [{"id": 1, "secret_file": str(secret)}]}]
    answer = reload(p.a.lag(subnet=5, auth={"type": "keyed_sha1", "key_chain": "core"}))
    assert answer["unchanged"] == 2 and "dataplane.authentication" in answer["needs_restart"]
    assert reload(before)["unchanged"] == 2
    p.wait_up()
    reload(p.a.lag(subnet=5, auth={"type": "keyed_sha1", "key_chain": "core"}))
    assert reload()["removed"] == 2
    wait_until(lambda: daemon.json("session", "list").get("sessions", []) == [], 5, "no session", 0.05)


# req: RFC7130-3-01 RFC7130-3-02
def test_sessions_follow_what_lacp_says(pair):
    p = pair(2)
    p.a.start(p.a.lag(lacp="api"))
    p.b.start(p.b.lag())
    time.sleep(1)
    assert p.a.daemon.json("session", "list").get("sessions", []) == []
    ports = [e.name for e in p.a.ends]
    p.a.daemon.ctl("lag", "report", "lag1", ports[0], "standby")
    p.a.daemon.ctl("lag", "report", "lag1", ports[1], "distributing")
    p.wait_up()
    assert p.a.in_use() == [1]
    p.a.daemon.ctl("lag", "report", "lag1", ports[0], "distributing")
    p.a.wait_in_use([0, 1])
    p.a.daemon.ctl("lag", "report", "lag1", ports[1], "detached")
    wait_until(lambda: len(p.a.daemon.json("session", "list")["sessions"]) == 1, 5, "one session", 0.05)
    p.a.wait_in_use([0])
    assert "MEMBER_REASON_FAILED" not in str(p.a.view())
    # A reload with other timers leaves it as LACP has it.
    p.a.daemon.reload(lag=[p.a.lag(lacp="api", detect_mult=5)])
    wait_until(lambda: "reloaded" in p.a.log(), 5, "the reload")
    time.sleep(0.5)
    assert len(p.a.daemon.json("session", "list")["sessions"]) == 1
    assert p.a.daemon.ctl("lag", "report", "lag1", "wan9", "detached", check=False).returncode != 0


# req: RFC7130-A-01 RFC7130-A-05
def test_a_member_that_forwards_already_has_until_the_timeout(pair):
    p = pair(2)
    p.a.start(p.a.lag(up_timeout="8s"))
    p.b.start(p.b.lag([0]))
    p.a.wait_confirmed([0])
    assert p.a.in_use() == [0, 1]
    p.a.wait_in_use([0], timeout=12)
    assert p.a.member(1)["places"][0]["reason"] == "MEMBER_REASON_TIMEOUT"


# req: RFC7130-3-03
def test_members_wait_for_up_when_they_are_not_assumed_to_forward(pair):
    p = pair(2)
    p.a.start(p.a.lag(assume_active=False, take_out_last=True))
    assert p.a.in_use() == []
    assert not p.a.view().get("up")
    p.b.start(p.b.lag())
    p.a.wait_in_use([0, 1])


def test_members_may_be_on_several_workers(pair):
    p = pair(4)
    p.a.start(p.a.lag(families=("ipv4", "ipv6"), destination_mac="learned"), workers=[0, 1])
    p.b.start(p.b.lag(families=("ipv4", "ipv6"), destination_mac="learned"))
    p.wait_up()
    time.sleep(1)
    p.b.ends[2].wire(None)
    p.a.wait_in_use([0, 1, 3])
    p.b.wait_in_use([0, 1, 3])
    p.b.ends[2].wire(2)
    p.wait_up()
