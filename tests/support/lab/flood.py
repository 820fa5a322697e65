"""Sends frames at a steady rate from a process of its own: flood.py INTERFACE SECONDS PER_SECOND, frames
as lines of hex digits on standard input. Prints how many were sent."""

import contextlib
import socket
import sys
import time


def main():
    interface, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    frames = [bytes.fromhex(line) for line in sys.stdin]
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((interface, 0))
    sent = 0
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        if sent > passed * rate:
            time.sleep(0.001)
            continue
        for frame in frames:
            with contextlib.suppress(OSError):  # the queue is full
                sender.send(frame)
                sent += 1
    print(sent)


if __name__ == "__main__":
    main()
