"""Solving a timetable from end to end: find one that holds every rule, else place most of it; make it better; explain.

Rule: a rule is never broken by what is found: a lesson that has no place stays without one, and is told of.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import monotonic

from cloud.timetable.clashes import explained, reckoned
from cloud.timetable.kinds import Weeks
from cloud.timetable.model import Demand, Found, Limits, Model, Search
from cloud.timetable.problem import Clash, Outcome, Problem, Progress
from cloud.timetable.rules import Bell, Frame, Slot, Taught, quality, unplaced
from cloud.timetable.units import Cell, Unit, kind_of, slots_of, units_of

FINDING = 0.4  # of the time, for one that holds every rule
PROVING = 0.15  # of the time that is left, for proving that nothing is better
SECONDS_MIN = 1.0


Telling = Callable[[Progress], None]


def solve(problem: Problem, told: Telling = lambda _: None) -> Outcome:
    """Solve a timetable."""
    began_s = monotonic()
    frame = problem.frame
    units = [_turned(unit, problem.fixed) for unit in units_of(frame)]
    clashes = reckoned(frame, units)
    fixed = _fixed_cells(units, problem.fixed)
    teller = _Teller(told, began_s)
    begun = None if clashes else _first(problem, units, teller)
    left_s = max(SECONDS_MIN, problem.seconds - (monotonic() - began_s))
    found = _best(problem, units, begun, fixed, replace(_limits(problem), seconds=left_s), teller)
    cells = found.cells or begun or {}
    lacking = [unit.id for unit in units if len(cells.get(unit.id, ())) < unit.lessons]
    if lacking:
        teller.step("explaining")
        clashes += explained(frame, units, _unreckoned(units, lacking, clashes), problem.seed)
    slots = with_rooms(frame, slots_of(units, cells), problem.fixed)
    return Outcome(
        tuple(slots), quality(frame, slots), unplaced(frame, slots), tuple(clashes), found.is_proven and not lacking,
        round(monotonic() - began_s, 1),
    )  # fmt: skip


def with_rooms(frame: Frame, slots: Sequence[Slot], fixed: Sequence[Slot] = ()) -> list[Slot]:
    """Return slots with rooms: the course's own, else that of a slot put by hand, else a free one of its kind.

    Of free ones the class's usual room comes first.
    """
    known = {course.id: course for course in frame.courses}
    wanted = {replace(slot, room=""): slot.room for slot in fixed}
    held: dict[int, list[tuple[Bell, Weeks, str]]] = defaultdict(list)
    usual: dict[int, Counter[str]] = defaultdict(Counter)
    placed: list[Slot] = []
    for slot in sorted(slots, key=lambda each: (not known[each.course_id].room, not wanted.get(each), each)):
        course = known[slot.course_id]
        bell = frame.bell(course.class_id, slot.weekday, slot.number)
        room = slot.room or course.room
        if not room:
            free, own = _free_rooms(frame, course, bell, slot, held[slot.weekday]), wanted.get(slot)
            room = own if own in free else min(free, key=_liked(course.class_id, usual), default="")
        if bell is not None and room:
            held[slot.weekday].append((bell, slot.weeks, room))
            usual[course.class_id][room] += 1
        placed.append(replace(slot, room=room))
    return sorted(placed)


class _Teller:
    """Tells of the solver's steps and finds."""

    def __init__(self, told: Telling, began_s: float) -> None:
        self._told, self._began_s = told, began_s
        self._step, self._finds = "finding", 0

    def step(self, step: str) -> None:
        self._step = step
        self._tell(None)

    def find(self, cost: int) -> None:
        self._finds += 1
        self._tell(cost)

    def _tell(self, cost: int | None) -> None:
        self._told(Progress(self._step, math.floor(monotonic() - self._began_s), cost, self._finds))


