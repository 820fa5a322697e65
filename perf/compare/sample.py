"""What the kernel says that was used: by a process, by each CPU."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    """Resident MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return None


@dataclass
class Sample:
    """Seconds since some beginning; subtract an earlier one."""

    at: float
    user: float  # of the process, as sampled by the kernel's tick
    system: float
    ran: float  # of the process, exact: its threads' time on a CPU, user + system
    switches: int  # how often its threads went to sleep or were preempted
    idle: list  # by CPU

    @classmethod
    def take(cls, pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ran, switches = 0, 0
        for task in Path(f"/proc/{pid}/task").iterdir():
            ran += int((task / "schedstat").read_text().split()[0])
            for line in (task / "status").read_text().splitlines():
                if "ctxt_switches" in line:
                    switches += int(line.split()[1])
        idle = []
        for line in Path("/proc/stat").read_text().splitlines():
            words = line.split()
            if words[0].startswith("cpu") and words[0] != "cpu":
                idle.append((int(words[4]) + int(words[5])) / TICK)
        return cls(time.monotonic(), int(fields[11]) / TICK, int(fields[12]) / TICK, ran / 1e9, switches, idle)

    def __sub__(self, earlier):
        return Sample(
            self.at - earlier.at, self.user - earlier.user, self.system - earlier.system, self.ran - earlier.ran,
            self.switches - earlier.switches, [a - b for a, b in zip(self.idle, earlier.idle)],
        )  # fmt: skip
