"""FRR's zebra and bfdd in a namespace."""

import json
import shutil
import signal
from dataclasses import dataclass

from lab.namespace import LabError, run, wait_until

DAEMONS = "/usr/lib/frr"


@dataclass
class FrrPeer:
    """One `peer` of bfdd. Intervals in milliseconds, 10..60000."""

    remote: str
    local: str | None = None
    transmit_ms: int = 100
    receive_ms: int = 100
    detect_mult: int = 3
    passive: bool = False
    shutdown: bool = False
    echo_ms: int | None = None  # both ways; None: no Echo
    minimum_ttl: int | None = None  # of a multihop peer; None: single hop

    def command(self, interface):
        local = f" local-address {self.local}" if self.local else ""
        if self.minimum_ttl is not None:
            return f"peer {self.remote} multihop{local}"
        return f"peer {self.remote}{local} interface {interface}"

    def lines(self, interface):
        return [
            self.command(interface),
            f"detect-multiplier {self.detect_mult}",
            f"transmit-interval {self.transmit_ms}",
            f"receive-interval {self.receive_ms}",
            *(
                [f"echo transmit-interval {self.echo_ms}", f"echo receive-interval {self.echo_ms}", "echo-mode"]
                if self.echo_ms
                else []
            ),
            "passive-mode" if self.passive else "no passive-mode",
            *([f"minimum-ttl {self.minimum_ttl}"] if self.minimum_ttl is not None else []),
            "shutdown" if self.shutdown else "no shutdown",
            "exit",
        ]


class Frr:
    """bfdd with `peers` on one port. zebra runs beside it, or bfdd would know no interface."""

    def __init__(self, lab, port, peers):
        self.port = port
        self.namespace = port.namespace
        self.peers = list(peers)
        self._folder = lab.folder / f"frr-{self.namespace.short}"
        self._folder.mkdir()
        shutil.chown(self._folder, "frr", "frr")
        self._processes = {}
        lab.on_close(self.stop)
        self.start()

    def start(self):
        config = ["hostname frr", "bfd"]
        for peer in self.peers:
            config += [" " + line for line in peer.lines(self.port.name)]
        self._start("zebra", "hostname frr\n")
        wait_until((self._folder / "zserv.api").exists, 10, "zebra's socket")
        self._start("bfdd", "\n".join([*config, "exit", ""]), "--bfdctl", self._folder / "bfdd.sock")
        wait_until(lambda: len(self._show()) == len(self.peers), 10, "bfdd to know its peers")

    def _start(self, daemon, config, *options):
        file = self._folder / f"{daemon}.conf"
        file.write_text(config)
        shutil.chown(file, "frr", "frr")
        self._processes[daemon] = self.namespace.start(
            f"{DAEMONS}/{daemon}", "-f", file, "--vty_socket", self._folder, "-P", "0",
            "-z", self._folder / "zserv.api", "-i", self._folder / f"{daemon}.pid", *options,
            log=self._folder / f"{daemon}.log",
        )  # fmt: skip

    def stop(self, first=signal.SIGTERM):
        for daemon in ("bfdd", "zebra"):
            if daemon in self._processes:
                self._processes.pop(daemon).stop(first)
        for socket in self._folder.glob("zserv.api"):  # a new bfdd would knock at a dead zebra's door
            socket.unlink()

    def kill(self):
        """bfdd gone without a word to anybody."""
        self.stop(signal.SIGKILL)

    def send_signal(self, number):
        self._processes["bfdd"].send_signal(number)

    def vtysh(self, *commands):
        words = [word for command in commands for word in ("-c", command)]
        return run("vtysh", "--vty_socket", self._folder, *words).stdout

    def _show(self):
        try:
            return json.loads(self.vtysh("show bfd peers json"))
        except (LabError, ValueError):
            return []

    def show(self):
        """Every peer as FRR tells it, by remote address."""
        return {peer["peer"]: peer for peer in self._show()}

    def status(self, remote):
        """`up`, `down`, `init` or `shutdown`; None when not known."""
        return self.show().get(remote, {}).get("status")

    def counters(self, remote):
        shown = json.loads(self.vtysh("show bfd peers counters json"))
        return next(peer for peer in shown if peer["peer"] == remote)

    def wait_status(self, remote, status, timeout=15):
        wait_until(lambda: self.status(remote) == status, timeout, f"FRR to show {remote} {status}", 0.05)

    def configure(self, peer):
        """Changes a running peer."""
        lines = peer.lines(self.port.name)
        self.vtysh("configure", "bfd", *lines)
