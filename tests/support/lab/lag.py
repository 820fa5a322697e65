"""Member links of a LAG: a patch panel between two systems, and a BFD speaker on one link."""

import contextlib
import struct
import time
from dataclasses import dataclass, replace

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from lab.control import Control
from lab.speaker import FrameSpeaker

MICRO_PORT = 6784
DEDICATED_MAC = "01:00:5e:90:00:01"


class End:
    """One interface of a system, wired to a bridge of the panel."""

    def __init__(self, panel, namespace, name, hub_end):
        self.panel, self.namespace, self.name, self.hub_end = panel, namespace, name, hub_end

    @property
    def mac(self):
        return self.namespace.run("cat", f"/sys/class/net/{self.name}/address").stdout.strip()

    def wire(self, link):
        """Plugs the cable into link number `link`; None: nowhere, while the carrier stays."""
        if link is None:
            self.panel.hub.ip("link", "set", self.hub_end, "nomaster")
        else:
            self.panel.hub.ip("link", "set", self.hub_end, "master", f"br{link}")
        return time.time()

    def set_carrier(self, up):
        self.panel.hub.ip("link", "set", self.hub_end, "up" if up else "down")
        return time.time()


class Panel:
    """Links of two ends each. Every link is a bridge, so that cables can be moved and frames seen."""

    def __init__(self, lab, links):
        self.lab = lab
        self.hub = lab.namespace("panel")
        for family in ("all", "default"):
            self.hub.sysctl(f"net/ipv6/conf/{family}/disable_ipv6", 1)
        self.hub.sysctl_if_there("net/bridge/bridge-nf-call-iptables", 0)
        self.hub.sysctl_if_there("net/bridge/bridge-nf-call-ip6tables", 0)
        self._ends = 0
        for i in range(links):
            self.hub.ip("link", "add", f"br{i}", "type", "bridge", "mcast_snooping", "0")
            self.hub.ip("link", "set", f"br{i}", "up")

    def attach(self, namespace, name, link):
        """A new interface that belongs to tocsind or to a hand-made peer: the kernel keeps quiet on it."""
        hub_end, self._ends = f"e{self._ends}", self._ends + 1
        self.hub.ip("link", "add", hub_end, "type", "veth", "peer", "name", name, "netns", namespace.name)
        self.hub.ip("link", "set", hub_end, "master", f"br{link}", "up")
        namespace.sysctl(f"net/ipv6/conf/{name}/disable_ipv6", 1)
        namespace.ip("link", "set", name, "up")
        return End(self, namespace, name, hub_end)


@dataclass(frozen=True)
class Frames:
    """How a micro-BFD speaker sends."""

    source: str
    destination: str
    source_mac: str
    destination_mac: str = DEDICATED_MAC
    udp_port: int = MICRO_PORT
    ttl: int = 255
    tag: tuple | None = None  # VLAN, priority

    def with_(self, **changes):
        return replace(self, **changes)

    def frame(self, control):
        if ":" in self.source:
            ip = IPv6(src=self.source, dst=self.destination, hlim=self.ttl, tc=0xC0)
        else:
            ip = IP(src=self.source, dst=self.destination, ttl=self.ttl, tos=0xC0)
        ethernet = Ether(src=self.source_mac, dst=self.destination_mac)
        if self.tag is not None:
            ethernet = ethernet / Dot1Q(vlan=self.tag[0], prio=self.tag[1])
        return bytes(ethernet / ip / UDP(sport=50000, dport=self.udp_port) / Raw(control.encode()))


@dataclass(frozen=True)
class Heard:
    time: float
    frame: Ether
    control: Control


def micro(seen):
    """A frame (Seen) as a micro-BFD packet, or None."""
    frame = Ether(seen.octets)
    udp = frame.getlayer(UDP)
    if udp is None or udp.dport != MICRO_PORT:
        return None
    with contextlib.suppress(struct.error):
        return Heard(seen.time, frame, Control.decode(bytes(udp.payload)))


class MemberPeer(FrameSpeaker):
    """Speaks micro-BFD on one member link; `frames` is how it sends, and may be changed."""

    def __init__(self, lab, end, frames, interval=0.1, discriminator=0x7E57_0001):
        self.frames = frames
        super().__init__(lab, end, interval, discriminator, detect_mult=8)

    def dissect(self, seen):
        heard = micro(seen)
        v6 = ":" in self.frames.source
        return heard if heard and (heard.frame.getlayer(IPv6) is not None) == v6 else None

    def frame(self, control, **frames):
        return self.frames.with_(**frames).frame(control)
