"""What the daemon kept of the packets before a Down: API, table, log, and a capture for Wireshark."""

import os
import resource
import signal
import subprocess
import time

import pytest

from lab.control import Control
from lab.stage import PEER4, PEER6, session
from lab.namespace import wait_until

STALL = 0.03  # seconds that this machine may take a CPU away
FIFTY = {"desired_min_tx_interval": "50ms", "required_min_rx_interval": "50ms", "detect_mult": 3}
RECEIVED, SENT = "PACKET_DIRECTION_RECEIVED", "PACKET_DIRECTION_SENT"
AUTHENTICATION_PRESENT = 0x04


def fifty_up(stage, remote=PEER4, sections=None):
    stage.start([session(remote, **FIFTY)], sections)
    peer = stage.peer(remote, interval=0.05, detect_mult=3)
    peer.wait_up()
    peer.settle(1)  # the Polls of both ends are over
    return peer


def history(stage, remote=PEER4):
    return stage.daemon.json("session", "history", remote)


def records(ring, direction, verdict):
    return [r for r in ring["records"] if r["direction"] == direction and r["verdict"] == verdict]


def tshark(capture, *arguments):
    return subprocess.run(
        ["tshark", "-r", str(capture), *arguments], capture_output=True, text=True, timeout=60, check=True
    ).stdout.splitlines()


def silence(stage, peer, remote=PEER4):
    """Returns the wall-clock time of its last packet."""
    peer.mute = True
    last = time.time()
    stage.daemon.wait_state(remote, "Down")
    return last


def test_a_silence_shows_what_came_last_and_that_we_went_on(stage):
    peer = fifty_up(stage)
    last = silence(stage, peer)
    found = history(stage)
    down = found["down"]
    assert down["diag"] == 1 and down["state"] == "SESSION_STATE_DOWN"
    silent = (int(down["at_ns"]) - int(down["last_rx_ns"])) / 1e9
    assert 0.15 <= silent <= 0.15 + STALL
    assert abs(int(down["last_rx_ns"]) / 1e9 - last) < 0.05 + STALL
    assert 2 <= down["evidence"]["sent"] <= 5 and down["evidence"]["not_sent"] == 0
    heard = records(found["frozen"], RECEIVED, "accepted")[-1]
    assert heard["count"] > 10 and heard["packet"]["state"] == "SESSION_STATE_UP"
    assert abs(int(heard["last_ns"]) - int(down["last_rx_ns"])) <= 1000
    ours = records(found["frozen"], SENT, "sent")[-1]
    assert int(down["last_rx_ns"]) < int(ours["last_ns"]) <= int(down["at_ns"])
    told = records(found["live"], SENT, "sent")[0]
    assert told["packet"]["state"] == "SESSION_STATE_DOWN" and told["packet"]["diag"] == 1
    assert abs(int(told["first_ns"]) - int(down["at_ns"])) < 1e6

    log = next(line for line in stage.daemon.log.read_text().splitlines() if "to=Down" in line and "from=Up" in line)
    assert f'evidence="sent>={down["evidence"]["sent"]}"' in log or f'evidence=sent>={down["evidence"]["sent"]}' in log
    table = stage.daemon.ctl("session", "history", PEER4).stdout.splitlines()
    assert any("left Up: Control Detection Time Expired" in line for line in table)
    assert any(f"at least {down['evidence']['sent']} of ours left since" in line for line in table)
    assert max(map(len, table[4:])) <= 120


