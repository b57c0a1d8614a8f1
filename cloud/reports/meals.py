"""The report of free and subsidised meals (order no. 456, 33-1.9): its month from the tables, and from records alone.

Rule: nothing that a check reads was written by a projection. What no record says (names, the school's days, rights) is
taken from the report itself; which device was a till, and what the office decided, as it was at that instant.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg

from cloud.attendance import monthly as attendance
from cloud.attendance.monthly import SeenInRecords, gates_with_sensor, has_gates, seen_in_tables
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.meals import replay
from cloud.meals.monthly import GivenMeal, meals_given, months_sold
from cloud.meals.replay import Replay, acts_until
from cloud.menu.monthly import Entitled, dish_names, meal_names, rights_between
from cloud.register.monthly import absent_in_class
from cloud.reports import tables
from cloud.reports.content import KINDS as KINDS_OF_PAYMENT
from cloud.reports.content import Before, Content, Correction, Document, Glance, Names, Remark, instant
from cloud.reports.log import Stretch, people_until, records_of
from cloud.reports.marks import mark_of
from cloud.reports.months import Month
from cloud.reports.rules import Facts, content_of, corrected
from cloud.reports.subject import Asked, Subject, school_named
from cloud.reports.wording import Wording
from cloud.schools.queries import SchoolRow

MARGIN = timedelta(days=1)  # a record is received after it happened, by the best clock it had
SHIFT_MARGIN = timedelta(days=62)  # a till may stand open over the summer
KINDS = replay.KINDS | attendance.KINDS
LATE = N_(
    "{school}: the report of free and subsidised meals of {month} was due on {day}, and it is not sent yet.\n"
    "Open it, let the director sign it, and send it, or note there that it was handed over:\n{address}\n"
)
LETTER = N_(
    "{school} sends the report of free and subsidised meals of {month}.\n\nSigned by {name}.\nStudents: {students}\n"
    "Meals: {meals}\nOwed by the budget: {tenge}\n\nChecksum (SHA-256) of the JSON file:\n{digest}\n"
    "Whoever opens this address sees whether the report is the signed one:\n{address}\n"
)
FOLLOWS = N_("It follows report {number} of this month, which had {meals} meals and {tenge} owed by the budget.")
# Records of a month's meals that came after a report was made: found by their places in the log.
_LATER = """
SELECT count(*) FROM (
  SELECT device, epoch, seq FROM meal_sale WHERE school_id = $1 AND "on" BETWEEN $2 AND $3
  UNION ALL
  SELECT line.device, line.epoch, line.seq FROM meal_sale AS sale JOIN meal_line AS line
    ON line.school_id = sale.school_id AND line.sale = sale.id WHERE sale.school_id = $1 AND "on" BETWEEN $2 AND $3
  UNION ALL
  SELECT change.device, change.epoch, change.seq FROM meal_sale AS sale JOIN meal_change AS change
    ON change.school_id = sale.school_id AND change.sale = sale.id WHERE sale.school_id = $1 AND "on" BETWEEN $2 AND $3
) AS place JOIN record USING (device, epoch, seq)
WHERE record.received_at >= $4::timestamptz - interval '2 days' AND record.shard = $5 AND position > $6
"""


async def read(connection: asyncpg.Connection, asked: Asked) -> Callable[[], Content]:
    """Return what makes the content of a month as the tables hold it."""
    month, school_id = asked.month, asked.school.id
    span = (school_id, month.first_on, month.last_on)
    meals = await meals_given(connection, *span)
    dishes = {portion.dish for each in meals for portion in each.portions}
    rights = await rights_between(connection, *span, {each.person for each in meals if each.person})
    facts = Facts(
        school_named(asked.school), str(month), asked.number, asked.as_of, meals,
        await seen_in_tables(connection, *span), asked.taught[None], await has_gates(connection, school_id),
        [each.sale for each in meals if each.is_known and not _is_entitled(each, rights)],
        await meal_names(connection, school_id), await dish_names(connection, school_id, dishes), asked.before,
        await absent_in_class(connection, *span, asked.as_of.register),
    )  # fmt: skip
    return partial(content_of, facts)


async def made_anew(connection: asyncpg.Connection, school: SchoolRow, told: Content) -> Content:
    """Return the content that the records up to the report's positions make, whatever the tables hold now."""
    month, as_of = Month.parse(told.month), told.as_of
    at = datetime.fromisoformat(as_of.at)
    people = await people_until(connection, school.id, at)
    meals = Replay(people, await acts_until(connection, school.id, at), school.zone)
    seen = SeenInRecords(people, await gates_with_sensor(connection, school.id), school.zone)
    begins_at = datetime.combine(month.first_on, datetime.min.time(), UTC)
    upto = max(as_of.meals, as_of.attendance)
    since = (begins_at - MARGIN, KINDS, begins_at - SHIFT_MARGIN, ("shift",))
    async with connection.transaction(readonly=True):
        async for rows in records_of(connection, Stretch(as_of.shard, school.id, upto, *since)):
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


