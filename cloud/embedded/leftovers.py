"""What a run that was killed may have left behind: a server still ending, and a lock file of a process long gone."""

import os
import signal
import time
from pathlib import Path

import psutil

END_S = 30.0
PAUSE_S = 0.05


class StillRunning(Exception):
    """A server of an earlier run does not end."""


def clear(cluster: Path) -> None:
    """Wait for an earlier server of a cluster to end, and remove its lock file where it could not.

    PostgreSQL takes a lock file for a living server's when any process has its number now, as in a container that was
    started again. The caller holds the folder's own lock, so that nobody starts one meanwhile. Raises StillRunning.
    """
    deadline = time.monotonic() + END_S
    while running := _servers(cluster):
        if time.monotonic() > deadline:
            raise StillRunning(f"an earlier PostgreSQL of {cluster} does not end: stop process {min(running)}")
        for pid in running:
            _ask_to_end(pid)
        time.sleep(PAUSE_S)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _servers(cluster: Path) -> list[int]:
    home = os.path.realpath(cluster)
    return [
        process.pid
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "postgres" and process.info["cwd"] == home
    ]


def _ask_to_end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGINT)
    except (ProcessLookupError, PermissionError):
        return
