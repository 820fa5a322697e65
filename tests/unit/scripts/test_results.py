"""scripts/results over small JUnit files."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "results"
PASSED = '<testcase classname="A" name="good"/>'
FAILED = '<testcase classname="A" name="bad"><failure message="1 is not 2"/></testcase>'
SKIPPED = '<testcase classname="A" name="later"><skipped message="no root"/></testcase>'
DISABLED = '<testcase classname="A" name="off" status="notrun"/>'
EMPTY = '<testcase classname="A" name="program"><system-out>\n[==========] Running 0 tests from 0 test suites.\n</system-out></testcase>'


@pytest.fixture
def results(tmp_path):
    def run(*cases, options=(), text=None):
        file = tmp_path / "junit.xml"
        file.write_text(text or f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        done = subprocess.run([sys.executable, SCRIPT, *options, file], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    return run


def test_the_last_line_is_the_count(results):
    assert results(PASSED, PASSED) == (0, ["2 passed, 0 failed"])


def test_a_failure_is_named_and_ends_with_1(results):
    assert results(PASSED, FAILED) == (1, ["failed: A.bad: 1 is not 2", "1 passed, 1 failed"])


def test_a_skipped_test_says_why(results):
    assert results(PASSED, SKIPPED) == (0, ["skipped: A.later: no root", "1 passed, 0 failed, 1 skipped"])


def test_nothing_at_all_is_no_success(results):
    assert results() == (1, ["0 passed, 0 failed"])


def test_a_program_that_ran_no_test_fails_unless_a_filter_asked_for_it(results):
    status, lines = results(PASSED, EMPTY)
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")
    assert results(PASSED, EMPTY, options=("--filtered",)) == (0, ["1 passed, 0 failed"])


def test_a_disabled_test_is_shown(results):
    assert results(PASSED, DISABLED)[1][-1] == "1 passed, 0 failed, 1 skipped"


def test_a_stage_without_results_is_a_failure(results):
    assert results(PASSED, options=("--failed", "build"))[1] == ["failed: build: gave no results", "1 passed, 1 failed"]


def test_a_file_that_is_no_xml_is_a_failure(results):
    status, lines = results(text="<testsuites><test")
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")
