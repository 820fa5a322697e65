"""BIRD's BFD protocol in a namespace."""

import signal
from dataclasses import dataclass

from lab.namespace import LabError, run, wait_until


@dataclass
class BirdNeighbor:
    remote: str
    local: str | None = None
    multihop: bool = False


class Bird:
    """BIRD with `neighbors` on one port; intervals in milliseconds hold for all of them.

    `authentication`: BIRD's words for it, such as "meticulous keyed sha1"; `keys`: (id, password), the first one
    signs.
    """

    def __init__(
        self, lab, port, neighbors, min_tx_ms=100, min_rx_ms=100, multiplier=3, passive=False, authentication=None, keys=()
    ):
        self.port = port
        self.namespace = port.namespace
        self.neighbors = list(neighbors)
        self._timers = {"min_tx_ms": min_tx_ms, "min_rx_ms": min_rx_ms, "multiplier": multiplier}
        self._passive = passive
        self.authentication = authentication
        self.keys = list(keys)
        self._folder = lab.folder / f"bird-{self.namespace.short}"
        self._folder.mkdir()
        self._socket = self._folder / "bird.ctl"
        self._process = None
        lab.on_close(self.stop)
        self.start()

    def _config(self):
        t = self._timers
        neighbors = "\n".join(
            f"  neighbor {n.remote} local {n.local} multihop yes;"
            if n.multihop
            else f'  neighbor {n.remote} dev "{self.port.name}"' + (f" local {n.local};" if n.local else ";")
            for n in self.neighbors
        )
        authentication = f"    authentication {self.authentication};\n" if self.authentication else ""
        passwords = "".join(f'    password "{secret}" {{ id {number}; }};\n' for number, secret in self.keys)
        return f"""log stderr all;
router id 192.0.2.250;
protocol device {{}}
protocol bfd b1 {{
  {"multihop" if any(n.multihop for n in self.neighbors) else f'interface "{self.port.name}"'} {{
    min tx interval {t["min_tx_ms"]} ms;
    min rx interval {t["min_rx_ms"]} ms;
    idle tx interval 1 s;
    multiplier {t["multiplier"]};
    passive {"yes" if self._passive else "no"};
{authentication}{passwords}  }};
{neighbors}
}}
"""

    def start(self):
        file = self._folder / "bird.conf"
        file.write_text(self._config())
        self._process = self.namespace.start(
            "bird", "-f", "-c", file, "-s", self._socket, "-P", self._folder / "bird.pid",
            log=self._folder / "bird.log",
        )  # fmt: skip
        wait_until(lambda: self._socket.exists() and self.show() is not None, 10, "BIRD's socket")

    def stop(self, first=signal.SIGTERM):
        if self._process:
            self._process.stop(first)
            self._process = None
            self._socket.unlink(missing_ok=True)

    def kill(self):
        """Gone without a word to anybody."""
        self.stop(signal.SIGKILL)

    def send_signal(self, number):
        self._process.send_signal(number)

    def birdc(self, *words):
        return run("birdc", "-s", self._socket, *words).stdout

    def configure(self, **timers):
        """Changes min_tx_ms, min_rx_ms or multiplier of the running sessions."""
        self._timers |= timers
        (self._folder / "bird.conf").write_text(self._config())
        self.birdc("configure")

    def show(self):
        """(state, interval in s, timeout in s) of every session by remote address; None without BIRD."""
        try:
            text = self.birdc("show", "bfd", "sessions")
        except LabError:
            return None
        rows = (line.split() for line in text.splitlines())
        states = ("AdminDown", "Down", "Init", "Up")
        return {r[0]: (r[2], float(r[-2]), float(r[-1])) for r in rows if len(r) >= 6 and r[2] in states}

    def state(self, remote):
        return (self.show() or {}).get(remote, (None,))[0]

    def wait_state(self, remote, state, timeout=15):
        wait_until(lambda: self.state(remote) == state, timeout, f"BIRD to show {remote} {state}", 0.05)
