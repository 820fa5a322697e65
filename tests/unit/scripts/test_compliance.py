"""scripts/compliance over a small register of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "compliance"
TAG = "// " + "req: "  # in two pieces, so that this file tags nothing

REGISTER = """# Requirements of RFC 1: host software. See README.md.
[[requirement]]
id = "RFC1-2.1-01"
level = "MUST"
who = "system"
text = "first | second"
test = "t"
[[requirement]]
id = "RFC1-2.1-02"
level = "MUST NOT"
who = "system"
text = "never"
test = "t"
[[requirement]]
id = "RFC1-3-01"
level = "MUST"
who = "operator"
text = "not here"
test = "t"
applies = false
why = "somebody else's duty"
"""
UNBUILT = REGISTER.replace("RFC1-", "RFC2-").replace("RFC 1: host software", "RFC 2: host names")


@pytest.fixture
def tests(tmp_path):
    folder = tmp_path / "tests"
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements" / "rfc1.toml").write_text(REGISTER)
    (folder / "requirements" / "rfc2.toml").write_text(UNBUILT)
    (folder / "first_test.cpp").write_text(
        f"TEST(A, IsBefore) {{}}\n{TAG}RFC1-2.1-01\nTEST_F(Suite,\n       Behaves) {{}}\n"
    )
    return folder


def run(tests, *arguments):
    output = tests.parent / "out.md"
    done = subprocess.run([sys.executable, SCRIPT, "--tests", tests, "--output", output, *arguments],
                          capture_output=True, text=True)
    return done, output.read_text() if output.exists() else None


def test_each_rule_has_its_test_its_reason_or_none(tests):
    done, text = run(tests)
    assert done.returncode == 0, done.stderr
    assert "| 2.1-01 | MUST | first \\| second | `first_test.cpp: Suite.Behaves` |" in text
    assert "| 2.1-02 | MUST NOT | never | **no test** |" in text
    assert "| 3-01 | MUST | not here | **not ours**: somebody else's duty |" in text


def test_totals_count_what_the_rows_say(tests):
    _, text = run(tests)
    assert "| [1](#rfc-1) | 3 | 1 | 1 | 1 | 1 of 2 |" in text


def test_an_rfc_without_any_test_takes_one_line(tests):
    _, text = run(tests)
    assert "- RFC 2, host names: 2 rules that apply" in text
    assert "## RFC 2" not in text


def test_of_many_tests_two_are_shown(tests):
    for name in "bcd":
        (tests / f"{name}_test.cpp").write_text(f"{TAG}RFC1-2.1-02\nTEST(S, T{name}) {{}}\n")
    _, text = run(tests)
    assert "`b_test.cpp: S.Tb`<br>`c_test.cpp: S.Tc` and more |" in text
    assert "S.Td" not in text


def test_a_stale_document_is_told_of(tests):
    run(tests)
    done, text = run(tests, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    (tests / "second_test.cpp").write_text(f"{TAG}RFC1-2.1-02\nTEST(B, C) {{}}\n")
    done, after = run(tests, "--check")
    assert done.returncode == 1
    assert "run scripts/compliance" in done.stderr
    assert after == text, "--check writes nothing"
