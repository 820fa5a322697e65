"""A BFD speaker that does just what a test tells it to, and sends any frame."""

import contextlib
import socket
import struct
import threading
import time

from lab.control import ADMIN_DOWN, DOWN, FINAL, INIT, POLL, PORT, UP, Control, frame
from lab.namespace import wait_until
from lab.wire import Wire

NEXT_STATE = {
    (DOWN, DOWN): INIT, (DOWN, INIT): UP,
    (INIT, INIT): UP, (INIT, UP): UP, (INIT, ADMIN_DOWN): DOWN,
    (UP, DOWN): DOWN, (UP, ADMIN_DOWN): DOWN,
}  # fmt: skip


class HandmadePeer:
    """Speaks BFD from `local` to `remote` over the kernel's UDP; it never detects anything itself.

    `udp_port`: 3784 of single hop, 4784 of multihop. `control` is what it sends (state and discriminators are kept by the state machine while
    `automatic`); `mute` keeps it from sending; `interval` is the time between packets, seconds.
    """

    def __init__(self, lab, port, local, remote, interval=0.1, detect_mult=5, discriminator=0x7E57_0001, udp_port=PORT):
        self.port = port
        self.local = local
        self.remote = remote
        self.interval = interval
        self.automatic = True
        self.mute = False
        microseconds = int(interval * 1e6)
        self.control = Control(
            detect_mult=detect_mult,
            my_discriminator=discriminator,
            desired_min_tx_us=microseconds,
            required_min_rx_us=microseconds,
        )
        self.heard = None  # last Control packet
        self.wire = Wire(port)
        family = socket.AF_INET6 if ":" in local else socket.AF_INET
        scope = ()
        with port.namespace.entered():
            if local.startswith("fe80"):
                scope = (0, socket.if_nametoindex(port.name))
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._sender = socket.socket(family, socket.SOCK_DGRAM)
        for s, number in ((self._socket, udp_port), (self._sender, 49152)):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((local, number, *scope))
        if family == socket.AF_INET6:
            self._sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
        else:
            self._sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        self.udp_port = udp_port
        self._to = (remote, udp_port, *scope)
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._receive, self._transmit)]
        for thread in self._threads:
            thread.start()
        lab.on_close(self.close)

    def close(self):
        if self._closing.is_set():
            return
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()
        self._sender.close()
        self.wire.close()

    def _receive(self):
        self._socket.settimeout(0.1)
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError, struct.error):
                heard = Control.decode(self._socket.recvfrom(2048)[0])
                with self._lock:
                    self._on_control(heard)

    def _on_control(self, heard):
        self.heard = heard
        if not self.automatic:
            return
        state = self.control.state
        if state != ADMIN_DOWN:
            state = NEXT_STATE.get((state, heard.state), state)
        self.control = self.control.with_(state=state, your_discriminator=heard.my_discriminator)
        if heard.poll and not self.mute:
            self.send(self.control.with_(flags=self.control.flags & ~POLL | FINAL))

    def _transmit(self):
        while not self._closing.wait(self.interval):
            with self._lock:
                if not self.mute:
                    self.send(self.control)

    def send(self, control):
        """One packet now."""
        with contextlib.suppress(OSError):  # unreachable: what a peer on a cut path sees too
            self._sender.sendto(control.encode(), self._to)

    def change(self, **changes):
        """Fields of the packets to come."""
        with self._lock:
            self.control = self.control.with_(**changes)

    def wait(self, state, timeout=10):
        """Until both this end and the other one are in `state`."""
        wait_until(
            lambda: self.control.state == state and self.heard and self.heard.state == state,
            timeout,
            f"both ends of {self.local} - {self.remote} in state {state}",
        )

    def wait_up(self, timeout=10):
        self.wait(UP, timeout)

    def frame(self, payload, **headers):
        """A frame of this peer; source, destination and the MACs can be given too."""
        defaults = {
            "source": self.local,
            "destination": self.remote,
            "source_mac": self.port.mac,
            "dport": self.udp_port,
        }
        if "destination_mac" not in headers:
            defaults["destination_mac"] = self.remote_mac()
        return frame(payload, **(defaults | headers))

    def remote_mac(self):
        """Where the other end's packets come from."""
        seen = self.wire.wait_control(self.remote, lambda _: True)
        return ":".join(f"{octet:02x}" for octet in seen.octets[6:12])

    def sent_since(self, start):
        """Control packets of the other end, as they passed our interface."""
        return self.wire.control(self.remote, start)

    def settle(self, seconds=0.3):
        time.sleep(seconds)
