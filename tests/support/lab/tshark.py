"""What tshark finds in the frames on a link."""

import subprocess
from dataclasses import dataclass

from lab.namespace import wait_until

SUMS = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
FIELDS = ["frame.protocols", "ip.checksum.status", "udp.checksum.status", "_ws.malformed", "_ws.expert.severity",
          "_ws.expert.message"]  # fmt: skip
SEPARATOR = "\x1f"
GOOD, NONE = "1", "3"
ERROR = str(0x00800000)  # of an expert's remarks


@dataclass(frozen=True)
class Dissected:
    protocols: tuple  # outermost first
    ip_sums: tuple  # GOOD, "0" wrong; IPv4 only
    udp_sums: tuple  # GOOD, NONE, "0" wrong
    malformed: str
    severities: tuple
    remarks: str

    @property
    def is_faultless(self):
        return not self.malformed and ERROR not in self.severities and "0" not in self.ip_sums + self.udp_sums


class Capture:
    """The frames of a port from now on, until dissected() is called."""

    def __init__(self, lab, port, name="capture"):
        self.file = lab.folder / f"{name}.pcap"
        command = port.namespace.command("tcpdump", "-U", "-i", port.name, "-w", str(self.file))
        self._dump = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        lab.on_close(self._dump.terminate)
        wait_until(self.file.exists, 10, "tcpdump to listen")

    def dissected(self):
        self._dump.terminate()
        self._dump.wait()
        fields = [word for field in FIELDS for word in ("-e", field)]
        lines = subprocess.run(
            ["tshark", "-r", str(self.file), *SUMS, "-T", "fields", "-E", f"separator={SEPARATOR}", *fields],
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()  # fmt: skip
        out = []
        for line in lines:
            protocols, ip, udp, malformed, severities, remarks = line.split(SEPARATOR)
            listed = [tuple(v for v in s.split(",") if v) for s in (ip, udp, severities)]
            out.append(Dissected(tuple(protocols.split(":")), listed[0], listed[1], malformed, listed[2], remarks))
        return out
