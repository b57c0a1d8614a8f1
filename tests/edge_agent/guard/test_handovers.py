"""Handing children over: whom the list names, and nobody else without a reason and somebody who allowed it."""

import random
from pathlib import Path

import pytest

from edge_agent.guard.handovers import CHILDREN_MAX, Handovers
from edge_agent.guard.leaving import is_young, leaving_at
from edge_agent.guard.records import Taken
from edge_agent.guard.refusal import NotDone
from schemas.codec import RECORD_BYTES_MAX, encode
from schemas.roster import row
from tests.edge_agent.guard.bench import STAFF, GuardBench
from tests.edge_agent.school import ALIYA, BORIS, GUARD, SILENT

TEACHER = "teacher00000"
OF_STAFF = row("person", TEACHER, "Динара Ахметова", "", "staff", 1, 1, "day")
LISTED = row(
    "collector",
    ALIYA,
    [["Сәуле Қасымова", "mother", "", ""], ["Марат", "sibling", "", "2020-01-01"], ["Ержан", "driver", "", ""]],
    ["g1", "c7", "c9"],
)


def bench_at(folder: Path) -> GuardBench:
    return GuardBench(folder, OF_STAFF, desk_rows=(STAFF, LISTED))


async def test_a_child_leaves_with_somebody_of_the_list_and_no_name_is_written(tmp_path: Path) -> None:
    bench = bench_at(tmp_path)

    await bench.desk.hand_over(GUARD, Taken(ALIYA, "main", "g1", detail="not kept"))

    assert bench.written() == [{"k": "collected", "g": "main", "p": ALIYA, "by": GUARD, "c": "g1"}]


async def test_an_exception_says_why_and_who_of_the_staff_allowed_it(tmp_path: Path) -> None:
    bench = bench_at(tmp_path)

    await bench.desk.hand_over(GUARD, Taken(ALIYA, "main", "", "emergency", TEACHER, "жедел жәрдем " * 4))
    await bench.desk.hand_over(GUARD, Taken(SILENT, "main", "", "parent_asked", detail="тётя"))

    first, second = bench.written("collected")
    assert (first["w"], first["al"], first["x"][:5]) == ("emergency", TEACHER, "жедел")
    assert second == {"k": "collected", "g": "main", "p": SILENT, "by": GUARD, "w": "parent_asked", "x": "тётя"}
    assert all(len(entry.record or b"") <= RECORD_BYTES_MAX for entry in bench.log.kept)


@pytest.mark.parametrize(
    ("taken", "reason"),
    [
        (Taken(ALIYA, "main", "c7"), "not_listed"),  # until a day that is over
        (Taken(ALIYA, "main", "c8"), "not_listed"),
        (Taken(SILENT, "main", "g1"), "not_listed"),  # of another child
        (Taken(ALIYA, "main"), "not_listed"),
        (Taken(ALIYA, "main", "", "because"), "not_listed"),
        (Taken(ALIYA, "main", "", "emergency"), "not_allowed"),
        (Taken(ALIYA, "main", "", "emergency", GUARD), "not_allowed"),
        (Taken(ALIYA, "main", "", "parent_asked", BORIS), "not_allowed"),
        (Taken(TEACHER, "main", "g1"), "not_known"),
        (Taken("nobody000000", "main", "g1"), "not_known"),
        (Taken(ALIYA, "yard", "g1"), "no_gate"),
    ],
)
async def test_nobody_else_takes_a_child(tmp_path: Path, taken: Taken, reason: str) -> None:
    bench = bench_at(tmp_path)

    with pytest.raises(NotDone, match=reason):
        await bench.desk.hand_over(GUARD, taken)

    assert bench.written() == []


async def test_a_list_without_keys_is_shown_and_cannot_be_touched(tmp_path: Path) -> None:
    old = row("collector", ALIYA, [["Сәуле Қасымова", "mother", "", ""]])
    bench = GuardBench(tmp_path, desk_rows=(STAFF, old))

    assert [(each.name, each.key) for each in bench.desk.may_collect(ALIYA)] == [("Сәуле Қасымова", "")]
    with pytest.raises(NotDone, match="not_listed"):
        await bench.desk.hand_over(GUARD, Taken(ALIYA, "main", ""))


async def test_who_goes_out_is_asked_after_once_and_only_of_the_primary_school(tmp_path: Path) -> None:
    async with bench_at(tmp_path).working() as bench:
        for ref in (BORIS, ALIYA):
            await bench.tap(ref)
            await bench.tap(ref, "reader-out")
        last, _, others, _ = bench.guard._sightings.all
        asked = leaving_at(bench.desk, last)
        assert asked is not None
        assert ([each.key for each in asked.may], asked.handover) == (["g1", "c9"], None)
        assert leaving_at(bench.desk, others) is None

        await bench.desk.hand_over(GUARD, Taken(ALIYA, "main", "g1"))

        told = leaving_at(bench.desk, last)
        assert told is not None
        assert told.with_whom == "Сәуле Қасымова"
        assert not is_young(bench.desk, TEACHER)
        assert not is_young(bench.desk, "nobody000000")


def test_the_latest_handover_counts_in_whatever_order_desks_are_heard() -> None:
    told = [
        ("gate-1", 3, encode("collected", _collected(wall_ms=5, collector="g1"))),
        ("gate-2", 1, encode("collected", _collected(wall_ms=9, collector="c7"))),
        ("gate-1", 4, encode("collected", _collected(wall_ms=9, reason="other", allowed_by=TEACHER))),
        ("gate-1", 5, b'{"k":"collected"'),
    ]

    found, fold = set(), Handovers()
    for seed in range(10):
        random.Random(seed).shuffle(told)
        fold = Handovers()
        for device, seq, record in told:
            fold.observe(device, "f" * 16, seq, record)
        last = fold.last(ALIYA, 0)
        assert last is not None
        found.add((last.device, last.collector))

    assert found == {("gate-2", "c7")}
    assert fold.last(ALIYA, 10) is None


def test_of_many_children_who_left_long_ago_is_forgotten() -> None:
    fold = Handovers()
    for number in range(CHILDREN_MAX + 1):
        record = encode("collected", _collected(wall_ms=number, person=f"pupil{number:07d}", collector="g1"))
        fold.observe("gate-1", "f" * 16, number, record)

    assert fold.last("pupil0000000", 0) is None
    assert fold.last(f"pupil{CHILDREN_MAX:07d}", 0) is not None


def _collected(**more: object) -> dict[str, object]:
    usual = {"monotonic_ms": 1, "clock": "ntp", "gate": "main", "person": ALIYA, "staff": GUARD}
    return {**usual, **more}
