"""tocsind in a namespace."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from lab.namespace import LabError, wait_until
from lab.processes import Process

ROOT = Path(__file__).resolve().parents[3]
STATES = {"Up": "SESSION_STATE_UP", "Down": "SESSION_STATE_DOWN", "Init": "SESSION_STATE_INIT",
          "AdminDown": "SESSION_STATE_ADMIN_DOWN"}  # fmt: skip


def build_folder():
    """Where tocsind and tocsinctl are: TOCSIN_BUILD or build/."""
    return Path(os.environ.get("TOCSIN_BUILD", ROOT / "build")).resolve()


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value)  # strings, numbers and booleans are written alike


def toml(tables):
    """{"daemon": {...}, "port": [{...}]} as TOML, each list as an array of tables."""
    lines = []
    for name, content in tables.items():
        for table in content if isinstance(content, list) else [content]:
            lines.append(f"[[{name}]]" if isinstance(content, list) else f"[{name}]")
            lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def af_packet(number, interface):
    """Device string of port `number` on a kernel interface."""
    return f"net_af_packet{number},iface={interface}"


class Tocsind:
    """A daemon, its configuration and its command line.

    `ports`: (Port, name, [addresses]) or dicts as of [[port]]. `sessions`: dicts as of [[session]].
    `sections`: further or changed tables, such as {"dataplane": {"max_sessions": 10}}.
    """

    def __init__(self, lab, namespace, ports, sessions=(), sections=None, start=True):
        self.lab = lab
        self.namespace = namespace
        self.folder = lab.folder / f"tocsin-{namespace.short}"
        self.folder.mkdir(exist_ok=True)
        self.socket = self.folder / "api.sock"
        self.file = self.folder / "tocsin.toml"
        self.log = self.folder / "tocsind.log"
        self.process = None
        self.config = self.default_config(ports, sessions, sections or {})
        self.write()
        lab.on_close(self.stop)
        if start:
            self.start()

    def default_config(self, ports, sessions, sections):
        config = {
            "daemon": {"state_dir": str(self.folder / "state"), "log": {"level": "debug", "format": "text"},
                       "shutdown_timeout": "500ms"},
            "dataplane": {"workers": [max(os.sched_getaffinity(0))], "max_sessions": 1000, "idle": "adaptive", "huge_pages": "off"},
            "api": {"listen": [f"unix:{self.socket}"]},
            "metrics": {"listen": "127.0.0.1:9466"},
        }  # fmt: skip
        for name, table in sections.items():
            if isinstance(table, dict):
                config[name] = config.get(name, {}) | table
            else:
                config[name] = table
        config["port"] = [
            p if isinstance(p, dict) else {"name": p[1], "device": af_packet(i, p[0].name), "addresses": p[2]}
            for i, p in enumerate(ports)
        ]
        config["session"] = list(sessions)
        return config

    def write(self):
        self.file.write_text(toml(self.config))

    def start(self, timeout=20):
        """Returns when it answers; LabError with its last words when it ends instead."""
        self.process = self.namespace.start(
            build_folder() / "tocsind", "--config", self.file, log=self.log
        )

        def ready():
            if not self.process.running():
                raise LabError(f"tocsind ended with {self.process.wait(1)}: {self.process.output()[-2000:]}")
            return self.socket.exists() and self.ctl("stats", check=False).returncode == 0

        wait_until(ready, timeout, "tocsind to answer", 0.05)

    def stop(self, first=signal.SIGTERM):
        """Exit status; None when it was not running."""
        if not self.process:
            return None
        process, self.process = self.process, None
        return process.stop(first, patience=10)

    def reload(self, **changes):
        """Changed tables, then SIGHUP."""
        self.config |= changes
        self.write()
        self.process.send_signal(signal.SIGHUP)

    def ctl_command(self, *arguments):
        return [str(build_folder() / "tocsinctl"), "--socket", f"unix:{self.socket}", *map(str, arguments)]

    def ctl(self, *arguments, check=True, timeout=20):
        result = subprocess.run(
            self.ctl_command(*arguments), capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and result.returncode != 0:
            raise LabError(f"tocsinctl {' '.join(map(str, arguments))}: {result.stderr.strip()}")
        return result

    def json(self, *arguments):
        return json.loads(self.ctl("-o", "json", *arguments).stdout)

    def sessions(self):
        """Every session by the address of its peer."""
        return {s["spec"]["remote"]: s for s in self.json("session", "list", "--all").get("sessions", [])}

    def session(self, remote):
        return self.sessions()[remote]

    def state(self, remote):
        """`Up`, `Down`, `Init`, `AdminDown`; None when there is no such session."""
        session = self.sessions().get(remote)
        if session is None:
            return None
        value = session["status"].get("state")
        return next((name for name, long in STATES.items() if long == value), value)

    def wait_state(self, remote, state, timeout=15):
        wait_until(lambda: self.state(remote) == state, timeout, f"tocsind to show {remote} {state}", 0.05)

    def drops(self):
        """Dropped packets by reason, over all workers."""
        return {k: int(v) for k, v in self.json("stats").get("drops", {}).items()}

    def metrics(self):
        """The text of a scrape, from inside the namespace where it is served."""
        with self.namespace.entered():
            # Proxies of the environment are not for 127.0.0.1.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open("http://127.0.0.1:9466/metrics", timeout=5) as answer:
                return answer.read().decode()

    def watch(self, *arguments):
        return Watch(self, arguments)


class Watch:
    """`tocsinctl -o jsonl watch` in the background."""

    def __init__(self, daemon, arguments):
        self._process = Process(
            daemon.lab.record,
            daemon.ctl_command("-o", "jsonl", "watch", *arguments),
            daemon.folder / "watch.log",
            stdout=subprocess.PIPE,
            text=True,
        )
        self._events = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        wait_until(lambda: self.of_kind("SNAPSHOT_END"), 10, "the end of the snapshot")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._process.stop()
        self._thread.join()

    def _read(self):
        for line in self._process.stdout:
            event = json.loads(line)
            event["seen_at"] = time.time()
            self._events.append(event)

    def events(self):
        return list(self._events)

    def of_kind(self, kind):
        return [e for e in self.events() if e.get("kind") == f"WATCH_KIND_{kind}"]

    def changes(self, remote=None, state=None, since=0.0):
        """State changes of a peer into a state, as they came in."""
        return [
            e
            for e in self.of_kind("CHANGED")
            if (remote is None or e["session"]["spec"]["remote"] == remote)
            and (state is None or e["session"]["status"].get("state") == STATES[state])
            and e.get("previous_state") != e["session"]["status"].get("state")
            and e["seen_at"] >= since
        ]

    def wait(self, remote, state, timeout=10, since=0.0):
        changes = wait_until(
            lambda: self.changes(remote, state, since), timeout, f"an event: {remote} {state}"
        )
        return changes[0]
