"""The Prometheus page."""

import socket
import subprocess

from lab import wait_until
from lab.stage import PEER4


def values(text, name):
    """{labels text: value} of one metric."""
    out = {}
    for line in text.splitlines():
        if line.startswith((name + "{", name + " ")):
            series, value = line.rsplit(" ", 1)
            out[series[len(name) :]] = float(value)
    return out


def test_promtool_finds_nothing_to_say(up_stage):
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=up_stage.daemon.metrics(), capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_sessions_packets_and_build_are_there(up_stage):
    text = up_stage.daemon.metrics()
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ")}
    # exposer_*: what the HTTP server of prometheus-cpp says about itself.
    assert all(name.startswith(("tocsin_", "exposer_")) for name in names), names
    for word in ("sessions", "packets", "drops", "transitions", "loop_gap", "late", "build_info"):
        assert any(word in name for name in names), f"no metric about {word} in {sorted(names)}"


def test_a_drop_is_counted_under_its_reason(up_stage):
    def drops():
        return sum(v for k, v in values(up_stage.daemon.metrics(), "tocsin_bfd_drops_total").items() if 'reason="version"' in k)

    peer, before = up_stage.peers[PEER4], drops()
    for _ in range(7):
        peer.wire.send(peer.frame(peer.control.with_(version=3)))
    wait_until(lambda: drops() == before + 7, 5, "seven more drops by version")


def test_connections_that_say_nothing_do_not_keep_a_scrape_out(up_stage):
    silent = []
    with up_stage.ours.namespace.entered():
        for _ in range(40):
            connection = socket.create_connection(("127.0.0.1", 9466), timeout=2)
            connection.sendall(b"GET /metrics HT")
            silent.append(connection)
    try:
        # They are given two seconds each; sixteen are served at a time.
        wait_until(lambda: scraped(up_stage), 20, "a scrape beside 40 silent connections")
    finally:
        for connection in silent:
            connection.close()


def scraped(stage):
    try:
        return "tocsin_build_info" in stage.daemon.metrics()
    except OSError:
        return False
