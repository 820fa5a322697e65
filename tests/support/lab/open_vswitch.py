"""Open vSwitch in a namespace, on its userspace datapath: as the end of a tunnel, and as a switch with VLANs."""

import json
import os

from lab.namespace import LabError, run, wait_until

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
UNDERLAY, OVERLAY, TUNNEL = "brp", "bri", "tun0"


class _Switch:
    """The daemons, and the command line that sets them up."""

    def __init__(self, lab, namespace):
        self.namespace = namespace
        self._folder = lab.folder / f"ovs-{namespace.short}"
        self._folder.mkdir()
        self._database = f"unix:{self._folder}/db.sock"
        self._processes = []
        lab.on_close(self.stop)
        run("ovsdb-tool", "create", self._folder / "conf.db", SCHEMA)
        self._start("ovsdb-server", self._folder / "conf.db", f"--remote=p{self._database}")
        wait_until(lambda: (self._folder / "db.sock").exists(), 10, "the socket of ovsdb-server")
        self.vsctl("--no-wait", "init")
        self._start("ovs-vswitchd", self._database, "--disable-system")

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

    def add_bridge(self, name):
        self.vsctl("add-br", name, "--", "set", "bridge", name, "datapath_type=netdev")


class OpenVswitch(_Switch):
    """A VTEP with `address` (with prefix length) on `port`, whose interface must have no address of its own.

    `kind`: "vxlan" or "geneve"; `key`: its VNI; `bfd`: the keys of column `bfd` of the interface, without `enable`.
    """

    def __init__(self, lab, port, address, kind, remote, key, bfd=()):
        super().__init__(lab, port.namespace)
        self.add_bridge(UNDERLAY)
        self.vsctl("add-port", UNDERLAY, port.name)
        self.namespace.ip("addr", "add", address, "dev", UNDERLAY)  # the bridge's tap is the VTEP
        self.namespace.ip("link", "set", UNDERLAY, "up")
        self.add_bridge(OVERLAY)
        self.vsctl(
            "add-port", OVERLAY, TUNNEL, "--", "set", "interface", TUNNEL, f"type={kind}",
            f"options:remote_ip={remote}", f"options:key={key}",
        )  # fmt: skip
        self.set_bfd({"enable": "true"} | dict(bfd))

    def set_bfd(self, keys):
        """Sets keys of column `bfd`, others stay."""
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


class VlanSwitch(_Switch):
    """A switch between two networks: what is untagged on `access` has the tag `vlan` on `trunk`."""

    def __init__(self, lab, trunk, access, vlan):
        super().__init__(lab, lab.namespace("switch"))
        self._access = access.attach(self.namespace, "access", silent=True)
        trunk.attach(self.namespace, "trunk", silent=True)
        self.add_bridge("br")
        self.vsctl("add-port", "br", "trunk", f"trunks={vlan}")
        self.vsctl("add-port", "br", "access", f"tag={vlan}")

    def cut(self):
        self._access.cut()

    def heal(self):
        self._access.heal()
