"""For every pytest suite: the lab library on the path, and a lab of its own for each test that asks."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest  # noqa: E402


@pytest.fixture
def lab():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    from lab import Lab

    with Lab() as lab:
        yield lab
