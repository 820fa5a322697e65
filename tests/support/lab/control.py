"""BFD Control packets, RFC 5880 4.1, and the frames around them."""

import struct
from dataclasses import dataclass, replace

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

PORT = 3784
MULTIHOP_PORT = 4784
SBFD_PORT = 7784
ADMIN_DOWN, DOWN, INIT, UP = range(4)
STATE_NAMES = ("AdminDown", "Down", "Init", "Up")
POLL, FINAL, INDEPENDENT, AUTHENTICATION, DEMAND, MULTIPOINT = 0x20, 0x10, 0x08, 0x04, 0x02, 0x01


@dataclass(frozen=True)
class Control:
    """The mandatory section, whatever its values; `tail` is what follows in the UDP payload."""

    state: int = DOWN
    diag: int = 0
    flags: int = 0
    detect_mult: int = 3
    my_discriminator: int = 0
    your_discriminator: int = 0
    desired_min_tx_us: int = 100_000
    required_min_rx_us: int = 100_000
    echo_rx_us: int = 0
    version: int = 1
    length: int = 24
    tail: bytes = b""

    def encode(self):
        return (
            struct.pack(
                "!BBBBIIIII",
                self.version << 5 | self.diag,
                self.state << 6 | self.flags,
                self.detect_mult,
                self.length,
                self.my_discriminator,
                self.your_discriminator,
                self.desired_min_tx_us,
                self.required_min_rx_us,
                self.echo_rx_us,
            )
            + self.tail
        )

    @classmethod
    def decode(cls, octets):
        first, second, mult, length, mine, yours, tx, rx, echo = struct.unpack("!BBBBIIIII", octets[:24])
        return cls(
            second >> 6, first & 31, second & 0x3F, mult, mine, yours, tx, rx, echo, first >> 5, length, octets[24:]
        )

    def with_(self, **changes):
        return replace(self, **changes)

    @property
    def poll(self):
        return bool(self.flags & POLL)

    @property
    def final(self):
        return bool(self.flags & FINAL)


def frame(payload, source, destination, source_mac, destination_mac, **headers):
    """A whole frame around `payload` (a Control or octets).

    headers: ttl=255, sport=49152, dport=3784, tos=0xC0, udp and ip = further scapy fields.
    """
    octets = payload.encode() if isinstance(payload, Control) else bytes(payload)
    ttl, tos = headers.pop("ttl", 255), headers.pop("tos", 0xC0)
    udp = UDP(sport=headers.pop("sport", 49152), dport=headers.pop("dport", PORT), **headers.pop("udp", {}))
    more = headers.pop("ip", {})
    assert not headers, headers
    if ":" in source:
        ip = IPv6(src=source, dst=destination, hlim=ttl, tc=tos, **more)
    else:
        ip = IP(src=source, dst=destination, ttl=ttl, tos=tos, **more)
    return bytes(Ether(src=source_mac, dst=destination_mac) / ip / udp / Raw(octets))
