"""Keeping reports: named, changed, shared, made by themselves, dropped; each is a deed in the audit journal.

Rule: only its owner changes a report. Sharing gives nobody a right: who opens it sees what the own role shows.
"""

from collections.abc import Sequence
from datetime import date

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.builder.choice import Choice
from cloud.builder.errors import ChoiceRefused
from cloud.builder.kinds import Every
from cloud.builder.rules import access_of, days_of, narrowed, next_due
from cloud.builder.subjects import subject_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import TABLE, Right
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.core.texts import one_line

NAME_MAX, REPORTS_MAX, READERS_MAX = 80, 100, 30
SHARED_WITH = tuple(role for role in Role if role in TABLE[Right.REPORTS_BUILD].who)
_COUNT = "SELECT count(*) FROM built_report WHERE school_id = $1 AND account_id = $2"
_OWNER = "SELECT id FROM account WHERE id = $1 FOR NO KEY UPDATE"  # one of a person at a time
_KEEP = """
INSERT INTO built_report (school_id, account_id, name, choice, made_at, changed_at)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $5) RETURNING id
"""
_CHANGE = """
UPDATE built_report SET name = $4, choice = $5::text::jsonb, changed_at = $6
WHERE school_id = $1 AND id = $2 AND account_id = $3 RETURNING id
"""
_SHARE = "UPDATE built_report SET roles = $4 WHERE school_id = $1 AND id = $2 AND account_id = $3 RETURNING id"
_UNSHARE = "DELETE FROM built_reader WHERE report_id = $1"
_READERS = """
INSERT INTO built_reader (report_id, account_id) SELECT $1, account.id FROM account
WHERE account.id = ANY($2::bigint[]) AND account.id <> $4 AND is_active
  AND EXISTS (SELECT FROM grant_of_role WHERE account_id = account.id AND school_id = $3 AND role = ANY($5))
"""
_SCHEDULE = """
UPDATE built_report SET every = $4, next_on = $5, stopped = '' WHERE school_id = $1 AND id = $2 AND account_id = $3
RETURNING id
"""
_CHOICE = "SELECT choice::text FROM built_report WHERE school_id = $1 AND id = $2 AND account_id = $3"
_DROP = "DELETE FROM built_report WHERE school_id = $1 AND id = $2 AND account_id = $3 RETURNING id"


async def keep(services: Services, actor: Actor, school_id: int, name: str, choice: Choice, today: date) -> int:
    """Keep a new report and return its id. Raises NotAllowed or ChoiceRefused."""
    named = _checked(actor, school_id, name, choice, today)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.fetchval(_OWNER, actor.account_id)
        if await at.fetchval(_COUNT, school_id, actor.account_id) >= REPORTS_MAX:
            raise ChoiceRefused(
                message("You keep {count} reports already, which is the most. Drop one first.", count=REPORTS_MAX)
            )
        now = services.clock.now()
        report_id: int = await at.fetchval(_KEEP, school_id, actor.account_id, named, choice.encoded(), now)
        await _note(services, connection, actor, school_id, "built.kept", report_id, {"subject": choice.subject})
    return report_id


async def change(
    services: Services, actor: Actor, school_id: int, report_id: int, name: str, choice: Choice, today: date
) -> None:
    """Change one's own report. Raises NotAllowed, NotFound or ChoiceRefused."""
    named = _checked(actor, school_id, name, choice, today)
    async with services.database.transaction() as connection:
        values = (school_id, report_id, actor.account_id, named, choice.encoded(), services.clock.now())
        if await raw(connection).fetchval(_CHANGE, *values) is None:
            raise NotFound
        await _note(services, connection, actor, school_id, "built.changed", report_id, {"subject": choice.subject})


async def share(
    services: Services, actor: Actor, school_id: int, report_id: int, roles: Sequence[Role], accounts: Sequence[int]
) -> None:
    """Say with which roles, and with whom by name, one's own report is shared. Raises NotAllowed or NotFound."""
    _owner(actor)
    told = sorted({role.value for role in roles if role in SHARED_WITH})
    async with services.database.transaction() as connection:
        at = raw(connection)
        if await at.fetchval(_SHARE, school_id, report_id, actor.account_id, told) is None:
            raise NotFound
        await at.execute(_UNSHARE, report_id)
        named = list(dict.fromkeys(accounts))[:READERS_MAX]
        await at.execute(
            _READERS, report_id, named, school_id, actor.account_id, [role.value for role in SHARED_WITH]
        )  # fmt: skip
        detail = {"roles": " ".join(told), "accounts": " ".join(map(str, named))}
        await _note(services, connection, actor, school_id, "built.shared", report_id, detail)


async def schedule(
    services: Services, actor: Actor, school_id: int, report_id: int, every: Every | None, today: date
) -> None:
    """Say how often one's own report is made by itself, or not any more. Raises NotAllowed or NotFound."""
    _owner(actor)
    async with services.database.transaction() as connection:
        next_on = None if every is None else next_due(every, today)
        values = (school_id, report_id, actor.account_id, every.value if every else None, next_on)
        if await raw(connection).fetchval(_SCHEDULE, *values) is None:
            raise NotFound
        detail = {"every": every.value if every else "never"}
        await _note(services, connection, actor, school_id, "built.scheduled", report_id, detail)


async def drop(services: Services, actor: Actor, school_id: int, report_id: int) -> None:
    """Drop one's own report with what was made of it. Raises NotAllowed or NotFound."""
    _owner(actor)
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_DROP, school_id, report_id, actor.account_id) is None:
            raise NotFound
        await _note(services, connection, actor, school_id, "built.dropped", report_id, {})


async def note_run(
    services: Services, actor: Actor, school_id: int, report_id: int | None, verb: str, detail: dict[str, str]
) -> None:
    """Note that a report with names was made or taken: of one that is not kept, without a number."""
    async with services.database.transaction() as connection:
        await _note(services, connection, actor, school_id, verb, report_id, detail)


def _checked(actor: Actor, school_id: int, name: str, choice: Choice, today: date) -> str:
    """Return the name as it is kept. Raises NotAllowed or ChoiceRefused where the report is none for the actor."""
    _owner(actor)
    subject = subject_of(choice.subject)
    if subject is None:
        raise ChoiceRefused(message("Choose first what the report is about."))
    narrowed(subject, choice, access_of(actor, school_id, subject))
    days_of(choice, today)
    named = one_line(name)[:NAME_MAX].strip()
    if not named:
        raise ChoiceRefused(message("Give the report a name, so that you find it again."))
    return named


def _owner(actor: Actor) -> None:
    if actor.account_id is None:
        raise NotAllowed


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, verb: str, report_id: int | None,
    detail: dict[str, str],
) -> None:  # fmt: skip
    subject = f"built_report:{report_id or 'new'}"
    await audit(connection, actor, verb, subject, detail, school_id=school_id, at=services.clock.now())
