"""What the memory of a running process holds, by mapping."""

import re
from dataclasses import dataclass
from pathlib import Path

HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$")


@dataclass(frozen=True)
class Mapping:
    start: int
    end: int
    rights: str  # as "rw-p"
    name: str  # file, "[heap]", "[stack]" or ""
    flags: frozenset  # VmFlags of smaps, such as "dd": left out of core dumps


def mappings(pid):
    """Those of a process that can be read."""
    found, header = [], None
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if match := HEADER.match(line):
            header = (int(match[1], 16), int(match[2], 16), match[3], match[4])
        elif line.startswith("VmFlags:") and header[2].startswith("r"):
            found.append(Mapping(*header, frozenset(line.split()[1:])))
    return found


def find(pid, *needles, chunk=1 << 22):
    """(needle, mapping, address) of every place that holds one of these octets."""
    longest = max(map(len, needles))
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for mapping in mappings(pid):
            at, kept = mapping.start, b""
            while at < mapping.end:
                try:
                    memory.seek(at)
                    octets = memory.read(min(chunk, mapping.end - at))
                except (OSError, ValueError, OverflowError):
                    break  # device memory, [vvar], or gone meanwhile
                if not octets:
                    break
                window = kept + octets
                base = at - len(kept)
                for needle in needles:
                    places = (m.start() for m in re.finditer(re.escape(needle), window))
                    found += [(needle, mapping, base + p) for p in places if p + len(needle) > len(kept)]
                kept = window[-(longest - 1) :]
                at += len(octets)
    return found
