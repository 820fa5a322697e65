"""A hand-made end of a VXLAN or Geneve tunnel: every frame is built here and sent as it is."""

import struct
from dataclasses import dataclass, replace

from scapy.contrib.geneve import GENEVE
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from lab.control import PORT, Control
from lab.speaker import FrameSpeaker

VXLAN_PORT, GENEVE_PORT = 4789, 6081
VXLAN_MAC = "00:00:5e:00:52:02"


def ip_header(source, destination, ttl, **more):
    if ":" in source:
        return IPv6(src=source, dst=destination, hlim=ttl, tc=0xC0, **more)
    return IP(src=source, dst=destination, ttl=ttl, tos=0xC0, **more)


@dataclass(frozen=True)
class Headers:
    """What is in front of a Control packet, as the peer sends it; None as inner MAC: IP follows at once."""

    kind: str  # "vxlan" or "geneve"
    source: str
    destination: str
    vni: int
    inner_source: str
    inner_destination: str
    inner_source_mac: str | None
    inner_destination_mac: str | None
    outer_ttl: int = 64
    ttl: int = 255
    port: int = PORT
    vlans: tuple = ()
    flags: int | None = None  # first octet of VXLAN; of Geneve the second
    outer_checksum: int | None = None  # None: computed
    inner_checksum: int | None = None
    inner_ip: tuple = ()  # further fields, as items

    def with_(self, **changes):
        return replace(self, **changes)

    def frame(self, payload, source_mac, destination_mac):
        octets = payload.encode() if isinstance(payload, Control) else bytes(payload)
        inner_udp = UDP(sport=49152, dport=self.port, **self._sum(self.inner_checksum))
        inner = ip_header(self.inner_source, self.inner_destination, self.ttl, **dict(self.inner_ip))
        inner = inner / inner_udp / Raw(octets)
        protocol = 0x86DD if ":" in self.inner_source else 0x0800
        if self.inner_destination_mac is not None:
            ethernet = Ether(src=self.inner_source_mac, dst=self.inner_destination_mac)
            for vlan in self.vlans:
                ethernet = ethernet / Dot1Q(vlan=vlan)
            inner = ethernet / inner
            protocol = 0x6558
        if self.kind == "vxlan":
            tunnel = struct.pack("!BxxxI", 0x08 if self.flags is None else self.flags, self.vni << 8)
        else:
            tunnel = struct.pack("!BBHI", 0, 0x80 if self.flags is None else self.flags, protocol, self.vni << 8)
        udp = UDP(sport=50000, dport=VXLAN_PORT if self.kind == "vxlan" else GENEVE_PORT, **self._sum(self.outer_checksum))
        outer = ip_header(self.source, self.destination, self.outer_ttl)
        return bytes(Ether(src=source_mac, dst=destination_mac) / outer / udp / Raw(tunnel + bytes(inner)))

    @staticmethod
    def _sum(checksum):
        return {} if checksum is None else {"chksum": checksum}


@dataclass(frozen=True)
class Heard:
    """One frame of the other end: its layers (scapy) and the Control packet."""

    outer: Ether
    tunnel: object  # VXLAN or GENEVE
    control: Control

    @property
    def inner_ip(self):
        return self.tunnel.getlayer(IP) or self.tunnel.getlayer(IPv6)

    @property
    def inner_ethernet(self):
        return self.tunnel.getlayer(Ether)

    @property
    def inner_udp(self):
        return self.tunnel.getlayer(UDP)


def dissect(octets, kind):
    """A frame of a tunnel, or None."""
    frame = Ether(octets)
    number = VXLAN_PORT if kind == "vxlan" else GENEVE_PORT
    udp = frame.getlayer(UDP)
    if udp is None or udp.dport != number:
        return None
    tunnel = (VXLAN if kind == "vxlan" else GENEVE)(bytes(udp.payload))
    inner = tunnel.getlayer(UDP)
    if inner is None or inner.dport != PORT:
        return None
    return Heard(frame, tunnel, Control.decode(bytes(inner.payload)))


class TunnelPeer(FrameSpeaker):
    """Speaks BFD in a tunnel; `headers` is what it sends with, and may be changed."""

    def __init__(self, lab, port, headers, our_mac, interval=0.1, discriminator=0x7E57_0001):
        self.headers, self.our_mac = headers, our_mac
        super().__init__(lab, port, interval, discriminator)

    def dissect(self, seen):
        heard = dissect(seen.octets, self.headers.kind)
        return heard if heard and heard.tunnel.vni == self.headers.vni else None

    def frame(self, control, **headers):
        return self.headers.with_(**headers).frame(control, self.port.mac, self.our_mac)
