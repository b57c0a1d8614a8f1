"""The program of a stand-alone gate in simulated time: a reader, flash or task that fails leaves the gate as it is."""

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firmware.boot import Files, State
from firmware.drivers.chip import ChipTrouble
from firmware.drivers.scanner import Scanner
from firmware.node.clock import Clock, Ticks, difference
from firmware.node.contacts import Contacts
from firmware.node.flash import Region
from firmware.node.journal import Journal
from firmware.node.lamp import Lamp
from firmware.node.passes import Passes
from firmware.node.ring import JournalUnavailable
from firmware.node.settings import Bundle, GateSettings, SettingsRefused
from firmware.node.slots import Slots
from firmware.node.store import Store
from firmware.node.wifi import Wifi
from simulators.flash import Flash
from simulators.loop import run, running
from tests.firmware.node.gate_bench import Pin
from tests.firmware.node.node_school import node_file, take
from tests.firmware.node.test_node_cloud_side import Station
from tests.firmware.node.test_node_settings import BUNDLE

standalone: Any = importlib.import_module("firmware.node.standalone")  # without types, as MicroPython reads it
PLAIN = BUNDLE | {
    "cloud": BUNDLE["cloud"] | {"mqtt_tls": False, "http_url": "http://cloud.example"}, "hub": None,
}  # fmt: skip


class LoopTicks(Ticks):
    """The counter of the loop's own time."""

    def now(self) -> int:  # type: ignore[explicit-override]
        return running().now_ms % (1 << 30)

    def difference(self, later: int, earlier: int) -> int:  # type: ignore[explicit-override]
        return difference(later, earlier, 1 << 30)


class TableChip:
    """A chip that starts and looks as the test says; nothing lies on it."""

    def __init__(self) -> None:
        self.start_error: Exception | None = None
        self.look_error: Exception | None = None
        self.starts = self.stalls = 0

    async def start(self) -> None:
        self.starts += 1
        if self.start_error is not None:
            raise self.start_error

    async def sense(self) -> bytes | None:
        if self.look_error is not None:
            raise self.look_error
        if self.stalls:
            self.stalls -= 1
            raise ChipTrouble("no answer")
        return None


class Line:
    """A serial line on which a scanner has said something."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    def read(self, count: int) -> bytes | None:
        piece, self._said = self._said[:count], self._said[count:]
        return piece or None

    def write(self, _content: bytes) -> None:
        """Say nothing to a scanner."""


class SpoiltStore(Store):
    """Notes on flash that takes no more."""

    def keep(self, **_changed: object) -> None:  # type: ignore[explicit-override]
        raise OSError(28)


class Node:
    """A gate on a table, put together as its board does; it runs in the loop's time."""

    def __init__(self, folder: Path, *, store: type[Store] = Store, said: bytes = b"", alarm: str = "") -> None:
        self.chip = TableChip()
        self.fed = self.restarts = 0
        self.journal = Journal(Region(Flash(16)), "gate-1", Random(1).randbytes)
        self.files = Files(f"{folder}/")
        bundle, station = Bundle(PLAIN), Station()
        station.is_there = False
        (folder / "state.json").write_text(json.dumps({"alarm": alarm}))
        outputs = {name: Pin(0) for name in ("relay_in", "relay_out", "red", "green", "buzzer")}
        inputs = {"passed_in": Pin(), "passed_out": Pin(), "fire": Pin(0)}
        slots = self.slots = Slots(Region(Flash(16)), bundle.school, bytes(32))
        parts = standalone.Parts(
            chip=self.chip, lamp=Lamp(dict(outputs)), contacts=Contacts(dict(inputs)), journal=self.journal,
            slots=slots, wifi=Wifi(station, "school", ""),
            store=store(str(folder / "state.json")), scanner=Scanner(Line(said)), feed=self._feed,
            passes=Passes(bundle.school, bundle.roster_public_key, lambda: slots.roster),
            restart=self._restart, set_clock=lambda _wall_ms: None, files=self.files, board="gate-esp32s3",
        )  # fmt: skip
        settings = GateSettings({"board": "gate_esp32s3", "gate": "main", "direction": "in"})
        self.gate = standalone.StandAlone(bundle, settings, parts, Clock(LoopTicks()))

    def _feed(self) -> None:
        self.fed += 1

    def _restart(self) -> None:
        self.restarts += 1

    def told(self, *kinds: str) -> list[str]:
        entries = self.journal.read(self.journal.epoch, 0, 10_000)
        found = [json.loads(entry.record) for entry in entries if entry.record]
        return [record["w"] for record in found if record["k"] in kinds]


