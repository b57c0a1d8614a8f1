"""What is done with schools: adding one, its terms, bells and classes; `calendar` sets days."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import category
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tortoise.exceptions import IntegrityError

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.calendar import count_calendar
from cloud.schools.errors import CodeTaken, SchoolRefused
from cloud.schools.models import Bell, School, SchoolClass, Term, Weekday
from cloud.schools.queries import school_of_id
from cloud.schools.rules import GRADES, SHIFTS, Ring, check_rings, normal_letter
from schemas.topics import SHARDS

CODE = re.compile(r"[a-z0-9]{4,12}")
LETTER = re.compile(r"[^\W\d_]{1,4}")
WEEKS = (5, 6)
PASSBACKS = ("off", "soft", "hard")
Days = tuple[date, date]  # of a term, the first and the last
_TERMS = """
SELECT first_on, last_on, last_on < $2 AND EXISTS (
  SELECT FROM lesson JOIN journal_mark ON lesson_id = lesson.id
  WHERE lesson.school_id = term.school_id AND lesson."on" BETWEEN first_on AND last_on
) AS is_closed
FROM term WHERE school_id = $1 ORDER BY first_on LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class NewSchool:
    """A school that is to be added; its code stands on the wire for ever."""

    code: str
    name_kk: str
    name_ru: str
    name_en: str
    zone: str = "Asia/Almaty"
    school_days: int = 5
    passback: str = "soft"


async def add_school(services: Services, actor: Actor, new: NewSchool) -> int:
    """Add a school, draw its shard, and return its id. Raises NotAllowed, SchoolRefused or CodeTaken."""
    actor.require_everywhere(Right.SCHOOLS_ADD)
    check_school(new)
    now = services.clock.now()
    try:
        async with services.database.transaction() as connection:
            school = School(
                code=new.code, shard=services.rng.randrange(SHARDS), name_kk=new.name_kk, name_ru=new.name_ru,
                name_en=new.name_en, zone=new.zone, school_days=new.school_days, passback=new.passback, created_at=now,
            )  # fmt: skip
            await school.save()
            await audit(connection, actor, "school.added", f"school:{school.id}", school_id=school.id, at=now)
    except IntegrityError:
        raise CodeTaken(new.code) from None
    return int(school.id)


async def set_bells(services: Services, actor: Actor, school_id: int, rings: Sequence[Ring]) -> None:
    """Replace all bells of a school. Raises NotAllowed or SchoolRefused."""
    actor.require(Right.SCHOOL_KEEP, school_id)
    check_rings(rings)
    async with services.database.transaction() as connection:
        await Bell.filter(school_id=school_id).delete()
        await Bell.bulk_create(
            Bell(
                school_id=school_id, shift=ring.shift, grade=ring.grade, lesson=ring.lesson,
                starts_min=ring.starts_min, ends_min=ring.ends_min,
            )
            for ring in rings
        )  # fmt: skip
        await count_calendar(raw(connection), school_id)
        await audit(
            connection, actor, "school.bells_set", f"school:{school_id}", {"lessons": str(len(rings))},
            school_id=school_id, at=services.clock.now(),
        )  # fmt: skip


async def set_terms(services: Services, actor: Actor, school_id: int, terms: Sequence[Days]) -> None:
    """Replace the terms of a school: first and last day of each. Raises NotAllowed or SchoolRefused.

    What ended with marks in it stays closed: such a term keeps its days, and the one that begins after it its first.
    """
    actor.require(Right.SCHOOL_KEEP, school_id)
    ordered = sorted(terms)
    for number, (first_on, last_on) in enumerate(ordered):
        if last_on < first_on or (number and first_on <= ordered[number - 1][1]):
            raise SchoolRefused(
                message("The term from {first} ends before it begins, or begins within another.", first=str(first_on))
            )
    today = services.clock.now().astimezone((await school_of_id(services, school_id)).zone).date()
    async with services.database.transaction() as connection:
        rows = await raw(connection).fetch(_TERMS, school_id, today)
        before = [(row["first_on"], row["last_on"]) for row in rows]
        _check_closed(before, ordered, [row["is_closed"] for row in rows], today)
        await Term.filter(school_id=school_id).delete()
        await Term.bulk_create(Term(school_id=school_id, first_on=first, last_on=last) for first, last in ordered)
        await count_calendar(raw(connection), school_id)
        await audit(
            connection, actor, "school.terms_set", f"school:{school_id}",
            {"was": _in_short(before), "now": _in_short(ordered)}, school_id=school_id, at=services.clock.now(),
        )  # fmt: skip


