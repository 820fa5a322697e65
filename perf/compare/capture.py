"""The Control packets of one interface with the kernel's timestamps, kept by the kernel until they are read,
so that nothing runs meanwhile."""

import ctypes
import socket
import struct

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
SO_ATTACH_FILTER = 26
ETH_P_ALL = 3
PACKET_OUTGOING = 4
LENGTH = 96
DOWN = 1

# tcpdump -dd 'ip and udp dst port 3784', cut to LENGTH octets
FILTER = [
    (0x28, 0, 0, 12), (0x15, 0, 8, 0x800),  # IPv4
    (0x30, 0, 0, 23), (0x15, 0, 6, 17),  # UDP
    (0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF),  # no later fragment
    (0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, 3784),
    (0x6, 0, 0, LENGTH), (0x6, 0, 0, 0),
]  # fmt: skip


class Capture:
    def __init__(self, port, octets=256 << 20):
        with port.namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        program = b"".join(struct.pack("HBBI", *i) for i in FILTER)
        buffer = ctypes.create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(FILTER), ctypes.addressof(buffer))
        )
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, octets)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((port.name, ETH_P_ALL))
        self._socket.setblocking(False)

    def read(self):
        """(time, sent by the interface's namespace, source, destination, state) of all so far; and closes."""
        out = []
        while True:
            try:
                octets, ancillary, _, address = self._socket.recvmsg(LENGTH, 64)
            except BlockingIOError:
                break
            if len(octets) < 46:
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
            source, destination = socket.inet_ntoa(octets[26:30]), socket.inet_ntoa(octets[30:34])
            out.append((seconds + nanoseconds * 1e-9, address[2] == PACKET_OUTGOING, source, destination, octets[43] >> 6))
        self._socket.close()
        return out
