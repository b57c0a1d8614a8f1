"""How a command tells what it did: in words or as one line of JSON, how far it is, and what it ends with.

Rule: the output stream holds the answer and nothing else; a bar is drawn for a person who waits, never into a file.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import IO, Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON instead of words; docs/operations.md has it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; nothing is changed.")]
Tell = Callable[[str, int, int], None]  # what is worked on, and how much of how much is done
# What an answer in JSON holds, by the command, in its order; a dry run's has the same keys.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "doctor": ("lines", "status"),
    "status": (
        "edition", "at", "last_record_at", "workers", "shards_served", "devices", "devices_not_heard",
        "certificates_ending", "unsent_records", "lost_records_of_a_day", "quarantined_records", "open_alarms",
        "commands", "behind",
    ),
    "migrate": ("dry_run", "applied"),
    "backup": ("dry_run", "file", "made_at", "rows", "bytes", "sealed", "keys", "deleted"),
    "restore": ("dry_run", "made_at", "esik", "rows", "tables", "sealed", "steps", "files", "against"),
    "drill": ("made_at", "rows", "bytes", "tables", "compared", "counted", "wrong", "found", "seconds"),
    "verify": ("counted", "wrong", "found"),
    "export": ("dry_run", "school", "file", "rows", "tables", "left_out"),
    "quarantine list": ("records", "held"),
    "quarantine retry": ("dry_run", "records", "held", "which"),
    "keys rotate": ("dry_run", "key", "values", "columns"),
    "keys reseal": ("dry_run", "key", "values", "columns"),
    "keys retire": ("dry_run", "retired", "still_used"),
}  # fmt: skip


class Status(IntEnum):
    """What a command ends with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SETTINGS = 78  # sysexits.h: EX_CONFIG, after which systemd does not try again


def answer(command: str, values: Mapping[str, object], words: Iterable[str], *, as_json: bool) -> None:
    """Print what a command has to tell: its answer as JSON, or the same in words."""
    assert tuple(values) == ANSWERS[command], f"{command} has another answer"  # noqa: S101
    lines = [json.dumps(values, ensure_ascii=False, default=_plain)] if as_json else words
    for line in lines:
        typer.echo(line)


def silent(_on: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Yield what hears how far something is: a bar on the error stream of a terminal, and nobody elsewhere."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 (who is no person does not wait for it)
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[on]}", markup=False),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, on="")
        yield lambda on, done, total: bar.update(task, completed=done, total=total, on=on)


@dataclass(slots=True)
class Course:
    """How far a work of several parts is, whose sizes are known, in whatever unit."""

    tell: Tell
    sizes: Mapping[str, int]
    done: int = 0

    def within(self, part: str, count: int) -> None:
        """Tell how far a part is."""
        self._say(part, self.done + min(count, self.sizes[part]))

    def finish(self, part: str) -> None:
        """Tell that a part is done."""
        self.done += self.sizes[part]
        self._say(part, self.done)

    def _say(self, part: str, done: int) -> None:
        self.tell(part, done, max(1, sum(self.sizes.values())))


@dataclass(slots=True)
class Watched:
    """A file that is read or written, a part of a course."""

    file: IO[bytes]
    course: Course
    part: str
    count: int = 0

    def read(self, size: int = -1) -> bytes:
        """Read, and tell how far it is."""
        block = self.file.read(size)
        self._count(block)
        return block

    def write(self, block: bytes) -> int:
        """Write, and tell how far it is."""
        self._count(block)
        return self.file.write(block)

    async def take(self, block: bytes) -> int:
        """Write beside the loop, and tell how far it is."""
        return await asyncio.to_thread(self.write, block)

    def _count(self, block: bytes) -> None:
        self.count += len(block)
        self.course.within(self.part, self.count)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    assert isinstance(value, Path), f"{type(value)} is no word of JSON"  # noqa: S101
    return str(value)