@pytest.mark.parametrize("remote", [PEER4, PEER6])
def test_a_capture_dissects_as_bfd(stage, remote):
    peer = fifty_up(stage, remote)
    silence(stage, peer, remote)
    capture = stage.daemon.folder / "down.pcapng"
    stage.daemon.ctl("session", "history", remote, "--pcapng", capture)
    frames = tshark(capture, "-T", "fields", "-e", "frame.protocols", "-e", "bfd.sta", "-e", "frame.comment")
    assert len(frames) >= 6
    for frame in frames:
        protocols, state, comment = frame.split("\t")
        assert protocols.endswith(":udp:bfd") and state and comment.startswith("tocsin: ")
    assert any("accepted x " in frame and "the last of them" in frame for frame in frames)
    assert all("MAC addresses are those of when" in frame and "stands for it" not in frame for frame in frames)
    (port,) = stage.daemon.json("port", "list")["ports"]
    ends = set(tshark(capture, "-T", "fields", "-e", "eth.src", "-e", "eth.dst"))
    assert ends == {f"{port['mac']}\t{stage.theirs.mac}", f"{stage.theirs.mac}\t{port['mac']}"}
    assert tshark(capture, "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y",
                  "_ws.malformed || _ws.expert.severity >= 0x600000") == []  # warnings and errors
    sent = tshark(capture, "-Y", f"udp.dstport == 3784 && {'ipv6' if ':' in remote else 'ip'}.dst == {remote}")
    assert sent
    stamps = [float(t) for t in tshark(capture, "-T", "fields", "-e", "frame.time_epoch")]
    assert stamps == sorted(stamps)
    assert int(history(stage, remote)["down"]["last_rx_ns"]) / 1e9 == pytest.approx(
        max(t for t, f in zip(stamps, frames, strict=True) if "accepted" in f and "\t0x03\t" in f), abs=2e-6
    )


def test_packets_that_were_dropped_say_why(stage):
    peer = fifty_up(stage)
    # As many speakers do whose operator has turned authentication on at one end only.
    section = bytes([1, 9]) + b"\x01sesame"
    with peer._lock:
        peer.automatic = False
        peer.control = peer.control.with_(
            flags=peer.control.flags | AUTHENTICATION_PRESENT, length=24 + len(section), tail=section
        )
    stage.daemon.wait_state(PEER4, "Down")
    found = history(stage)
    bad = records(found["frozen"], RECEIVED, "auth_unexpected")
    assert len(bad) == 1 and 2 <= bad[0]["count"] <= 4
    assert bad[0]["packet"]["authentication_present"] and bad[0]["packet"]["length"] == 24 + len(section)
    evidence = found["down"]["evidence"]
    assert evidence["dropped"] == bad[0]["count"] and evidence["dropped_as"] == "auth_unexpected"
    assert f"at least {evidence['dropped']} received but dropped (auth_unexpected)" in stage.daemon.ctl(
        "session", "history", PEER4, "--down"
    ).stdout
    capture = stage.daemon.folder / "cut.pcapng"
    stage.daemon.ctl("session", "history", PEER4, "--down", "--pcapng", capture)
    assert tshark(capture, "-Y", "_ws.malformed") == []
    assert tshark(capture, "-Y", 'bfd.flags.a == 1 && frame.comment contains "auth_unexpected"')


def test_a_flood_of_bad_packets_does_not_wash_the_rest_out(stage):
    peer = fifty_up(stage)
    before = len(records(history(stage)["live"], RECEIVED, "accepted"))
    good = peer.control
    for n in range(2000):
        peer.send(Control(state=3, my_discriminator=n + 1, your_discriminator=good.your_discriminator,
                          detect_mult=3, flags=AUTHENTICATION_PRESENT, length=28, tail=bytes(4)))
    wait_until(lambda: records(history(stage)["live"], RECEIVED, "auth_unexpected"), 5, "the bad packets")
    found = history(stage)
    bad = records(found["live"], RECEIVED, "auth_unexpected")
    assert len(bad) == 1 and bad[0]["count"] > 1000 and bad[0]["varied"]
    assert len(records(found["live"], RECEIVED, "accepted")) == before


def test_without_history_it_says_what_to_set(stage):
    stage.start([session(PEER4)], {"dataplane": {"history": 0}})
    refused = stage.daemon.ctl("session", "history", PEER4, check=False)
    assert refused.returncode == 7
    assert "dataplane.history is 0" in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_a_full_disk_leaves_no_half_of_a_capture(stage, tmp_path):
    silence(stage, fifty_up(stage))
    capture = tmp_path / "x.pcapng"

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    def write(to, **options):
        command = stage.daemon.ctl_command("session", "history", PEER4, "--pcapng", to)
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, **options)

    failed = write(capture, preexec_fn=small_disk)
    assert failed.returncode == 1 and "File too large, nothing of the capture was kept" in failed.stderr
    assert not capture.exists()
    assert write(capture).returncode == 0 and capture.stat().st_size > 512
    assert write("/dev/full").returncode == 1 and os.path.exists("/dev/full")
    assert write("").returncode == 2
