"""Two slots for a roster: what is refused leaves the old one standing, and no power cut mixes them. Faults 31 to 34."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.roster import Roster
from edge_agent.slots import SLOTS, Shelf, Slots
from schemas.roster import RosterRefused, row
from tests.edge_agent.school import (
    ALIYA,
    DAY_MS,
    MONDAY_8_MS,
    PUBLIC_KEY,
    SCHOOL,
    card,
    delta,
    rows_with,
    snapshot,
    token_of,
)

OLD, NEW = rows_with(), rows_with(card(ALIYA, state="blocked"))


def slots(folder: Path) -> Slots:
    return Slots(folder, SCHOOL, PUBLIC_KEY)


def state_of(roster: Roster | None) -> tuple[int, str] | None:
    """Return the version and what it says of Aliya's card."""
    if roster is None:
        return None
    found = roster.card(token_of(ALIYA))
    return roster.version, found.state if found is not None else "unknown"


def began(folder: Path) -> Slots:
    """Return slots that hold version 7."""
    held = slots(folder)
    held.flip(snapshot(OLD), MONDAY_8_MS)
    return held


def test_a_snapshot_is_gone_by_at_once_and_after_a_restart(tmp_path: Path) -> None:
    held = began(tmp_path / "rosters")

    assert state_of(held.held()) == (7, "active")
    assert state_of(slots(tmp_path / "rosters").load()) == (7, "active")


def test_a_delta_is_gone_by_at_once_and_after_a_restart_and_builds_on_a_delta(tmp_path: Path) -> None:
    held = began(tmp_path)

    assert state_of(held.flip(delta(OLD, NEW), MONDAY_8_MS)) == (8, "blocked")
    assert state_of(slots(tmp_path).load()) == (8, "blocked")
    again = slots(tmp_path)
    again.load()
    assert state_of(again.flip(delta(NEW, OLD, version=9, base=8), MONDAY_8_MS)) == (9, "active")
    assert state_of(slots(tmp_path).load()) == (9, "active")


def versions_in(folder: Path) -> dict[str, int]:
    """Return the version in each slot that exists."""
    lines = {slot: (folder / slot).read_bytes().partition(b"\n")[0] for slot in SLOTS if (folder / slot).exists()}
    return {slot: json.loads(line)["version"] for slot, line in lines.items()}


def test_the_older_slot_is_the_one_that_is_written(tmp_path: Path) -> None:
    held = began(tmp_path)

    for version in range(8, 12):
        held.flip(snapshot(OLD, version=version), MONDAY_8_MS)
        assert set(versions_in(tmp_path).values()) == {version - 1, version}


def test_there_is_none_before_the_first(tmp_path: Path) -> None:
    assert slots(tmp_path / "nowhere").load() is None


def test_an_expired_roster_is_loaded_but_not_taken(tmp_path: Path) -> None:
    ends = {"not_after_ms": MONDAY_8_MS}
    slots(tmp_path).flip(snapshot(OLD, **ends), MONDAY_8_MS - 1)

    found = slots(tmp_path).load()
    assert found is not None
    assert found.not_after_ms == MONDAY_8_MS
    with pytest.raises(RosterRefused, match="expired"):
        slots(tmp_path).flip(snapshot(OLD, **ends), MONDAY_8_MS + DAY_MS)
    assert state_of(slots(tmp_path).flip(snapshot(OLD, **ends), 0)) == (7, "active")


def flip_bit(data: bytes) -> bytes:
    broken = bytearray(data)
    broken[len(data) // 2] ^= 1
    return bytes(broken)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (lambda: snapshot(NEW, version=8)[:-20], "truncated"),
        (lambda: b"", "truncated"),
        (lambda: b"x" * 10_000, "truncated"),
        (lambda: flip_bit(snapshot(NEW, version=8)), "digest"),
        (lambda: snapshot(NEW, version=8).replace(b'"version":8', b'"version":9'), "signature"),
        (lambda: snapshot(NEW, version=8, school="alm006"), "school"),
        (lambda: snapshot(NEW, version=6), "version"),
        (lambda: snapshot(NEW, version=8, not_after_ms=MONDAY_8_MS - 1), "expired"),
        (lambda: snapshot([row("policy", "", {"passback": "off"})], version=8), "malformed"),
        (lambda: snapshot([line for line in NEW if not line.startswith(b'["card"')], version=8), "empty"),
        (lambda: delta(OLD, NEW, base=6), "base"),
        (lambda: delta(OLD[:-1], NEW[:-1]), "digest"),
    ],
)  # fmt: skip
def test_fault_32_what_does_not_fit_is_refused_and_the_old_slot_stays(
    tmp_path: Path, file: Callable[[], bytes], reason: str
) -> None:
    held = began(tmp_path)

    with pytest.raises(RosterRefused) as refused:
        held.flip(file(), MONDAY_8_MS)

    assert refused.value.reason == reason
    assert state_of(held.held()) == (7, "active")
    assert state_of(slots(tmp_path).load()) == (7, "active")
    assert state_of(held.flip(snapshot(NEW, version=8), MONDAY_8_MS)) == (8, "blocked")


def test_fault_32_a_foreign_key_signs_nothing(tmp_path: Path) -> None:
    began(tmp_path)
    stranger = Slots(tmp_path, SCHOOL, Ed25519PrivateKey.from_private_bytes(b"1" * 32).public_key().public_bytes_raw())

    assert stranger.load() is None
    assert {refusal.reason for refusal in stranger.refusals} == {"signature"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.integers(0, len(snapshot(OLD)) - 1), st.integers(1, 255), st.booleans())
