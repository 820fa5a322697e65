"""What DPDK's telemetry socket offers, by hand and through DPDK's own client."""

import json
import re
import shutil
import socket
import subprocess

import pytest

from lab import wait_until


def process_id(stage):
    return stage.daemon.process.pid


def ask(stage, *commands):
    """The answers of the socket; each is a JSON object with the command as its key."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(5)
        connection.connect(f"/run/dpdk/tocsin-{process_id(stage)}/dpdk_telemetry.v2")
        assert "max_output_len" in json.loads(connection.recv(1024))
        answers = []
        for command in commands:
            connection.send(command.encode())
            (answer,) = json.loads(connection.recv(16384)).values()
            answers.append(answer)
        return answers


def test_workers_are_told_as_tocsinctl_tells_them(up_stage):
    (workers,) = ask(up_stage, "/tocsin/workers")
    assert list(workers) == ["0"]
    worker = workers["0"]
    (listed,) = up_stage.daemon.json("worker", "list")["workers"]
    assert worker["lcore"] == listed["lcore"]
    assert worker["sessions"] == worker["sessions_up"] == 2
    assert 0 < worker["rx_packets"] <= int(listed["rx_packets"])
    assert worker["rx_cycles_per_packet"] > 0 and worker["tx_cycles_per_packet"] > 0


def test_a_worker_is_told_with_its_histograms_and_moves(up_stage):
    (before,) = ask(up_stage, "/tocsin/worker,0")
    assert before["late_tx"] and all(re.fullmatch(r"below_\d+_us|longer", k) for k in before["late_tx"])
    assert 1e8 < before["cycles_per_second"] < 1e10
    wait_until(lambda: ask(up_stage, "/tocsin/worker,0")[0]["tx_packets"] > before["tx_packets"], 5, "a packet more")


def test_ports_and_drops(up_stage):
    ports, drops, of_one = ask(up_stage, "/tocsin/ports", "/tocsin/drops", "/tocsin/drops,0")
    (port,) = ports.values()
    assert (port["name"], port["driver"]) == ("wan0", "net_af_packet")
    assert port["rx_packets"] > 0 and port["tx_bytes"] > 0
    assert "ttl_not_255" in drops and drops.keys() == of_one.keys()


@pytest.mark.parametrize("command", ["/tocsin/worker", "/tocsin/worker,1", "/tocsin/worker,-1", "/tocsin/worker,0x",
                                     "/tocsin/worker,99999999999999999999", "/tocsin/drops,one"])  # fmt: skip
def test_a_worker_that_is_not_there_is_null(up_stage, command):
    assert ask(up_stage, command) == [None]
    (known,) = ask(up_stage, command.split(",")[0] + ",0")
    assert known is not None


def test_the_client_of_dpdk_lists_the_commands_with_their_help(up_stage):
    client = shutil.which("dpdk-telemetry.py")
    assert client, "dpdk-telemetry.py is part of the package dpdk-dev"
    result = subprocess.run(
        [client, "-f", f"tocsin-{process_id(up_stage)}"],
        input="/\n/help,/tocsin/drops\n/tocsin/workers\nquit\n",
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for command in ("workers", "worker", "ports", "drops"):
        assert f'"/tocsin/{command}"' in result.stdout
    assert "Parameters: int worker" in result.stdout
    assert '"sessions_up": 2' in result.stdout


def test_stopping_while_somebody_asks_without_end_is_clean(stage):
    daemon = stage.start([])
    path = f"/run/dpdk/tocsin-{daemon.process.pid}/dpdk_telemetry.v2"
    asking = subprocess.Popen(
        ["/usr/bin/python3", "-c", ASK_WITHOUT_END, path], stdout=subprocess.PIPE, text=True
    )
    try:
        assert asking.stdout.readline() == "asked\n"
        assert daemon.stop() == 0
        said, _ = asking.communicate(timeout=10)
        assert int(said) > 10, "answers before the end"
    finally:
        asking.kill()


ASK_WITHOUT_END = """
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.recv(1024)
answers = 0
try:
    while True:
        s.send(b"/tocsin/worker,0")
        if not s.recv(16384):
            break
        answers += 1
        if answers == 1:
            print("asked", flush=True)
except OSError:
    pass
print(answers)
"""