def story(told: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await told()

    run(whole())


@contextlib.asynccontextmanager
async def switched_on(node: Node) -> AsyncIterator[Node]:
    task = asyncio.create_task(node.gate.run())
    try:
        yield node
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_a_reader_that_starts_but_fails_at_every_look_is_told_and_is_not_well(tmp_path: Path) -> None:
    seen: list[object] = []

    async def told() -> None:
        node = Node(tmp_path)
        node.chip.look_error = ChipTrouble("no answer")
        async with switched_on(node):
            await asyncio.sleep(30)
            seen.extend([node.told("alarm"), node.gate._is_reader_well])
            node.chip.look_error = None
            await asyncio.sleep(5)
            seen.extend([node.told("alarm"), node.gate._is_reader_well])

    story(told)

    assert seen == [["reader_lost"], False, ["reader_lost", "reader_back"], True]


def test_one_stall_of_a_reader_is_nobodys_business(tmp_path: Path) -> None:
    node: list[Node] = []

    async def told() -> None:
        node.append(Node(tmp_path))
        async with switched_on(node[0]):
            for _ in range(5):
                node[0].chip.stalls = 1
                await asyncio.sleep(5)

    story(told)

    assert node[0].told("alarm") == []
    assert node[0].chip.starts > 5


def test_a_task_that_ran_well_has_forgotten_its_failures_and_cards_wait_five_seconds_at_most(tmp_path: Path) -> None:
    began: list[float] = []

    async def fail() -> None:
        began.append(asyncio.get_running_loop().time())
        if len(began) in {5, 6}:
            await asyncio.sleep(61)
        raise KeyError("a bug")

    async def told() -> None:
        task = asyncio.create_task(Node(tmp_path).gate._kept("cards", fail, standalone.CARDS_AGAIN_S_MAX))
        await asyncio.sleep(151)
        task.cancel()

    story(told)

    waits = [round(later - earlier) for earlier, later in pairwise(began)]
    assert waits[:4] == [1, 2, 4, 5]
    assert waits[4:] == [62, 62, 2, 4, 5]


def test_notes_that_flash_does_not_take_stop_no_start(tmp_path: Path) -> None:
    node: list[Node] = []

    async def told() -> None:
        node.append(Node(tmp_path, store=SpoiltStore, alarm="clone_suspected"))
        async with switched_on(node[0]):
            await asyncio.sleep(5)

    story(told)

    assert node[0].told("alarm") == ["clone_suspected"]
    assert node[0].fed > 500


def test_fault_37_a_journal_or_a_proof_that_flash_does_not_take_keeps_no_node_from_starting_anew(
    tmp_path: Path,
) -> None:
    node: list[Node] = []

    async def told() -> None:
        State(Files(f"{tmp_path}/")).begin("b")
        it = Node(tmp_path)
        node.append(it)
        it.journal.tidy = _unavailable  # type: ignore[method-assign]
        it.files.replace = _full  # type: ignore[method-assign, assignment]
        it.gate.session.last_ack_ms = 1
        async with switched_on(it):
            await asyncio.sleep(5)
            it.gate.cloud.restart()
            await asyncio.sleep(5)

    story(told)

    assert node[0].restarts == 1
    assert State(Files(f"{tmp_path}/")).trial == "b"


def _unavailable() -> None:
    raise JournalUnavailable("io_error", "worn out")


def _full(_path: str, _content: bytes) -> None:
    raise OSError(28)


def test_a_scanners_codes_reach_the_gate_by_the_drivers_rule(tmp_path: Path) -> None:
    node: list[Node] = []

    async def told() -> None:
        node.append(Node(tmp_path, said=b"\xff\x00noise\r\nabc\r\nQR-1234567\r\n" + b"x" * 600 + b"\r\n"))
        async with switched_on(node[0]):
            await asyncio.sleep(5)

    story(told)

    assert len(node[0].told("decision")) == 1


# The roster


def test_a_gate_that_took_a_roster_says_so_lest_an_older_word_that_waits_is_the_last(tmp_path: Path) -> None:
    node: list[Node] = []

    async def told() -> None:
        node.append(Node(tmp_path))
        async with switched_on(node[0]):
            await asyncio.sleep(2)
            version = take(node[0].slots, node_file(key=bytes(32), school=PLAIN["school"])).version
            node[0].gate._rosters.fetch = lambda newest: asyncio.sleep(0, newest)
            await node[0].gate.cloud.fetch_roster(version)

    story(told)

    entries = node[0].journal.read(node[0].journal.epoch, 0, 10_000)
    records = [json.loads(entry.record) for entry in entries if entry.record]
    assert [record["r"] for record in records if record["k"] == "health"] == [0, node[0].slots.version]


# The start


def test_a_program_that_fails_as_a_whole_starts_anew_after_a_while() -> None:
    done: list[object] = []

    standalone.start(_no_memory, lambda: done.append("restart"), done.append)

    assert done == [standalone.START_AGAIN_S, "restart"]


def test_fault_37_on_trial_it_is_the_boot_files_to_start_anew_what_fails() -> None:
    done: list[object] = []

    with pytest.raises(MemoryError):
        standalone.start(_no_memory, lambda: done.append("restart"), done.append, is_trial=True)

    assert done == []


def _no_memory() -> None:
    raise MemoryError


def test_settings_that_are_no_good_leave_the_board_at_its_prompt() -> None:
    done: list[object] = []

    with pytest.raises(SettingsRefused):
        standalone.start(_refuse, lambda: done.append("restart"), done.append)

    assert done == []


def _refuse() -> None:
    raise SettingsRefused("node.json: gate is missing")
