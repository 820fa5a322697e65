"""What passes an interface, seen from outside the program under test, with the kernel's timestamps."""

import collections
import ipaddress
import select
import socket
import struct
import threading
from dataclasses import dataclass

from lab.control import MULTIHOP_PORT, PORT, SBFD_PORT, Control
from lab.namespace import wait_until

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_AUXDATA = 8
TP_STATUS_VLAN_VALID = 0x10


@dataclass(frozen=True)
class Seen:
    """One frame. `control` is set when it is a BFD Control packet to UDP port 3784 or 4784, or to or from 7784."""

    time: float  # seconds since 1970
    sent: bool  # by the namespace that is watched; else received by it
    octets: bytes
    source: str = ""
    destination: str = ""
    ttl: int = 0
    source_port: int = 0
    destination_port: int = 0
    control: Control | None = None


def dissect(time, sent, octets):
    if len(octets) < 14:
        return Seen(time, sent, octets)
    ethertype, ip = struct.unpack("!H", octets[12:14])[0], octets[14:]
    if ethertype == 0x0800 and len(ip) >= 20:
        addresses, ttl, protocol, udp = (ip[12:16], ip[16:20]), ip[8], ip[9], ip[(ip[0] & 15) * 4 :]
    elif ethertype == 0x86DD and len(ip) >= 40:
        addresses, ttl, protocol, udp = (ip[8:24], ip[24:40]), ip[7], ip[6], ip[40:]
    else:
        return Seen(time, sent, octets)
    source, destination = (str(ipaddress.ip_address(a)) for a in addresses)
    source_port, destination_port, control = 0, 0, None
    if protocol == 17 and len(udp) >= 32:
        source_port, destination_port = struct.unpack("!HH", udp[:4])
        if destination_port in (PORT, MULTIHOP_PORT, SBFD_PORT) or source_port == SBFD_PORT:
            control = Control.decode(udp[8:])
    return Seen(time, sent, octets, source, destination, ttl, source_port, destination_port, control)


class Wire:
    """Collects the frames of one port until closed; also sends frames there."""

    def __init__(self, port):
        with port.namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind((port.name, ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self._frames = collections.deque(maxlen=1_000_000)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _collect(self):
        while not self._closing.is_set():
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            octets, ancillary, _, address = self._socket.recvmsg(65536, 256)
            # The kernel takes the outer tag off and tells it aside.
            for level, kind, data in ancillary:
                if level == SOL_PACKET and kind == PACKET_AUXDATA:
                    status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                    if status & TP_STATUS_VLAN_VALID:
                        octets = octets[:12] + struct.pack("!HH", tpid, tci) + octets[12:]
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", data[:16])
                    sent = address[2] == PACKET_OUTGOING
                    self._frames.append(dissect(seconds + nanoseconds * 1e-9, sent, octets))

    def send(self, octets):
        self._socket.send(octets)

    def clear(self):
        self._frames.clear()

    def frames(self, since=0.0):
        return [f for f in list(self._frames) if f.time >= since]

    def control(self, source, since=0.0):
        """Control packets from this address, oldest first."""
        return [f for f in self.frames(since) if f.control and f.source == source]

    def wait_control(self, source, condition, timeout=10, since=0.0, what="a Control packet"):
        """The first Control packet from `source` for which condition(control) holds."""

        def first():
            return next((f for f in self.control(source, since) if condition(f.control)), None)

        return wait_until(first, timeout, f"{what} from {source}")


def gaps(packets):
    """Seconds between neighbouring periodic packets of a settled session (Up, neither P nor F)."""
    out = []
    last = None
    for p in packets:
        if p.control.state != 3 or p.control.poll or p.control.final:
            last = None
            continue
        if last is not None:
            out.append(p.time - last)
        last = p.time
    return out
