"""Schools whose gates write a month of coming and going, for tests of reports of attendance; one has no database."""

import random
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cloud.attendance.monthly import DaySeen
from cloud.core.services import Services
from cloud.reports.attendance_content import Content
from cloud.reports.attendance_rules import Facts, Listed, content_of
from cloud.reports.months import Month
from cloud.schools.actions import add_class
from schemas.structs import Decision, HandPass, Passage, Record
from tests.cloud.reports.factory import FIRST, GATE, School
from tests.cloud.reports.sample import AS_OF, SCHOOL, SEPTEMBER, days
from tests.cloud.schools.factory import SYSTEM

ALMATY = ZoneInfo("Asia/Almaty")
BEFORE = datetime(2026, 8, 20, tzinfo=UTC)
STAFF = "t" * 12
LANE = "lane"  # a gate with a sensor, once it has spoken
_IN_CLASS = "UPDATE person SET school_class_id = $1, created_at = $2 WHERE role = 'student' AND school_id = $3"
_STAFF = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at) SELECT id, shard, $2, 'staff', 'Ж', 'Ж', '', 'ж', '', true, $3 FROM school WHERE id = $1
"""
_LANE = """
INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor)
VALUES ($1, 'lane', 'Қақпа', 'Турникет', 'Lane', false)
"""


async def in_class(services: Services, school: School) -> int:
    """Put the children into 5А since August, hire a member of staff, and add a second gate; return the class's id."""
    class_id = await add_class(services, SYSTEM, school.school_id, 5, "А")
    await services.database.pool.execute(_IN_CLASS, class_id, BEFORE, school.school_id)
    await services.database.pool.execute(_STAFF, school.school_id, STAFF, BEFORE)
    await services.database.pool.execute(_LANE, school.school_id)
    return class_id


def at(on: date, clock: str) -> datetime:
    """Return an instant by the school's clock."""
    return datetime.combine(on, time.fromisoformat(clock), ALMATY).astimezone(UTC)


def tapped(person: str, direction: str = "in", gate: str = GATE, **more: Any) -> Record:
    values = {"outcome": "allowed", "reason": "ok", "roster": 1} | more
    return Decision(monotonic_ms=1, wall_ms=1, clock="ntp", gate=gate, direction=direction, person=person, **values)  # type: ignore[arg-type]


def by_hand(person: str, direction: Literal["in", "out"] = "in") -> Record:
    return HandPass(
        monotonic_ms=1, wall_ms=1, clock="ntp", gate=GATE, direction=direction, person=person, staff=STAFF,
        reason="forgotten",
    )  # fmt: skip


def passed(person: str, decision_seq: int, outcome: Literal["passed", "no_passage"] = "passed") -> Record:
    return Passage(
        monotonic_ms=1, wall_ms=1, clock="ntp", gate=LANE, direction="in", outcome=outcome, person=person,
        decision_seq=decision_seq,
    )  # fmt: skip


async def came(school: School, person: str, on: date, arrived: str = "07:50:00", left: str = "13:40:00") -> None:
    """Let somebody come and go on a day; an empty time lets one of both be."""
    if arrived:
        await school.told(at(on, arrived), tapped(person))
    if left:
        await school.told(at(on, left), tapped(person, "out"))


def facts_of(people: list[Listed], seen: dict[tuple[str, date], DaySeen], **more: Any) -> Facts:
    """Return what a report of these days is made of, at a school that teaches on working days."""
    values: dict[str, Any] = {
        "school": SCHOOL, "month": str(SEPTEMBER), "number": 1, "as_of": AS_OF, "people": people, "seen": seen,
        "lessons": {"": days()}, "has_gates": True,
    }  # fmt: skip
    return Facts(**{**values, **more})


def day(on: date = FIRST, arrived: str = "07:50:00", left: str = "13:40:00", **more: Any) -> DaySeen:
    values: dict[str, Any] = {"is_inside": not left, "by_hand": False, "late_min": 0}
    return DaySeen(
        at(on, arrived) if arrived else None, at(on, left) if left else None, **{**values, **more}
    )  # fmt: skip


def a_month(students: int, rng: random.Random, month: Month = SEPTEMBER, **more: Any) -> Content:
    """Return a month in which most come on most days, some late, some by hand, some seen by no gate leaving."""
    people = [
        Listed(f"{number:012d}", "students", f"{1 + number % 11}{'АБВ'[number % 3]}") for number in range(students)
    ]
    people += [Listed(f"s{number:011d}", "staff") for number in range(max(1, students // 12))]
    seen = {}
    for on in days(month):
        for each in people:
            if rng.random() < 0.05:
                continue
            late = rng.randrange(1, 30) if each.kind == "students" and rng.random() < 0.04 else 0
            arrived = f"08:{late:02}:00" if late else f"07:{rng.randrange(60):02}:{rng.randrange(60):02}"
            left = "" if rng.random() < 0.01 else "13:41:07"
            seen[each.person, on] = day(
                on, arrived, left, late_min=late, by_hand=rng.random() < 0.01
            )  # fmt: skip
    absent = {(each.person, on) for each in people[:3] for on in days(month)[:2]}
    values = {"month": str(month), "lessons": {"": days(month)}, "absent": absent, **more}
    return content_of(facts_of(people, seen, **values))
