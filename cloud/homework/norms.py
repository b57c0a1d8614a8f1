"""How many minutes of homework a day bears, by grade: the state's recommendation, and what a school set instead."""

from collections.abc import Mapping

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.homework.errors import HomeworkRefused
from cloud.homework.rules import GRADES, STATE_NORMS, check_minutes

_OWN = "SELECT grade, minutes FROM homework_norm WHERE school_id = $1"
_LOCK = "SELECT id FROM school WHERE id = $1 FOR NO KEY UPDATE"
_CLEAR = "DELETE FROM homework_norm WHERE school_id = $1"
_PUT = """
INSERT INTO homework_norm (school_id, grade, minutes, at, by_name)
SELECT $1, grade, minutes, $4, $5 FROM unnest($2::smallint[], $3::smallint[]) AS norm (grade, minutes)
"""


async def norms_of(services: Services, school_id: int) -> dict[int, int]:
    """Return the norms that a school has set, in minutes by grade; who asks was judged before."""
    return {row["grade"]: row["minutes"] for row in await services.database.pool.fetch(_OWN, school_id)}


async def put_norms(services: Services, actor: Actor, school_id: int, norms: Mapping[int, int]) -> None:
    """Set a school's norms, in minutes by grade; what is as the state's is not kept.

    Raises NotAllowed or HomeworkRefused.
    """
    actor.require(Right.HOMEWORK_NORMS, school_id)
    if not norms.keys() <= set(GRADES):
        raise HomeworkRefused(message("Grades are 0 to 12."))
    for minutes in norms.values():
        check_minutes(minutes)
    own = {grade: minutes for grade, minutes in sorted(norms.items()) if minutes != STATE_NORMS[grade]}
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        await connection.execute(_LOCK, school_id)
        await connection.execute(_CLEAR, school_id)
        await connection.execute(_PUT, school_id, list(own), list(own.values()), now, actor.name)
        detail = {str(grade): str(minutes) for grade, minutes in own.items()}
        await audit(
            transaction, actor, "homework.norms_set", f"school:{school_id}", detail, school_id=school_id, at=now
        )
