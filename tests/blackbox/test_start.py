"""How the daemon refuses to start: one sentence that says what to do."""

import os
import signal
import subprocess

import pytest

from lab import Tocsind
from lab.stage import OURS4, PEER4, session
from lab.tocsin import build_folder, toml

TEN_MISTAKES = """
[daemon]
log = { level = "loud" }
colour = "red"
[dataplane]
max_sessions = 0
idle = "sometimes"
[api]
listen = ["tcp:127.0.0.1:50051"]
[[port]]
name = "wan0"
device = "net_af_packet0,iface=t0"
addresses = ["192.0.2.1/33"]
[[port]]
name = "wan0"
device = "net_af_packet1,iface=t1"
[[session]]
remote = "224.0.0.5"
port = "wan0"
detect_mult = 0
desired_min_tx_interval = "50"
[[session]]
remote = "198.51.100.7"
port = "wan9"
profile = "fast"
"""
KEY_PATHS = [
    "daemon.log.level", "daemon.colour", "dataplane.max_sessions", "dataplane.idle", "api.listen[0]",
    "port[0].addresses[0]", "port[1].name", "session[0].remote", "session[0].detect_mult",
    "session[0].desired_min_tx_interval", "session[1].port", "session[1].profile",
]  # fmt: skip


def run_once(stage, config, *options, prefix=(), timeout=20):
    """Exit status and output of a daemon that is expected to give up."""
    text = config if isinstance(config, str) else toml(config)
    file = stage.lab.folder / "once.toml"
    file.write_text(text)
    file.chmod(0o644)
    command = stage.ours.namespace.command(*prefix, build_folder() / "tocsind", "--config", file, *options)
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    return result.returncode, result.stdout + result.stderr


def config_of(stage, sessions=(), sections=None, interface="t0"):
    port = {"name": "wan0", "device": f"net_af_packet0,iface={interface}", "addresses": [f"{OURS4}/24"]}
    return Tocsind(stage.lab, stage.ours.namespace, [port], sessions, sections, start=False).config


def errors(output):
    """The lines meant for a person who has to act."""
    return [line for line in output.splitlines() if line.startswith("tocsind: ")]


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_every_mistake_of_a_file_is_reported_at_once_and_nothing_starts(stage, options):
    status, output = run_once(stage, TEN_MISTAKES, *options)
    assert status == 2
    missing = [path for path in KEY_PATHS if not any(path in line for line in output.splitlines())]
    assert missing == [], output
    assert "EAL" not in output


def test_check_accepts_a_good_file_and_starts_nothing(stage):
    config = config_of(stage, [session(PEER4)])
    status, output = run_once(stage, config, "--check")
    assert status == 0, output
    assert not os.path.exists(config["api"]["listen"][0].removeprefix("unix:"))


def test_a_file_that_is_not_there(stage):
    command = [build_folder() / "tocsind", "--config", "/nonexistent/tocsin.toml"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 2
    assert "/nonexistent/tocsin.toml" in result.stderr + result.stdout


def test_a_device_that_does_not_exist(stage):
    status, output = run_once(stage, config_of(stage, interface="nope0"))
    assert status not in (0, 2) and status > 0
    assert any("nope0" in line for line in errors(output)), output
    assert len(errors(output)) == 1, output


def test_without_privileges(stage):
    config = config_of(stage)
    folder = config["daemon"]["state_dir"].rsplit("/", 1)[0]
    os.chown(folder, 65534, 65534)
    status, output = run_once(
        stage, config, prefix=("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    )
    if "Permission denied" in output and "setpriv" in output:
        pytest.skip("the build folder cannot be read by an ordinary user")
    assert status > 0 and status != 2
    assert len(errors(output)) == 1, output
    assert any(word in errors(output)[0] for word in ("root", "privilege", "CAP_")), output


def test_a_socket_that_another_daemon_listens_on(stage):
    daemon = stage.start([])
    second = stage.lan.attach(stage.ours.namespace, "t1", silent=True)
    config = config_of(stage, interface=second.name)
    status, output = run_once(stage, config)
    assert status > 0 and status != 2
    assert len(errors(output)) == 1 and str(daemon.socket) in errors(output)[0], output
    assert daemon.ctl("stats").returncode == 0


def test_a_socket_that_a_killed_daemon_left_is_taken_over(stage):
    daemon = stage.start([])
    daemon.stop(signal.SIGKILL)
    assert daemon.socket.exists()
    daemon.start()
    assert daemon.ctl("stats").returncode == 0


def test_too_little_memory(stage):
    sections = {"dataplane": {"max_sessions": 16_000_000, "memory_mb": 64}}
    status, output = run_once(stage, config_of(stage, sections=sections), timeout=60)
    assert status > 0 and status != 2
    assert len(errors(output)) == 1, output
    assert "dataplane.memory_mb" in errors(output)[0] and "MiB" in errors(output)[0], output


def test_more_sessions_in_the_file_than_max_sessions(stage):
    sessions = [session(f"192.0.2.{n}") for n in (2, 3, 4)]
    status, output = run_once(stage, config_of(stage, sessions, {"dataplane": {"max_sessions": 2}}))
    assert status == 2
    assert "max_sessions" in output, output


def test_more_sessions_by_the_api_than_max_sessions(stage):
    daemon = stage.start([session(PEER4)], {"dataplane": {"max_sessions": 2}})
    assert daemon.ctl("session", "add", "192.0.2.3").returncode == 0
    refused = daemon.ctl("session", "add", "192.0.2.4", check=False)
    assert refused.returncode == 6
    assert "max_sessions" in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_keys_whose_time_is_over_are_told_with_the_time_that_it_is(stage, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("tocsin-secret\n")
    secret.chmod(0o600)
    key = {"id": 1, "secret_file": str(secret), "accept": ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"]}
    auth = {"type": "meticulous_keyed_sha1", "key_chain": "core"}
    daemon = stage.start([session(PEER4, auth=auth)], {"key_chain": [{"name": "core", "keys": [key]}]})
    line = next(s for s in daemon.log.read_text().splitlines() if "no_signing_key" in s)
    assert "key_chain=core sessions=" in line and f"clock={line[:11]}" in line and "set the clock" in line
    peer = stage.peer(PEER4)
    peer.settle(1)
    assert peer.heard is None and daemon.state(PEER4) == "Down"


def test_tocsinctl_says_what_to_do_when_no_daemon_is_there(tmp_path):
    command = [build_folder() / "tocsinctl", "--socket", f"unix:{tmp_path}/none.sock", "session", "list"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 3
    assert f"{tmp_path}/none.sock" in result.stderr
