"""Congestion control over several hops, RFC 5880 7: a path that loses packets."""

import pytest

from lab import HandmadePeer, wait_until
from lab.control import MULTIHOP_PORT, POLL
from lab.routed import OURS, THEIRS, make_routed, multihop

PEER = THEIRS["ipv4"]


class LossyPeer(HandmadePeer):
    """Every third of its packets is lost on the way, unless it answers with F, as long as `lossy`."""

    lossy = False
    _count = 0

    def send(self, control):
        self._count += 1
        if self.lossy and control is self.control and self._count % 3 == 0:
            return
        super().send(control)


@pytest.fixture
def routed(lab):
    return make_routed(lab)


# req: RFC5880-7-01 RFC5880-7-02 RFC5880-7-04
def test_loss_raises_the_intervals_by_a_poll_sequence_and_its_end_brings_them_back(routed):
    peer = LossyPeer(routed.lab, routed.theirs, PEER, OURS["ipv4"], interval=0.05, udp_port=MULTIHOP_PORT)
    peer.interval = 0.04  # as with jitter: a peer that is late on a busy machine loses nothing by that
    fast = {"desired_min_tx_interval": "50ms", "required_min_rx_interval": "50ms"}
    daemon = routed.start([multihop(PEER, **fast)])
    peer.wait_up()
    wait_until(lambda: peer.heard.desired_min_tx_us == 50_000, 5, "the configured interval")
    assert daemon.session(PEER)["spec"]["congestion_control"] is True
    peer.lossy = True
    wait_until(lambda: peer.heard.desired_min_tx_us == 100_000, 20, "the interval to be doubled")
    assert peer.heard.required_min_rx_us == 100_000
    peer.lossy = False
    peer.interval = 0.08
    wait_until(lambda: not peer.heard.flags & POLL, 5, "the Poll Sequence to end")
    status = daemon.session(PEER)["status"]
    assert status["congestion_factor"] == 2 and status["congestion_backoffs"] == 1
    assert status["tx_interval_us"] == 100_000 and status["down_count"] == 0
    metrics = daemon.metrics().splitlines()
    assert "tocsin_bfd_sessions_congested 1" in metrics
    assert "tocsin_bfd_congestion_backoffs_total 1" in metrics
    wait_until(lambda: peer.heard.desired_min_tx_us == 50_000, 40, "the configured interval again")
    peer.interval = 0.04
    wait_until(lambda: daemon.session(PEER)["status"]["congestion_factor"] == 1, 5, "the API to say so")
    assert daemon.session(PEER)["status"]["down_count"] == 0


def test_it_is_turned_off_live_and_refused_over_one_hop(routed):
    daemon = routed.start()
    daemon.ctl("session", "add", PEER, "--type", "multihop")
    daemon.ctl("session", "set", f"peer:{PEER}", "--no-congestion-control")
    assert not daemon.session(PEER)["spec"].get("congestion_control")
    daemon.ctl("session", "set", f"peer:{PEER}", "--congestion-control")
    assert daemon.session(PEER)["spec"]["congestion_control"] is True
    refused = daemon.ctl("session", "add", "192.0.2.77", "--port", "wan0", "--congestion-control", check=False)
    assert refused.returncode != 0 and "multihop and sbfd only" in refused.stderr
