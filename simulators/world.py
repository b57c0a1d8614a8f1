"""A world on a jumping clock: a school's devices, a wire, a cloud, and everything that can go wrong, from one seed.

Rule: one seed is one world, step by step. When the story is over everything is mended, the world is left alone until
it is quiet, and then the invariants of `simulators.invariants` must hold.

`python -m simulators world --seed 7 --trace` runs one and tells what happened; `--count 1000` runs many.
"""

import argparse
import asyncio
import contextlib
import logging
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import structlog

from simulators.invariants import Ledger
from simulators.loop import NothingLeftToHappen, TimeStandsStill, run, running
from simulators.world_cloud import Database
from simulators.world_device import WorldDevice
from simulators.world_program import Parts, Surroundings
from simulators.world_school import roster_of
from simulators.world_story import AFTER_S, Story
from simulators.world_wire import Wire

QUIET_S_MAX = 7_200.0  # of simulated time; a world that is not quiet by then has an error
_LOOK_S = 5.0


@dataclass(slots=True)
class Outcome:
    """How a world ended."""

    seed: int
    violations: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    accepted: int = 0
    records: int = 0
    excused: int = 0
    faults: list[str] = field(default_factory=list)
    simulated_s: float = 0.0


class World:
    """Everything that is in one world."""

    def __init__(self, seed: int, folder: Path, parts: Parts, story: Story | None, *, tracing: bool) -> None:
        self.rng = Random(seed)
        self.ledger = Ledger()
        self.outcome = Outcome(seed)
        self._tracing = tracing
        self.story = story or Story.drawn(Random(f"{seed} story"))
        self.wire = Wire(Random(f"{seed} wire"), self.story.weather)
        names = [f"gate-{number}" for number in range(1, self.story.devices + 1)]
        roster = roster_of(tuple((name, name) for name in names))
        self.around = Surroundings(self.wire, self.ledger, folder, roster, self.trace, parts)
        self.devices = [WorldDevice(self.around, name, name, name, Random(f"{seed} {name}")) for name in names]
        self.database = Database(names)
        self._start: Callable[[WorldDevice], None] = lambda _device: None
        self.workers = [
            parts.worker(name, self.wire, self.database, self.ledger, Random(f"{seed} {name}"), self.trace)
            for name in ("cloud-1", "cloud-2")[: self.story.workers]
        ]

    def trace(self, text: str) -> None:
        """Remember what happened, if anybody wants to know."""
        if self._tracing:
            self.outcome.trace.append(f"{running().now_ms / 1000:10.3f} {text}")

    async def live(self) -> Outcome:
        """Let the story happen, mend everything, wait until it is quiet, and judge."""
        running().set_exception_handler(self._blame)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker.live(), name=worker.name) for worker in self.workers]
            self._start = lambda device: tasks.append(group.create_task(self._live(device), name=device.place))
            for device in self.devices:
                self._start(device)
            self.story.begin(self)
            await asyncio.sleep(self.story.lasts_s + AFTER_S)
            await self._settle()
            for task in tasks:
                task.cancel()
        return self._judged()

    # What the story does to the world

    def clone(self, device: WorldDevice) -> None:
        """Copy a device's card into a second machine and switch that on."""
        place = f"{device.device}-copy-{len(self.devices)}"
        other = WorldDevice(self.around, place, device.device, device.gate, Random(f"{self.outcome.seed} {place}"))
        device.copy_to(other)
        self.devices.append(other)
        self._start(other)

    def part_for(self, device: WorldDevice, seconds: float) -> None:
        """Cut a device's cable for a while."""
        if running().time() < self.story.lasts_s:
            self.wire.part(device.place, silently=False)
            running().call_later(seconds, self.wire.join, device.place)

    def restore_database(self) -> None:
        """Set the cloud back to its backup, and start its workers again."""
        if self.database.restore():
            self.trace("--- the database is restored")
            self.ledger.restore_cloud(row.key for row in self.database.books().all_rows)
            for worker in self.workers:
                worker.kill()

    def _blame(self, _loop: object, context: dict[str, Any]) -> None:
        """Hold what broke in a timer or a callback against the program; nobody else hears of it."""
        if "handle" in context:
            self.ledger.accuse(f"a callback broke: {_told(context['exception'])}")

    async def _live(self, device: WorldDevice) -> None:
        story, rng = self.story, Random(f"{self.outcome.seed} {device.place} power")
        await device.live(story.crowd_s, story.lasts_s + AFTER_S, lambda: rng.uniform(0.1, story.down_s_max))

    async def _settle(self) -> None:
        """Wait until every device is on and the cloud has everything it knows of."""
        until_s = running().time() + QUIET_S_MAX
        while running().time() < until_s:
            await asyncio.sleep(_LOOK_S)
            if all(device.program is not None and device.program.is_drained for device in self.devices):
                return
        for device in self.devices:
            if device.program is None or not device.program.is_drained:
                self.ledger.accuse(f"{device.place} did not come to rest: {device.describe()}")

    def _judged(self) -> Outcome:
        outcome, ledger = self.outcome, self.ledger
        outcome.violations = ledger.verdict(self.database.books())
        outcome.accepted, outcome.records, outcome.excused = ledger.accepted, ledger.written, ledger.excused
        outcome.faults = self.story.told
        outcome.simulated_s = running().time()
        return outcome


def run_world(seed: int, *, parts: Parts | None = None, story: Story | None = None, tracing: bool = False) -> Outcome:
    """Run one world to its end; a story that is given takes the place of the one the seed would draw."""
    shared = Path("/dev/shm")  # noqa: S108 (a folder in memory; a private one is made in it)
    folder = Path(tempfile.mkdtemp(prefix="esik-world-", dir=shared if shared.is_dir() else None))

    async def live() -> Outcome:
        return await World(seed, folder, parts or Parts(), story, tracing=tracing).live()

    try:
        with _quiet():
            return run(live())
    except (NothingLeftToHappen, TimeStandsStill) as error:
        return Outcome(seed, [str(error)])
    except Exception as error:  # noqa: BLE001 - a world that breaks is told with its seed, and the next one is run
        return Outcome(seed, [f"the program broke: {_told(error)}"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-4000:]


def command(seed: int) -> str:
    """Return the one command that repeats a world."""
    return f"python -m simulators world --seed {seed} --trace"


def main(argv: Sequence[str]) -> int:
    """Run worlds and print what became of them; return 1 if any broke an invariant."""
    parser = argparse.ArgumentParser(prog="python -m simulators world", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds, one after the other")
    parser.add_argument("--trace", action="store_true", help="tell what happened, step by step")
    chosen = parser.parse_args(argv)
    failed, records, accepted, began_s = 0, 0, 0, time.monotonic()
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        outcome = run_world(seed, tracing=chosen.trace)
        records, accepted = records + outcome.records, accepted + outcome.accepted
        for line in outcome.trace:
            print(line)
        if outcome.violations:
            failed += 1
            print(f"seed {seed}: {', '.join(outcome.faults) or 'no faults'}")
            print("\n".join(f"  {violation}" for violation in outcome.violations[:10]))
            print(f"  again: {command(seed)}")
    took_s = time.monotonic() - began_s
    print(
        f"{chosen.count} worlds, {accepted} openings seen, {records} records, {failed} worlds broken; "
        f"{1000 * took_s / chosen.count:.0f} ms a world"
    )
    return 1 if failed else 0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the product's logs to itself while worlds run."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
