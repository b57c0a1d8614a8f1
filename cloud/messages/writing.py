"""What writers and approvers do with messages: write, correct, approve, refuse, cancel, recall.

Rule: a message to more than one family that somebody of the office writes waits for a deputy or the director; a class
teacher writes to the own classes without asking. What was sent is never changed: it is recalled, or corrected by
another message.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.handed_files import Attached
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.sealed_files import put_files
from cloud.core.services import Services
from cloud.core.texts import has_unseen
from cloud.messages.files import FILES
from cloud.messages.kinds import TEXTS, Audience, Given, MessageRefused, State
from cloud.messages.rules import checked
from cloud.messages.sending import send_one, tell_recalled

DAY_MAX = 30  # of one account, in 24 hours
REASON_MAX = 200
_NEXT = "SELECT nextval(pg_get_serial_sequence('announcement', 'id'))"
_LATELY = "SELECT count(*) FROM announcement WHERE account_id = $1 AND made_at > $2::timestamptz - interval '1 day'"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('announcement'), $1::int)"
_ADD = """
INSERT INTO announcement (id, school_id, account_id, author, of_school, audience, only_language, may_answer,
  texts_encrypted, languages, state, made_at, send_at, decided_at, decided_by, corrects_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_GRADES = "INSERT INTO announcement_audience (announcement_id, grade) SELECT $1, unnest($2::smallint[])"
_CLASSES = """
INSERT INTO announcement_audience (announcement_id, school_class_id)
SELECT $1, id FROM school_class WHERE id = ANY($2::bigint[]) AND school_id = $3 AND is_active RETURNING 1
"""
_CHILD = """
INSERT INTO announcement_audience (announcement_id, person_id)
SELECT $1, id FROM person WHERE ref = $2 AND school_id = $3 AND is_active AND role = 'student'
  AND ($4::bigint[] IS NULL OR school_class_id = ANY($4)) RETURNING 1
"""
_CORRECTED = """
SELECT FROM announcement WHERE id = $1 AND school_id = $2 AND state IN ('sent', 'recalled')
  AND (account_id = $3 OR ($4 AND audience <> 'family'))
"""
_TURN = """
UPDATE announcement SET state = $4, decided_at = $5, decided_by = $6, reason = $7
WHERE id = $1 AND school_id = $2 AND state = ANY($3) RETURNING account_id, audience
"""
_FOUND = "SELECT account_id, audience, state, of_school FROM announcement WHERE id = $1 AND school_id = $2"


async def write(services: Services, actor: Actor, school_id: int, given: Given, files: Sequence[Attached] = ()) -> int:
    """Keep a message, send it if it is due, and return its id. Raises NotAllowed or MessageRefused."""
    own, now = classes_of_writer(actor, school_id), services.clock.now()
    kept = checked(given, now)
    if own is not None and (kept.audience not in {Audience.CLASSES, Audience.FAMILY} or set(kept.classes) - set(own)):
        raise NotAllowed
    goes = own is not None or kept.audience is Audience.FAMILY or actor.can(Right.MESSAGES_APPROVE, school_id)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        number = await _next(services, connection, actor)
        await _check_corrected(connection, actor, school_id, kept)
        texts = services.vault.encrypt(msgspec.json.encode(dict(kept.wordings)).decode(), TEXTS, str(number))
        await connection.execute(
            _ADD, number, school_id, actor.account_id, actor.name, own is None, kept.audience.value,
            kept.only_language, kept.may_answer, texts, list(kept.wordings),
            (State.APPROVED if goes else State.WAITING).value, now, kept.send_at or now, now if goes else None,
            actor.name if goes else "", kept.corrects,
        )  # fmt: skip
        await _put_audience(connection, number, school_id, kept, own)
        await put_files(services, connection, FILES, school_id, number, files)
        await audit(transaction, actor, "message.written", f"message:{number}", {"for": kept.audience.value},
                    school_id=school_id, at=now)  # fmt: skip
    if goes:
        await send_one(services, number)
    return number


async def approve(services: Services, actor: Actor, school_id: int, number: int) -> None:
    """Let a message that waits go when it is due. Raises NotAllowed, NotFound or MessageRefused."""
    actor.require(Right.MESSAGES_APPROVE, school_id)
    await _turn(services, actor, school_id, number, [State.WAITING], State.APPROVED)
    await send_one(services, number)


async def refuse(services: Services, actor: Actor, school_id: int, number: int, reason: str) -> None:
    """Say no to a message that waits, with a reason. Raises NotAllowed, NotFound or MessageRefused."""
    actor.require(Right.MESSAGES_APPROVE, school_id)
    await _turn(services, actor, school_id, number, [State.WAITING], State.REFUSED, _reason(reason))


async def cancel(services: Services, actor: Actor, school_id: int, number: int) -> None:
    """Let a message not go that has not gone yet. Raises NotFound or MessageRefused."""
    await _check_own(services, actor, school_id, number)
    await _turn(services, actor, school_id, number, [State.WAITING, State.APPROVED], State.CANCELLED)


async def recall(services: Services, actor: Actor, school_id: int, number: int, reason: str) -> None:
    """Take a message back that was sent: nobody reads it any more, and who was told is told of it.

    Raises NotFound or MessageRefused.
    """
    await _check_own(services, actor, school_id, number)
    await _turn(services, actor, school_id, number, [State.SENT], State.RECALLED, _reason(reason))


def classes_of_writer(actor: Actor, school_id: int) -> Collection[int] | None:
    """Return the classes that the actor may write to; None is the whole school. Raises NotAllowed."""
    if actor.can(Right.MESSAGES_WRITE, school_id):
        return None
    own = actor.classes(Right.MESSAGES_WRITE, school_id)
    if not own or actor.account_id is None:
        raise NotAllowed
    return own


async def _next(services: Services, connection: asyncpg.Connection, actor: Actor) -> int:
    if actor.account_id is None:
        raise NotAllowed
    await connection.execute(_LOCK, actor.account_id % 2**31)
    if await connection.fetchval(_LATELY, actor.account_id, services.clock.now()) >= DAY_MAX:
        raise MessageRefused(message("You wrote {count} messages today. Write again tomorrow.", count=DAY_MAX))
    return int(await connection.fetchval(_NEXT))


async def _check_corrected(connection: asyncpg.Connection, actor: Actor, school_id: int, given: Given) -> None:
    if given.corrects is None:
        return
    may_any = actor.can(Right.MESSAGES_WRITE, school_id)
    if await connection.fetchrow(_CORRECTED, given.corrects, school_id, actor.account_id, may_any) is None:
        raise NotFound


async def _put_audience(
    connection: asyncpg.Connection, number: int, school_id: int, given: Given, own: Collection[int] | None
) -> None:
    if given.audience is Audience.GRADES:
        await connection.execute(_GRADES, number, sorted(set(given.grades)))
    placed: Sequence[Any] = ()
    if given.audience is Audience.CLASSES:
        placed = await connection.fetch(_CLASSES, number, sorted(set(given.classes)), school_id)
        if len(placed) != len(set(given.classes)):
            raise MessageRefused(message("Choose for whom it is: a grade, a class or a child of the lists."))
    if given.audience is Audience.FAMILY:
        classes = None if own is None else sorted(own)
        if not await connection.fetch(_CHILD, number, given.child, school_id, classes):
            raise MessageRefused(message("Choose for whom it is: a grade, a class or a child of the lists."))


async def _check_own(services: Services, actor: Actor, school_id: int, number: int) -> None:
    """Let go on who wrote a message, and of one of the school's whoever writes or approves there. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FOUND, number, school_id)
    if row is None or not may_end(actor, school_id, row):
        raise NotFound


def may_end(actor: Actor, school_id: int, row: Mapping[str, Any]) -> bool:
    """Tell whether the actor may cancel or recall a message."""
    is_own = actor.account_id is not None and row["account_id"] == actor.account_id
    may_write = actor.can(Right.MESSAGES_WRITE, school_id)
    if row["audience"] == Audience.FAMILY:
        return is_own and (may_write or bool(actor.classes(Right.MESSAGES_WRITE, school_id)))
    of_heads = actor.can(Right.MESSAGES_APPROVE, school_id)
    return of_heads or (may_write and row["of_school"]) or (
        is_own and bool(actor.classes(Right.MESSAGES_WRITE, school_id))
    )  # fmt: skip


async def _turn(
    services: Services,
    actor: Actor,
    school_id: int,
    number: int,
    before: Sequence[State],
    after: State,
    reason: str = "",
) -> None:
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        row = await raw(transaction).fetchrow(
            _TURN, number, school_id, [each.value for each in before], after.value, now, actor.name, reason
        )
        if row is None:
            raise MessageRefused(message("This was decided already. Look at the message again."))
        if after is State.RECALLED:
            await tell_recalled(services, transaction, number)
        await audit(transaction, actor, f"message.{after.value}", f"message:{number}", school_id=school_id, at=now)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > REASON_MAX or has_unseen(reason):
        raise MessageRefused(message("Say why, in {most} letters at most.", most=REASON_MAX))
    return reason
