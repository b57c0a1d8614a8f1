"""Running a choice: in a transaction that only reads, for so long and no longer, one at a time for a person.

Rule: rights are asked at every run, of who runs it. What takes too long is cut off, and says what to narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import asyncpg

from cloud.builder.choice import Choice
from cloud.builder.declared import Subject
from cloud.builder.errors import ChoiceRefused, ReportBusy, ReportCut
from cloud.builder.kinds import NAMES, USUAL, Kind, Limits
from cloud.builder.rules import Access, Scope, access_of, days_of, narrowed
from cloud.builder.statement import Asked, Head, Statement, heads_of, statement_of
from cloud.builder.subjects import subject_of
from cloud.core.actor import Actor
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services

PERSON_LOCKS, SERVICE_LOCKS = 0x62757031, 0x62757032  # first numbers of a person's lock, and of the service's places
HIDDEN_MAX = 50_000  # sealed values that one report opens
_SET = "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true)"
_LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
_TRY = "SELECT pg_try_advisory_xact_lock($1, $2)"
_PEOPLE = """
SELECT id, concat_ws(' ', surname, given_name) AS name FROM person WHERE id = ANY($1) AND school_id = ANY($2)
"""
_ACCOUNTS = "SELECT id, name FROM account WHERE id = ANY($1)"

Value = str | int | bool | date | None


@dataclass(frozen=True, slots=True)
class Labels:
    """What ids and keys of a result are called: people, accounts, and codes of named columns in three languages."""

    people: Mapping[int, str] = field(default_factory=dict)
    accounts: Mapping[int, str] = field(default_factory=dict)
    named: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)  # column, code, language


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found."""

    subject: Subject
    choice: Choice  # as far as the reader may see it
    heads: Sequence[Head]
    rows: Sequence[tuple[Value, ...]]
    is_cut: bool  # there are more rows than these
    first_on: date
    last_on: date
    access: Access
    left_out: Sequence[str] = ()  # titles of columns that are not for the reader

    @property
    def names(self) -> bool:
        """Tell whether somebody is named in it."""
        return any(head.of is not None and head.of.names for head in self.heads)


async def run(
    services: Services, actor: Actor, school_id: int, today: date, choice: Choice, limits: Limits = USUAL
) -> Result:
    """Make a report for an actor. Raises NotAllowed, ChoiceRefused, ReportBusy or ReportCut."""
    subject = subject_of(choice.subject)
    if subject is None:
        raise ChoiceRefused(message("This report is about something that is not known here. Build it anew."))
    access = access_of(actor, school_id, subject)
    seen, left_out = narrowed(subject, choice, access)
    first_on, last_on = days_of(seen, today)
    asked = Asked(
        [school_id], first_on, last_on, limits.rows_max,
        sorted(access.classes) if access.scope is Scope.CLASSES else None,
    )  # fmt: skip
    try:
        rows = await _rows(services, actor, subject, seen, asked, limits)
    except asyncpg.QueryCanceledError:
        raise ReportCut(cut_words(seen, (last_on - first_on).days + 1, limits)) from None
    heads, kept = heads_of(subject, seen), rows[: limits.rows_max]
    return Result(
        subject, seen, heads, kept, len(rows) > limits.rows_max, first_on, last_on, access, left_out
    )  # fmt: skip


async def labels_of(services: Services, actor: Actor, school_id: int, result: Result) -> Labels:
    """Return what the ids and keys of a result are called; accounts are named to who may read people's names."""
    ids: dict[Kind, set[int]] = {kind: set() for kind in NAMES}
    for place, head in enumerate(result.heads):
        if head.kind in NAMES:
            ids[head.kind] |= {value for row in result.rows if isinstance(value := row[place], int)}
    pool = services.database.pool
    people = dict(await pool.fetch(_PEOPLE, list(ids[Kind.PERSON]), [school_id])) if ids[Kind.PERSON] else {}
    accounts: dict[int, str] = {}
    if ids[Kind.ACCOUNT] and actor.can(Right.PEOPLE_READ, school_id):
        accounts = dict(await pool.fetch(_ACCOUNTS, list(ids[Kind.ACCOUNT])))
    named = {
        head.of.key: {row["code"]: {each: row[each] for each in ("kk", "ru", "en")}
                      for row in await pool.fetch(head.of.options, [school_id])}
        for head in result.heads if head.of is not None and head.kind is Kind.NAMED
    }  # fmt: skip
    return Labels(people, accounts, named)