def test_fault_32_no_changed_byte_in_a_slot_is_believed(tmp_path: Path, place: int, flip: int, is_newer: bool) -> None:
    held = slots(tmp_path)
    held.flip(snapshot(OLD, version=7), 0)
    held.flip(snapshot(OLD, version=8), 0)
    written = {slot: (tmp_path / slot).read_bytes() for slot in SLOTS}
    newer = max(SLOTS, key=versions_in(tmp_path).__getitem__)
    spoiled = newer if is_newer else next(slot for slot in SLOTS if slot != newer)
    broken = bytearray(written[spoiled])
    broken[place] ^= flip
    (tmp_path / spoiled).write_bytes(bytes(broken))

    again = slots(tmp_path)

    assert state_of(again.load()) == (7 if is_newer else 8, "active")
    assert [refusal.slot for refusal in again.refusals] == [spoiled]


def images_of_a_flip(folder: Path, file: bytes) -> list[dict[str, bytes]]:
    """Return what a power cut may leave in the folder while version 8 is flipped in: at any byte, at any step."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    held = slots(folder)
    held.load()
    held.flip(file, MONDAY_8_MS)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    target = next(name for name in after if after[name] != before.get(name))
    whole = after[target]
    torn = [before | {target + ".new": whole[:length]} for length in range(0, len(whole) + 1, 7)]
    unsynced = [before | {target + ".new": whole[: at // 512 * 512].ljust(len(whole), b"\0")} for at in (0, 600, 1200)]
    return [before, *torn, *unsynced, before | {target + ".new": whole}, after]


@pytest.mark.parametrize("file", [snapshot(NEW, version=8), delta(OLD, NEW)])
def test_fault_33_a_power_cut_at_any_byte_of_a_flip_leaves_the_old_or_the_new(tmp_path: Path, file: bytes) -> None:
    (tmp_path / "live").mkdir()
    began(tmp_path / "live")
    images = images_of_a_flip(tmp_path / "live", file)

    found = set()
    for number, image in enumerate(images):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in image.items():
            (folder / name).write_bytes(content)
        after_cut = slots(folder)
        found.add(state_of(after_cut.load()))
        assert state_of(after_cut.flip(snapshot(NEW, version=9), MONDAY_8_MS)) == (9, "blocked")

    assert found == {(7, "active"), (8, "blocked")}


def test_fault_33_sectors_that_a_lying_disk_lost_after_the_rename_leave_the_old(tmp_path: Path) -> None:
    held = began(tmp_path)
    held.flip(snapshot(NEW, version=8), MONDAY_8_MS)
    newer = next(slot for slot in SLOTS if b"blocked" in (tmp_path / slot).read_bytes())
    whole, rng = (tmp_path / newer).read_bytes(), Random(1)

    for _ in range(50):
        lost = rng.randrange(len(whole) // 512 + 1) * 512
        (tmp_path / newer).write_bytes(whole[:lost] + bytes(min(512, len(whole) - lost)) + whole[lost + 512 :])
        assert state_of(slots(tmp_path).load()) == (7, "active")


def test_fault_34_a_delta_on_a_wrong_base_is_refused_and_a_snapshot_mends_it(tmp_path: Path) -> None:
    held = began(tmp_path)
    other = rows_with(card("z" * 12))  # what the cloud believes we hold

    with pytest.raises(RosterRefused, match="digest"):
        held.flip(delta(other, [*other, card("y" * 12)], base=7), MONDAY_8_MS)
    with pytest.raises(RosterRefused, match="base"):
        slots(tmp_path / "empty").flip(delta(OLD, NEW), MONDAY_8_MS)

    assert state_of(held.held()) == (7, "active")
    assert state_of(held.flip(snapshot(NEW, version=8), MONDAY_8_MS)) == (8, "blocked")


def test_fault_31_an_image_of_last_month_takes_nothing_older_than_it_has_and_the_newest_there_is(
    tmp_path: Path,
) -> None:
    held = began(tmp_path)

    with pytest.raises(RosterRefused, match="version"):
        held.flip(snapshot(OLD, version=6), MONDAY_8_MS)

    assert state_of(held.flip(snapshot(NEW, version=99), MONDAY_8_MS)) == (99, "blocked")


def test_fault_11_a_disk_that_takes_nothing_leaves_the_old_slot(tmp_path: Path) -> None:
    held = began(tmp_path)
    for slot in SLOTS:
        (tmp_path / (slot + ".new")).mkdir()

    with pytest.raises(OSError, match="directory"):
        held.flip(snapshot(NEW, version=8), MONDAY_8_MS)

    assert state_of(held.held()) == (7, "active")
    assert state_of(slots(tmp_path).load()) == (7, "active")


async def test_a_shelf_gives_the_roster_gone_by(tmp_path: Path) -> None:
    files = slots(tmp_path)
    shelf = Shelf(files, files.load())
    assert (shelf.version, shelf.roster) == (0, None)

    assert await shelf.offer(snapshot(OLD), MONDAY_8_MS) == 7
    with pytest.raises(RosterRefused):
        await shelf.offer(b"", MONDAY_8_MS)

    assert state_of(shelf.roster) == (7, "active")
