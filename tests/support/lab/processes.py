"""Processes of a run: started, recorded on disk, ended by id."""

import os
import signal
import subprocess
import time
from pathlib import Path


def start_time(pid):
    """Clock ticks after boot when `pid` started; None when there is no such process.

    With the id it names a process for good, ids being used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] == "Z" else int(fields[19])


def end(pid, started, patience=5.0, first=signal.SIGTERM):
    """Ends a process that started at `started`; with SIGKILL when it does not go in time."""
    for number in (first, signal.SIGKILL):
        if start_time(pid) != started:
            return
        try:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + patience
        while start_time(pid) == started and time.monotonic() < until:
            time.sleep(0.01)


class Record:
    """What a run holds, as lines of a file, so that a later run can clean up after it."""

    def __init__(self, path):
        self._path = path

    def add(self, kind, *words):
        with self._path.open("a") as f:
            f.write(" ".join([kind, *map(str, words)]) + "\n")

    def entries(self, kind):
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line.split()[1:] for line in lines if line.startswith(kind + " ")]


class Process:
    """One process of a run, its output in a log file."""

    def __init__(self, record, command, log, stdout=None, stdin=subprocess.DEVNULL, **options):
        self.log = Path(log)
        with self.log.open("ab") as f:
            self._popen = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout or f,
                stderr=f,
                start_new_session=True,
                **options,
            )
        self.pid = self._popen.pid
        self._started = start_time(self.pid)
        record.add("process", self.pid, self._started)

    @property
    def stdin(self):
        return self._popen.stdin

    @property
    def stdout(self):
        return self._popen.stdout

    def running(self):
        return self._popen.poll() is None

    def send_signal(self, number):
        if self.running():
            self._popen.send_signal(number)

    def wait(self, timeout):
        """Exit status; raises subprocess.TimeoutExpired."""
        return self._popen.wait(timeout)

    def stop(self, first=signal.SIGTERM, patience=5.0):
        """Ends it and returns the exit status."""
        if self.running() and self._started is not None:
            end_at = time.monotonic() + patience
            self._popen.send_signal(signal.SIGCONT)
            self._popen.send_signal(first)
            while self.running() and time.monotonic() < end_at:
                time.sleep(0.01)
            if self.running():
                self._popen.kill()
        status = self._popen.wait(5)
        if self._popen.stdout:
            self._popen.stdout.close()
        return status

    def output(self):
        return self.log.read_text(errors="replace")
