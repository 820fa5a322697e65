"""Sessions that ask for too much are refused, and a worker that does not keep up says so and keeps what it has."""

import re
import signal
import threading
import time

import pytest

from lab import wait_until
from lab.stage import PEER4, session

# At 1 ms in both directions over net_af_packet a session is taken to cost 1500 + 10000 cycles 1143 times a second: as
# many are more than a CPU of 8 GHz can carry.
TOO_MANY = 1_500


def worker(daemon):
    return daemon.json("worker", "list")["workers"][0]


def log_lines(daemon, event):
    return [line for line in daemon.log.read_text().splitlines() if f" {event} " in line]


def fast_sessions(n):
    return [
        session(f"2001:db8::{i:x}", desired_min_tx_interval="1ms", required_min_rx_interval="1ms")
        for i in range(0x1000, 0x1000 + n)
    ]


def many(sections=None):
    return {"dataplane": {"max_sessions": TOO_MANY + 10} | (sections or {})}


def test_a_file_that_asks_for_too_much_is_told_with_the_figures_and_what_comes_is_refused(stage):
    daemon = stage.start(fast_sessions(TOO_MANY), many())
    (line,) = wait_until(lambda: log_lines(daemon, "demand_above_capacity"), 5, "a word about the demand")
    share = float(re.search(r"demand_percent=([\d.]+)", line)[1])
    assert share > 100 and "cost=assumed" in line and f"rx_per_second={round(TOO_MANY * 1000 / 0.875)}" in line
    wait_until(lambda: worker(daemon)["demand"]["share"] > 0, 5, "the next second")
    assert worker(daemon)["demand"]["share"] == pytest.approx(share / 100, rel=0.01)

    refused = daemon.ctl("session", "add", "192.0.2.77", check=False)
    assert refused.returncode == 6
    for part in ("packets/s received + sent", "1500 + 10000 cycles each, assumed", "dataplane.workers", "dataplane.admission"):
        assert part in refused.stderr, refused.stderr
    assert len(refused.stderr.splitlines()) == 1

    # What asks for less, or for nothing more, is no worse than before.
    daemon.reload(session=fast_sessions(TOO_MANY - 1))
    wait_until(lambda: log_lines(daemon, "reloaded"), 10, "the reload")
    daemon.reload(session=fast_sessions(TOO_MANY))
    wait_until(lambda: log_lines(daemon, "reload_refused"), 10, "the refusal")
    assert "packets/s" in log_lines(daemon, "fault")[0]
    assert int(daemon.json("stats")["sessions_down"]) == TOO_MANY - 1


def test_the_limit_can_be_lifted_by_a_reload(stage):
    daemon = stage.start(fast_sessions(TOO_MANY), many())
    assert daemon.ctl("session", "add", "192.0.2.77", check=False).returncode == 6
    daemon.reload(dataplane=daemon.config["dataplane"] | {"admission": "warn"})
    wait_until(lambda: log_lines(daemon, "reloaded"), 10, "the reload")
    assert log_lines(daemon, "needs_restart") == []
    daemon.ctl("session", "add", "192.0.2.77")


class Stutter:
    """The whole daemon stands still for a third of the time, as on a machine that gives it no CPU."""

    def __init__(self, daemon):
        self._process = daemon.process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.is_set():
            self._process.send_signal(signal.SIGSTOP)
            time.sleep(0.015)
            self._process.send_signal(signal.SIGCONT)
            time.sleep(0.03)


SLOW = {"desired_min_tx_interval": "10ms", "required_min_rx_interval": "10ms", "detect_mult": 100}
# A device that hands out packets without end.
JUNK = {"name": "junk", "device": "net_null0", "addresses": ["198.51.100.1/24"]}


# req: RFC5880-7-03
def test_a_worker_without_idle_time_keeps_its_sessions_and_gets_no_others(stage):
    daemon = stage.start([session(PEER4, **SLOW)], more_ports=[JUNK])
    stage.peer(PEER4, interval=0.01, detect_mult=100).wait_up()
    wait_until(lambda: worker(daemon)["overload"]["active"], 15, "the alarm")
    alarm = worker(daemon)["overload"]
    assert "OVERLOAD_SIGN_BUSY" in alarm["signs"] and alarm["raised"] == "1"
    assert time.time() * 1e6 - int(alarm["since_us"]) < 20e6
    assert 'tocsin_worker_overloaded{lcore="' in daemon.metrics()
    assert re.search(r'tocsin_worker_overloaded\{lcore="\d+"\} 1', daemon.metrics())
    daemon.ctl("session", "add", "192.0.2.88", "--name", "late")
    status = daemon.session("192.0.2.88")["status"]
    assert status["waiting"] == "every worker is overloaded" and status["local_discr"] == 0
    assert "waiting: every worker is overloaded" in daemon.ctl("session", "show", "late").stdout
    assert "busy" in daemon.ctl("worker", "list").stdout
    (line,) = log_lines(daemon, "worker_overloaded")
    assert float(re.search(r"busy_percent=([\d.]+)", line)[1]) > 90 and "gets no further sessions" in line
    assert daemon.session(PEER4)["status"]["down_count"] == 0
    assert daemon.state(PEER4) == "Up"


def test_a_worker_that_is_only_late_raises_the_alarm_and_gets_further_sessions(stage):
    daemon = stage.start([session(PEER4, **SLOW)])
    stage.peer(PEER4, interval=0.01, detect_mult=100).wait_up()
    wait_until(lambda: worker(daemon)["load"]["tx_packets_per_second"] > 20, 10, "the load of an Up session")
    assert not worker(daemon)["overload"]["active"]

    with Stutter(daemon):
        wait_until(lambda: worker(daemon)["overload"]["active"], 15, "the alarm")
        alarm = worker(daemon)["overload"]
        assert alarm["signs"] == ["OVERLOAD_SIGN_LATE_TX"] and alarm["raised"] == "1"
        assert "late_tx" in daemon.ctl("worker", "list").stdout
        daemon.ctl("session", "add", "192.0.2.88", "--name", "late")
        assert daemon.session("192.0.2.88")["status"]["waiting"] == ""
        wait_until(lambda: daemon.session("192.0.2.88")["status"]["local_discr"] != 0, 5, "its discriminator")
    (line,) = log_lines(daemon, "worker_overloaded")
    assert float(re.search(r"late_tx_percent=([\d.]+)", line)[1]) > 1 and "gets further sessions" in line

    # It ends, and the session that was there has not noticed.
    wait_until(lambda: len(log_lines(daemon, "worker_recovered")) == 1, 20, "the end of the alarm")
    assert not worker(daemon)["overload"]["active"]
    assert daemon.session(PEER4)["status"]["down_count"] == 0
    assert daemon.state(PEER4) == "Up"


def test_without_admission_an_alarm_holds_nobody_back(stage):
    daemon = stage.start([session(PEER4, **SLOW)], {"dataplane": {"admission": "off"}}, [JUNK])
    stage.peer(PEER4, interval=0.01, detect_mult=100).wait_up()
    wait_until(lambda: worker(daemon)["overload"]["active"], 15, "the alarm")
    daemon.ctl("session", "add", "192.0.2.88")
    assert daemon.session("192.0.2.88")["status"]["waiting"] == ""
