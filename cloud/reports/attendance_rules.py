"""What a month of coming and going adds up to, and what the authority should know of it. Pure.

Rule: for the same facts the content is the same, byte by byte, in whatever order they were found.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from cloud.attendance.monthly import DaySeen
from cloud.attendance.monthly import PersonDay as DayOfPerson
from cloud.reports.attendance_content import (
    KINDS,
    Before,
    ClassDay,
    ClassLine,
    Content,
    Context,
    Correction,
    DayLine,
    Group,
    Heads,
    Kind,
    Lessons,
    PersonDay,
    PersonLine,
    Remark,
    Remarks,
    Totals,
)
from cloud.reports.content import AsOf, School

REMARKS_MAX = 20_000
_NAME = re.compile(r"(\d*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody whom the school has, or had."""

    person: str
    kind: Kind
    class_name: str = ""
    has_left: bool = False
    since: date | None = None  # not expected before


@dataclass(frozen=True)
class Facts:
    """Everything that a report is made of; `lessons` are days by class, the school's own under the empty name."""

    school: School
    month: str
    number: int
    as_of: AsOf
    people: Sequence[Listed]
    seen: Mapping[DayOfPerson, DaySeen]
    lessons: Mapping[str, Collection[date]]
    has_gates: bool
    absent: AbstractSet[DayOfPerson] = frozenset()  # who was marked absent in class
    before: Before | None = None

    @cached_property
    def heard(self) -> frozenset[date]:
        """Return the days on which the gates saw anybody."""
        return frozenset(on for _, on in self.seen)

    @cached_property
    def by_person(self) -> Mapping[str, Mapping[date, DaySeen]]:
        """Return what was seen, by person and then by day."""
        days: defaultdict[str, dict[date, DaySeen]] = defaultdict(dict)
        for (person, on), day in sorted(self.seen.items(), key=lambda each: each[0]):
            days[person][on] = day
        return days

    @cached_property
    def absences(self) -> Mapping[str, Sequence[date]]:
        """Return the days on which each was marked absent."""
        days: defaultdict[str, list[date]] = defaultdict(list)
        for person, on in sorted(self.absent):
            days[person].append(on)
        return days

    def lessons_of(self, class_name: str) -> Collection[date]:
        """Return the days on which a class is taught."""
        return self.lessons.get(class_name, self.lessons[""])


@dataclass(slots=True)
class _Count:
    """A group while it is counted."""

    people: int = 0
    seen: int = 0
    heads: Counter[str] = field(default_factory=Counter)

    @property
    def group(self) -> Group:
        return Group(self.people, self.seen, Heads(**self.heads))


def content_of(facts: Facts) -> Content:
    """Return what a month adds up to, with remarks."""
    people = sorted(facts.people, key=lambda each: (KINDS.index(each.kind), order_of(each.class_name), each.person))
    groups: dict[Kind, _Count] = {kind: _Count() for kind in KINDS}
    classes: dict[str, _Count] = {}
    days: defaultdict[tuple[date, Kind], Counter[str]] = defaultdict(Counter)
    class_days: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for each in people:
        counts = [groups[each.kind]]
        if each.kind == "students":
            counts.append(classes.setdefault(each.class_name, _Count()))
        came = any(day.first_in_at is not None for day in facts.by_person.get(each.person, {}).values())
        for count in counts:
            count.people += not each.has_left
            count.seen += came
        for on, heads in _heads_of(each, facts).items():
            days[on, each.kind].update(heads)
            for count in counts:
                count.heads.update(heads)
            if each.kind == "students":
                class_days[each.class_name, on].update(heads)
    return Content(
        facts.school, facts.month, facts.number, facts.as_of, Totals(groups["students"].group, groups["staff"].group),
        [
            DayLine(on, kind, Heads(**heads))
            for (on, kind), heads in sorted(days.items(), key=lambda one: (one[0][0], KINDS.index(one[0][1])))
        ],
        [ClassLine(name, count.group) for name, count in classes.items()],
        [
            ClassDay(name, on, Heads(**heads))
            for (name, on), heads in sorted(class_days.items(), key=lambda one: (order_of(one[0][0]), one[0][1]))
        ],
        [_line(each, facts) for each in people], remarks_of(people, facts),
        Context(_context_lessons(people, facts), facts.has_gates), facts.before,
    )  # fmt: skip


