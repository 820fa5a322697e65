"""One daemon with hand-made peers on its segment."""

from dataclasses import dataclass, field

from lab.handmade import HandmadePeer
from lab.namespace import Lab, Network, Port
from lab.tocsin import Tocsind, af_packet

OURS4, OURS6 = "192.0.2.1", "2001:db8::1"
PEER4, PEER6 = "192.0.2.2", "2001:db8::2"
FAST = {"desired_min_tx_interval": "100ms", "required_min_rx_interval": "100ms", "detect_mult": 5}


@dataclass
class Stage:
    """tocsind on `ours` (port wan0), and `theirs`, an interface whose kernel answers ARP and ND."""

    lab: Lab
    lan: Network
    ours: Port
    theirs: Port
    daemon: Tocsind | None = None
    peers: dict = field(default_factory=dict)

    def start(self, sessions=(), sections=None, more_ports=(), port_keys=None):
        """`port_keys`: further ones of [[port]] wan0."""
        own = (self.ours, "wan0", [f"{OURS4}/24", f"{OURS6}/64"])
        if port_keys:
            own = {"name": own[1], "device": af_packet(0, self.ours.name), "addresses": own[2]} | port_keys
        ports = [own, *more_ports]
        self.daemon = Tocsind(self.lab, self.ours.namespace, ports, sessions, sections)
        return self.daemon

    def start_far(self, address, sessions=(), sections=None, port_keys=None):
        """A second daemon on the segment."""
        port = self.lan.attach("far", "f0", silent=True)
        own = {"name": "wan0", "device": af_packet(0, port.name), "addresses": [address]} | (port_keys or {})
        return Tocsind(self.lab, port.namespace, [own], sessions, sections)

    def signed(self):
        """Tables with a key chain, and what a [[session]] or [[profile]] has that uses it."""
        secret = self.lab.folder / "secret"
        secret.write_text("everybody-reads")
        secret.chmod(0o600)
        chain = {"key_chain": [{"name": "core", "keys": [{"id": 1, "secret_file": str(secret)}]}]}
        return chain, {"auth": {"type": "meticulous_keyed_sha1", "key_chain": "core"}}

    def peer(self, local=PEER4, **options):
        remote = OURS6 if ":" in local else OURS4
        peer = HandmadePeer(self.lab, self.theirs, local, remote, **options)
        self.peers[local] = peer
        return peer

    def add_address(self, address):
        self.theirs.namespace.ip("addr", "add", address, "dev", self.theirs.name, *(["nodad"] if ":" in address else []))


def make_stage(lab):
    lan = lab.network("lan")
    theirs = lan.attach("peer", "p0", [f"{PEER4}/24", f"{PEER6}/64"])
    ours = lan.attach("tocsin", "t0", silent=True)
    return Stage(lab, lan, ours, theirs)


def session(remote, **keys):
    """A [[session]] table towards `remote`."""
    return {"remote": remote, "port": "wan0"} | FAST | keys
