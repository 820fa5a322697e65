#!/usr/bin/env python3
"""Gaps between the BFD Control packets of each session in a capture.

    wire_gaps.py FILE.pcap --source ADDRESS [--source ...] --interval-ms 50

Reads a classic pcap file (tcpdump -w, Ethernet, microseconds or nanoseconds) and prints, over the
packets that were Up with neither P nor F (the periodic ones of a settled session): the number of gaps, the smallest and
largest, how they spread over four equal parts of 75..100 % of the interval, and how many lie outside
[75 % - 1 ms, 100 % + 1 ms]. Exit status 1 when any does.
"""
import argparse
import ipaddress
import struct
import sys
from collections import defaultdict
from dataclasses import dataclass, field

BFD_PORT = 3784
STATE_UP = 3
POLL, FINAL = 0x20, 0x10
TOLERANCE_S = 0.001


@dataclass
class Control:
    """One BFD Control packet with the time it was captured, in seconds."""

    time: float
    source: str
    destination: str
    diag: int
    state: int
    poll: bool
    final: bool
    detect_mult: int
    my_discriminator: int
    your_discriminator: int
    desired_min_tx_us: int
    required_min_rx_us: int


def control_packets(path):
    """Yields the Control packets of a pcap file in order; everything else is passed over."""
    with open(path, "rb") as f:
        header = f.read(24)
        magic = struct.unpack("<I", header[:4])[0]
        order, scale = {
            0xA1B2C3D4: ("<", 1e-6),
            0xA1B23C4D: ("<", 1e-9),
            0xD4C3B2A1: (">", 1e-6),
            0x4D3CB2A1: (">", 1e-9),
        }[magic]
        while len(record := f.read(16)) == 16:
            seconds, fraction, stored, _ = struct.unpack(order + "IIII", record)
            frame = f.read(stored)
            packet = parse(frame, seconds + fraction * scale)
            if packet is not None:
                yield packet


def parse(frame, time):
    """A Control packet out of an Ethernet frame, or None."""
    if len(frame) < 14:
        return None
    ethertype = struct.unpack("!H", frame[12:14])[0]
    ip = frame[14:]
    if ethertype == 0x0800 and len(ip) >= 20 and ip[9] == 17:
        start = (ip[0] & 15) * 4
        source, destination = ipaddress.ip_address(ip[12:16]), ipaddress.ip_address(ip[16:20])
    elif ethertype == 0x86DD and len(ip) >= 40 and ip[6] == 17:
        start = 40
        source, destination = ipaddress.ip_address(ip[8:24]), ipaddress.ip_address(ip[24:40])
    else:
        return None
    udp = ip[start:]
    if len(udp) < 32 or struct.unpack("!H", udp[2:4])[0] != BFD_PORT:
        return None
    b = udp[8:]
    mine, yours, tx, rx = struct.unpack("!IIII", b[4:20])
    return Control(
        time, str(source), str(destination), b[0] & 31, b[1] >> 6, bool(b[1] & POLL),
        bool(b[1] & FINAL), b[2], mine, yours, tx, rx,
    )


@dataclass
class Gaps:
    """What the gaps of all sessions look like against one negotiated interval, in seconds."""

    interval: float
    count: int = 0
    smallest: float = float("inf")
    largest: float = 0.0
    too_long: int = 0
    too_short: int = 0
    quarters: list = field(default_factory=lambda: [0, 0, 0, 0])

    def add(self, gap):
        self.count += 1
        self.smallest = min(self.smallest, gap)
        self.largest = max(self.largest, gap)
        self.too_long += gap > self.interval + TOLERANCE_S
        self.too_short += gap < 0.75 * self.interval - TOLERANCE_S
        part = int((gap / self.interval - 0.75) / 0.0625)
        self.quarters[min(max(part, 0), 3)] += 1


def settled_gaps(packets, sources, interval):
    """Gaps between neighbouring packets of a session that were both Up with neither P nor F."""
    gaps = Gaps(interval)
    last = {}
    counts = defaultdict(int)
    for p in packets:
        if sources and p.source not in sources:
            continue
        key = (p.source, p.destination, p.my_discriminator)
        if p.state != STATE_UP or p.poll or p.final:
            last.pop(key, None)
            continue
        if key in last:
            gaps.add(p.time - last[key])
        last[key] = p.time
        counts[key] += 1
    return gaps, len(counts)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file")
    arguments.add_argument("--source", action="append", default=[], help="only packets from this address")
    arguments.add_argument("--interval-ms", type=float, required=True, help="negotiated transmit interval")
    options = arguments.parse_args()
    gaps, sessions = settled_gaps(
        control_packets(options.file), set(options.source), options.interval_ms / 1000
    )
    if gaps.count == 0:
        print("no two packets of a settled session in this capture")
        return 1
    print(
        f"{sessions} sessions, {gaps.count} gaps: {gaps.smallest * 1000:.3f} to {gaps.largest * 1000:.3f} ms, "
        f"quarters of 75..100 %: {' '.join(f'{100 * q / gaps.count:.1f} %' for q in gaps.quarters)}, "
        f"{gaps.too_long} longer than {options.interval_ms + 1:g} ms, "
        f"{gaps.too_short} shorter than {0.75 * options.interval_ms - 1:g} ms"
    )
    return 1 if gaps.too_long or gaps.too_short else 0


if __name__ == "__main__":
    sys.exit(main())
