"""tocsind and a peer with a router of the kernel's between them."""

from dataclasses import dataclass

from lab.namespace import Lab, Namespace, Port
from lab.tocsin import Tocsind

OURS = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
OTHER = {"ipv4": "203.0.113.1", "ipv6": "2001:db8:1::1"}  # of our second port
THEIRS = {"ipv4": "198.51.100.2", "ipv6": "2001:db8:2::2"}
LENGTH = {"ipv4": 24, "ipv6": 64}


def router_of(address):
    """The router's address in the subnet of `address`."""
    return address[: address.rindex(":") + 1] + "fe" if ":" in address else address[: address.rindex(".") + 1] + "254"


def with_length(address):
    return f"{address}/{64 if ':' in address else 24}"


@dataclass
class Routed:
    """`ours` and, on a network of its own, `other` are tocsind's; `theirs` is the peer's."""

    lab: Lab
    router: Namespace
    ours: Port
    other: Port
    theirs: Port
    near: Port  # the router's end of our network
    far: Port  # the router's end of the peer's network
    daemon: Tocsind | None = None

    def start(self, sessions=(), sections=None):
        """wan0 with the default routes, and wan1, which only receives."""
        wan0, wan1 = (
            {"name": name, "device": f"net_af_packet{i},iface={port.name}", "addresses": addresses}
            for i, (name, port, addresses) in enumerate(
                (("wan0", self.ours, [with_length(a) for a in OURS.values()]),
                 ("wan1", self.other, [with_length(a) for a in OTHER.values()]))
            )
        )  # fmt: skip
        wan0["route"] = [
            {"to": "0.0.0.0/0", "via": router_of(OURS["ipv4"])},
            {"to": "::/0", "via": router_of(OURS["ipv6"])},
        ]
        self.daemon = Tocsind(self.lab, self.ours.namespace, [wan0, wan1], sessions, sections)
        return self.daemon


def make_routed(lab):
    router = lab.namespace("router")
    networks = {name: lab.network(name) for name in ("near", "wan1", "far")}
    ends = {}
    for name, addresses in (("near", OURS), ("wan1", OTHER), ("far", THEIRS)):
        mine = [with_length(router_of(a)) for a in addresses.values()]
        ends[name] = networks[name].attach(router, f"r-{name}", mine)
    router.sysctl("net/ipv4/ip_forward", 1)
    router.sysctl("net/ipv6/conf/all/forwarding", 1)
    for key in ("all", "default", *(f"r-{name}" for name in networks)):
        router.sysctl(f"net/ipv4/conf/{key}/rp_filter", 0)
    theirs = networks["far"].attach("peer", "p0", [with_length(a) for a in THEIRS.values()])
    for family, address in THEIRS.items():
        theirs.namespace.ip(f"-{family[-1]}", "route", "add", "default", "via", router_of(address))
    ours = networks["near"].attach("tocsin", "t0", silent=True)
    other = networks["wan1"].attach(ours.namespace, "t1", silent=True)
    return Routed(lab, router, ours, other, theirs, ends["near"], ends["far"])


def multihop(remote, **keys):
    """A multihop [[session]] table towards `remote`, 100 ms and 300 ms of Detection Time."""
    timers = {"desired_min_tx_interval": "100ms", "required_min_rx_interval": "100ms", "detect_mult": 3}
    return {"type": "multihop", "remote": remote} | timers | keys
