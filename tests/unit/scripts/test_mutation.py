"""scripts/mutation: what it says of a list that does not fit the code."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "mutation"

REGISTER = """
[[requirement]]
id = "RFC1-2.1-01"
level = "MUST"
who = "system"
text = "first"
test = "t"
"""
ENTRY = {
    "rule": "RFC1-2.1-01",
    "breaks": "less is taken",
    "file": "src/overlay/a.cpp",
    "before": "x < 24",
    "after": "x < 23",
}


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tests/requirements").mkdir(parents=True)
    (tmp_path / "tests/requirements/rfc1.toml").write_text(REGISTER)
    (tmp_path / "src/overlay").mkdir(parents=True)
    (tmp_path / "src/overlay/a.cpp").write_text("bool f(int x) { return x < 24; }\n")
    return tmp_path


def verify(tree, *entries):
    rules = tree / "rules.toml"
    rules.write_text("".join(
        "[[mutation]]\n" + "".join(f'{name} = "{value}"\n' for name, value in entry.items())
        for entry in entries))
    return subprocess.run([sys.executable, SCRIPT, "--verify", "--root", tree, "--rules", rules],
                          capture_output=True, text=True)


def test_a_list_that_fits(tree):
    done = verify(tree, ENTRY)
    assert (done.returncode, done.stdout) == (0, "1 mutations fit the code\n")


@pytest.mark.parametrize("change, fault", [
    ({"before": "x < 25"}, "occurs 0 times in src/overlay/a.cpp"),
    ({"before": "x"}, "occurs 2 times"),
    ({"after": "x < 24"}, "changes nothing"),
    ({"rule": "RFC1-9-01"}, "is not in the register"),
    ({"file": "src/overlay/b.cpp"}, "is no file of the core"),
    ({"file": "src/main.cpp"}, "is no file of the core"),
    ({"why": "because"}, "has to have exactly"),
])
def test_what_does_not_fit_is_named(tree, change, fault):
    done = verify(tree, ENTRY, {**ENTRY, **change})
    assert done.returncode == 2
    assert f"rules.toml: 2: {({**ENTRY, **change})['rule']}" in done.stderr
    assert fault in done.stderr


def test_an_empty_list_proves_nothing(tree):
    done = verify(tree)
    assert done.returncode == 2
    assert "no mutations" in done.stderr
