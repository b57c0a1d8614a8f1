"""The report of attendance (order no. 456, 33-1.12): its month from the tables, and from the records alone.

Rule: nothing that a check reads was written by a projection, but for movements at gates of another system, of which no
record tells. Who was in which class, when lessons were, and how many minutes somebody was late by the bells of then, is
taken from the report itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import asyncpg

from cloud.attendance import replay
from cloud.attendance.monthly import DaySeen, PersonDay, days_in_tables, gates_with_sensor, has_gates, months_seen
from cloud.attendance.replay import DaysInRecords, moved_elsewhere
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.register.monthly import absent_in_class
from cloud.reports import attendance_tables as tables
from cloud.reports.attendance_content import KINDS, Before, Content, Correction, Document, Glance, PersonLine, Remark
from cloud.reports.attendance_rules import Facts, Listed, content_of, corrected
from cloud.reports.content import instant
from cloud.reports.log import Stretch, people_until, records_of
from cloud.reports.marks import marked
from cloud.reports.months import Month
from cloud.reports.subject import Asked, Subject, Taught, school_named
from cloud.reports.tables import Table
from cloud.reports.wording import Wording
from cloud.schools.queries import SchoolRow

MARGIN = timedelta(days=1)  # a record is received after it happened, by the best clock it had
LATE = N_(
    "{school}: the report of attendance of {month} was due on {day}, and it is not sent yet.\n"
    "Open it, let the director sign it, and send it, or note there that it was handed over:\n{address}\n"
)
LETTER = N_(
    "{school} sends the report of attendance of {month}.\n\nSigned by {name}.\nStudents: {students}\nStaff: {staff}\n"
    "Days on which a student came: {came}\nOf them late: {late}\n\nChecksum (SHA-256) of the JSON file:\n{digest}\n"
    "Whoever opens this address sees whether the report is the signed one:\n{address}\n"
)
FOLLOWS = N_("It follows report {number} of this month, in which students came on {came} days, and staff on {staff}.")
# Whoever was at the school in the month or is now, in the class of the month's last day; `since` is the first whole day
# on which somebody could be expected.
_PEOPLE = """
SELECT ref, role, concat(grade, letter) AS class_name, NOT person.is_active AS has_left,
  (person.created_at AT TIME ZONE $2)::date + 1 AS since
FROM person LEFT JOIN stay AS was ON was.person_id = person.id AND $3 BETWEEN was.first_on AND was.last_on
LEFT JOIN school_class
  ON school_class.id = CASE WHEN was.id IS NULL THEN person.school_class_id ELSE was.school_class_id END
WHERE person.school_id = $1
"""
_CLASSES = "SELECT id, concat(grade, letter) AS name FROM school_class WHERE school_id = $1"
_MARK = """
SELECT (SELECT concat_ws('/', count(*), max(updated_at)) FROM presence WHERE school_id = $1 AND "on" BETWEEN $2 AND $3)
    AS seen,
  (SELECT count(*) FROM register_mark WHERE school_id = $1 AND "on" BETWEEN $2 AND $3
    AND (says = 'absent' OR was = 'absent')) AS absences,
  EXISTS (SELECT FROM gate WHERE school_id = $1) AS has_gates,
  (SELECT count(*) FROM person WHERE school_id = $1 AND created_at < $4) AS people
"""
# Records of a month's movements that came after a report was made: found by their places in the log.
_LATER = """
SELECT count(*) FROM (
  SELECT device, epoch, seq FROM movement WHERE school_id = $1 AND "on" BETWEEN $2 AND $3
) AS place JOIN record USING (device, epoch, seq)
WHERE record.received_at >= $4::timestamptz - interval '2 days' AND record.shard = $5 AND position > $6
"""


async def read(connection: asyncpg.Connection, asked: Asked) -> Callable[[], Content]:
    """Return what makes the content of a month as the tables hold it."""
    month, school = asked.month, asked.school
    span = (school.id, month.first_on, month.last_on)
    seen = await days_in_tables(connection, *span)
    names: dict[int | None, str] = {
        None: "", **{row["id"]: row["name"] for row in await connection.fetch(_CLASSES, school.id)}
    }  # fmt: skip
    taught = {names[class_id]: days for class_id, days in asked.taught.items() if class_id in names}
    lessons = {**_lessons(asked.told), **taught}
    facts = Facts(
        school_named(school), str(month), asked.number, asked.as_of,
        await _people(connection, asked, {person for person, _ in seen}), seen, lessons,
        await has_gates(connection, school.id), await absent_in_class(connection, *span, asked.as_of.register),
        asked.before,
    )  # fmt: skip
    return partial(content_of, facts)


async def made_anew(connection: asyncpg.Connection, school: SchoolRow, told: Content) -> Content:
    """Return the content that the records up to the report's position make, whatever the tables hold now."""
    month, as_of = Month.parse(told.month), told.as_of
    at, span = datetime.fromisoformat(as_of.at), (school.id, month.first_on, month.last_on)
    people = await people_until(connection, school.id, at)
    days = DaysInRecords(people, await gates_with_sensor(connection, school.id), school.zone)
    begins_at = datetime.combine(month.first_on, datetime.min.time(), UTC)
    stretch = Stretch(as_of.shard, school.id, as_of.attendance, begins_at - MARGIN, replay.KINDS)
    async with connection.transaction(readonly=True):
        async for rows in records_of(connection, stretch):
            days.meet(rows)
        elsewhere = await moved_elsewhere(connection, *span, at)
    possible = {day: each for day, each in days.days(elsewhere).items() if month.first_on <= day[1] <= month.last_on}
    listed = _told(told.people)
    strange = {person for person, _ in possible} - {each.person for each in listed}
    facts = Facts(
        told.school, told.month, told.number, as_of, [*listed, *(Listed(each, "students") for each in strange)],
        _seen(told.people, possible, school), _lessons(told), told.context.has_gates,
        await absent_in_class(connection, *span, as_of.register), told.before,
    )  # fmt: skip
    return content_of(facts)


