"""Interfaces of the kernel under a port: taken twice, with addresses, without a carrier, replaced."""

import signal
import time

import pytest

from lab import LabError, Tocsind, wait_until
from lab.stage import OURS4, PEER4, session


def log_of(stage):
    return stage.daemon.process.output()


def test_an_interface_belongs_to_one_daemon(stage):
    stage.start([session(PEER4)])
    peer = stage.peer()
    peer.wait_up()
    second = Tocsind(
        stage.lab, stage.ours.namespace, [(stage.ours, "wan0", ["192.0.2.9/24"])], start=False,
        sections={"metrics": {"listen": ""}},
    )  # fmt: skip
    second.socket = second.folder / "second.sock"
    second.file = second.folder / "second.toml"
    second.log = second.folder / "second.log"
    second.config["api"] = {"listen": [f"unix:{second.socket}"]}
    second.write()
    with pytest.raises(LabError, match="ended with 1.*interface t0 is used by another tocsind"):
        second.start()
    assert stage.daemon.session(PEER4)["status"]["down_count"] == 0


def test_a_killed_daemon_leaves_its_interface_free(stage):
    stage.start([session(PEER4)])
    stage.daemon.stop(signal.SIGKILL)
    stage.daemon.start()
    stage.peer().wait_up()


def test_addresses_of_the_kernel_are_warned_of(stage):
    stage.ours.namespace.ip("addr", "add", f"{OURS4}/24", "dev", stage.ours.name)
    stage.start([session(PEER4)])
    assert f"kernel_has_address port=wan0 address={OURS4}" in log_of(stage)


def test_a_port_without_carrier_at_the_start_is_warned_of_and_recovers(stage):
    stage.lan.hub.ip("link", "set", stage.ours.hub_end, "down")
    stage.start([session(PEER4)])
    assert "link_down port=wan0" in log_of(stage)
    stage.lan.hub.ip("link", "set", stage.ours.hub_end, "up")
    stage.peer().wait_up()


def test_link_loss_takes_sessions_down_and_back(stage):
    stage.start([session(PEER4, required_min_rx_interval="1s", desired_min_tx_interval="1s")])
    peer = stage.peer(interval=0.3)
    peer.wait_up()
    with stage.daemon.watch() as watch:
        start = time.time()
        stage.lan.hub.ip("link", "set", stage.ours.hub_end, "down")
        # Long before the Detection Time of 5 s.
        event = watch.wait(PEER4, "Down", timeout=3, since=start)
        assert event["session"]["status"]["diag_name"] == "Path Down"
        stage.lan.hub.ip("link", "set", stage.ours.hub_end, "up")
        watch.wait(PEER4, "Up", since=start)


def test_a_replaced_interface_is_told_and_not_shown_as_up(stage):
    stage.start([session(PEER4)])
    stage.peer().wait_up()
    stage.lan.hub.ip("link", "del", stage.ours.hub_end)
    stage.daemon.wait_state(PEER4, "Down")
    stage.lan.attach(stage.ours.namespace, stage.ours.name, silent=True)
    wait_until(lambda: "interface_lost port=wan0" in log_of(stage), 3, "the log to say so")
    time.sleep(0.5)
    assert stage.daemon.json("port", "list")["ports"][0]["link_up"] is False
    stage.daemon.stop()
    stage.daemon.start()
    stage.daemon.wait_state(PEER4, "Up")
