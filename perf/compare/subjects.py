"""The programs that are compared, each with N single-hop sessions from 10.64.0.1 to 10.65.0.1 and up.

Every subject has: `name`, `pid` (of the process whose CPU time counts), start(), downs() (how often a
session left Up, by its own account), down_times() (seconds since 1970 when it took each remote down, by
its own account) and stop().
"""

import calendar
import json
import os
import re
import shutil
import time

from lab.namespace import run, wait_until
from lab.tocsin import Tocsind

ADDRESS = "10.64.0.1"
LENGTH = 15  # holds the subject and all of its peers
DETECT_MULT = 3
FRR_DAEMONS = "/usr/lib/frr"


def remotes(sessions):
    return [f"10.65.{i >> 8}.{i & 255}" for i in range(1, sessions + 1)]


def pinned(cpu, *command):
    return ["taskset", "-c", str(cpu), *map(str, command)]


class Subject:
    driver = None  # of DPDK; else it uses sockets of the kernel

    def __init__(self, lab, port, peer_mac, sessions, interval_ms, cpu):
        self.lab = lab
        self.port = port
        self.namespace = port.namespace
        self.peer_mac = peer_mac
        self.remotes = remotes(sessions)
        self.interval_ms = interval_ms
        self.cpu = cpu
        self.folder = lab.folder / f"{self.name}-{sessions}-{interval_ms}"
        self.folder.mkdir()
        self.processes = []
        self.watch = None
        lab.on_close(self.stop)

    def run(self, *command, log, **options):
        process = self.namespace.start(*pinned(self.cpu, *command), log=self.folder / log, **options)
        self.processes.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.stop(patience=20)
        self.processes.clear()

    def own_the_interface(self, kernel):
        """Gives the address to the kernel, with the MAC of every peer, or keeps the kernel quiet."""
        self.namespace.ip("addr", "flush", "dev", self.port.name)
        self.namespace.ip("neigh", "flush", "dev", self.port.name, "nud", "all")
        if not kernel:
            return
        self.namespace.ip("addr", "add", f"{ADDRESS}/{LENGTH}", "dev", self.port.name)
        batch = self.folder / "neighbours"
        batch.write_text(
            "".join(
                f"neigh replace {r} lladdr {self.peer_mac} dev {self.port.name} nud permanent\n"
                for r in self.remotes
            )
        )
        self.namespace.ip("-batch", batch)


class TocsinSubject(Subject):
    daemon = None

    def start(self):
        self.own_the_interface(kernel=False)
        interval = f"{self.interval_ms}ms"
        port = {"name": "wan0", "device": f"{self.driver}0,iface={self.port.name}",
                "addresses": [f"{ADDRESS}/{LENGTH}"]}  # fmt: skip
        profile = {"name": "all", "desired_min_tx_interval": interval, "required_min_rx_interval": interval,
                   "detect_mult": DETECT_MULT}  # fmt: skip
        self.daemon = Tocsind(
            self.lab, self.namespace, [port], [{"remote": r, "profile": "all"} for r in self.remotes],
            {"dataplane": {"workers": [self.cpu], "max_sessions": max(len(self.remotes), 1000)},
             "daemon": {"log": {"level": "info"}}, "profile": [profile]},
            start=False,
        )  # fmt: skip
        os.sched_setaffinity(0, {self.cpu})
        try:
            self.daemon.start(60)
        finally:
            os.sched_setaffinity(0, self.lab.driver_cpus)
        self.pid = self.daemon.process.pid

    def downs(self):
        return int(self.daemon.json("stats").get("transitions_down", 0))

    def expect_cut(self):
        self.watch = self.daemon.watch()

    def down_times(self):
        return {
            e["session"]["spec"]["remote"]: int(e["last_change_us"]) / 1e6
            for e in self.watch.changes(state="Down")
        }

    def stop(self):
        if self.watch:
            self.watch.close()
            self.watch = None
        if self.daemon:
            self.daemon.stop()
            shutil.rmtree(self.daemon.folder, ignore_errors=True)


class TocsinAfPacket(TocsinSubject):
    name = "tocsin-af_packet"
    driver = "net_af_packet"


