"""Namespaces, networks between them, and the run that owns both."""

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

from lab.processes import Process, Record, end, start_time

RUN_FOLDER = Path("/run/tocsin-lab")
PREFIX = "tocsinlab-"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(RuntimeError):
    """Something outside the program under test went wrong, in one sentence."""


def run(*command, check=True, timeout=20):
    result = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=timeout, check=False
    )
    if check and result.returncode != 0:
        raise LabError(f"{' '.join(map(str, command))}: {result.stderr.strip() or result.stdout.strip()}")
    return result


def wait_until(condition, timeout, what="", interval=0.02):
    """The first true value of condition(); LabError after `timeout` seconds says what was awaited."""
    until = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise LabError(f"waited {timeout:g} s in vain for {what or condition}")
        time.sleep(interval)


class Namespace:
    def __init__(self, lab, name):
        self.lab = lab
        self.short = name
        self.name = f"{PREFIX}{lab.id}-{name}"
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def sysctl(self, key, value):
        path = "/proc/sys/" + key
        run("ip", "netns", "exec", self.name, "sh", "-c", 'printf %s "$1" > "$2"', "sh", str(value), path)

    def sysctl_if_there(self, key, value):
        if self.run("test", "-e", "/proc/sys/" + key, check=False).returncode == 0:
            self.sysctl(key, value)

    def command(self, *command):
        """`command` so that it runs in here; `ip netns exec` becomes the program itself."""
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(self, *command, check=True, timeout=20):
        return run(*self.command(*command), check=check, timeout=timeout)

    def start(self, *command, log, **options):
        return Process(self.lab.record, self.command(*command), log, **options)

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace meanwhile; sockets made then stay in it."""
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as home, open(
            f"/run/netns/{self.name}"
        ) as there:
            if _libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise LabError(f"cannot enter {self.name}: {os.strerror(ctypes.get_errno())}")
            try:
                yield
            finally:
                if _libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                    os._exit(70)  # in the wrong namespace for good: nothing sane can follow


class Port:
    """One interface of a namespace on a network."""

    def __init__(self, namespace, name, network, hub_end):
        self.namespace = namespace
        self.name = name
        self.network = network
        self.hub_end = hub_end

    @property
    def mac(self):
        return self.namespace.run("cat", f"/sys/class/net/{self.name}/address").stdout.strip()

    def set_mac(self, mac):
        self.namespace.ip("link", "set", self.name, "address", mac)

    def link_local(self):
        """The kernel's link-local address here."""

        def find():
            lines = self.namespace.ip("-6", "-o", "addr", "show", "dev", self.name, "scope", "link").stdout
            return [line.split()[3].split("/")[0] for line in lines.splitlines() if "tentative" not in line]

        return wait_until(find, 5, f"a link-local address on {self.name}")[0]

    def cut(self):
        """No frame passes any more, while both ends keep their carrier: only BFD can see it.

        Returns the time of it, seconds since 1970.
        """
        self.network.hub.ip("link", "set", self.hub_end, "nomaster")
        return time.time()

    def heal(self):
        self.network.hub.ip("link", "set", self.hub_end, "master", self.network.bridge)
        return time.time()


class Network:
    """An Ethernet segment: a bridge in a namespace of its own, a veth pair to each port."""

    def __init__(self, lab, name):
        self.lab = lab
        self.hub = lab.namespace("hub-" + name)
        self.bridge = "br0"
        self._next = itertools.count()
        self.hub.sysctl("net/ipv6/conf/all/disable_ipv6", 1)
        self.hub.sysctl("net/ipv6/conf/default/disable_ipv6", 1)
        # Packets that iptables would refuse have to reach the program under test.
        self.hub.sysctl_if_there("net/bridge/bridge-nf-call-iptables", 0)
        self.hub.sysctl_if_there("net/bridge/bridge-nf-call-ip6tables", 0)
        self.hub.ip("link", "add", self.bridge, "type", "bridge", "mcast_snooping", "0")
        self.hub.ip("link", "set", self.bridge, "up")

    def attach(self, namespace, name, addresses=(), silent=False):
        """A new interface `name` of `namespace` (a Namespace, or the name of a new one).

        `silent`: the kernel's own stack keeps quiet on it, since tocsind owns it.
        """
        if isinstance(namespace, str):
            namespace = self.lab.namespace(namespace)
        hub_end = f"p{next(self._next)}"
        self.hub.ip("link", "add", hub_end, "type", "veth", "peer", "name", name, "netns", namespace.name)
        self.hub.ip("link", "set", hub_end, "master", self.bridge, "up")
        if silent:
            namespace.sysctl(f"net/ipv6/conf/{name}/disable_ipv6", 1)
        for address in addresses:
            namespace.ip("addr", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        namespace.ip("link", "set", name, "up")
        return Port(namespace, name, self, hub_end)


class Lab:
    """A run: its namespaces and processes, all gone when it ends (or `keep` was called)."""

    def __init__(self):
        if os.geteuid() != 0:
            raise LabError("network namespaces need root: run this as root or with sudo")
        remove_dead_runs()
        self.id = f"{os.getpid()}-{start_time(os.getpid())}-{next(Lab._numbers)}"
        self.folder = RUN_FOLDER / self.id
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        self.record = Record(self.folder / "record")
        self._namespaces = []
        self._on_close = []
        self._kept = False

    _numbers = itertools.count()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def namespace(self, name):
        self.record.add("netns", f"{PREFIX}{self.id}-{name}")
        namespace = Namespace(self, name)
        self._namespaces.append(namespace)
        return namespace

    def network(self, name):
        return Network(self, name)

    def on_close(self, action):
        """Called before the namespaces go, last one first."""
        self._on_close.append(action)

    def keep(self):
        """Leaves everything running; `remove_run` with the id ends it."""
        self._kept = True
        (self.folder / "kept").touch()

    def close(self):
        if self._kept:
            return
        for action in reversed(self._on_close):
            with contextlib.suppress(Exception):
                action()
        self._on_close.clear()
        remove_run(self.folder)


def remove_run(folder):
    """Ends the processes of a run and removes its namespaces and files."""
    record = Record(folder / "record")
    for pid, started in reversed(record.entries("process")):
        if started != "None":
            end(int(pid), int(started))
    for (name,) in record.entries("netns"):
        if Path("/run/netns", name).exists():
            run("ip", "netns", "del", name, check=False)
    for (path,) in record.entries("path"):
        shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        RUN_FOLDER.rmdir()


def remove_dead_runs(kept=False):
    """Removes what runs left behind whose process is gone; kept ones only when `kept`. How many."""
    removed = 0
    for folder in RUN_FOLDER.glob("*-*-*"):
        pid, started, _ = folder.name.split("-")
        if str(start_time(int(pid))) == started:
            continue
        if kept or not (folder / "kept").exists():
            remove_run(folder)
            removed += 1
    return removed
