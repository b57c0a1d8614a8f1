"""Making a kept report anew, from the records and by itself alone, to compare it byte by byte.

Rule: nothing that is read here was written by a projection. What no record says (names, the school's days, rights) is
taken from the report itself; which device was a till, and what the office decided, as it was at that instant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from cloud.attendance import monthly as attendance
from cloud.attendance.monthly import SeenInRecords, gates_with_sensor
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ingest.cursor import LoggedRecord
from cloud.meals import replay
from cloud.meals.replay import Replay, acts_until
from cloud.register.monthly import absent_in_class
from cloud.reports.content import Content, Names, canonical, content_kept, digest_of, document_kept
from cloud.reports.making import SUBJECT
from cloud.reports.months import Month
from cloud.reports.rules import Facts, content_of
from cloud.schools.queries import SchoolRow, school_of_code

AT_ONCE = 1_000
MARGIN = timedelta(days=1)  # a record is received after it happened, by the best clock it had
SHIFT_MARGIN = timedelta(days=62)  # a till may stand open over the summer
KINDS = sorted(replay.KINDS | attendance.KINDS)
_KEPT = """
SELECT id, number, content, digest, document, document_digest FROM report
WHERE school_id = $1 AND subject = $2 AND month = $3 ORDER BY number
"""
_RECORDS = """
SELECT shard, position, school_id, device, epoch, seq, received_at, corrected_ms, kind, record FROM record
WHERE shard = $1 AND position <= $2 AND received_at >= $3 AND (received_at >= $4 OR kind = 'shift')
  AND school_id = $5 AND kind = ANY($6) ORDER BY position
"""
_PEOPLE = "SELECT ref FROM person WHERE school_id = $1 AND created_at <= $2"


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a report that was made anew: it is the same, or what differs first."""

    number: int
    digest: str  # of the signed document; of the content where it is not signed
    wrong: str  # empty: every byte is the same

    @property
    def is_same(self) -> bool:
        return not self.wrong


async def check(services: Services, actor: Actor, code: str, month: Month) -> list[Checked]:
    """Make every report of a school's month anew and compare; none is there: an empty list. Raises NotAllowed."""
    actor.require_everywhere(Right.REPORTS_CHECK)
    school = await school_of_code(services, code)
    async with services.database.pool.acquire() as connection:
        rows = await connection.fetch(_KEPT, school.id, SUBJECT, month.first_on)
        return [await _checked(connection, school, row) for row in rows]


async def _checked(connection: asyncpg.Connection, school: SchoolRow, row: asyncpg.Record) -> Checked:
    kept, document = bytes(row["content"]), row["document"]
    digest = row["document_digest"].hex() if document is not None else row["digest"].hex()
    if digest_of(kept) != row["digest"].hex():
        return Checked(row["number"], digest, "the content is not what its checksum says")
    if document is not None and (wrong := _wrong_document(bytes(document), digest, kept)):
        return Checked(row["number"], digest, wrong)
    told = content_kept(kept)
    anew = await made_anew(connection, school, told)
    return Checked(row["number"], digest, "" if canonical(anew) == kept else _difference(told, anew))


async def made_anew(connection: asyncpg.Connection, school: SchoolRow, told: Content) -> Content:
    """Return the content that the records up to the report's positions make, whatever the tables hold now."""
    month, as_of = Month.parse(told.month), told.as_of
    at = datetime.fromisoformat(as_of.at)
    people = {row["ref"] for row in await connection.fetch(_PEOPLE, school.id, at)}
    meals = Replay(people, await acts_until(connection, school.id, at), school.zone)
    seen = SeenInRecords(people, await gates_with_sensor(connection, school.id), school.zone)
    begins_at = datetime.combine(month.first_on, datetime.min.time(), UTC)
    upto = max(as_of.meals, as_of.attendance)
    asked = (as_of.shard, upto, begins_at - SHIFT_MARGIN, begins_at - MARGIN, school.id, KINDS)
    async with connection.transaction(readonly=True):
        cursor = await connection.cursor(_RECORDS, *asked)
        while rows := [LoggedRecord(*row) for row in await cursor.fetch(AT_ONCE)]:
            meals.meet(row for row in rows if row.position <= as_of.meals)
            seen.meet(row for row in rows if row.position <= as_of.attendance)
    meals.accept()
    given = meals.meals_given(month.first_on, month.last_on)
    unseen = {(each.student, each.on) for each in told.remarks.lines if each.what == "not_seen"}
    facts = Facts(
        told.school, told.month, told.number, as_of, given, seen.proven | (seen.possible - unseen),
        told.context.school_days, told.context.has_gates, told.context.without_right, _meal_names(told),
        _dish_names(told), told.before,
        await absent_in_class(connection, school.id, month.first_on, month.last_on, as_of.register),
    )  # fmt: skip
    return content_of(facts)


def _wrong_document(document: bytes, digest: str, content: bytes) -> str:
    if digest_of(document) != digest:
        return "the signed report is not what its checksum says"
    read = document_kept(document)
    if canonical(read) != document:
        return "the signed report is not in its one form"
    if canonical(read.content) != content or read.content_sha256 != digest_of(content):
        return "the signed report holds another content than was made"
    return ""


def _difference(told: Content, anew: Content) -> str:
    """Return the first member in which two contents differ, with both where they are short."""
    for name in told.__struct_fields__:
        one, other = getattr(told, name), getattr(anew, name)
        if one != other:
            return f"{name}: kept {one!r}"[:200] + f"; by the records {other!r}"[:200]
    return "the kept content is not in its one form"


def _meal_names(told: Content) -> Mapping[str, Names]:
    return {each.meal: each.name for each in told.meals}


def _dish_names(told: Content) -> Mapping[tuple[str, int], Names]:
    return {(each.dish, each.version): each.name for each in told.dishes}