class TocsinAfXdp(TocsinSubject):
    name = "tocsin-af_xdp"
    driver = "net_af_xdp"


class FrrSubject(Subject):
    name = "frr"

    def start(self):
        self.own_the_interface(kernel=True)
        shutil.chown(self.folder, "frr", "frr")
        self._daemon("zebra", "hostname frr\n")
        wait_until((self.folder / "zserv.api").exists, 10, "zebra's socket")
        lines = ["hostname frr", f"log file {self.folder}/events.log debugging", "log timestamp precision 6",
                 "debug bfd peer", "bfd"]  # fmt: skip
        for r in self.remotes:
            lines += [f" peer {r} interface {self.port.name}", f"  detect-multiplier {DETECT_MULT}",
                      f"  transmit-interval {self.interval_ms}", f"  receive-interval {self.interval_ms}",
                      "  no shutdown", " exit"]  # fmt: skip
        lines += ["exit", ""]
        self.pid = self._daemon("bfdd", "\n".join(lines), "--bfdctl", self.folder / "bfdd.sock").pid

    def _daemon(self, daemon, config, *options):
        file = self.folder / f"{daemon}.conf"
        file.write_text(config)
        shutil.chown(file, "frr", "frr")
        return self.run(
            f"{FRR_DAEMONS}/{daemon}", "-f", file, "--vty_socket", self.folder, "-P", "0",
            "-z", self.folder / "zserv.api", "-i", self.folder / f"{daemon}.pid", "--limit-fds", "30000",
            *options, log=f"{daemon}.log", env=os.environ | {"TZ": "UTC"},
        )  # fmt: skip

    def downs(self):
        shown = run("vtysh", "--vty_socket", self.folder, "-c", "show bfd peers counters json", timeout=120)
        return sum(p["session-down"] for p in json.loads(shown.stdout))

    def expect_cut(self):
        pass

    def down_times(self):
        out = {}
        pattern = re.compile(r"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\.(\d{6}) .*state-change: \[.*peer:(10\.65\.\d+\.\d+).*\] up -> down")
        for line in (self.folder / "events.log").read_text(errors="replace").splitlines():
            if found := pattern.match(line):
                out[found[3]] = at(found[1], "%Y/%m/%d %H:%M:%S", found[2])
        return out


class BirdSubject(Subject):
    name = "bird"

    def start(self):
        self.own_the_interface(kernel=True)
        neighbors = "\n".join(f'  neighbor {r} dev "{self.port.name}" local {ADDRESS};' for r in self.remotes)
        (self.folder / "bird.conf").write_text(f"""log "{self.folder}/events.log" all;
timeformat log "%Y-%m-%d %H:%M:%S.%6f";
router id {ADDRESS};
protocol device {{}}
protocol bfd b1 {{
  debug {{ events }};
  interface "{self.port.name}" {{
    min tx interval {self.interval_ms} ms;
    min rx interval {self.interval_ms} ms;
    idle tx interval 1 s;
    multiplier {DETECT_MULT};
  }};
{neighbors}
}}
""")
        self.pid = self.run(
            "bird", "-f", "-c", self.folder / "bird.conf", "-s", self.folder / "bird.ctl", "-P", self.folder / "bird.pid",
            log="bird.log", env=os.environ | {"TZ": "UTC"},
        ).pid  # fmt: skip
        wait_until((self.folder / "bird.ctl").exists, 20, "BIRD's socket")

    def downs(self):
        return len(self._downs())

    def _downs(self):
        pattern = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{6}) .*Session to (10\.65\.\d+\.\d+) changed state from Up to Down")
        text = (self.folder / "events.log").read_text(errors="replace")
        return [found for line in text.splitlines() if (found := pattern.match(line))]

    def expect_cut(self):
        pass

    def down_times(self):
        return {found[3]: at(found[1], "%Y-%m-%d %H:%M:%S", found[2]) for found in self._downs()}


def at(text, form, microseconds):
    return calendar.timegm(time.strptime(text, form)) + int(microseconds) / 1e6


SUBJECTS = {s.name: s for s in (TocsinAfPacket, TocsinAfXdp, FrrSubject, BirdSubject)}
