"""What is measured of the agent: decisions, the journal, and the memory of the whole program."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

import psutil

from edge_agent.actuators.actuator import Direction, FireChanged, Passed
from edge_agent.clock import SystemClock
from edge_agent.door import Door
from edge_agent.journal.file import JournalFile
from edge_agent.journal.journal import Journal
from edge_agent.journal.opening import open_journal
from edge_agent.pipeline import Pipeline
from edge_agent.readers.tap import Medium, Tap
from edge_agent.roster import Roster
from edge_agent.slots import Slots
from edge_agent.timekeeper import Timekeeper
from edge_agent.view import View
from schemas.tokens import UID, token
from tests.bench import cards
from tests.bench.probe import durable_writes_per_s
from tests.bench.table import BUILD, Figure, at_least, at_most, percentile
from tests.servers.process import free_port, leash
from tests.waiting import until

TAPS = 2_000
ROUNDS, ROUND_S = 5, 0.6
SCHOOL_CARDS, CITY_CARDS = 5_000, 100_000
MEMORY_MB = 120.0
LIVE_TAPS = 200


# Decisions


class Relay:
    """An actuator that notes the instant of its command."""

    has_sensor = False

    def __init__(self) -> None:
        self.opened_at = 0.0
        self.opened = 0

    def open(self, direction: Direction, grant: int) -> None:  # noqa: ARG002 # as every actuator is asked
        self.opened_at = perf_counter()
        self.opened += 1

    def deny(self) -> None:
        raise AssertionError("every card of the measurement may pass")

    async def events(self) -> AsyncIterator[Passed | FireChanged]:
        await asyncio.Event().wait()
        yield Passed  # type: ignore[misc] # never reached: it makes this a generator


def decisions() -> list[Figure]:
    """Time from a card's number to the relay's command: token, roster, view, record, fsync."""
    figures = []
    for count in (SCHOOL_CARDS, CITY_CARDS):
        samples_ms = asyncio.run(_taps_ms(count))
        method = f"{TAPS} taps one after another, {count:,} cards on the roster, each record synced before the relay"
        name = f"decision with {count:,} cards"
        figures.append(Figure(f"{name}, p50", percentile(samples_ms, 0.50), "ms", method))
        figures.append(at_most(f"{name}, p99", percentile(samples_ms, 0.99), "ms", method, ceiling=10.0))
    return figures


async def _taps_ms(count: int) -> list[float]:
    clock = SystemClock()
    timekeeper, view, relay = Timekeeper(clock), View(cards.DEVICE), Relay()
    slots_file = cards.file(count, clock.wall_ms())
    with _folder() as folder:
        shelf = Slots(folder / "roster", cards.SCHOOL, cards.SIGNER.public_key().public_bytes_raw())
        roster = shelf.flip(slots_file, clock.wall_ms())
        opened = open_journal(
            folder / "journal.db", cards.DEVICE, Random(1), stamp=timekeeper.now(), boot="b" * 16, firmware="bench"
        )
        journal = Journal(opened.file, timekeeper)
        pipeline = _pipeline(journal, relay, timekeeper, view, roster)
        samples_ms = []
        for number in range(TAPS):
            await asyncio.sleep(0)
            tap = Tap("reader", cards.uid(number * 7 % count), Medium.UID, clock.monotonic_ms())
            read_at = perf_counter()
            await pipeline.handle(tap)
            samples_ms.append((relay.opened_at - read_at) * 1000)
        await journal.close()
    assert relay.opened == TAPS, "a card was refused"
    return samples_ms


def _pipeline(journal: Journal, relay: Relay, timekeeper: Timekeeper, view: View, roster: Roster) -> Pipeline:
    door = Door("main", {"reader": "in"})
    return Pipeline(
        door, cards.DEVICE, journal, relay, timekeeper, SystemClock(), view, lambda: roster,
        lambda tap: token(cards.CARD_KEY, UID, tap.credential), lambda _roster: True,
    )  # fmt: skip


# The journal


def journal() -> list[Figure]:
    """Count durable appends, one record a transaction and ten, beside what the disk does without a database."""
    raws, singles, tens = [], [], []
    with _folder() as folder:
        for turn in range(ROUNDS):
            raws.append(durable_writes_per_s(folder, ROUND_S))
            singles.append(_appends_per_s(folder / f"single-{turn}.db", 1))
            tens.append(_appends_per_s(folder / f"tens-{turn}.db", 10))
    raw, single, ten = median(raws), median(singles), median(tens)
    method = f"200-byte records, SQLite WAL, synchronous=FULL; median of {ROUNDS} rounds of {ROUND_S:g} s, in turns"
    return [
        Figure("raw pwrite and fdatasync", raw, "records/s", "300 bytes, preallocated file; in turns with the journal"),
        Figure("journal, single records", single, "records/s", method),
        Figure("journal, groups of ten", ten, "records/s", method),
        at_least("journal, single to raw", single / raw, "ratio", "of the two above", floor=0.5),
        at_least("journal, groups of ten to single", ten / single, "ratio", "of the two above", floor=4.0),
    ]


def _appends_per_s(path: Path, size: int) -> float:
    record = b'{"k":"decision","x":"' + b"0" * 177 + b'"}'
    with closing(JournalFile(path, cards.DEVICE, Random(size))) as file:
        count, started = 0, perf_counter()
        while perf_counter() - started < ROUND_S:
            file.append([record] * size)
            count += size
        return count / (perf_counter() - started)


# The whole program


def agent_memory() -> list[Figure]:
    """Start the agent as a school does, with a city's roster, show it some cards, and look at its size."""
    clock = SystemClock()
    with _folder() as folder:
        key = cards.SIGNER.public_key().public_bytes_raw()
        Slots(folder / "data" / "roster", cards.SCHOOL, key).flip(cards.file(CITY_CARDS, clock.wall_ms()), 0)
        port = free_port()
        command = [str(Path(sys.executable).with_name("esik")), "edge", "run", "--config", _settings(folder, port)]
        agent = subprocess.Popen(
            [*leash(None), *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until(lambda: _inside(port) >= LIVE_TAPS, 60.0, "the agent to let everybody in")
            used = psutil.Process(agent.pid).memory_info().rss / 1e6
        finally:
            agent.terminate()
            agent.wait(10.0)
    method = f"resident set of `esik edge run` with {CITY_CARDS:,} cards, after {LIVE_TAPS} taps, cloud unreachable"
    return [at_most("agent's memory", used, "MB", method, ceiling=MEMORY_MB)]


def _settings(folder: Path, port: int) -> str:
    taps = [{"at_ms": 100 + 20 * number, "credential": cards.uid(number).hex()} for number in range(LIVE_TAPS)]
    (folder / "taps.jsonl").write_text("".join(json.dumps({**tap, "medium": "uid"}) + "\n" for tap in taps))
    nowhere = {"mqtt_host": "127.0.0.1", "mqtt_port": 9, "mqtt_tls": False}
    bundle = {
        "version": 1,
        "device": cards.DEVICE,
        "school": cards.SCHOOL,
        "shard": 1,
        "secret": "00" * 32,
        "roster_public_key": cards.SIGNER.public_key().public_bytes_raw().hex(),
        "card_key": cards.CARD_KEY.hex(),
        "cloud": {**nowhere, "http_url": "http://127.0.0.1:9"},
        "hub": None,
        **dict.fromkeys(("ca_pem", "certificate_pem", "key_pem")),
    }
    (folder / "bundle.json").write_text(json.dumps(bundle))
    (folder / "bundle.json").chmod(0o600)
    lines = [
        'bundle = "bundle.json"',
        'folder = "data"',
        "[[readers]]",
        'name = "in"',
        'driver = "replay"',
        f'path = "{folder / "taps.jsonl"}"',
        "[[gates]]",
        'id = "main"',
        'readers = [{ name = "in", direction = "in" }]',
        'actuator = { kind = "none" }',
        "[status]",
        f"port = {port}",
    ]
    (folder / "agent.toml").write_text("\n".join(lines) + "\n")
    return str(folder / "agent.toml")


def _inside(port: int) -> int:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2.0) as answer:
        return int(json.loads(answer.read())["inside"])
    return 0


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder on the disk the project is on, not in memory as /tmp may be."""
    BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD.resolve()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


MEASUREMENTS = (decisions, journal, agent_memory)
