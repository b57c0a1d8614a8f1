"""Updates of the agent: what is asked, what is taken and what is not, when it gives way, and what it must prove."""

import asyncio
import json
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.releases.packing import Label, Packed, pack_folder
from edge_agent.status.snapshot import Snapshot
from edge_agent.sync.release_fetch import BLOCK_BYTES
from edge_agent.updating import QUIET_S, QUIET_S_MAX, Updates, Ways, lacking
from edge_agent.updating_place import Before, Place
from schemas.release import open_manifest
from simulators.clock import SimulatedClock
from tests.deploy.launcher_kit import Machine
from tests.edge_agent.status.snapshots import WELL
from tests.waiting import until_async

NOTES = {"kk": "Түзетулер.", "ru": "Исправления.", "en": "Repairs."}
BOARD = "linux-x86_64"


@dataclass(slots=True)
class Bench:
    """An agent's updates with a cloud that is a function, and a launcher that is a file."""

    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    offered: Packed | None = None
    now: Snapshot = WELL
    asked: list[str] = field(default_factory=list)
    blocks: list[tuple[int, int]] = field(default_factory=list)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    quiet_s: float = 10_000
    cut_after: int = 10**9

    def __post_init__(self) -> None:
        (self.folder / "opt").mkdir(exist_ok=True)
        (self.folder / "opt/release.pub").write_text(self.key.public_key().public_bytes_raw().hex())

    @property
    def place(self) -> Place:
        return Place(self.folder / "opt", self.folder / "inbox", BOARD)

    def launcher_says(self, **state: object) -> None:
        (self.folder / "opt/launcher.json").write_text(json.dumps(state))

    def pack(self, counter: int = 7, size: int = 10, key: Ed25519PrivateKey | None = None, **label: Any) -> Packed:
        made = self.folder / f"made-{counter}-{size}"
        made.mkdir(exist_ok=True)
        (made / "__main__.py").write_bytes(Random(size).randbytes(size))
        words: dict[str, Any] = {"product": "agent", "board": "any", "version": "0.7", "journal": 1} | label
        return pack_folder(made, Label(counter, notes=NOTES, **words), (key or self.key).sign)

    def updates(self) -> Updates:
        ways = Ways(
            self._ask, self._block, lambda: self.now, lambda reason, detail: self.alarms.append((reason, detail)), self,
            self._restart, lambda: self.quiet_s,
        )  # fmt: skip
        return Updates(self.place, ways, self.clock, Random(1))

    async def remember(self, name: str, value: str) -> None:
        self.notes[name] = value

    async def recall(self, name: str) -> str | None:
        return self.notes.get(name)

    async def _ask(self, query: str) -> bytes | None:
        self.asked.append(query)
        return self.offered.manifest if self.offered is not None else None

    async def _block(self, counter: int, board: str, first: int, size: int) -> bytes:
        assert self.offered is not None
        assert (counter, board) == (open_manifest(self.offered.manifest, None).counter, "any")
        if first >= self.cut_after:
            raise ConnectionError("the line went down")
        self.blocks.append((first, size))
        return self.offered.payload[first : first + size]

    def _restart(self) -> None:
        self.restarts += 1

    def inbox(self) -> Mapping[str, bytes]:
        """Return what lies there whole; what is being written has another name, and may have none a moment later."""
        whole = [path for path in (self.folder / "inbox").glob("*") if path.suffix != ".new"]
        return {path.name: path.read_bytes() for path in whole}


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.launcher_says(good=6)
    return made


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """Let no longer file be written, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def running(bench: Bench) -> Iterator[None]:
    task = asyncio.ensure_future(bench.updates().run())
    try:
        yield
    finally:
        task.cancel()


async def test_a_newer_release_is_fetched_checked_left_to_the_launcher_and_given_way_to(bench: Bench) -> None:
    bench.offered = bench.pack(size=BLOCK_BYTES + 5)

    await bench.updates().look()

    asked = f"product=agent&board={BOARD}&have=6"
    assert bench.asked == [asked, f"{asked}&trying=7"]
    assert bench.blocks == [(0, BLOCK_BYTES), (BLOCK_BYTES, 5)]
    found = bench.inbox()
    assert (found["staged.manifest"], found["staged.payload"]) == (bench.offered.manifest, bench.offered.payload)
    assert bench.place.before() == Before(("north-in", "north-out", "north-in", "north-out"), 17)
    assert bench.restarts == 1


async def test_a_download_that_was_cut_goes_on_where_it_stopped(bench: Bench) -> None:
    bench.offered = bench.pack(size=2 * BLOCK_BYTES)
    bench.cut_after = BLOCK_BYTES
    with pytest.raises(ConnectionError):
        await bench.updates().look()
    bench.cut_after = 10**9

    await bench.updates().look()

    assert bench.blocks == [(0, BLOCK_BYTES), (BLOCK_BYTES, BLOCK_BYTES)]
    assert bench.restarts == 1


async def test_what_was_begun_of_another_release_is_not_gone_on_with(bench: Bench) -> None:
    bench.offered, bench.cut_after = bench.pack(size=2 * BLOCK_BYTES), BLOCK_BYTES
    with pytest.raises(ConnectionError):
        await bench.updates().look()
    bench.offered, bench.cut_after = bench.pack(8, size=20), 10**9

    await bench.updates().look()

    assert bench.blocks[-1] == (0, 20)
    assert bench.inbox()["staged.payload"] == bench.offered.payload


@pytest.mark.parametrize(
    ("reason", "label"),
    [("board", {"board": "linux-s390x"}), ("product", {"product": "node"}), ("counter", {"counter": 6}),
     ("counter", {"counter": 5}), ("journal", {"journal": 99}), ("signature", {"key": Ed25519PrivateKey.generate()})],
)  # fmt: skip
async def test_fault_37_what_is_not_meant_for_this_agent_is_refused_with_its_reason_and_told_once(
    bench: Bench, reason: str, label: dict[str, Any]
) -> None:
    bench.offered = bench.pack(**label)
    updates = bench.updates()

    await updates.look()
    await updates.look()

    counter = 0 if reason == "signature" else label.get("counter", 7)
    assert bench.alarms == [("update_failed", f"{counter} {reason}")]
    assert bench.asked[1].endswith(f"&have=6&bad={counter}&why=refused")
    assert (bench.blocks, bench.restarts) == ([], 0)


async def test_a_payload_that_is_not_what_was_signed_is_thrown_away_fetched_once_more_and_refused(bench: Bench) -> None:
    packed = bench.pack()
    bench.offered = Packed(packed.manifest, packed.payload[:-1] + b"?")
    updates = bench.updates()
    with pytest.raises(ConnectionError, match="not what was signed"):
        await updates.look()
    first = list(bench.alarms)

    await updates.look()

    assert first == []
    assert bench.alarms == [("update_failed", "7 digest")]
    assert bench.inbox() == {}
    assert bench.restarts == 0


async def test_it_gives_way_only_when_nobody_has_stood_at_a_gate_for_a_while(bench: Bench) -> None:
    bench.offered, bench.quiet_s = bench.pack(), 5
    looking = asyncio.ensure_future(bench.updates().look())
    await until_async((bench.folder / "inbox/staged.manifest").exists)  # the others are being renamed meanwhile
    for _ in range(20):
        bench.clock.advance(60)
        await asyncio.sleep(0)
    busy = bench.restarts

    bench.quiet_s = QUIET_S
    bench.clock.advance(60)
    await asyncio.wait_for(looking, 30)

    assert (busy, bench.restarts) == (0, 1)
    assert QUIET_S_MAX <= 24 * 3_600, "a gate that is never quiet is updated all the same"


async def test_fault_37_a_failed_release_is_told_in_one_alarm_and_in_every_question_and_not_fetched_again(
    bench: Bench,
) -> None:
    bench.launcher_says(good=6, bad={"7": "no_ack"}, changed=[5])
    bench.offered = bench.pack(7)
    for _ in range(2):  # and not again after a restart
        with running(bench):
            await until_async(lambda: len(bench.alarms) >= 2)
            bench.clock.advance(3_600)
            await until_async(lambda: bool(bench.asked))

    assert bench.alarms == [("update_failed", "7 no_ack"), ("files_changed", "5")]
    assert bench.asked[0].endswith("&have=6&bad=7&why=no_ack")
    assert bench.blocks == []


async def rounds(bench: Bench, machine: Machine, limit_bytes: int) -> list[int]:
    """Look and start in turn, on a disk for files of a size; return how often the agent gave way after each."""
    given = []
    for _ in range(5):
        await bench.updates().look()
        with files_at_most(limit_bytes):
            assert machine.prepare() == 0
        given.append(bench.restarts)
    return given


async def test_a_release_that_the_launcher_cannot_write_is_fetched_three_times_and_never_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    bench = Bench(tmp_path, machine.key)
    bench.offered = bench.pack(7, size=100_000)

    given = await rounds(bench, machine, limit_bytes=50_000)

    assert given == [1, 2, 3, 3, 3]
    assert bench.asked[-1].endswith("&have=0&bad=7&why=refused")
    assert machine.state["trial"] == 0
    assert bench.inbox().keys() == {"before"}


async def test_a_release_that_the_launcher_refuses_is_fetched_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    bench = Bench(tmp_path, machine.key)
    machine.install(machine.pack(5, {"__main__.py": "pass"}))
    bench.launcher_says(good=5, highest=8)
    bench.offered = bench.pack(7)

    given = await rounds(bench, machine, limit_bytes=50_000)

    assert given == [1, 1, 1, 1, 1]
    assert bench.asked[-1].endswith("&have=5&bad=7&why=refused")


async def test_a_release_on_trial_is_proven_by_the_clouds_ack_and_then_tells_the_cloud(bench: Bench) -> None:
    bench.launcher_says(good=6, trial=7, tries=1)
    bench.now = replace(WELL, link=replace(WELL.link, counters={}))
    with running(bench):
        for _ in range(10):
            bench.clock.advance(1)
            await asyncio.sleep(0)
        early = bench.inbox()
        bench.now = WELL
        for _ in range(200):
            bench.clock.advance(1)
            await asyncio.sleep(0.005)
            if bench.asked:
                break

    assert early == {}
    assert bench.inbox()["good"] == b"7"
    assert bench.asked[0].endswith("&have=7")


@pytest.mark.parametrize(
    ("lacks", "now"),
    [
        ("journal", replace(WELL, journal=replace(WELL.journal, unavailable="disk full"))),
        ("roster", replace(WELL, roster=replace(WELL.roster, version=2))),
        ("reader north-in", replace(WELL, gates=[])),
        ("connection", replace(WELL, link=replace(WELL.link, phase="greeting"))),
        ("ack", replace(WELL, link=replace(WELL.link, counters={"acks_accepted": 0}))),
        ("", WELL),
    ],
)
def test_a_trial_lacks_what_it_has_not_shown(lacks: str, now: Snapshot) -> None:
    assert lacking(now, Before(("north-in",), 3)) == lacks


async def test_without_a_pinned_key_nothing_is_ever_asked_and_the_agent_goes_on(bench: Bench) -> None:
    (bench.folder / "opt/release.pub").unlink()
    with running(bench):
        for _ in range(10):
            bench.clock.advance(7_200)
            await asyncio.sleep(0)

    assert bench.asked == []
