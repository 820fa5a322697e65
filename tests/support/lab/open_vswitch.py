"""Open vSwitch in a namespace: userspace datapath, one tunnel port, its own BFD in the tunnel."""

import json
import os

from lab.namespace import LabError, run, wait_until

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
UNDERLAY, OVERLAY, TUNNEL = "brp", "bri", "tun0"


class OpenVswitch:
    """A VTEP with `address` (with prefix length) on `port`, whose interface must have no address of its own.

    `kind`: "vxlan" or "geneve"; `key`: its VNI; `bfd`: the keys of column `bfd` of the interface, without `enable`.
    """

    def __init__(self, lab, port, address, kind, remote, key, bfd=()):
        self.port = port
        self.namespace = port.namespace
        self._folder = lab.folder / f"ovs-{self.namespace.short}"
        self._folder.mkdir()
        self._database = f"unix:{self._folder}/db.sock"
        self._processes = []
        lab.on_close(self.stop)
        run("ovsdb-tool", "create", self._folder / "conf.db", SCHEMA)
        self._start("ovsdb-server", self._folder / "conf.db", f"--remote=p{self._database}")
        wait_until(lambda: (self._folder / "db.sock").exists(), 10, "the socket of ovsdb-server")
        self.vsctl("--no-wait", "init")
        self._start("ovs-vswitchd", self._database, "--disable-system")
        netdev = ["datapath_type=netdev"]
        self.vsctl("add-br", UNDERLAY, "--", "set", "bridge", UNDERLAY, *netdev)
        self.vsctl("add-port", UNDERLAY, port.name)
        # The tap of the bridge is the VTEP. A lower MTU than the link's would be taken over from the veth.
        self.namespace.ip("addr", "add", address, "dev", UNDERLAY)
        self.namespace.ip("link", "set", UNDERLAY, "up")
        self.vsctl("add-br", OVERLAY, "--", "set", "bridge", OVERLAY, *netdev)
        self.vsctl(
            "add-port", OVERLAY, TUNNEL, "--", "set", "interface", TUNNEL, f"type={kind}",
            f"options:remote_ip={remote}", f"options:key={key}",
        )  # fmt: skip
        self.set_bfd({"enable": "true"} | dict(bfd))

    def _start(self, program, *arguments):
        environment = os.environ | {"OVS_RUNDIR": str(self._folder)}
        self._processes.append(
            self.namespace.start(
                program, *arguments, f"--unixctl={self._folder}/{program}.ctl", "--no-chdir",
                log=self._folder / f"{program}.log", env=environment,
            )
        )  # fmt: skip

    def stop(self):
        while self._processes:
            self._processes.pop().stop()

    def vsctl(self, *words):
        return self.namespace.run("ovs-vsctl", f"--db={self._database}", "--timeout=15", *words).stdout

    def set_bfd(self, keys):
        """Sets keys of column `bfd`, others stay. A colon in a value, as MAC addresses have it, is quoted."""
        self.vsctl("set", "interface", TUNNEL, *(f'bfd:{key}="{value}"' for key, value in keys.items()))

    def tunnel_mac(self):
        """What its BFD packets come from by default."""
        return self.vsctl("get", "interface", TUNNEL, "mac_in_use").strip().strip('"')

    def bfd_status(self):
        """Column `bfd_status`; empty before BFD runs, and without Open vSwitch."""
        try:
            text = self.vsctl("--format=json", "--columns=bfd_status", "find", "interface", f"name={TUNNEL}")
        except LabError:
            return {}
        rows = json.loads(text)["data"]
        return dict(rows[0][0][1]) if rows else {}

    def state(self):
        return self.bfd_status().get("state")

    def wait_state(self, state, timeout=20):
        wait_until(lambda: self.state() == state, timeout, f"Open vSwitch to show {state}", 0.1)
