"""What a child's day at the gates tells, and what it puts right of what was told before. Pure.

Rule: what is told is a function of what the day is by now and of what was told of it, so that records may come in
any order: each passage is told once, and what was told and is not so is followed by a correction that names it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import msgspec

from cloud.attendance.rules import late_min_of
from cloud.attendance.told import Passed, Seen
from cloud.ingest.instants import DOUBTED
from cloud.notifications.kinds import Detail, Kind, Named
from cloud.notifications.rules import Fact

BACK_MAX = timedelta(days=31)  # of days longer ago nothing is told
REPEAT = timedelta(minutes=2)  # who goes the same way again within it goes once
EARLY = timedelta(minutes=10)  # before the last lesson ends: who goes later than that goes home
FIXES_MAX = 3  # of one fact; a device that tells now this and now that is not believed for ever
PRESENT = "present"  # what is true by the teacher's word
ABSENCE = "absent:"  # how keys of absences begin
_SHARPER = frozenset({(Kind.ARRIVED, Kind.LATE), (Kind.DEPARTED, Kind.LEFT_EARLY)})
_SINCE = frozenset(
    {(Kind.ABSENT, Kind.ARRIVED), (Kind.ABSENT, Kind.LATE), (Kind.LATE, Kind.ARRIVED)}
)  # corrections that say since when the child is here


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A fact of a day that was told: what the family knows of it by now (a kind, `present`, or nothing happened)."""

    key: str
    says: str
    at: datetime
    fixes: int = 0  # how often it was put right

    @property
    def is_absence(self) -> bool:
        return self.key.startswith(ABSENCE)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a child's day beside the gates."""

    today: date  # the school's
    is_excused: bool = False  # nobody waits for the child: not late, and free to go
    is_present: bool = False  # in class, says the register


@dataclass(slots=True)
class _Day:
    """A day as it is judged: what holds by now, by key, in order; what it tells, and what was told then."""

    seen: Seen
    known: Known
    now: datetime
    first: Passed | None = None  # that came in
    late_min: int = 0
    holds: dict[str, Fact] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    quiet: set[str] = field(default_factory=set)


def judged(seen: Seen, told: Sequence[Told], known: Known, now: datetime) -> tuple[list[Fact], list[Told]]:
    """Return what is to be told of a day now, in order, and all that was told of it then."""
    if known.today - seen.on > BACK_MAX:
        return [], list(told)
    day = _Day(seen, known, now)
    day.first = next((each for each in seen.passed if each.direction == "in"), None)
    day.late_min = _late_min(day)
    day.holds = {fact.key: fact for fact in _holding(day)}
    was_undone = any(not each.is_absence and each.key not in day.holds for each in told)
    kept = [_looked_at(day, each, was_undone=was_undone) for each in told]
    fresh = [replace(fact, is_quiet=fact.key in day.quiet) for fact in _fresh(day, kept)]
    day.facts += fresh
    return day.facts, kept + [Told(fact.key, fact.kind, fact.at) for fact in fresh]


def absent_key(person_id: int, on: date) -> str:
    """Return the key of a child's absence on a day."""
    return f"{ABSENCE}{person_id}:{on}"


def _late_min(day: _Day) -> int:
    """Return by how much the child came late; a clock that did not know the time makes nobody late."""
    if day.first is None or day.known.is_excused or day.first.clock in DOUBTED:
        return 0
    return late_min_of(day.first.at, day.seen.plan)


def _holding(day: _Day) -> Iterator[Fact]:
    for each in day.seen.passed:
        yield _entered(day, each) if each.direction == "in" else _left(day, each)
        if each.is_double:
            yield _fact(day, "double", each, Kind.CARD_DOUBLED, _detail(each))


def _entered(day: _Day, passed: Passed) -> Fact:
    is_first = passed is day.first
    late_min = day.late_min if is_first else 0
    kind = Kind.LATE if late_min else Kind.ARRIVED
    detail = msgspec.structs.replace(
        _detail(passed), late_min=late_min, is_again=not is_first,
        lessons_at=day.seen.plan.starts_at if late_min else None,
    )  # fmt: skip
    return _fact(day, "in", passed, Kind.WITHOUT_CARD if passed.is_by_hand else kind, detail)


