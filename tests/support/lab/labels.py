"""A hand-made end of an LSP or a pseudowire: every frame is built here and sent as it is."""

import struct
from dataclasses import dataclass

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lab.control import PORT, Control
from lab.speaker import FrameSpeaker
from lab.tunnel import ip_header

LSP_PING = 3503
ROUTER_ALERT, GAL = 1, 13
CHANNEL_BFD, CHANNEL_IPV4, CHANNEL_IPV6 = 0x0007, 0x0021, 0x0057


def labels_in_front(stack, behind):
    """`stack`: (label, ttl), outermost first; `behind`: octets."""
    out = b""
    for i, (label, ttl) in enumerate(stack):
        out += struct.pack("!I", label << 12 | 6 << 9 | (i + 1 == len(stack)) << 8 | ttl)
    return out + behind


def labelled(stack, behind, source_mac, destination_mac, family=0x0800):
    """A frame; without labels `behind` is an IP packet."""
    ethernet = Ether(src=source_mac, dst=destination_mac, type=0x8847 if stack else family)
    return bytes(ethernet) + labels_in_front(stack, behind)


def datagram(payload, source, destination, ttl, port=PORT, source_port=49152):
    octets = payload.encode() if isinstance(payload, Control) else bytes(payload)
    return bytes(ip_header(source, destination, ttl) / UDP(sport=source_port, dport=port) / Raw(octets))


def channel(kind, behind, first=0x10):
    return struct.pack("!BBH", first, 0, kind) + behind


@dataclass(frozen=True)
class Heard:
    """One frame of the other end."""

    ethernet: Ether
    labels: list  # of MPLS (scapy), outermost first
    channel: int | None  # type of the channel header
    ip: object  # IP, IPv6 or None
    payload: bytes  # of UDP, or what follows the channel header
    time: float

    @property
    def udp(self):
        return self.ip.getlayer(UDP)

    @property
    def ttl(self):
        return self.ip.ttl if isinstance(self.ip, IP) else self.ip.hlim

    @property
    def control(self):
        return Control.decode(self.payload)

    @property
    def is_control(self):
        return self.ip is None or self.udp.dport in (PORT, 4784)


def dissect(octets, when):
    """None: nothing of LSPs and pseudowires."""
    frame = Ether(octets)
    rest, stack, kind = octets[14:], [], None
    if frame.type == 0x8847:
        while True:
            stack.append(MPLS(rest[:4]))
            rest = rest[4:]
            if stack[-1].s:
                break
        if rest[0] >> 4 == 1:
            kind = struct.unpack("!H", rest[2:4])[0]
            rest = rest[4:]
        if kind == CHANNEL_BFD:
            return Heard(frame, stack, kind, None, rest[: rest[3]], when)
    elif frame.type not in (0x0800, 0x86DD):
        return None
    ip = IP(rest) if rest[0] >> 4 == 4 else IPv6(rest)
    udp = ip.getlayer(UDP)
    if udp is None or not {udp.sport, udp.dport} & {PORT, 4784, LSP_PING}:
        return None
    return Heard(frame, stack, kind, ip, bytes(udp.payload)[: udp.len - 8], when)


class LabelPeer(FrameSpeaker):
    """Speaks BFD by `build(control, source MAC, destination MAC)`, which gives a whole frame. `ignores(heard)`: what it is deaf to."""

    def __init__(self, lab, port, our_mac, build, interval=0.1, discriminator=0x7E57_0001, mute=False):
        self.our_mac, self.build = our_mac, build
        self.on_request = None  # is called with each Heard to the port of LSP Ping
        self.ignores = lambda _: False
        super().__init__(lab, port, interval, discriminator, detect_mult=8, mute=mute)

    def dissect(self, seen):
        heard = dissect(seen.octets, seen.time)
        return None if heard is None or self.ignores(heard) else heard

    def on_heard(self, heard):
        if heard.is_control:
            super().on_heard(heard)
            return
        self.received.append(heard)
        if self.on_request:
            self.on_request(heard)

    def frame(self, control, build=None):
        return (build or self.build)(control, self.port.mac, self.our_mac)


@dataclass(frozen=True)
class LspPing:
    """A message of RFC 8029; `tlvs`: (type, value) as they stand in it."""

    type: int = 1
    reply_mode: int = 2
    return_code: int = 0
    return_subcode: int = 0
    handle: int = 0x1020_3040
    sequence: int = 1
    sent: int = 0xE000_0000_8000_0000
    received: int = 0
    tlvs: tuple = ()
    version: int = 1

    def encode(self):
        out = struct.pack(
            "!HHBBBBIIQQ", self.version, 0, self.type, self.reply_mode, self.return_code, self.return_subcode,
            self.handle, self.sequence, self.sent, self.received,
        )  # fmt: skip
        for kind, value in self.tlvs:
            out += struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
        return out

    @classmethod
    def decode(cls, octets):
        version, _, *rest = struct.unpack("!HHBBBBIIQQ", octets[:32])
        tlvs, at = [], 32
        while at < len(octets):
            kind, length = struct.unpack("!HH", octets[at : at + 4])
            tlvs.append((kind, octets[at + 4 : at + 4 + length]))
            at += 4 + (length + 3) // 4 * 4
        return cls(*rest, tuple(tlvs), version)

    @property
    def discriminator(self):
        value = dict(self.tlvs).get(15)
        return None if value is None else struct.unpack("!I", value)[0]


def ldp_fec(address, length=32):
    """The value of a Target FEC Stack TLV with one LDP IPv4 prefix."""
    octets = bytes(int(o) for o in address.split("."))
    return struct.pack("!HH", 1, 5) + octets + bytes([length]) + bytes(3)


def discriminator_tlv(value):
    return 15, struct.pack("!I", value)
