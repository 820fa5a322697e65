"""configs/tocsinctl.bash: what bash offers, without a daemon."""

import os
import subprocess
from pathlib import Path

import pytest

from lab.tocsin import build_folder

SCRIPT = Path(__file__).resolve().parents[2] / "configs" / "tocsinctl.bash"


def offered(*words):
    line = """
        source "$1"; shift
        COMP_WORDS=(tocsinctl "$@") COMP_CWORD=$#
        _tocsinctl
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{build_folder()}:{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", line, "bash", SCRIPT, *words],
        env={**os.environ, "PATH": path, "TOCSIN_SOCKET": "unix:/nonexistent/api.sock"},
        capture_output=True, text=True, timeout=60, check=True,
    )
    return run.stdout.split()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("se",), ["session"]),
        (("session", "hi"), ["history"]),
        (("-o", "json", "session", "clear"), ["clear-dampening"]),
        (("session", "set", "rr1", "--detect"), ["--detect-mult"]),
        (("session", "add", "192.0.2.2", "--type", "mu"), ["multihop"]),
        (("session", "add", "192.0.2.2", "--type", "vc"), ["vccv"]),
        (("watch", "--no"), ["--no-reconnect", "--no-snapshot"]),
        (("session", "show", "x"), []),
    ],
)
def test_bash_is_offered_what_the_help_names(words, wanted):
    assert offered(*words) == wanted
