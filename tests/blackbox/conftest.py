"""Fixtures: a daemon of one test, or of a whole module, with hand-made peers on its segment."""

import os
import signal

import pytest

from lab import Lab
from lab.stage import PEER4, PEER6, make_stage, session
from lab.tocsin import build_folder


@pytest.fixture(scope="session", autouse=True)
def programs():
    for program in ("tocsind", "tocsinctl"):
        if not os.access(build_folder() / program, os.X_OK):
            pytest.fail(f"{build_folder() / program} is not built: run scripts/build", pytrace=False)


@pytest.fixture
def stage(lab):
    return make_stage(lab)


@pytest.fixture(scope="module")
def up_stage():
    """A daemon for a whole module, with IPv4 and IPv6 sessions that are Up."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    with Lab() as lab:
        stage = make_stage(lab)
        stage.start([session(PEER4), session(PEER6)])
        for peer in (stage.peer(PEER4), stage.peer(PEER6, discriminator=0x7E57_0006)):
            peer.wait_up()
        yield stage
        assert stage.daemon.stop(signal.SIGTERM) == 0
