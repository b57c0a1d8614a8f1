"""What a timetable is, which of its slots clash, and how good it is. Pure, and written without the solver's help.

Rule: times are compared by minutes of the bells, so that who teaches in two shifts is nowhere twice at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from cloud.timetable.kinds import ConflictKind, Weeks

HARD_POINTS = 10  # a subject of so many points is neither the first nor the last lesson of a day, if it can be
ALL_WEEKS = (Weeks.ODD, Weeks.EVEN)


@dataclass(frozen=True, slots=True)
class Bell:
    """A lesson of a day, in minutes after local midnight."""

    number: int
    starts_min: int
    ends_min: int


@dataclass(frozen=True, slots=True)
class ClassWeek:
    """A class and the lessons that its bells have for it, by weekday."""

    id: int
    days: Mapping[int, Sequence[Bell]]


@dataclass(frozen=True, slots=True)
class Taught:
    """A course as a timetable knows it."""

    id: int
    class_id: int
    subject_id: int
    group: str
    teacher_id: int | None
    half_hours: int  # lessons in two weeks
    room: str = ""  # where it must be
    room_kind: str = ""  # in any of this kind
    difficulty: int = 0
    is_double: bool = False


@dataclass(frozen=True, slots=True)
class Off:
    """When a teacher cannot teach, or would rather not."""

    teacher_id: int
    weekday: int
    from_min: int
    until_min: int
    is_wish: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room by its name."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What a timetable is made of."""

    classes: Sequence[ClassWeek]
    courses: Sequence[Taught]
    offs: Sequence[Off] = ()
    rooms: Sequence[Room] = ()
    points_max: int = 0  # of a class's day; 0: no limit

    def bell(self, class_id: int, weekday: int, number: int) -> Bell | None:
        """Return a lesson of a class's bells."""
        week = next((each for each in self.classes if each.id == class_id), None)
        bells = week.days.get(weekday, ()) if week else ()
        return next((bell for bell in bells if bell.number == number), None)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A course has a lesson in a cell of the week."""

    weekday: int
    number: int
    course_id: int
    weeks: Weeks = Weeks.EACH
    room: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What is wrong in a cell: whom it concerns, by ids."""

    kind: ConflictKind
    weekday: int
    number: int
    course_ids: tuple[int, ...]
    class_id: int = 0
    teacher_id: int = 0
    room: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a timetable is."""

    wanted: int  # half lessons, as of half hours
    placed: int
    gaps: int  # free lessons of teachers between two of their own
    doubles: int  # two lessons of a subject in a row
    unmet: int  # lessons at a time that their teacher would rather not have
    edges: int  # hard subjects at the beginning or the end of a class's day
    heavy: int  # days of classes with more points than they should have


@dataclass(frozen=True, slots=True)
class _Placed:
    slot: Slot
    course: Taught
    bell: Bell

    def meets(self, other: "_Placed") -> bool:
        """Tell whether both are at one time, in one week."""
        if {self.slot.weeks, other.slot.weeks} == set(ALL_WEEKS):
            return False
        return self.bell.starts_min < other.bell.ends_min and other.bell.starts_min < self.bell.ends_min


def conflicts(frame: Frame, slots: Sequence[Slot]) -> list[Conflict]:
    """Return what is wrong with slots, in the order of the week."""
    placed, homeless = _placed(frame, slots)
    found = [_no_bell(slot, course) for slot, course in homeless]
    for day in _by_day(placed).values():
        found += _meetings(day)
        found += _offs(frame, day)
        found += _gaps(frame, day)
        found += _twice(frame, day)
    found += _too_many(frame, slots)
    return sorted(found, key=lambda each: (each.weekday, each.number, each.kind, each.course_ids))


def unplaced(frame: Frame, slots: Sequence[Slot]) -> dict[int, int]:
    """Return how many half lessons each course still lacks; courses that lack none are left out."""
    placed = _half_hours(slots)
    lacks = {course.id: course.half_hours - placed[course.id] for course in frame.courses}
    return {course_id: count for course_id, count in lacks.items() if count > 0}


def quality(frame: Frame, slots: Sequence[Slot]) -> Quality:
    """Return how good slots are."""
    placed, _ = _placed(frame, slots)
    days = _by_day(placed)
    return Quality(
        wanted=sum(course.half_hours for course in frame.courses),
        placed=sum(course.half_hours for course in frame.courses) - sum(unplaced(frame, slots).values()),
        gaps=sum(_free_between(frame, day) for day in days.values()),
        doubles=sum(_doubles(day) for day in days.values()),
        unmet=sum(_is_off(frame, each, is_wish=True) for each in placed),
        edges=sum(_edges(day) for day in days.values()),
        heavy=sum(_heavy(frame, day) for day in days.values()) if frame.points_max else 0,
    )


def weeks_of(year: int, on: date) -> Weeks:
    """Return whether a day's week is odd or even: odd is the week of 1 September of the school year."""
    first = date(year, 9, 1)
    monday = first - timedelta(days=first.weekday())
    return Weeks.EVEN if (on - monday).days // 7 % 2 else Weeks.ODD


