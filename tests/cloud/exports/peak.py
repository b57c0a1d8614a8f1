"""How much memory and time an export takes that somebody makes by the command, in a process of its own."""

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.cloud.cli.esik import ROOT, environment

_COMMAND = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"
# So many passages of one child, whoever it is.
PASSAGES = """
INSERT INTO movement (shard, position, school_id, person_id, "on", at, received_at, direction, gate, kind, reason,
  let, let_reason, passage, clock, device, epoch, seq, is_double)
SELECT shard, $1 + n, school_id, child.id, date '2026-09-01' + (n % 30)::int, now(), now(),
  CASE n % 2 WHEN 0 THEN 'in' ELSE 'out' END, 'north', 'card', 'ok', '', '', '', 'ntp', 'gate-north', 'e', $1 + n, false
FROM (SELECT * FROM person ORDER BY id LIMIT 1) AS child, generate_series(1, $2::bigint - $1) n
"""


@dataclass(frozen=True, slots=True)
class Peak:
    """What an export took: seconds, megabytes of memory at its peak, and of the file."""

    took_s: float
    memory_mb: float
    file_mb: float
    passages: int


async def fill(pool: asyncpg.Pool, before: int, passages: int) -> None:
    """Let there be so many passages, where there were so many before."""
    await pool.execute(PASSAGES, before, passages, timeout=600)


def export(settings: Mapping[str, object], school: str, out: Path) -> Peak:
    """Make an export by the command, and look at what it took."""
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "cloud", "export", str(out), "--school", school],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment(settings), cwd=ROOT,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took_s = time.perf_counter() - began_s
    assert process.returncode == 0, "the export failed"
    with zipfile.ZipFile(out) as archive, archive.open("csv/movement.csv") as passages:
        count = sum(1 for _ in passages) - 1
    return Peak(took_s, used.ru_maxrss / 1024, out.stat().st_size / 1e6, count)