def signed(content: Content, digest: str, corrections: list[Correction], by: str, at: str) -> Document:
    """Return a report as it is signed, or would be."""
    return Document(content, digest, corrections, corrected(content.totals, corrections), by, at)


def _is_entitled(given: GivenMeal, rights: Mapping[tuple[str, str], list[Entitled]]) -> bool:
    held = rights.get((given.person, given.meal), ())
    return any(each.kind == given.payment.value and each.from_on <= given.on <= each.until_on for each in held)


def _meal_names(told: Content) -> Mapping[str, Names]:
    return {each.meal: each.name for each in told.meals}


def _dish_names(told: Content) -> Mapping[tuple[str, int], Names]:
    return {(each.dish, each.version): each.name for each in told.dishes}


def _correction(row: asyncpg.Record) -> Correction:
    return Correction(
        row["kind"], row["on"], row["students"], row["meals"], row["parents_tiyn"], row["budget_tiyn"],
        row["reason"], row["by_name"], instant(row["at"]),
    )  # fmt: skip


def _before(number: int, digest: str, document: Document) -> Before:
    return Before(number, digest, document.corrected)


def _about(remark: Remark) -> str:
    return remark.student


def _paper(content: Content, told: Sequence[Correction], words: Wording) -> list[tables.Table]:
    after = corrected(content.totals, told) if told else None
    shown = [tables.summary(content, words, after)]
    if told:
        shown.append(tables.corrections(told, words))
    return [
        *shown, tables.dishes(content, words), tables.meals(content, words), tables.days(content, words),
        tables.remark_counts(content.remarks.counts, words), tables.remarks(content, words),
    ]  # fmt: skip


def _lines(content: Content, words: Wording) -> tables.Table:
    return tables.days(content, words)


def _follows(before: Before, words: Wording) -> str:
    sums = before.totals.together
    return words.told(FOLLOWS, number=before.number, meals=sums.meals, tenge=words.formats.tenge(sums.budget_tiyn))


def _sums(document: Document, words: Wording) -> Mapping[str, object]:
    sums = document.corrected.together
    return {"students": sums.students, "meals": sums.meals, "tenge": words.formats.tenge(sums.budget_tiyn)}


MEALS: Subject[Content, Document, Correction] = Subject(
    key="meals", title=N_("Report of free and subsidised meals"), late=LATE, letter=LETTER, right=Right.REPORTS_READ,
    names=Right.SALES_READ, kinds=KINDS_OF_PAYMENT, figures=("students", "meals", "parents_tiyn", "budget_tiyn"),
    classes=lambda _content: (), content=Content, document=Document, glance=Glance, read=read, anew=made_anew,
    mark=mark_of, found_in=months_sold, later=_LATER, reached=lambda as_of: as_of.meals, correction=_correction,
    signed=signed, before=_before, about=_about, paper=_paper, sheets=_paper, lines=_lines, follows=_follows,
    sums=_sums,
)  # fmt: skip