def times_a_day(course: Taught, days: int) -> int:
    """Return how often a course may be given on one day: as often as its lessons need, twice where doubles are."""
    lessons = -(-course.half_hours // 2)
    return max(-(-lessons // max(days, 1)), 2 if course.is_double else 1)


# What is wrong


def _no_bell(slot: Slot, course: Taught) -> Conflict:
    return Conflict(ConflictKind.BELL, slot.weekday, slot.number, (slot.course_id,), class_id=course.class_id)


def _meetings(day: Sequence[_Placed]) -> Iterator[Conflict]:
    """Yield who and what is twice at one time; a day's lessons are in the order of time."""
    for place, one in enumerate(day):
        for other in day[place + 1 :]:
            if other.bell.starts_min >= one.bell.ends_min:
                break
            if one.meets(other):
                yield from _meeting(one, other)


def _meeting(one: _Placed, other: _Placed) -> Iterator[Conflict]:
    ids = tuple(sorted((one.course.id, other.course.id)))
    where = (other.slot.weekday, other.slot.number, ids)
    if one.course.class_id == other.course.class_id and not _are_groups(one.course, other.course):
        yield Conflict(ConflictKind.CLASS, *where, class_id=one.course.class_id)
    if one.course.teacher_id is not None and one.course.teacher_id == other.course.teacher_id:
        yield Conflict(ConflictKind.TEACHER, *where, teacher_id=one.course.teacher_id)
    if one.slot.room and one.slot.room == other.slot.room:
        yield Conflict(ConflictKind.ROOM, *where, room=one.slot.room)


def _are_groups(one: Taught, other: Taught) -> bool:
    """Tell whether two courses are groups of one subject, which are taught beside each other."""
    return one.subject_id == other.subject_id and bool(one.group) and bool(other.group) and one.group != other.group


def _offs(frame: Frame, day: Sequence[_Placed]) -> Iterator[Conflict]:
    for each in day:
        if _is_off(frame, each, is_wish=False):
            yield Conflict(
                ConflictKind.OFF, each.slot.weekday, each.slot.number, (each.course.id,),
                teacher_id=each.course.teacher_id or 0,
            )  # fmt: skip


def _gaps(frame: Frame, day: Sequence[_Placed]) -> Iterator[Conflict]:
    """Yield empty lessons of a class before its last one, in either week."""
    numbers: dict[int, dict[Weeks, set[int]]] = defaultdict(lambda: {weeks: set() for weeks in ALL_WEEKS})
    for each in day:
        for weeks in ALL_WEEKS:
            if each.slot.weeks in (Weeks.EACH, weeks):
                numbers[each.course.class_id][weeks].add(each.slot.number)
    weekday = day[0].slot.weekday
    for class_id, own in numbers.items():
        bells = _bells_of(frame, class_id, weekday)
        empty = {
            bell.number for held in own.values() if held for bell in bells
            if bell.number < max(held) and bell.number not in held
        }  # fmt: skip
        for number in sorted(empty):
            yield Conflict(ConflictKind.GAP, weekday, number, (), class_id=class_id)


def _twice(frame: Frame, day: Sequence[_Placed]) -> Iterator[Conflict]:
    """Yield courses given more often on a day than they may be, and doubles that are not in a row."""
    own: dict[int, list[_Placed]] = defaultdict(list)
    for each in day:
        own[each.course.id].append(each)
    for course_id, lessons in own.items():
        course = lessons[0].course
        numbers = sorted({each.slot.number for each in lessons})
        is_apart = course.is_double and any(later - earlier > 1 for earlier, later in pairwise(numbers))
        if len(numbers) > times_a_day(course, _days(frame, course.class_id)) or is_apart:
            yield Conflict(
                ConflictKind.TWICE, day[0].slot.weekday, numbers[-1], (course_id,), class_id=course.class_id
            )  # fmt: skip


def _too_many(frame: Frame, slots: Sequence[Slot]) -> Iterator[Conflict]:
    placed, known = _half_hours(slots), {course.id: course for course in frame.courses}
    for slot in slots:
        course = known.get(slot.course_id)
        if course is not None and placed[course.id] > course.half_hours:
            placed[course.id] = 0  # told once
            yield Conflict(ConflictKind.MORE, slot.weekday, slot.number, (course.id,), class_id=course.class_id)


# How good it is


def _free_between(frame: Frame, day: Sequence[_Placed]) -> int:
    """Return how many lessons teachers are free between two of their own on a day; the fuller week counts."""
    own: dict[int, list[_Placed]] = defaultdict(list)
    for each in day:
        if each.course.teacher_id is not None:
            own[each.course.teacher_id].append(each)
    free = 0
    for lessons in own.values():
        bells = {bell for each in lessons for bell in _bells_of(frame, each.course.class_id, each.slot.weekday)}
        for earlier, later in pairwise(lessons):
            free += _fitting(bells, earlier.bell.ends_min, later.bell.starts_min)
    return free


def _fitting(bells: Iterable[Bell], from_min: int, until_min: int) -> int:
    """Return how many lessons fit one after another between two times."""
    count = 0
    for bell in sorted(bells, key=lambda bell: bell.ends_min):
        if from_min <= bell.starts_min and bell.ends_min <= until_min:
            count, from_min = count + 1, bell.ends_min
    return count


def _doubles(day: Sequence[_Placed]) -> int:
    held = {(each.course.class_id, each.course.subject_id, each.slot.number) for each in day}
    return sum((class_id, subject_id, number + 1) in held for class_id, subject_id, number in held)


def _edges(day: Sequence[_Placed]) -> int:
    """Return how many hard subjects stand first or last on a class's day."""
    own: dict[int, set[int]] = defaultdict(set)
    for each in day:
        own[each.course.class_id].add(each.slot.number)
    hard = {
        (each.course.class_id, each.slot.number) for each in day if each.course.difficulty >= HARD_POINTS
    }  # groups beside each other are one lesson
    return sum(number in (min(own[class_id]), max(own[class_id])) for class_id, number in hard)


def _heavy(frame: Frame, day: Sequence[_Placed]) -> int:
    points: Counter[int] = Counter()
    for class_id, _, difficulty in {
        (each.course.class_id, each.slot.number, each.course.difficulty) for each in day
    }:  # fmt: skip
        points[class_id] += difficulty
    return sum(count > frame.points_max for count in points.values())


# Parts


def _placed(frame: Frame, slots: Sequence[Slot]) -> tuple[list[_Placed], list[tuple[Slot, Taught]]]:
    """Return slots with their times, and those for which the class has no bell; unknown courses are left out."""
    known = {course.id: course for course in frame.courses}
    bells = {
        (week.id, weekday, bell.number): bell for week in frame.classes for weekday, own in week.days.items()
        for bell in own
    }  # fmt: skip
    placed, homeless = [], []
    for slot in sorted(slots):
        course = known.get(slot.course_id)
        if course is None:
            continue
        bell = bells.get((course.class_id, slot.weekday, slot.number))
        if bell is None:
            homeless.append((slot, course))
        else:
            placed.append(_Placed(slot, course, bell))
    return placed, homeless


def _by_day(placed: Iterable[_Placed]) -> dict[int, list[_Placed]]:
    days: dict[int, list[_Placed]] = defaultdict(list)
    for each in sorted(placed, key=lambda each: (each.bell.starts_min, each.slot)):
        days[each.slot.weekday].append(each)
    return dict(sorted(days.items()))


def _is_off(frame: Frame, placed: _Placed, *, is_wish: bool) -> bool:
    return any(
        off.teacher_id == placed.course.teacher_id and off.is_wish is is_wish and off.weekday == placed.slot.weekday
        and off.from_min < placed.bell.ends_min and placed.bell.starts_min < off.until_min
        for off in frame.offs
    )  # fmt: skip


def _bells_of(frame: Frame, class_id: int, weekday: int) -> Sequence[Bell]:
    return next((week.days.get(weekday, ()) for week in frame.classes if week.id == class_id), ())


def _days(frame: Frame, class_id: int) -> int:
    return next((sum(bool(own) for own in week.days.values()) for week in frame.classes if week.id == class_id), 0)


def _half_hours(slots: Iterable[Slot]) -> Counter[int]:
    count: Counter[int] = Counter()
    for slot in slots:
        count[slot.course_id] += 2 if slot.weeks is Weeks.EACH else 1
    return count
