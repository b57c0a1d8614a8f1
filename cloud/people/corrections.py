"""Requests to put data right: a guardian says what is wrong and what is right, the office answers with a reason.

Rule: an answer changes no data by itself: the office mends them on the pages where they are kept, with their own checks
and entries of the journal. What somebody wrote is sealed, since it may be a phone number, an illness or an IIN.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from http import HTTPStatus

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.rights import COLUMNS

WRONG, RIGHT, ANSWER = "correction_request.is_wrong", "correction_request.would_be_right", "correction_request.answer"
TEXT_MIN, TEXT_MAX = 3, 500
OPEN_MAX = 5  # of one guardian about one child
SHOWN_MAX, SCHOOL_MAX = 20, 100
_CHILD = f"""
SELECT family.person_id, family.school_id FROM guardianship_at($3) AS family JOIN person ON person.id = family.person_id
WHERE family.account_id = $1 AND person.ref = $2 AND ({" OR ".join(COLUMNS.values())}) LIMIT 1
"""  # noqa: S608 (texts of ours)
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('correction_request'), $1::int)"
_OPEN = "SELECT count(*) FROM correction_request WHERE account_id = $1 AND person_id = $2 AND answered_at IS NULL"
_NEXT = "SELECT nextval(pg_get_serial_sequence('correction_request', 'id'))"
_ADD = """
INSERT INTO correction_request (id, school_id, person_id, account_id, asked_at, what, is_wrong_encrypted,
  would_be_right_encrypted)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_COLUMNS = """
SELECT request.id, asked_at, what, is_wrong_encrypted, would_be_right_encrypted, answered_at, answered_by, outcome,
  answer_encrypted, ref, concat_ws(' ', surname, given_name) AS person, account.name AS asker
FROM correction_request AS request JOIN person ON person.id = request.person_id
JOIN account ON account.id = request.account_id
"""
_MINE = f"{_COLUMNS} WHERE request.person_id = $1 AND request.account_id = $2 ORDER BY request.id DESC LIMIT $3"
_OF_SCHOOL = f"""{_COLUMNS} WHERE request.school_id = $1
ORDER BY answered_at IS NOT NULL, CASE WHEN answered_at IS NULL THEN request.id ELSE -request.id END LIMIT $2
"""
_ANSWER = """
UPDATE correction_request SET answered_at = $3, answered_by = $4, outcome = $5, answer_encrypted = $6
WHERE school_id = $1 AND id = $2 AND answered_at IS NULL RETURNING person_id
"""


class Kept(Enum):
    """The kind of what is wrong."""

    NAME = "name"
    CLASS = "class"
    IIN = "iin"
    CONTACTS = "contacts"
    FAMILY = "family"
    CARD = "card"
    DAYS = "days"
    MEALS = "meals"
    MONEY = "money"
    DIET = "diet"
    CONSENTS = "consents"
    OTHER = "other"


class Outcome(Enum):
    """What the office answered."""

    CORRECTED = "corrected"
    REFUSED = "refused"


