"""VTEPs of the kernel that BFD over VXLAN is sent to: their tunnel works on, and nothing of ours is forwarded."""

import time

from lab import wait_until
from lab.stage import FAST, OURS4
from lab.tocsin import Tocsind
from lab.tunnel import VXLAN_MAC
from lab.wire import Wire

FIRST, SECOND = "192.0.2.11", "192.0.2.12"
TENANT = {FIRST: "10.9.0.1", SECOND: "10.9.0.2"}


def vtep(lan, name, address, far):
    """A namespace with VNI 1 between it and the others."""
    under = lan.attach(name, "u0", [f"{address}/24"])
    namespace = under.namespace
    namespace.ip("link", "add", "vx0", "type", "vxlan", "id", 1, "dev", "u0", "local", address, "remote", far, "dstport", 4789)
    namespace.ip("addr", "add", f"{TENANT[address]}/24", "dev", "vx0")
    namespace.ip("link", "set", "vx0", "up")
    return namespace


def received(namespace):
    return int(namespace.run("cat", "/sys/class/net/vx0/statistics/rx_packets").stdout)


def forwarded(namespace):
    """Datagrams that its IPv4 forwarded."""
    lines = [line.split() for line in namespace.run("cat", "/proc/net/snmp").stdout.splitlines() if line.startswith("Ip:")]
    return int(dict(zip(lines[0], lines[1], strict=True))["ForwDatagrams"])


# The tunnel ends a hop early, at a router, whose device has the MAC address of BFD as well.
# req: RFC8971-9-02 RFC8971-5-14
def test_a_router_forwards_nothing_of_ours_and_its_tunnel_is_not_disturbed(lab):
    lan = lab.network("lan")
    ours = lan.attach("tocsin", "t0", silent=True)
    first, second = vtep(lan, "first", FIRST, SECOND), vtep(lan, "second", SECOND, FIRST)
    beyond = lab.network("beyond").attach(first, "b0", ["198.51.100.1/24"])
    first.sysctl("net/ipv4/ip_forward", 1)
    first.ip("route", "add", "default", "via", "198.51.100.2", "dev", "b0")

    def pings():
        done = second.run("ping", "-c", 10, "-i", "0.1", "-W", 1, TENANT[FIRST])
        assert " 0% packet loss" in done.stdout, done.stdout

    pings()
    for mac in (None, VXLAN_MAC):
        if mac:
            first.ip("link", "set", "vx0", "address", mac)
            second.ip("neigh", "flush", "dev", "vx0")
        with Wire(beyond) as wire:
            daemon = Tocsind(lab, ours.namespace, [(ours, "wan0", [f"{OURS4}/24"])],
                             [{"type": "vxlan", "remote": FIRST} | FAST])  # fmt: skip
            before = received(first)
            wait_until(lambda: received(first) > before + 2, 20, "BFD to come out of the tunnel")
            pings()
            time.sleep(2)
            assert daemon.state(FIRST) == "Down"
            assert not [f for f in wire.frames() if f.sent and "127.0.0.1" in (f.source, f.destination)]
        daemon.stop()
    assert forwarded(first) == 0
