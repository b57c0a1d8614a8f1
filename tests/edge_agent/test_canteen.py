"""The canteen's roster on an agent: as safe as the doors', sealed on its disk, gone when it is none of its business."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edge_agent.canteen import Canteen
from edge_agent.roster import Roster
from edge_agent.rows import Rows
from edge_agent.slots import SLOTS, Shelf, Slots
from schemas.roster import RosterRefused, row
from tests.edge_agent import school
from tests.edge_agent.canteen_kit import (
    DEVICE,
    HUB,
    NEW,
    OLD,
    PIN_HASH,
    TILL,
    delta,
    slots,
    snapshot,
)
from tests.edge_agent.school import ALIYA, DAY_MS, MONDAY_8_MS, person
from tests.waiting import until_async


def state_of(held: Rows | None) -> tuple[int, bytes | None] | None:
    """Return the version, and what it says of Aliya's account."""
    return (held.version, held.line("account", ALIYA)) if held is not None else None


OLDER, NEWER = (7, OLD[0]), (8, NEW[0])


# Slots


def test_a_snapshot_and_a_delta_are_gone_by_at_once_and_after_a_restart(tmp_path: Path) -> None:
    held = slots(tmp_path)

    assert state_of(held.flip(snapshot(OLD), MONDAY_8_MS)) == OLDER
    assert state_of(slots(tmp_path).load()) == OLDER
    assert state_of(held.flip(delta(OLD, NEW), MONDAY_8_MS)) == NEWER
    assert state_of(slots(tmp_path).load()) == NEWER


def flip_bit(data: bytes) -> bytes:
    broken = bytearray(data)
    broken[len(data) * 3 // 4] ^= 1
    return bytes(broken)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (lambda: snapshot(NEW, version=8)[:-20], "truncated"),
        (lambda: b"", "truncated"),
        (lambda: flip_bit(snapshot(NEW, version=8)), "digest"),
        (lambda: snapshot(NEW, version=8).replace(b'"version":8', b'"version":9'), "signature"),
        (lambda: snapshot(NEW, version=8).replace(b'"kind":"canteen",', b""), "signature"),
        (lambda: snapshot(NEW, version=8, school="alm006"), "school"),
        (lambda: snapshot(NEW, version=6), "version"),
        (lambda: snapshot(NEW, version=8, not_after_ms=MONDAY_8_MS - 1), "expired"),
        (lambda: snapshot([row("account", ALIYA, "much")], version=8), "malformed"),
        (lambda: school.snapshot(version=8), "kind"),
        (lambda: snapshot(NEW, version=8, kind="garage"), "kind"),
        (lambda: delta(OLD, NEW, base=6), "base"),
        (lambda: delta(OLD[:-1], NEW[:-1]), "digest"),
    ],
)  # fmt: skip
def test_fault_32_what_does_not_fit_is_refused_and_the_canteens_old_slot_stays(
    tmp_path: Path, file: Callable[[], bytes], reason: str
) -> None:
    held = slots(tmp_path)
    held.flip(snapshot(OLD), MONDAY_8_MS)

    with pytest.raises(RosterRefused) as refused:
        held.flip(file(), MONDAY_8_MS)

    assert refused.value.reason == reason
    assert state_of(held.held()) == OLDER
    assert state_of(slots(tmp_path).load()) == OLDER
    assert state_of(held.flip(snapshot(NEW, version=8), MONDAY_8_MS)) == NEWER


def test_fault_32_no_door_goes_by_a_canteens_roster(tmp_path: Path) -> None:
    doors = Slots(tmp_path, school.SCHOOL, school.PUBLIC_KEY)

    with pytest.raises(RosterRefused, match="kind"):
        doors.flip(snapshot(OLD), MONDAY_8_MS)


def test_fault_32_what_another_device_sealed_or_anybody_changed_does_not_open(tmp_path: Path) -> None:
    held = slots(tmp_path)
    held.flip(snapshot(OLD), 0)
    held.flip(snapshot(NEW, version=8), 0)
    newer = max(SLOTS, key=lambda slot: (tmp_path / slot).stat().st_mtime_ns)
    whole = (tmp_path / newer).read_bytes()

    stranger = slots(tmp_path, b"s" * 32)
    assert stranger.load() is None
    assert [refusal.reason for refusal in stranger.refusals] == ["unsealed", "unsealed"]
    for place in range(0, len(whole), 17):
        broken = bytearray(whole)
        broken[place] ^= 1
        (tmp_path / newer).write_bytes(bytes(broken))
        assert state_of(slots(tmp_path).load()) == OLDER
    for spoiled in (whole[:40], b"", school.snapshot(version=9), snapshot(NEW, version=9)):
        (tmp_path / newer).write_bytes(spoiled)
        assert state_of(slots(tmp_path).load()) == OLDER


def test_fault_33_a_power_cut_at_any_step_of_a_flip_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    held = slots(tmp_path)
    held.flip(snapshot(OLD), MONDAY_8_MS)
    held.flip(snapshot(NEW, version=8), MONDAY_8_MS)
    newer = max(SLOTS, key=lambda slot: (tmp_path / slot).stat().st_mtime_ns)
    whole = (tmp_path / newer).read_bytes()

    for length in range(0, len(whole), 97):
        (tmp_path / newer).unlink(missing_ok=True)
        (tmp_path / f"{newer}.new").write_bytes(whole[:length])
        assert state_of(slots(tmp_path).load()) == OLDER
    (tmp_path / newer).write_bytes(whole)
    assert state_of(slots(tmp_path).load()) == NEWER


