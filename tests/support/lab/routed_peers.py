"""FRR and BIRD behind the router, each with one multihop session with us."""

from lab.bird import Bird, BirdNeighbor
from lab.frr import Frr, FrrPeer
from lab.namespace import wait_until
from lab.routed import OURS, THEIRS


class FrrSide:
    """bfdd behind the router."""

    arrives_with_ttl = 254

    def __init__(self, routed, family, minimum_ttl=254):
        self.ours = OURS[family]
        self.frr = Frr(routed.lab, routed.theirs, [FrrPeer(self.ours, THEIRS[family], minimum_ttl=minimum_ttl)])

    def is_up(self):
        return self.frr.status(self.ours) == "up"

    def kill(self):
        self.frr.kill()

    def start(self):
        self.frr.start()


class BirdSide:
    """BIRD behind the router. It sends multihop with the TTL of any other packet."""

    arrives_with_ttl = 63

    def __init__(self, routed, family):
        self.ours = OURS[family]
        self.bird = Bird(routed.lab, routed.theirs, [BirdNeighbor(self.ours, THEIRS[family], multihop=True)])

    def is_up(self):
        return self.bird.state(self.ours) == "Up"

    def kill(self):
        self.bird.kill()

    def start(self):
        self.bird.start()


def wait_up(daemon, side, family):
    daemon.wait_state(THEIRS[family], "Up", 20)
    wait_until(side.is_up, 20, "the peer to be Up")