async def options_of(
    services: Services, school_id: int, subject: Subject
) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Return what columns with options of the school can be filtered by: codes with names in three languages."""
    return {
        column.key: [(row["code"], {each: row[each] for each in ("kk", "ru", "en")})
                     for row in await services.database.pool.fetch(column.options, [school_id])]
        for column in subject.columns if column.options
    }  # fmt: skip


def cut_words(choice: Choice, days: int, limits: Limits) -> Message:
    """Return what is said when a report took too long: what to narrow, the most helpful first."""
    seconds = f"{limits.seconds_max:g}"
    if days > 31:
        return message(
            "The report took longer than {seconds} seconds and was stopped. Choose fewer days: these are {days}.",
            seconds=seconds, days=days,
        )  # fmt: skip
    if not choice.filters:
        return message(
            "The report took longer than {seconds} seconds and was stopped. Choose a class, a gate or another part.",
            seconds=seconds,
        )
    return message(
        "The report took longer than {seconds} seconds and was stopped. Choose fewer days, or group by less.",
        seconds=seconds,
    )


async def _rows(
    services: Services, actor: Actor, subject: Subject, choice: Choice, asked: Asked, limits: Limits
) -> list[tuple[Value, ...]]:
    async with services.database.pool.acquire() as connection, connection.transaction(readonly=True):
        await _take_place(connection, actor, limits)
        if subject.hidden is not None and _uses(choice, subject.hidden.column):
            asked = await _opened(services, connection, subject, asked)
        return await _fetched(connection, statement_of(subject, choice, asked))


async def _fetched(connection: asyncpg.Connection, statement: Statement) -> list[tuple[Value, ...]]:
    return [tuple(row) for row in await connection.fetch(statement.sql, *statement.values)]


async def _take_place(connection: asyncpg.Connection, actor: Actor, limits: Limits) -> None:
    """Set the limits of the transaction, and hold a person's lock and a place of the service until its end."""
    await connection.fetchrow(_SET, _ms(limits.seconds_max), _ms(limits.waits_s))
    try:
        await connection.fetchval(_LOCK, PERSON_LOCKS, (actor.account_id or 0) % 2**31)
    except asyncpg.LockNotAvailableError:
        raise ReportBusy(message("Another report of yours is being made. Wait a moment, and ask again.")) from None
    for place in range(limits.at_once):
        if await connection.fetchval(_TRY, SERVICE_LOCKS, place):
            return
    raise ReportBusy(
        message("{count} reports are being made at this moment. Wait a moment, and ask again.", count=limits.at_once)
    )


def _ms(seconds: float) -> str:
    """Return a limit as PostgreSQL takes it; none at all would be 0."""
    return str(max(1, round(seconds * 1000)))


async def _opened(services: Services, connection: asyncpg.Connection, subject: Subject, asked: Asked) -> Asked:
    """Return what is asked with the subject's sealed values opened, to be joined by their places."""
    hidden = subject.hidden
    assert hidden is not None, "asked for where there is one"  # noqa: S101
    rows = await connection.fetch(hidden.query, list(asked.schools), asked.first_on, asked.last_on, HIDDEN_MAX + 1)
    if len(rows) > HIDDEN_MAX:
        raise ReportCut(
            message("There are more than {count} reasons in these days. Choose fewer days.", count=HIDDEN_MAX)
        )
    opened = [services.vault.decrypt(row["sealed"], hidden.context, row["place"]) for row in rows]
    return Asked(
        asked.schools, asked.first_on, asked.last_on, asked.rows_max, asked.classes,
        [row["place"] for row in rows], opened,
    )  # fmt: skip


def _uses(choice: Choice, key: str) -> bool:
    return key in choice.shown or any(each.column == key for each in choice.filters)
