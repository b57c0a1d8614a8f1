"""Hours of worlds and kills; what was run is written down after every stretch, so that the next run goes on there."""

import json
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from simulators.world import command, run_world
from tests.chaos.storm import drawn, storm
from tests.repo.sources import ROOT

STATE = ROOT / "build" / "soak.json"
SUMMARY = ROOT / "build" / "soak.md"
WORLDS, KILLS = 100_000, 1_000
STRETCH = 50  # worlds that are written down together
STORM_KILLS = 25
WRONG_MAX = 20


@dataclass(slots=True)
class Stretch:
    """Worlds of seeds that follow on one another."""

    commit: str
    on: str
    first: int
    worlds: int
    openings: int = 0
    records: int = 0
    excused: int = 0
    faults: int = 0
    simulated_s: float = 0.0
    took_s: float = 0.0
    broken: dict[str, list[str]] = field(default_factory=dict)  # the command that repeats a world, and what is wrong


@dataclass(slots=True)
class Storm:
    """Real kills on one line."""

    commit: str
    on: str
    seed: int
    kills: int
    openings: int
    records: int
    took_s: float
    wrong: list[str]


@dataclass(slots=True)
class Soak:
    """Everything that was ever run into one file."""

    stretches: list[Stretch] = field(default_factory=list)
    storms: list[Storm] = field(default_factory=list)

    @staticmethod
    def read(path: Path = STATE) -> "Soak":
        """Return what was run before; nothing when there is no file."""
        if not path.exists():
            return Soak()
        found = json.loads(path.read_text())
        return Soak([Stretch(**one) for one in found["stretches"]], [Storm(**one) for one in found["storms"]])

    def write(self, path: Path = STATE) -> None:
        """Write it down; a run that ends in the middle leaves the old file."""
        path.parent.mkdir(exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=1))
        new.replace(path)

    @property
    def worlds(self) -> int:
        return sum(stretch.worlds for stretch in self.stretches)

    @property
    def kills(self) -> int:
        return sum(storm.kills for storm in self.storms)

    @property
    def wrong(self) -> list[str]:
        """Return what went wrong, each with what repeats it."""
        worlds = [f"{again}: {told[0]}" for stretch in self.stretches for again, told in stretch.broken.items()]
        return worlds + [f"storm {storm.seed}: {storm.wrong[0]}" for storm in self.storms if storm.wrong]


def soak_worlds(soak: Soak, until: int, processes: int, deadline_s: float = float("inf")) -> None:
    """Run worlds on some cores until there are so many, or until an instant of the monotonic clock."""
    commit, on = _commit(), time.strftime("%Y-%m-%d")
    first = max((stretch.first + stretch.worlds for stretch in soak.stretches), default=0)
    starts = range(first, first + until - soak.worlds, STRETCH)
    due = takewhile(lambda _start: time.monotonic() < deadline_s, starts)
    with ProcessPoolExecutor(processes) as pool:
        for stretch in _in_turn(pool, partial(run_stretch, commit, on), due, processes):
            soak.stretches.append(stretch)
            soak.write()


def _in_turn(
    pool: ProcessPoolExecutor, job: Callable[[int], Stretch], starts: Iterator[int], processes: int
) -> Iterator[Stretch]:
    """Yield results in order with no more under way than there are processes, so that a deadline is soon kept."""
    waiting = deque(pool.submit(job, start) for start in islice(starts, processes))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(pool.submit(job, start) for start in islice(starts, 1))


def run_stretch(commit: str, on: str, first: int, worlds: int = STRETCH) -> Stretch:
    """Run the worlds of a stretch."""
    stretch, began_s = Stretch(commit, on, first, worlds), time.monotonic()
    for seed in range(first, first + worlds):
        outcome = run_world(seed)
        stretch.openings += outcome.accepted
        stretch.records += outcome.records
        stretch.excused += outcome.excused
        stretch.faults += len(outcome.faults)
        stretch.simulated_s += outcome.simulated_s
        if outcome.violations:
            stretch.broken[command(seed)] = outcome.violations[:WRONG_MAX]
    stretch.took_s = time.monotonic() - began_s
    return stretch


def soak_storms(soak: Soak, until: int, deadline_s: float = float("inf")) -> None:
    """Run storms of real kills until there were so many, or until an instant of the monotonic clock."""
    commit, on = _commit(), time.strftime("%Y-%m-%d")
    while soak.kills < until and time.monotonic() < deadline_s:
        seed, began_s = len(soak.storms), time.monotonic()
        kills = min(STORM_KILLS, until - soak.kills)
        with TemporaryDirectory(prefix="esik-storm-") as folder:
            found = storm(Path(folder), seed, drawn(seed, kills))
        took_s = time.monotonic() - began_s
        soak.storms.append(
            Storm(commit, on, seed, kills, found.openings, found.records, took_s, found.wrong[:WRONG_MAX])
        )
        soak.write()


HEAD = """\
| date | commit | what | seeds | faults | gates opened | records | lost by media | wrong | minutes |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def summary(soak: Soak) -> str:
    """Return what was run as a Markdown table, a line for each commit and kind; below it what went wrong."""
    commits = dict.fromkeys([one.commit for one in soak.stretches] + [one.commit for one in soak.storms])
    lines = [line for commit in commits for line in (_worlds_line(soak, commit), _storms_line(soak, commit)) if line]
    return HEAD + "".join(lines) + "".join(f"\n{each}\n" for each in soak.wrong[:WRONG_MAX])


def _worlds_line(soak: Soak, commit: str) -> str:
    of = [stretch for stretch in soak.stretches if stretch.commit == commit]
    if not of:
        return ""
    last, hours = of[-1], sum(one.simulated_s for one in of) / 3600
    return _line(
        last.on, commit, f"{sum(one.worlds for one in of):,} worlds of {hours:,.0f} hours",
        f"{of[0].first} to {last.first + last.worlds - 1}", sum(one.faults for one in of),
        sum(one.openings for one in of), sum(one.records for one in of), sum(one.excused for one in of),
        sum(len(one.broken) for one in of), round(sum(one.took_s for one in of) / 60),
    )  # fmt: skip


def _storms_line(soak: Soak, commit: str) -> str:
    of = [storm for storm in soak.storms if storm.commit == commit]
    if not of:
        return ""
    return _line(
        of[-1].on, commit, "kills of real processes", f"{of[0].seed} to {of[-1].seed}", sum(one.kills for one in of),
        sum(one.openings for one in of), sum(one.records for one in of), "none may be",
        sum(bool(one.wrong) for one in of),
        round(sum(one.took_s for one in of) / 60),
    )  # fmt: skip


def _line(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |\n"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