def _left(day: _Day, passed: Passed) -> Fact:
    is_early = _is_early(day, passed)
    kind = Kind.LEFT_EARLY if is_early else Kind.DEPARTED
    detail = msgspec.structs.replace(_detail(passed), lessons_at=day.seen.plan.ends_at if is_early else None)
    return _fact(day, "out", passed, Kind.WITHOUT_CARD if passed.is_by_hand else kind, detail)


def _is_early(day: _Day, passed: Passed) -> bool:
    plan = day.seen.plan
    if plan.starts_at is None or plan.ends_at is None or day.known.is_excused or passed.clock in DOUBTED:
        return False
    return plan.starts_at <= passed.at < plan.ends_at - EARLY


def _detail(passed: Passed) -> Detail:
    reason = passed.reason if passed.is_by_hand else ""
    return Detail(
        gate=Named(*passed.gate), direction=passed.direction, reason=reason, is_rough=passed.clock in DOUBTED
    )  # fmt: skip


def _fact(day: _Day, way: str, passed: Passed, kind: Kind, detail: Detail) -> Fact:
    seen = day.seen
    return Fact(_key(seen, way, passed), kind, seen.school_id, seen.person_id, passed.at, detail)


def _key(seen: Seen, way: str, passed: Passed) -> str:
    """Return the key of a fact; it names the person and the day too, since both may be learnt to be others."""
    return f"{way}:{seen.person_id}:{seen.on:%y%m%d}:{passed.place}"


def _fresh(day: _Day, told: Collection[Told]) -> list[Fact]:
    """Return what holds and was not told, but who goes the same way twice at once went once."""
    keys = {each.key for each in told}
    known = [(fact.key[:3], fact.at) for key, fact in day.holds.items() if key in keys]
    fresh: list[Fact] = []
    for key, fact in day.holds.items():
        way = key[:3]
        if key in keys or any(way == other and abs(fact.at - at) < REPEAT for other, at in known):
            continue
        known.append((way, fact.at))
        fresh.append(fact)
    return fresh


def _looked_at(day: _Day, told: Told, *, was_undone: bool) -> Told:
    """Return what was told as it stands now, after the correction that it needs."""
    now = _true_of_absence(day, told) if told.is_absence else _true_of(day, told)
    if now == told.says or told.fixes >= FIXES_MAX:
        return told
    if (told.says, now) in _SHARPER and not was_undone:
        return told  # what was told was right, if less than all: a bell was moved since
    fixed = Told(told.key, now, told.at, told.fixes + 1)
    day.facts.append(_correction(day, told, fixed))
    return fixed


def _true_of(day: _Day, told: Told) -> str:
    """Return what is true of a passage that was told; empty where nobody passed."""
    holds = day.holds.get(told.key)
    if holds is None:
        return ""
    is_late_still = told.says == Kind.LATE and holds.kind is Kind.ARRIVED and day.late_min > 0
    return Kind.LATE if is_late_still else holds.kind


def _true_of_absence(day: _Day, told: Told) -> str:
    """Return what is true of a child that was told not to have come; who comes after that was absent then."""
    if told.says != Kind.ABSENT:
        return told.says
    if day.first is not None and day.first.at <= told.at:
        return Kind.LATE if day.late_min else Kind.ARRIVED
    return PRESENT if day.known.is_present and day.first is None else Kind.ABSENT


def _correction(day: _Day, told: Told, fixed: Told) -> Fact:
    """Return what puts right; told of today it is news, of an earlier day it disturbs nobody."""
    seen, detail = day.seen, Detail(was=told.says, was_at=told.at, now=fixed.says)
    if day.first is not None and (told.says, fixed.says) in _SINCE:
        detail = msgspec.structs.replace(
            detail, came_at=day.first.at, late_min=day.late_min, is_rough=day.first.clock in DOUBTED
        )
        day.quiet.add(_key(seen, "in", day.first))
    at = day.now if seen.on == day.known.today else told.at
    key = f"{told.key}:{fixed.fixes}"
    return Fact(key, Kind.DAY_CORRECTED, seen.school_id, seen.person_id, at, detail, corrects=told.key)
