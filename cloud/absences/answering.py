"""What the school does with an absence that was told: sees it, accepts it, asks back.

Rule: accepting says that the family's word is good; it marks nobody in the class register.
"""

from collections.abc import Collection

import asyncpg

from cloud.absences.ended import note_ended
from cloud.absences.errors import AbsenceChanged, AbsenceRefused
from cloud.absences.kinds import ANSWER, Happened, State, Tell, tell_nobody
from cloud.absences.rules import checked_words
from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.register.queries import hand_of

NOTED_MAX = 40  # of those that were seen at once, named in the journal
_FIND = """
SELECT absence.person_id, ref, coalesce(school_class_id, 0) AS class_id, state, first_on, last_on,
  ($3::timestamptz AT TIME ZONE zone)::date AS today
FROM absence JOIN person ON person.id = person_id JOIN school ON school.id = absence.school_id
WHERE absence.id = $1 AND absence.school_id = $2 FOR UPDATE OF absence
"""
_ANSWER = """
UPDATE absence SET state = $2, answered_at = $3, answered_by = $4, answer_encrypted = $5,
  seen_at = coalesce(seen_at, $3), seen_by = CASE WHEN seen_at IS NULL THEN $4 ELSE seen_by END
WHERE id = $1
"""
_SEEN = """
UPDATE absence SET seen_at = $3, seen_by = $4 FROM person
WHERE person.id = person_id AND absence.id = ANY($1) AND absence.school_id = $2 AND seen_at IS NULL
RETURNING ref, absence.id
"""


async def accept(
    services: Services, actor: Actor, school_id: int, absence_id: int, tell: Tell = tell_nobody
) -> None:  # fmt: skip
    """Say that a family's word is good. Raises NotFound or AbsenceChanged."""
    await _answer(services, actor, school_id, absence_id, State.ACCEPTED, "", tell)


async def ask_back(
    services: Services, actor: Actor, school_id: int, absence_id: int, words: str, tell: Tell = tell_nobody
) -> None:
    """Ask the family something, in words; until it answers nobody is excused by this absence.

    Raises NotFound, AbsenceRefused or AbsenceChanged.
    """
    asked = checked_words(words)
    if not asked:
        raise AbsenceRefused(message("Say what you ask, so that the family understands."))
    await _answer(services, actor, school_id, absence_id, State.ASKED, asked, tell)


async def note_seen(services: Services, actor: Actor, school_id: int, absence_ids: Collection[int]) -> None:
    """Note that these were shown to who answers; the families see it. Whose they are, the caller has asked."""
    if not absence_ids:
        return
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        now = services.clock.now()
        rows = await connection.fetch(_SEEN, list(absence_ids), school_id, now, actor.name)
        if rows:
            seen = " ".join(str(row["id"]) for row in rows[:NOTED_MAX])
            await audit(
                transaction, actor, "absence.seen", f"school:{school_id}", {"absences": seen}, school_id=school_id,
                at=now,
            )  # fmt: skip
        await wake_pages(services.vault, connection, [(school_id, row["ref"]) for row in rows])


async def _answer(
    services: Services, actor: Actor, school_id: int, absence_id: int, state: State, words: str, tell: Tell
) -> None:
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        row = await connection.fetchrow(_FIND, absence_id, school_id, now)
        _check(actor, school_id, row)
        if row["state"] == state and state is State.ACCEPTED:
            return
        sealed = services.vault.encrypt(words, ANSWER, str(absence_id)) if words else None
        await connection.execute(_ANSWER, absence_id, state.value, now, actor.name, sealed)
        await audit(
            transaction, actor, f"absence.{state}", f"person:{row['person_id']}", {"absence": str(absence_id)},
            school_id=school_id, at=now,
        )  # fmt: skip
        days = row["first_on"], row["last_on"]
        if state is State.ASKED:
            await note_ended(connection, school_id, [row["person_id"]], days, row["today"])
        await tell(connection, Happened(absence_id, school_id, row["person_id"], state, *days, now))
        await wake_pages(services.vault, connection, [(school_id, row["ref"])])


def _check(actor: Actor, school_id: int, row: asyncpg.Record | None) -> None:
    if row is None:
        raise NotFound
    try:
        hand_of(actor, school_id, row["class_id"], Right.ABSENCES_ANSWER)
    except NotAllowed:
        raise NotFound from None
    if row["state"] == State.TAKEN_BACK:
        raise AbsenceChanged(message("The family has taken this absence back. The child is expected."))