def _first(problem: Problem, units: Sequence[Unit], teller: _Teller) -> Mapping[int, Sequence[Cell]] | None:
    """Return cells that hold every rule, if any are found soon."""
    teller.step("finding")
    model = Model(problem.frame, units, Demand.ALL)
    model.add_shape()
    return model.solve(replace(_limits(problem), seconds=problem.seconds * FINDING)).cells


def _best(
    problem: Problem, units: Sequence[Unit], begun: Mapping[int, Sequence[Cell]] | None,
    fixed: Mapping[int, Sequence[Cell]], limits: Limits, teller: _Teller,
) -> Found:  # fmt: skip
    """Return the best cells that are found: of all lessons where that can be, of most of them otherwise."""
    teller.step("bettering")
    model = Model(problem.frame, units, Demand.MOST if begun is None else Demand.ALL)
    model.add_shape()
    model.add_quality(fixed)
    model.hint(fixed if begun is None else begun)
    found = model.solve(replace(limits, seconds=limits.seconds * PROVING), teller.find)
    known = found.cells or begun
    if found.is_proven or known is None:
        return found
    model.hint(known)
    near = replace(limits, seconds=limits.seconds * (1 - PROVING), search=Search.NEARBY)
    better = model.solve(near, teller.find)
    return better if better.cells is not None else found


def _limits(problem: Problem) -> Limits:
    return Limits(problem.seconds, problem.workers, problem.seed, effort=problem.effort)


def _fixed_cells(units: Sequence[Unit], fixed: Sequence[Slot]) -> dict[int, list[Cell]]:
    cells: dict[int, list[Cell]] = defaultdict(list)
    for slot in fixed:
        for unit in units:
            is_own = any(course.id == slot.course_id for course in unit.courses)
            if is_own and (slot.weeks is Weeks.EACH) == (unit.odd == unit.even):
                cell = (slot.weekday, slot.number)
                if cell not in cells[unit.id] and len(cells[unit.id]) < unit.lessons:
                    cells[unit.id].append(cell)
    return dict(cells)


def _turned(unit: Unit, fixed: Sequence[Slot]) -> Unit:
    """Return a unit with odd and even weeks as slots put by hand have them; it is all the same otherwise."""
    odd, even = ({course.id for course in own} for own in (unit.odd, unit.even))
    is_turned = any(
        (slot.course_id in odd - even and slot.weeks is Weeks.EVEN)
        or (slot.course_id in even - odd and slot.weeks is Weeks.ODD)
        for slot in fixed
    )
    return replace(unit, odd=unit.even, even=unit.odd) if is_turned and not unit.is_lone else unit


def _unreckoned(units: Sequence[Unit], lacking: Sequence[int], clashes: Sequence[Clash]) -> list[int]:
    """Return units without a place that no count explains yet."""
    ids = {(rule.kind.value, rule.id) for clash in clashes for rule in clash.rules}
    return [
        unit.id for unit in units if unit.id in lacking and ("class", unit.class_id) not in ids
        and not any(("teacher", teacher_id) in ids for teacher_id in unit.teachers)
    ]  # fmt: skip


def _free_rooms(
    frame: Frame, course: Taught, bell: Bell | None, slot: Slot, held: Sequence[tuple[Bell, Weeks, str]]
) -> list[str]:
    kind = kind_of(course, {})
    taken = {
        room for other, weeks, room in held
        if bell is not None and other.starts_min < bell.ends_min and bell.starts_min < other.ends_min
        and (weeks is slot.weeks or Weeks.EACH in (weeks, slot.weeks))
    }  # fmt: skip
    return [room.name for room in frame.rooms if room.kind == kind and room.name not in taken]


def _liked(class_id: int, usual: Mapping[int, Counter[str]]) -> Callable[[str], tuple[int, int, str]]:
    """Return by what rooms are chosen for a class: its usual one, then one that others use least."""
    own = usual[class_id]
    others = Counter(room for other, rooms in usual.items() if other != class_id for room in rooms)
    return lambda name: (-own[name], others[name], name)
