"""What the solver places: lessons of a class or of its groups beside each other, and halves that share a cell. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from cloud.timetable.kinds import RoomKind, Weeks
from cloud.timetable.rules import Frame, Slot, Taught, times_a_day

Cell = tuple[int, int]  # weekday and number of the lesson


@dataclass(frozen=True, slots=True)
class Unit:
    """Courses that are given at one time, so many lessons a week; in even weeks there may be others, or none."""

    id: int
    class_id: int
    odd: tuple[Taught, ...]
    even: tuple[Taught, ...]
    lessons: int

    @property
    def is_lone(self) -> bool:
        """Tell whether the class has nothing in its cell in even weeks."""
        return not self.even

    @property
    def courses(self) -> tuple[Taught, ...]:
        return tuple(dict.fromkeys((*self.odd, *self.even)))

    @property
    def teachers(self) -> frozenset[int]:
        return frozenset(course.teacher_id for course in self.courses if course.teacher_id is not None)

    @property
    def subjects(self) -> frozenset[int]:
        return frozenset(course.subject_id for course in self.courses)

    @property
    def rooms(self) -> frozenset[str]:
        """Return the rooms in which its lessons must be."""
        return frozenset(course.room for course in self.courses if course.room)

    @property
    def difficulty(self) -> int:
        return max(course.difficulty for course in self.courses)

    def needs(self, kinds: Mapping[str, str]) -> Counter[str]:
        """Return how many rooms of which kind it takes at once; `kinds` tells the kind of a room by its name."""
        weeks = [Counter(kind_of(course, kinds) for course in own) for own in (self.odd, self.even)]
        return weeks[0] | weeks[1]


def kind_of(course: Taught, kinds: Mapping[str, str]) -> str:
    """Return the kind of room that a course takes."""
    return kinds.get(course.room) or course.room_kind or RoomKind.CLASS.value


def units_of(frame: Frame) -> list[Unit]:
    """Return what is to be placed: groups of a subject together, but a teacher of two groups apart."""
    units: list[Unit] = []
    halves: dict[int, list[tuple[Taught, ...]]] = defaultdict(list)
    for block in _blocks(frame.courses):
        lessons = max(course.half_hours // 2 for course in block)
        if lessons:
            whole = tuple(course for course in block if course.half_hours > 1)
            units.append(Unit(len(units), block[0].class_id, whole, whole, lessons))
        if rest := tuple(course for course in block if course.half_hours % 2):
            halves[block[0].class_id].append(rest)
    for class_id, own in halves.items():
        for odd, even in zip_longest(own[::2], own[1::2], fillvalue=()):
            units.append(Unit(len(units), class_id, odd, even, 1))
    return units


@dataclass(frozen=True, slots=True)
class DayLimit:
    """How often units of a course may be given to its class on a day; doubles stand in a row."""

    class_id: int
    subject_id: int
    units: tuple[Unit, ...]
    most: int
    is_double: bool


def day_limits(frame: Frame, units: Sequence[Unit]) -> list[DayLimit]:
    """Return of each course how often it may be given on a day; groups beside each other are one limit."""
    days = {week.id: sum(bool(own) for own in week.days.values()) for week in frame.classes}
    own: dict[int, list[Unit]] = defaultdict(list)
    for unit in units:
        for course in unit.courses:
            own[course.id].append(unit)
    limits: dict[DayLimit, None] = {}
    for course in dict.fromkeys(course for unit in units for course in unit.courses):
        most = times_a_day(course, days.get(course.class_id, 1))
        limits[DayLimit(course.class_id, course.subject_id, tuple(own[course.id]), most, course.is_double)] = None
    return list(limits)


def slots_of(units: Sequence[Unit], cells: Mapping[int, Iterable[Cell]]) -> list[Slot]:
    """Return the slots of units placed in cells; a group with fewer lessons than its block has the first ones."""
    slots = []
    for unit in units:
        for place, (weekday, number) in enumerate(_spread(cells.get(unit.id, ()))):
            for course in unit.courses:
                weeks = _weeks(unit, course)
                if weeks is not Weeks.EACH or place < course.half_hours // 2:
                    slots.append(Slot(weekday, number, course.id, weeks))
    return sorted(slots)


def _spread(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells in the order in which a group with fewer lessons has them: each day once before any day twice."""
    seen: Counter[int] = Counter()
    ordered = []
    for weekday, number in sorted(cells):
        ordered.append((seen[weekday], weekday, number))
        seen[weekday] += 1
    return [(weekday, number) for _, weekday, number in sorted(ordered)]


def _weeks(unit: Unit, course: Taught) -> Weeks:
    if course in unit.odd and course in unit.even:
        return Weeks.EACH
    return Weeks.ODD if course in unit.odd else Weeks.EVEN


def _blocks(courses: Iterable[Taught]) -> list[list[Taught]]:
    """Return courses that are given beside each other: groups of one subject with equal hours and own teachers."""
    blocks: list[list[Taught]] = []
    open_ones: dict[tuple[int, int], list[list[Taught]]] = defaultdict(list)
    for course in courses:
        beside = open_ones[course.class_id, course.subject_id] if course.group else []
        block = next((each for each in beside if _fits(course, each)), None)
        if block is None:
            block = []
            blocks.append(block)
            if course.group:
                open_ones[course.class_id, course.subject_id].append(block)
        block.append(course)
    return blocks


def _fits(course: Taught, block: Sequence[Taught]) -> bool:
    return all(
        (course.half_hours, course.is_double) == (other.half_hours, other.is_double)
        and (course.teacher_id is None or course.teacher_id != other.teacher_id)
        and (not course.room or course.room != other.room) and course.group != other.group
        for other in block
    )  # fmt: skip
