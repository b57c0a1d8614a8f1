"""Why lessons could not be placed: plain arithmetic first, then which rules clash, found by leaving each one out.

Rule: what is told here is proven; where nothing was proven in the time given, no rule is blamed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from cloud.timetable.kinds import RoomKind, RuleKind
from cloud.timetable.model import Demand, Limits, Model
from cloud.timetable.problem import Clash, Rule
from cloud.timetable.rules import Bell, Frame, Off
from cloud.timetable.units import Unit

EXPLAINED_MAX = 6  # units
SECONDS = 4.0  # of the search for a proof


def reckoned(frame: Frame, units: Sequence[Unit]) -> list[Clash]:
    """Return what cannot be by counting alone: classes, teachers and rooms that are asked for more than they have."""
    return [*_classes(frame, units), *_teachers(frame, units), *_room_kinds(frame, units)]


def explained(frame: Frame, units: Sequence[Unit], missing: Collection[int], seed: int) -> list[Clash]:
    """Return of units that have no place which rules clash around them."""
    clashes: dict[tuple[Rule, ...], Clash] = {}
    for unit in [unit for unit in units if unit.id in missing][:EXPLAINED_MAX]:
        course_ids = tuple(course.id for course in unit.courses)
        rules = _core(frame, _around(units, unit), seed)
        before = clashes.get(rules, Clash(rules)).course_ids
        clashes[rules] = Clash(rules, tuple(dict.fromkeys((*before, *course_ids))))
    return list(clashes.values())


# Counting


def _classes(frame: Frame, units: Sequence[Unit]) -> Iterable[Clash]:
    need: Counter[int] = Counter()
    for unit in units:
        need[unit.class_id] += unit.lessons
    for week in frame.classes:
        have = sum(len(bells) for bells in week.days.values())
        if need[week.id] > have:
            yield Clash((Rule(RuleKind.CLASS, week.id),), need=need[week.id], have=have)


def _teachers(frame: Frame, units: Sequence[Unit]) -> Iterable[Clash]:
    offs: dict[int, list[Off]] = defaultdict(list)
    for off in frame.offs:
        if not off.is_wish:
            offs[off.teacher_id].append(off)
    own: dict[int, list[Unit]] = defaultdict(list)
    for unit in units:
        for teacher_id in unit.teachers:
            own[teacher_id].append(unit)
    for teacher_id, taught in own.items():
        need = sum(unit.lessons for unit in taught)
        have = _free(frame, {unit.class_id for unit in taught}, offs[teacher_id])
        if need > have:
            kinds = (RuleKind.TEACHER, RuleKind.OFF) if offs[teacher_id] else (RuleKind.TEACHER,)
            yield Clash(tuple(Rule(kind, teacher_id) for kind in kinds), need=need, have=have)


def _room_kinds(frame: Frame, units: Sequence[Unit]) -> Iterable[Clash]:
    kinds = {room.name: room.kind for room in frame.rooms}
    for kind in RoomKind:
        there = sum(room.kind == kind for room in frame.rooms)
        taking = {unit: taken for unit in units if (taken := unit.needs(kinds)[kind.value])}
        need = sum(unit.lessons * taken for unit, taken in taking.items())
        have = there * _free(frame, {unit.class_id for unit in taking}, ())
        if there and need > have:
            yield Clash((Rule(RuleKind.ROOM_KIND, name=kind.value),), need=need, have=have)


def _free(frame: Frame, class_ids: Collection[int], offs: Sequence[Off]) -> int:
    """Return how many lessons of some classes fit into a week one after another, outside of these times."""
    count = 0
    for weekday in range(1, 8):
        bells = {bell for week in frame.classes if week.id in class_ids for bell in week.days.get(weekday, ())}
        count += _one_by_one(bell for bell in bells if not any(_meets(off, weekday, bell) for off in offs))
    return count


def _one_by_one(bells: Iterable[Bell]) -> int:
    count, free_min = 0, 0
    for bell in sorted(bells, key=lambda bell: bell.ends_min):
        if bell.starts_min >= free_min:
            count, free_min = count + 1, bell.ends_min
    return count


def _meets(off: Off, weekday: int, bell: Bell) -> bool:
    return off.weekday == weekday and off.from_min < bell.ends_min and bell.starts_min < off.until_min


# Proving


def _around(units: Sequence[Unit], one: Unit) -> list[Unit]:
    """Return a unit with what shares its class, its teachers or its rooms."""
    return [
        unit for unit in units
        if unit.class_id == one.class_id or unit.teachers & one.teachers or unit.rooms & one.rooms
    ]  # fmt: skip


def _core(frame: Frame, units: Sequence[Unit], seed: int) -> tuple[Rule, ...]:
    """Return rules without any of which the units could be placed; none where they could be, or nothing is proven."""
    model = Model(frame, units, Demand.ALL)
    if not _clashes(model, seed):
        return ()
    without: set[Rule] = set()
    for rule in sorted(model.rules, key=_blamed_last):
        if _clashes(Model(frame, units, Demand.ALL, without | {rule}), seed):
            without.add(rule)
    return tuple(sorted(model.rules - without))


def _clashes(model: Model, seed: int) -> bool:
    found = model.solve(Limits(SECONDS, 1, seed))
    return found.cells is None and found.is_proven


def _blamed_last(rule: Rule) -> tuple[int, Rule]:
    """Return the order in which rules are left out: what a school can least change is kept longest."""
    order: Mapping[RuleKind, int] = {
        RuleKind.ROOM_KIND: 0, RuleKind.ROOM: 1, RuleKind.DAY: 2, RuleKind.CLASS: 3, RuleKind.OFF: 4,
        RuleKind.TEACHER: 5,
    }  # fmt: skip
    return order[rule.kind], rule