def test_fault_34_a_delta_on_a_wrong_base_is_refused_and_a_snapshot_of_the_canteens_mends_it(tmp_path: Path) -> None:
    held = slots(tmp_path)

    with pytest.raises(RosterRefused, match="base"):
        held.flip(delta(OLD, NEW), MONDAY_8_MS)

    assert state_of(held.flip(snapshot(NEW, version=8), MONDAY_8_MS)) == NEWER


def test_nothing_that_a_slot_tells_can_be_read_from_the_disk(tmp_path: Path) -> None:
    slots(tmp_path).flip(snapshot(OLD), MONDAY_8_MS)

    lying = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert lying
    for told in (PIN_HASH, ALIYA, "Сәуле", "account", "digest", school.SCHOOL):
        assert told.encode() not in lying


def test_fault_31_an_expired_one_is_loaded_but_not_taken(tmp_path: Path) -> None:
    ends = {"not_after_ms": MONDAY_8_MS}
    slots(tmp_path).flip(snapshot(OLD, **ends), MONDAY_8_MS - 1)

    assert state_of(slots(tmp_path).load()) == OLDER
    with pytest.raises(RosterRefused, match="expired"):
        slots(tmp_path).flip(snapshot(OLD, **ends), MONDAY_8_MS + DAY_MS)


# Whose business it is


class Place:
    """An agent's canteen with its slots; the doors' roster is what a test says."""

    def __init__(self, folder: Path, doors: Roster | None, device: str = DEVICE) -> None:
        self.folder, self.doors, self.looks = folder, doors, 0
        files = slots(folder)
        self.canteen = Canteen(Shelf(files, files.load()), lambda: self.doors, device)
        self.canteen.look = self._look

    def _look(self) -> None:
        self.looks += 1

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Place"]:
        task = asyncio.create_task(self.canteen.run())
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize(
    ("rows", "rules", "device", "is_needed"),
    [
        ([TILL], {}, DEVICE, True),
        ([TILL], {}, "gate-1", False),
        ([TILL], {"hub": HUB}, HUB, True),
        ([], {"hub": HUB}, HUB, False),
        ([], {}, DEVICE, False),
    ],
)
def test_a_till_and_the_hub_of_a_school_with_tills_need_it(
    tmp_path: Path, rows: list[bytes], rules: dict[str, object], device: str, is_needed: bool
) -> None:
    assert Place(tmp_path, school.roster(*rows, **rules), device).canteen.is_needed() == is_needed  # type: ignore[arg-type]


def test_without_a_roster_of_the_doors_nobody_is_known_to_be_a_till(tmp_path: Path) -> None:
    place = Place(tmp_path, None)

    assert (place.canteen.is_needed(), place.canteen.roster()) == (False, None)


async def test_a_till_looks_for_a_newer_one_at_its_start_and_whenever_it_hears_something(tmp_path: Path) -> None:
    async with Place(tmp_path, school.roster(TILL)).running() as place:
        await until_async(lambda: place.looks == 1)
        place.canteen.hear()
        await until_async(lambda: place.looks == 2)


async def test_a_device_that_is_a_till_no_more_keeps_nothing_on_its_disk_and_sells_by_nothing(tmp_path: Path) -> None:
    slots(tmp_path).flip(snapshot(OLD), MONDAY_8_MS)
    slots(tmp_path).flip(snapshot(NEW, version=8), MONDAY_8_MS)
    (tmp_path / "roster-a.new").write_bytes(b"torn")
    async with Place(tmp_path, school.roster(TILL)).running() as place:
        await until_async(lambda: place.looks == 1)
        assert place.canteen.shelf.version == 8

        place.doors = school.roster()
        place.canteen.hear()
        await until_async(lambda: not list(tmp_path.iterdir()))

    assert (place.canteen.shelf.version, place.canteen.roster()) == (0, place.doors)
    assert slots(tmp_path).load() is None


async def test_what_comes_when_a_device_is_a_till_no_more_is_wiped(tmp_path: Path) -> None:
    async with Place(tmp_path, school.roster()).running() as place:
        await place.canteen.shelf.offer(snapshot(OLD), MONDAY_8_MS)
        place.canteen.taken(7)
        await until_async(lambda: not list(tmp_path.iterdir()))


async def test_without_a_roster_of_the_doors_nothing_is_wiped(tmp_path: Path) -> None:
    slots(tmp_path).flip(snapshot(OLD), MONDAY_8_MS)
    async with Place(tmp_path, None).running() as place:
        await until_async(lambda: not place.canteen._news.is_set())

        assert state_of(slots(tmp_path).load()) == OLDER


def test_a_till_finds_the_doors_rows_in_the_doors_and_all_others_in_the_canteens(tmp_path: Path) -> None:
    slots(tmp_path).flip(snapshot([*OLD, person("smuggled0000")], issued_ms=MONDAY_8_MS), MONDAY_8_MS)
    place = Place(tmp_path, school.roster(TILL, row("meal", "doors", school.NAMES, 0, 1)))

    both = place.canteen.roster()

    assert both is not None
    assert both is place.canteen.roster()
    assert list(both.lines("till")) == [TILL]
    assert [line.split(b",")[1] for line in both.lines("meal")] == [b'"lunch"']
    assert both.line("account", ALIYA) == OLD[0]
    assert both.person(ALIYA) is not None
    assert both.person("smuggled0000") is None
    assert (both.version, both.header.issued_ms) == (7, MONDAY_8_MS)
    assert place.doors is not None
    assert place.doors.line("account", ALIYA) is None


def test_the_rows_of_a_cloud_that_has_one_roster_for_all_are_found_in_it(tmp_path: Path) -> None:
    both = Place(tmp_path, school.roster(TILL, *OLD)).canteen.roster()

    assert both is not None
    assert both.line("account", ALIYA) == OLD[0]
