"""scripts/requirements over a small register of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "requirements"
TAG = "// " + "req: "  # in two pieces, so that this file tags nothing

REGISTER = """
[[requirement]]
id = "RFC1-2.1-01"
level = "MUST"
who = "system"
text = "first"
test = "t"
[[requirement]]
id = "RFC1-2.1-02"
level = "MUST"
who = "system"
text = "second"
test = "t"
[[requirement]]
id = "RFC1-2.10-01"
level = "MAY"
who = "system"
text = "third"
test = "t"
[[requirement]]
id = "RFC1-3-01"
level = "MUST"
who = "operator"
text = "not ours"
test = "t"
applies = false
why = "somebody else's duty"
"""

SCOPE = """
[small]
files = ["rfc1"]
levels = ["MUST"]
[[small.exclude]]
why = "not offered"
ids = ["RFC1-2.1-02"]
[all_but_2_1]
files = ["rfc1"]
levels = ["MUST", "MAY"]
[[all_but_2_1.exclude]]
why = "not offered"
ids = ["RFC1-2.1-"]
[unreasoned]
files = ["rfc1"]
levels = ["MUST"]
[[unreasoned.exclude]]
ids = ["RFC1-2.1-02"]
[wrong]
files = ["rfc1"]
levels = ["MUST"]
[[wrong.exclude]]
why = "w"
ids = ["RFC1-9-"]
"""


@pytest.fixture
def tests(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "rfc1.toml").write_text(REGISTER)
    (tmp_path / "requirements" / "scope.toml").write_text(SCOPE)
    return tmp_path


def run(tests, *arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, "--tests", tests, *arguments], capture_output=True, text=True, check=False
    )


def ids(result):
    return [line.split()[0] for line in result.stdout.splitlines()]


def tag(tests, text, name="unit/x_test.cpp"):
    file = tests / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_prints_what_no_test_names_and_leaves_out_what_does_not_apply(tests):
    tag(tests, TAG + "RFC1-2.1-02\n")
    result = run(tests)
    assert ids(result) == ["RFC1-2.1-01", "RFC1-2.10-01"]
    assert result.returncode == 0


def test_takes_several_ids_in_one_comment_and_comments_of_python(tests):
    tag(tests, TAG + "RFC1-2.1-01 RFC1-2.1-02\n")
    tag(tests, "# " + "req: RFC1-2.10-01\n", "interop/test_x.py")
    assert ids(run(tests)) == []


def test_an_id_in_prose_is_no_tag(tests):
    tag(tests, "// as RFC1-2.1-01 says\n")
    assert "RFC1-2.1-01" in ids(run(tests))


@pytest.mark.parametrize("wrong", ["RFC1-2.1-99", "RFC1_2.1-01", "RFC1-3-01"])
def test_a_tag_that_names_nothing_testable_is_an_error_with_its_place(tests, wrong):
    tag(tests, "\n" + TAG + wrong + "\n")
    result = run(tests)
    assert result.returncode == 1
    assert "x_test.cpp:2" in result.stderr and wrong in result.stderr


def test_an_id_listed_twice_is_an_error(tests):
    (tests / "requirements" / "rfc1.toml").write_text(REGISTER + REGISTER)
    result = run(tests)
    assert result.returncode == 1
    assert "RFC1-2.1-01 is there twice" in result.stderr


def test_summary_counts_by_level(tests):
    tag(tests, TAG + "RFC1-2.1-02\n")
    assert [line.split() for line in run(tests, "--summary").stdout.splitlines()] == [
        ["rfc1", "MUST", "1", "of", "2"],
        ["rfc1", "MAY", "0", "of", "1"],
        ["all", "1", "of", "3"],
    ]


def test_filters_by_rfc_and_level(tests):
    assert ids(run(tests, "--level", "MAY")) == ["RFC1-2.10-01"]
    assert ids(run(tests, "--rfc", "2")) == []
    assert len(ids(run(tests, "--rfc", "1"))) == 3


def test_scope_leaves_out_ids_and_whole_sections(tests):
    assert ids(run(tests, "--scope", "small")) == ["RFC1-2.1-01"]
    # 2.10 begins with the letters of 2.1 but is another section.
    assert ids(run(tests, "--scope", "all_but_2_1")) == ["RFC1-2.10-01"]


@pytest.mark.parametrize("scope", ["unreasoned", "wrong", "unknown"])
def test_a_scope_without_reasons_or_with_dead_entries_is_an_error(tests, scope):
    assert run(tests, "--scope", scope).returncode == 1


def test_strict_fails_while_something_is_missing(tests):
    assert run(tests, "--strict").returncode == 1
    tag(tests, TAG + "RFC1-2.1-01 RFC1-2.1-02 RFC1-2.10-01\n")
    assert run(tests, "--strict").returncode == 0


def test_the_register_of_this_project_is_sound():
    result = subprocess.run([sys.executable, SCRIPT, "--scope", "first", "--summary"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
