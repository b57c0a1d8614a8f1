"""Imports a school from a file: all of it in one transaction, or nothing and every row that is wrong."""

import asyncio
from datetime import date

from cloud.accounts.actions import audit
from cloud.accounts.excusing import end_excused_of
from cloud.audit.ties import ties_told
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.imports.reading import Drafts, read_drafts
from cloud.imports.report import PROBLEMS_MAX, Count, ImportReport, Problem
from cloud.imports.roster import read_roster
from cloud.imports.spreadsheet import Spreadsheet, read_spreadsheet
from cloud.imports.writing import Writing
from cloud.imports.zips import DAMAGED, is_spreadsheet, opened
from cloud.people.actions import tell_changed
from cloud.people.kinds import PersonRole
from cloud.people.photos import forget_refused
from cloud.schools.queries import school_of_id

ONE_AT_A_TIME = asyncio.Semaphore(1)  # a big file takes seconds and hundreds of MB to read


class _Undone(Exception):
    """Ends the transaction of an import that is not to be kept."""


async def check_import(services: Services, actor: Actor, school_id: int, content: bytes, org: str = "") -> ImportReport:
    """Do the whole import and undo it: what it would say, and nothing changed. Raises NotAllowed or FileRefused."""
    return await _import(services, actor, school_id, content, org, keep=False)


async def import_school(
    services: Services, actor: Actor, school_id: int, content: bytes, org: str = ""
) -> ImportReport:
    """Import an .xlsx file or a roster's zip, or change nothing where a row cannot be taken.

    `org` is the sourcedId of the school in a roster where that is not the school's code. Raises NotAllowed or
    FileRefused.
    """
    return await _import(services, actor, school_id, content, org, keep=True)


async def _import(
    services: Services, actor: Actor, school_id: int, content: bytes, org: str, *, keep: bool
) -> ImportReport:
    actor.require(Right.PEOPLE_IMPORT, school_id)
    school = await school_of_id(services, school_id)
    today = services.clock.now().astimezone(school.zone).date()
    async with ONE_AT_A_TIME:
        book = await asyncio.to_thread(_read, content, org or school.code, today)  # pages go on meanwhile
        drafts = await asyncio.to_thread(read_drafts, book, today)
    counts = _counts(drafts)
    problems: list[Problem] = []
    notes = list(book.notes)
    try:
        async with services.database.transaction() as connection:
            writing, at = Writing(services, raw(connection), school_id, drafts), services.clock.now()
            async with ties_told(connection, actor, school_id, at):
                problems = [*drafts.problems, *await writing.write()]
                notes += writing.notes
                if problems or not keep:
                    raise _Undone  # noqa: TRY301 (it ends the transaction)
            await end_excused_of(services, connection, school_id)
            await forget_refused(raw(connection), school_id)
            figures = {count.label.text: str(count.figure) for count in counts}
            await audit(
                connection, actor, "school.imported", f"school:{school_id}", figures,
                school_id=school_id, at=at,
            )  # fmt: skip
            await tell_changed(connection, school_id)
    except _Undone:
        pass
    order = {table.sheet: number for number, table in enumerate(book.tables)}
    problems.sort(key=lambda problem: (order.get(problem.sheet, -1), problem.row or 0))
    was_written = keep and not problems
    return ImportReport(
        counts, tuple(problems[:PROBLEMS_MAX]), len(problems), tuple(book.ignored), was_written, tuple(notes)
    )


def _read(content: bytes, wanted: str, today: date) -> Spreadsheet:
    """Return the sheets of a file: of a roster, if it is a zip that is no spreadsheet. Raises FileRefused."""
    try:
        archive = opened(content)
    except DAMAGED:
        return read_spreadsheet(content)
    with archive:
        return read_spreadsheet(content) if is_spreadsheet(archive) else read_roster(archive, wanted, today)


def _counts(drafts: Drafts) -> tuple[Count, ...]:
    students = sum(draft.given.role is PersonRole.STUDENT for draft in drafts.people)
    return (
        Count(message("Classes"), len(drafts.classes)),
        Count(message("Students"), students),
        Count(message("Staff"), len(drafts.people) - students),
        Count(message("Guardians"), len(drafts.guardians)),
        Count(message("Cards"), len(drafts.cards)),
        Count(message("Consents"), len(drafts.consents)),
    )