class CorrectionRefused(Refused):
    """A request to put data right cannot be taken, or be answered so."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "correction_refused"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a guardian says: which kind of data, what is wrong in it, and what would be right."""

    what: Kept
    is_wrong: str
    would_be_right: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and its answer if there is one."""

    id: int
    asked_at: datetime
    wrong: Wrong
    ref: str
    person: str
    asker: str
    answered_at: datetime | None
    answered_by: str
    outcome: Outcome | None
    answer: str

    @property
    def state(self) -> str:
        return self.outcome.value if self.outcome else "asked"


async def ask_correction(services: Services, actor: Actor, ref: str, wrong: Wrong) -> None:
    """Ask to put right what is kept of a child of the own. Raises NotFound or CorrectionRefused."""
    person_id, school_id = await _child(services, actor, ref)
    texts = [_checked(wrong.is_wrong), _checked(wrong.would_be_right)]
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        await connection.execute(_LOCK, (actor.account_id or 0) % 2**31)
        if await connection.fetchval(_OPEN, actor.account_id, person_id) >= OPEN_MAX:
            raise CorrectionRefused(
                message("{count} requests wait for an answer. Wait for the office, or call it.", count=OPEN_MAX)
            )
        number = await connection.fetchval(_NEXT)
        sealed = [
            services.vault.encrypt(text, context, str(number))
            for text, context in zip(texts, (WRONG, RIGHT), strict=True)
        ]
        await connection.execute(
            _ADD, number, school_id, person_id, actor.account_id, now, wrong.what.value, *sealed
        )  # fmt: skip
        await audit(transaction, actor, "correction.asked", f"person:{person_id}", {"what": wrong.what.value},
                    school_id=school_id, at=now)  # fmt: skip


async def own_requests(services: Services, actor: Actor, ref: str) -> list[Request]:
    """Return what the actor asked about a child of the own, the newest first. Raises NotFound."""
    person_id, _ = await _child(services, actor, ref)
    rows = await services.database.pool.fetch(_MINE, person_id, actor.account_id, SHOWN_MAX)
    return [_request(services, row) for row in rows]


async def requests_of(services: Services, actor: Actor, school_id: int) -> list[Request]:
    """Return a school's requests: those that wait, the oldest first, then the answered. Raises NotAllowed."""
    actor.require(Right.CORRECTIONS_ANSWER, school_id)
    rows = await services.database.pool.fetch(_OF_SCHOOL, school_id, SCHOOL_MAX)
    return [_request(services, row) for row in rows]


async def answer_correction(
    services: Services, actor: Actor, school_id: int, request_id: int, outcome: Outcome, reason: str
) -> None:
    """Answer a request; a no needs its reason. Raises NotAllowed, NotFound or CorrectionRefused."""
    actor.require(Right.CORRECTIONS_ANSWER, school_id)
    text = _checked(reason) if outcome is Outcome.REFUSED or reason.strip() else ""
    sealed = services.vault.encrypt(text, ANSWER, str(request_id)) if text else None
    async with services.database.transaction() as transaction:
        now = services.clock.now()
        person_id = await raw(transaction).fetchval(
            _ANSWER, school_id, request_id, now, actor.name, outcome.value, sealed
        )  # fmt: skip
        if person_id is None:
            raise NotFound
        await audit(transaction, actor, f"correction.{outcome.value}", f"person:{person_id}",
                    {"request": str(request_id)}, school_id=school_id, at=now)  # fmt: skip


async def _child(services: Services, actor: Actor, ref: str) -> tuple[int, int]:
    if actor.account_id is None or actor.must_change:
        raise NotFound
    row = await services.database.pool.fetchrow(_CHILD, actor.account_id, ref, services.clock.now())
    if row is None:
        raise NotFound
    return row["person_id"], row["school_id"]


def _checked(text: str) -> str:
    text = " ".join(text.split())
    if not TEXT_MIN <= len(text) <= TEXT_MAX or not text.isprintable():
        raise CorrectionRefused(
            message("Say it in {least} to {most} letters, so that the other side understands.",
                    least=TEXT_MIN, most=TEXT_MAX)
        )  # fmt: skip
    return text


def _request(services: Services, row: asyncpg.Record) -> Request:
    vault, named = services.vault, str(row["id"])
    wrong = Wrong(
        Kept(row["what"]), vault.decrypt(row["is_wrong_encrypted"], WRONG, named),
        vault.decrypt(row["would_be_right_encrypted"], RIGHT, named),
    )  # fmt: skip
    answer = row["answer_encrypted"]
    return Request(
        row["id"], row["asked_at"], wrong, row["ref"], row["person"], row["asker"], row["answered_at"],
        row["answered_by"], Outcome(row["outcome"]) if row["outcome"] else None,
        vault.decrypt(answer, ANSWER, named) if answer is not None else "",
    )  # fmt: skip