def corrected(totals: Totals, corrections: Iterable[Correction]) -> Totals:
    """Return totals with what was added and taken by corrections."""
    groups: dict[Kind, Group] = {kind: totals.of(kind) for kind in KINDS}
    for each in corrections:
        was = groups[each.kind]
        heads = msgspec.structs.replace(
            was.heads, came=was.heads.came + each.came, late=was.heads.late + each.late,
            not_seen=was.heads.not_seen + each.not_seen,
        )  # fmt: skip
        groups[each.kind] = msgspec.structs.replace(was, heads=heads)
    return Totals(groups["students"], groups["staff"])


def remarks_of(people: Iterable[Listed], facts: Facts) -> Remarks:
    """Return what should be known of days and of single people's, in order, with how many there are of each kind."""
    listed = list(people)
    found = [*_day_remarks(listed, facts), *_person_remarks(listed, facts)]
    found.sort(key=lambda each: (each.on, bool(each.person)))  # of one day in the order in which they were found
    counts = Counter[str]()
    for each in found:
        counts[each.what] += each.count
    return Remarks(dict(sorted(counts.items())), found[:REMARKS_MAX], max(0, len(found) - REMARKS_MAX))


def order_of(class_name: str) -> tuple[int, str]:
    """Return what classes are sorted by: 2А comes before 10А, and the class without a name first."""
    found = _NAME.fullmatch(class_name)
    assert found is not None, "any text matches"  # noqa: S101
    return int(found[1] or -1), found[2]


def expected_on(each: Listed, facts: Facts) -> Collection[date]:
    """Return the days on which somebody was to be at school, whether or not the gates told anything on them."""
    if each.kind != "students" or each.has_left:
        return ()
    return [on for on in facts.lessons_of(each.class_name) if each.since is None or on >= each.since]


def _heads_of(each: Listed, facts: Facts) -> Mapping[date, Mapping[str, int]]:
    """Return what somebody's days count, by day."""
    heads: defaultdict[date, dict[str, int]] = defaultdict(dict)
    days = facts.by_person.get(each.person, {})
    for on in expected_on(each, facts):
        if on in facts.heard:
            heads[on]["expected"] = 1
            if on not in days:
                heads[on]["not_seen"] = 1
    for on, day in days.items():
        told = {
            "came": day.first_in_at is not None, "late": day.late_min > 0, "by_hand": day.by_hand,
            "never_left": day.is_inside,
        }  # fmt: skip
        heads[on].update({name: 1 for name, is_so in told.items() if is_so})
    for on in facts.absences.get(each.person, ()):
        heads[on]["marked_absent"] = 1
    return heads


def _line(each: Listed, facts: Facts) -> PersonLine:
    zone = ZoneInfo(facts.school.zone)
    days = [
        PersonDay(on, _local(day.first_in_at, zone), _local(day.last_out_at, zone), day.late_min, day.by_hand,
                  day.is_inside)
        for on, day in facts.by_person.get(each.person, {}).items()
    ]  # fmt: skip
    return PersonLine(each.person, each.kind, days, each.class_name, each.has_left, each.since)


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")


def _day_remarks(people: Iterable[Listed], facts: Facts) -> Iterable[Remark]:
    """Return days of lessons on which no gate saw anybody, and days without lessons on which students came."""
    silent, idle = Counter[date](), Counter[date]()
    taught = frozenset[date]().union(*map(frozenset, facts.lessons.values()))
    for each in people:
        if facts.has_gates:
            silent.update(on for on in expected_on(each, facts) if on not in facts.heard)
        if each.kind == "students":
            days = facts.by_person.get(each.person, {})
            idle.update(on for on, day in days.items() if on not in taught and day.first_in_at is not None)
    yield from (Remark("gates_out", on, count=count) for on, count in sorted(silent.items()))
    yield from (Remark("no_lessons", on, count=count) for on, count in sorted(idle.items()))


def _person_remarks(people: Iterable[Listed], facts: Facts) -> Iterable[Remark]:
    for each in people:
        for on, day in facts.by_person.get(each.person, {}).items():
            told = {
                "absent_but_seen": day.first_in_at is not None and (each.person, on) in facts.absent,
                "by_hand": day.by_hand, "never_left": day.is_inside, "never_came": day.first_in_at is None,
            }  # fmt: skip
            yield from (Remark(what, on, each.person, each.class_name) for what, is_so in told.items() if is_so)


def _context_lessons(people: Iterable[Listed], facts: Facts) -> list[Lessons]:
    """Return the days of lessons of the classes that somebody is in, once for those that share them."""
    classes: defaultdict[tuple[date, ...], list[str]] = defaultdict(list)
    for name in sorted({"", *(each.class_name for each in people)}, key=order_of):
        classes[tuple(sorted(facts.lessons_of(name)))].append(name)
    return [Lessons(names, list(days)) for days, names in classes.items()]
