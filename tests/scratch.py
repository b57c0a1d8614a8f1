"""Where tests write: into memory, on a machine that has room, so that a slow disk makes no test late.

What a test writes need not outlive the machine. A folder that runs no programs, as containers often have, is none.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")  # noqa: S108 (for the tests of this machine's own user)
LIMITS = Path("/sys/fs/cgroup")  # of a container
ROOM_BYTES = 4 << 30
_CHOSEN = "TMPDIR"


def choose_scratch() -> None:
    """Let temporary files of this process and of those it starts stand in memory; as they were, if somebody chose."""
    environment = os.environ  # noqa: TID251 (what children inherit, not a setting)
    if _CHOSEN in environment or not has_room(MEMORY) or not runs_programs(MEMORY):
        return
    environment[_CHOSEN] = str(MEMORY)
    tempfile.tempdir = None  # it is found anew


def has_room(folder: Path) -> bool:
    """Tell whether all that the tests write fits there, and leaves the machine enough."""
    try:
        room = min(shutil.disk_usage(folder).free, psutil.virtual_memory().available)
    except OSError:
        return False
    return min(room, _left_to_container()) >= ROOM_BYTES


def _left_to_container() -> int:
    """Return half of what a container may use."""
    try:
        return int((LIMITS / "memory.max").read_text()) // 2
    except (OSError, ValueError):  # there is no container, or no limit
        return ROOM_BYTES


def runs_programs(folder: Path) -> bool:
    """Tell whether a program that stands there can be started."""
    try:
        with tempfile.TemporaryDirectory(dir=folder) as inside:
            program = Path(inside) / "program"
            program.write_text("#!/bin/sh\n")
            program.chmod(0o700)
            return subprocess.run([program], check=False).returncode == 0
    except OSError:
        return False
