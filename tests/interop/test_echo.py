"""The Echo function, both ways: with FRR and a forwarding Linux, and between two of ours."""

import os
import time

import pytest
from lab import Tocsind, wait_until
from lab.frr import Frr, FrrPeer
from lab.stage import OURS4, OURS6, PEER4, PEER6, make_stage, session

ECHO = {"desired_min_echo_tx_interval": "50ms", "required_min_echo_rx_interval": "50ms"}
SOURCES = ["198.51.100.1", "2001:db8:ff::1"]  # in no subnet of the link, RFC 5881 4


@pytest.fixture
def stage(lab):
    return make_stage(lab)


def forward(port):
    """A Linux that forwards Echo packets back to where they came from, RFC 5881 2."""
    for key, value in {
        "net/ipv4/ip_forward": 1,
        "net/ipv6/conf/all/forwarding": 1,
        "net/ipv4/conf/all/rp_filter": 0,
        f"net/ipv4/conf/{port.name}/rp_filter": 0,
        f"net/ipv4/conf/{port.name}/accept_local": 1,  # FRR's own packets come back with its own address
    }.items():
        port.namespace.sysctl(key, value)


def port_of(ours, sources=()):
    device = {"name": "wan0", "device": f"net_af_packet0,iface={ours.name}", "addresses": [f"{OURS4}/24", f"{OURS6}/64"]}
    return device | ({"echo_source": list(sources)} if sources else {})


def echo_of(daemon, remote):
    return daemon.session(remote)["status"].get("echo", {})


def count(daemon, remote, what):
    return int(echo_of(daemon, remote).get(what, 0))


@pytest.mark.parametrize("sources", [SOURCES, []], ids=["source outside", "own source"])
# req: RFC5880-6.4-01 RFC5881-2-05 RFC5881-2-06 RFC5881-4-12 RFC5881-4-16
def test_frr_loops_ours_and_we_loop_its(stage, sources):
    forward(stage.theirs)
    frr = Frr(stage.lab, stage.theirs, [FrrPeer(OURS4, PEER4, echo_ms=50)])
    daemon = Tocsind(stage.lab, stage.ours.namespace, [port_of(stage.ours, sources)], [session(PEER4, **ECHO)])
    frr.wait_status(OURS4, "up")
    daemon.wait_state(PEER4, "Up")
    wait_until(lambda: count(daemon, PEER4, "rx_packets") >= 40, 20, "Echo packets of ours to come back")
    wait_until(lambda: int(frr.counters(OURS4)["echo-packet-input"]) >= 40, 20, "FRR to see its own Echo packets")
    echo = echo_of(daemon, PEER4)
    assert int(echo["tx_interval_us"]) == 50_000
    assert 0 < int(echo["least_round_trip_ns"]) <= int(echo["average_round_trip_ns"]) <= int(echo["most_round_trip_ns"])
    assert int(daemon.session(PEER4)["status"]["required_min_rx_interval_us"]) == 1_000_000
    assert daemon.session(PEER4)["status"].get("down_count", 0) == 0
    metrics = daemon.metrics()
    assert "tocsin_bfd_echo_packets_looped_total" in metrics


# req: RFC5880-6.8.5-01 RFC5880-6.8.5-02
def test_a_peer_that_stops_forwarding_is_seen(stage):
    forward(stage.theirs)
    frr = Frr(stage.lab, stage.theirs, [FrrPeer(OURS4, PEER4, echo_ms=50)])
    daemon = Tocsind(stage.lab, stage.ours.namespace, [port_of(stage.ours, SOURCES)], [session(PEER4, **ECHO)])
    frr.wait_status(OURS4, "up")
    wait_until(lambda: count(daemon, PEER4, "rx_packets") >= 20, 20, "Echo packets of ours to come back")
    with daemon.watch() as watch:
        stage.theirs.namespace.sysctl("net/ipv4/ip_forward", 0)
        event = watch.wait(PEER4, "Down", timeout=5)
        assert event["session"]["status"]["diag"] == 2, "Echo Function Failed"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("family", [4, 6])