def _check_closed(before: Sequence[Days], after: Sequence[Days], closed: Sequence[bool], today: date) -> None:
    """Raise SchoolRefused where days of a term that ended with marks would be others, or be written at anew."""
    begins = {first_on for first_on, _ in after}
    for number, (term, is_closed) in enumerate(zip(before, closed, strict=True), 1):
        # Teachers write at a term until the next one of the school year begins.
        begun = [each[0] for each in before[number : number + 1] if each[0] <= today and _year(each) == _year(term)]
        if is_closed and (term not in after or not begins.issuperset(begun)):
            raise SchoolRefused(
                message(
                    "The term from {first} has ended, and lessons of it have marks: its days stay as they are.",
                    first=str(term[0]),
                )
            )


def _year(term: Days) -> int:
    """Return in which year the school year of a term began, in August."""
    return term[0].year - (term[0].month < 8)


def _in_short(terms: Sequence[Days]) -> str:
    return " ".join(f"{first_on}/{last_on}" for first_on, last_on in terms)


async def add_class(services: Services, actor: Actor, school_id: int, grade: int, letter: str, shift: int = 1) -> int:
    """Add a class, or open it again and set its shift, and return its id. Raises NotAllowed or SchoolRefused."""
    actor.require(Right.SCHOOL_KEEP, school_id)
    check_class(grade, letter, shift)
    async with services.database.transaction() as connection:
        class_id: int = await raw(connection).fetchval(
            "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, $2, $3, $4, true)"
            " ON CONFLICT (school_id, grade, letter) DO UPDATE SET shift = $4, is_active = true RETURNING id",
            school_id, grade, normal_letter(letter), shift,
        )  # fmt: skip
        await audit(
            connection, actor, "class.added", f"class:{class_id}", school_id=school_id, at=services.clock.now()
        )  # fmt: skip
    return class_id


async def set_class_days(
    services: Services, actor: Actor, class_id: int, lessons: Mapping[Weekday, tuple[int, int]]
) -> None:
    """Say which lessons (first, last) a class has on the weekdays where they are not all of its shift's."""
    school_class = await SchoolClass.get_or_none(id=class_id)
    if school_class is None:
        raise NotFound
    actor.require(Right.SCHOOL_KEEP, school_class.school_id)
    if any(not 1 <= first <= last <= 20 for first, last in lessons.values()):
        raise SchoolRefused(message("A day's first lesson is at least 1, and not after its last one."))
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("DELETE FROM first_lesson WHERE school_class_id = $1", class_id)
        await at.executemany(
            "INSERT INTO first_lesson (school_class_id, weekday, lesson, last_lesson) VALUES ($1, $2, $3, $4)",
            [(class_id, int(weekday), first, last) for weekday, (first, last) in lessons.items()],
        )
        await count_calendar(at, school_class.school_id)
        await audit(
            connection, actor, "class.days_set", f"class:{class_id}",
            school_id=school_class.school_id, at=services.clock.now(),
        )  # fmt: skip


def check_class(grade: int, letter: str, shift: int) -> None:
    """Raise SchoolRefused for a class that cannot be."""
    if grade not in GRADES or not LETTER.fullmatch(letter) or shift not in SHIFTS:
        raise SchoolRefused(
            message(
                "A class has a grade from 0 to 12, a letter, and a shift from 1 to 3; not {grade}{letter}, {shift}.",
                grade=grade, letter=letter[:8], shift=shift,
            )
        )  # fmt: skip


def check_school(new: NewSchool) -> None:
    """Raise SchoolRefused for what no school can have."""
    if not CODE.fullmatch(new.code):
        raise SchoolRefused(message("A school's code is 4 to 12 small Latin letters and digits, as almaty5."))
    if not (new.name_kk.strip() and new.name_ru.strip() and new.name_en.strip()):
        raise SchoolRefused(message("A school has a name in Kazakh, in Russian and in English."))
    if any(category(letter) in ("Cc", "Zl", "Zp") for letter in new.name_kk + new.name_ru + new.name_en):
        raise SchoolRefused(message("A school's name is one line, without control characters."))
    if new.school_days not in WEEKS or new.passback not in PASSBACKS:
        raise SchoolRefused(message("A week has 5 or 6 school days; anti-passback is off, soft or hard."))
    try:
        ZoneInfo(new.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SchoolRefused(
            message("{zone} is no time zone. Kazakhstan's is Asia/Almaty.", zone=new.zone[:40])
        ) from None