async def mark(connection: asyncpg.Connection, school: SchoolRow, month: Month, taught: Taught) -> str:
    """Return the mark of a school's month of attendance as the tables are now.

    Who came to the school after the month changes nothing of it.
    """
    ends_at = datetime.combine(month.after.first_on, datetime.min.time(), school.zone)
    row = await connection.fetchrow(_MARK, school.id, month.first_on, month.last_on, ends_at)
    days = (f"{class_id}:{','.join(map(str, sorted(days)))}" for class_id, days in sorted(taught.items(), key=str))
    return marked(school, days, row)


def signed(content: Content, digest: str, corrections: list[Correction], by: str, at: str) -> Document:
    """Return a report as it is signed, or would be."""
    return Document(content, digest, corrections, corrected(content.totals, corrections), by, at)


async def _people(connection: asyncpg.Connection, asked: Asked, seen: set[str]) -> list[Listed]:
    """Return who was at the school in a month, and who was seen though gone by now.

    Whom the report before this one has is taken from it: a child that goes up a grade was in its old class then.
    """
    month = asked.month
    rows = await connection.fetch(_PEOPLE, asked.school.id, asked.school.zone.key, month.last_on)
    told = {each.person: each for each in _told(asked.told.people)} if asked.told is not None else {}
    return [
        told.get(row["ref"]) or _listed(row, month)
        for row in rows
        if row["ref"] in told or row["ref"] in seen or (not row["has_left"] and row["since"] <= month.after.first_on)
    ]


def _lessons(told: Content | None) -> Mapping[str, Collection[date]]:
    """Return the days of lessons by class that a report tells."""
    return {name: each.days for each in told.context.lessons for name in each.classes} if told is not None else {}


def _told(people: Sequence[PersonLine]) -> list[Listed]:
    return [Listed(each.person, each.kind, each.class_name, each.has_left, each.since) for each in people]


def _listed(row: asyncpg.Record, month: Month) -> Listed:
    kind = KINDS[0] if row["role"] == "student" else KINDS[1]
    since = row["since"] if row["since"] > month.first_on else None
    return Listed(row["ref"], kind, row["class_name"] if kind == "students" else "", row["has_left"], since)


def _seen(
    told: Sequence[PersonLine], possible: Mapping[PersonDay, Sequence[DaySeen]], school: SchoolRow
) -> Mapping[PersonDay, DaySeen]:
    """Return each day as the records have it: of what it can have been, what the report says, if that is among it."""
    said = {(each.person, day.on): day for each in told for day in each.days}
    seen: dict[PersonDay, DaySeen] = {}
    for day, ways in possible.items():
        was = said.get(day)
        wanted = None if was is None else (was.arrived_at, was.left_at, was.never_left, was.by_hand)
        made = next((each for each in ways if _as_said(each, school) == wanted), ways[0])
        if made.first_in_at is not None or made.last_out_at is not None:
            seen[day] = replace(made, late_min=0 if was is None or not made.first_in_at else was.late_min)
    return seen


def _as_said(day: DaySeen, school: SchoolRow) -> tuple[str, str, bool, bool] | None:
    if day.first_in_at is None and day.last_out_at is None:
        return None
    arrived, left = (
        "" if at is None else at.astimezone(school.zone).isoformat(timespec="seconds")
        for at in (day.first_in_at, day.last_out_at)
    )
    return arrived, left, day.is_inside, day.by_hand


def _correction(row: asyncpg.Record) -> Correction:
    return Correction(
        row["kind"], row["class_name"], row["on"], row["came"], row["late"], row["not_seen"], row["reason"],
        row["by_name"], instant(row["at"]),
    )  # fmt: skip


def _before(number: int, digest: str, document: Document) -> Before:
    return Before(number, digest, document.corrected)


def _about(remark: Remark) -> str:
    return remark.person


def _paper(content: Content, told: Sequence[Correction], words: Wording) -> list[Table]:
    return tables.paper(content, told, words, corrected(content.totals, told) if told else None)


def _sheets(content: Content, told: Sequence[Correction], words: Wording) -> list[Table]:
    return tables.sheets(content, told, words, corrected(content.totals, told) if told else None)


def _follows(before: Before, words: Wording) -> str:
    totals = before.totals
    return words.told(FOLLOWS, number=before.number, came=totals.students.heads.came, staff=totals.staff.heads.came)


def _sums(document: Document, words: Wording) -> Mapping[str, object]:
    totals, number = document.corrected, words.formats.number
    heads = totals.students.heads
    return {
        "students": number(totals.students.people), "staff": number(totals.staff.people), "came": number(heads.came),
        "late": number(heads.late),
    }  # fmt: skip


ATTENDANCE: Subject[Content, Document, Correction] = Subject(
    key="attendance", title=N_("Report of attendance"), late=LATE, letter=LETTER, right=Right.ATTENDANCE_REPORTS_READ,
    names=Right.PRESENCE_READ, kinds=KINDS, figures=("came", "late", "not_seen"),
    classes=lambda content: [each.name for each in content.classes], content=Content, document=Document,
    glance=Glance, read=read, anew=made_anew, mark=mark, found_in=months_seen, later=_LATER,
    reached=lambda as_of: as_of.attendance, correction=_correction, signed=signed, before=_before, about=_about,
    paper=_paper, sheets=_sheets, lines=tables.times, follows=_follows, sums=_sums,
)  # fmt: skip