# req: RFC5880-5-01 RFC5880-6.4-01 RFC5881-4-10 RFC5881-4-13 RFC5881-4-14 RFC5881-4-15
def test_two_of_ours(stage, family, workers):
    ours, theirs = (OURS4, PEER4) if family == 4 else (OURS6, PEER6)
    cpus = sorted(os.sched_getaffinity(0))[-workers:]
    if len(cpus) < workers:
        pytest.skip(f"needs {workers} CPUs")
    one = Tocsind(
        stage.lab, stage.ours.namespace, [port_of(stage.ours, SOURCES)], [session(theirs, **ECHO)],
        {"dataplane": {"workers": cpus}},
    )  # fmt: skip
    theirs_port = stage.lan.attach("other", "o0", silent=True)
    stage.theirs.namespace.ip("link", "set", stage.theirs.name, "down")
    two = Tocsind(
        stage.lab, theirs_port.namespace,
        [{"name": "wan0", "device": f"net_af_packet0,iface={theirs_port.name}",
          "addresses": [f"{PEER4}/24", f"{PEER6}/64"], "echo_source": ["203.0.113.9", "2001:db8:fe::1"]}],
        [session(ours, **ECHO)],
    )  # fmt: skip
    one.wait_state(theirs, "Up")
    for daemon, remote in ((one, theirs), (two, ours)):
        wait_until(lambda d=daemon, r=remote: count(d, r, "rx_packets") >= 60, 20, "Echo packets to come back")
        echo = echo_of(daemon, remote)
        assert int(echo["tx_packets"]) - int(echo["rx_packets"]) <= 3
        assert daemon.drops().get("echo_refused", 0) == 0
        assert daemon.session(remote)["status"].get("down_count", 0) == 0
    # Off and on again while it runs, without a flap.
    one.ctl("session", "list")
    one.reload(session=[session(theirs)])
    wait_until(lambda: int(echo_of(one, theirs).get("tx_interval_us", 0)) == 0, 5, "our Echo to end")
    wait_until(lambda: int(echo_of(two, ours).get("tx_interval_us", 0)) == 0, 5, "theirs to end, which we do not loop now")
    one.reload(session=[session(theirs, **ECHO)])
    wait_until(lambda: int(echo_of(one, theirs).get("tx_interval_us", 0)) > 0, 5, "our Echo to begin again")
    wait_until(lambda: int(echo_of(two, ours).get("tx_interval_us", 0)) > 0, 5, "theirs to begin again")
    for daemon, remote in ((one, theirs), (two, ours)):
        assert daemon.session(remote)["status"].get("down_count", 0) == 0


def test_demand_mode_both_ways(stage):
    """Nothing periodic flows, a cut is found by a Poll Sequence, and the session comes back."""
    demand = {"demand_mode": True, "demand_poll_interval": "1s"}
    one = Tocsind(stage.lab, stage.ours.namespace, [port_of(stage.ours)], [session(PEER4, **demand)])
    theirs_port = stage.lan.attach("other", "o0", silent=True)
    stage.theirs.namespace.ip("link", "set", stage.theirs.name, "down")
    two = Tocsind(
        stage.lab, theirs_port.namespace,
        [{"name": "wan0", "device": f"net_af_packet0,iface={theirs_port.name}", "addresses": [f"{PEER4}/24"]}],
        [session(OURS4, **demand)],
    )  # fmt: skip
    one.wait_state(PEER4, "Up")
    for daemon, remote in ((one, PEER4), (two, OURS4)):
        wait_until(lambda d=daemon, r=remote: d.session(r)["status"].get("demand_mode"), 10, "Demand mode")
        wait_until(lambda d=daemon, r=remote: d.session(r)["status"].get("remote_demand_mode"), 10, "the peer's")
    before = int(one.session(PEER4)["status"]["tx_packets"])
    wait_until(lambda: int(one.session(PEER4)["status"]["tx_packets"]) >= before + 4, 10, "Poll Sequences")
    assert one.ctl("session", "poll", PEER4).stdout == "1 session asked for an answer\n"
    assert one.state(PEER4) == "Up"
    two.process.send_signal(9)
    two.process.wait(5)
    two.process = None
    one.wait_state(PEER4, "Down", timeout=5)
    two.start()
    one.wait_state(PEER4, "Up")


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("sources", [SOURCES, []], ids=["source outside", "own source"])
# req: RFC9747-1-01 RFC9747-1-03 RFC9747-1-04 RFC9747-2-09 RFC9747-3-01
def test_a_router_without_bfd(stage, family, sources):
    """Unaffiliated Echo, RFC 9747: the router only forwards; when it no longer does, that is seen."""
    forward(stage.theirs)
    router = PEER4 if family == 4 else PEER6
    looped = {"remote": router, "port": "wan0", "type": "echo", "desired_min_tx_interval": "100ms", "detect_mult": 5}
    daemon = Tocsind(stage.lab, stage.ours.namespace, [port_of(stage.ours, sources)], [looped])
    daemon.wait_state(router, "Up")
    wait_until(lambda: int(daemon.session(router)["status"]["rx_packets"]) >= 40, 20, "packets to come back")
    assert daemon.session(router)["status"]["down_count"] == 0
    assert int(daemon.session(router)["status"]["detection_time_us"]) == 500_000
    with daemon.watch() as watch:
        key = "net/ipv4/ip_forward" if family == 4 else "net/ipv6/conf/all/forwarding"
        stage.theirs.namespace.sysctl(key, 0)
        event = watch.wait(router, "Down", timeout=5)
        assert event["session"]["status"]["diag"] == 2, "Echo Function Failed"
        stage.theirs.namespace.sysctl(key, 1)
        watch.wait(router, "Up", timeout=10)
    daemon.ctl("session", "admin-down", router)
    sent = int(daemon.session(router)["status"]["tx_packets"])
    time.sleep(1)
    assert int(daemon.session(router)["status"]["tx_packets"]) == sent, "AdminDown is never sent"
    daemon.ctl("session", "admin-up", router)
    daemon.wait_state(router, "Up")
