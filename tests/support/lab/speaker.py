"""What hand-made ends have in common that build every frame themselves."""

import contextlib
import struct
import threading
import time

from lab.control import DOWN, FINAL, UP, Control
from lab.handmade import NEXT_STATE
from lab.namespace import wait_until
from lab.wire import Wire


class FrameSpeaker:
    """Speaks BFD on `port` by whole frames; silent while `mute`. It detects nothing itself.

    A subclass has frame(control, **how), the octets of one packet, and dissect(seen), what the other end sent: something with
    `control`, or None. State and discriminators are kept by the state machine while `automatic`.
    """

    def __init__(self, lab, port, interval, discriminator, detect_mult=3, mute=False):
        self.port, self.interval = port, interval
        self.mute = mute
        self.automatic = True
        self.control = Control(detect_mult=detect_mult, my_discriminator=discriminator)
        self.heard = None  # last Control packet
        self.received = []  # all that dissect() gave
        self.wire = Wire(port)
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
        self.wire.close()

    def _receive(self):
        since = 0.0
        while not self._closing.wait(0.005):
            for seen in self.wire.frames(since):
                if seen.time <= since:
                    continue
                since = seen.time
                if seen.sent:
                    continue
                with contextlib.suppress(struct.error, IndexError):
                    heard = self.dissect(seen)
                    if heard:
                        with self._lock:
                            self.on_heard(heard)

    def on_heard(self, heard):
        self.received.append(heard)
        self.on_control(heard.control)

    def on_control(self, control):
        self.heard = control
        if not self.automatic:
            return
        state = NEXT_STATE.get((self.control.state, control.state), self.control.state)
        self.control = self.control.with_(state=state, your_discriminator=control.my_discriminator)
        if control.poll and not self.mute:
            self.send(self.control.with_(flags=self.control.flags | FINAL))

    def _transmit(self):
        while not self._closing.wait(self.interval):
            with self._lock:
                if not self.mute:
                    self.send(self.control)

    def send(self, control, **how):
        """One packet now; `how`: what is different about this one."""
        self.wire.send(self.frame(control, **how))

    def change(self, **changes):
        """Fields of the packets to come."""
        with self._lock:
            self.control = self.control.with_(**changes)

    def down(self):
        """Forgets the session."""
        self.change(state=DOWN, your_discriminator=0)

    def up(self):
        return self.control.state == UP and self.heard is not None and self.heard.state == UP

    def wait(self, state, timeout=10):
        wait_until(
            lambda: self.control.state == state and self.heard and self.heard.state == state,
            timeout,
            f"{self.port.name} and the other end in state {state}",
        )

    def settle(self, seconds=0.3):
        time.sleep(seconds)
