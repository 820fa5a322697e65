"""Where the memory of a running daemon holds secrets: pages that stay out of core dumps, nowhere else."""

import secrets
import shutil
import subprocess

import pytest
from test_auth import Pair

from lab import memory, wait_until


def new_secret():
    """16 octets of text that occur nowhere by chance."""
    return secrets.token_hex(8)


class Secrets(Pair):
    """tocsind and BIRD; the first secret is not in any packet."""

    def __init__(self, lab, kind="meticulous_keyed_sha1"):
        self.first = new_secret()
        super().__init__(lab, kind, theirs=((1, self.first), (2, self.first[::-1])))

    def key(self, number, secret, **more):
        # The base class begins with a secret of its own.
        return super().key(number, self.first if number == 1 else secret, **more)

    @property
    def pid(self):
        return self.daemon.process.pid

    def places(self, *texts):
        return memory.find(self.pid, *(t.encode() for t in texts))


def shown(places):
    return [f"{needle[:4]}... at {at:#x} in {m.name or 'anonymous'} {m.rights} {sorted(m.flags)}" for needle, m, at in places]


@pytest.fixture
def pair(lab):
    pair = Secrets(lab)
    pair.wait_up()
    return pair


def test_only_pages_outside_core_dumps_hold_a_secret(pair):
    pair.daemon.ctl("key-chain", "list")
    pair.daemon.ctl("session", "show", pair.them)
    places = pair.places(pair.first)
    assert places, "the scan finds what has to be there"
    file = pair.places(str(pair.folder / "key-1"))
    assert any("dd" not in m.flags for _, m, _ in file), "it looks at the heap too"
    assert not (dumped := shown(p for p in places if "dd" not in p[1].flags)), dumped
    assert pair.first not in pair.daemon.log.read_text()


def test_neither_reloads_nor_questions_leave_a_secret_behind(pair):
    second = pair.first[::-1]
    pair.set_keys(pair.key(1, pair.first), pair.key(2, second))
    pair.daemon.ctl("reload")
    pair.set_keys(pair.key(2, second))
    wait_until(lambda: pair.auth()["key_id"] == 2, 5, "the second key to sign")
    # What workers used is given back when they have answered that they use others.
    wait_until(lambda: not pair.places(pair.first), 5, "the first secret to be gone")
    places = pair.places(second)
    assert places
    assert not (dumped := shown(p for p in places if "dd" not in p[1].flags)), dumped


def test_the_text_of_a_hexadecimal_key_is_not_kept(pair):
    octets = secrets.token_bytes(16)
    key = pair.key(3, octets.hex()) | {"secret_format": "hex"}
    pair.set_keys(pair.key(1, pair.first), key)
    found = memory.find(pair.pid, octets, octets.hex().encode())
    assert any(needle == octets for needle, _, _ in found)
    assert not [f for f in found if f[0] != octets], "the text was overwritten"
    assert all("dd" in m.flags for _, m, _ in found), shown(found)


@pytest.mark.skipif(shutil.which("gcore") is None, reason="gcore (package gdb) is not here")
def test_a_core_dump_holds_no_secret(pair):
    prefix = pair.folder / "core"
    done = subprocess.run(["gcore", "-o", prefix, str(pair.pid)], capture_output=True, text=True, timeout=120)
    core = prefix.with_name(f"core.{pair.pid}")
    assert core.exists(), done.stderr
    dump = core.read_bytes()
    core.unlink()
    assert b"meticulous_keyed_sha1" in dump, "it is one of the daemon"
    assert pair.first.encode() not in dump
    pair.wait_up()
