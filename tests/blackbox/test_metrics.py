"""The Prometheus page."""

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
