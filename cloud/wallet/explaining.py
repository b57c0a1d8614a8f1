"""A difference is explained: somebody says why voucher, tabel and records disagree, and that is kept.

Rule: an explanation is of the kinds that a line has then; when it comes to differ in another way, that waits for its
own. None is changed: a newer one stands before it, and an empty one takes it back.
"""

from datetime import date

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.bulk import lock_school
from cloud.wallet import statements
from cloud.wallet.errors import NoteRefused
from cloud.wallet.queries import facts_of
from cloud.wallet.rules import Line, Place, reconcile

REASON_MAX = 200
_CHILD = "SELECT id FROM person WHERE school_id = $1 AND ref = $2"


async def explain(services: Services, actor: Actor, school_id: int, ref: str, on: date, meal: str, reason: str) -> None:
    """Say why the three differ about a child's meal on a day; an empty reason takes back what was said.

    Raises NotAllowed, NotFound or NoteRefused.
    """
    actor.require(Right.WALLET_KEEP, school_id)
    reason = " ".join(reason.split())
    if len(reason) > REASON_MAX:
        raise NoteRefused(message("The reason is too long: {count} characters at most.", count=REASON_MAX))
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        person_id = await at.fetchval(_CHILD, school_id, ref)
        if person_id is None:
            raise NotFound
        await lock_school(at, school_id)
        facts = await facts_of(at, school_id, on, on)
        line = _line(reconcile(facts, on, on), Place(on, person_id, meal))
        kinds = sorted(kind.value for kind in line.kinds)
        await at.execute(statements.PUT_NOTES, school_id, person_id, on, meal, kinds, reason, now, actor.name)
        told = {"on": str(on), "meal": meal, "kinds": ", ".join(kinds), "reason": reason}
        await audit(
            connection, actor, "wallet.explained", f"person:{person_id}", told, school_id=school_id, at=now
        )  # fmt: skip


def _line(lines: list[Line], place: Place) -> Line:
    found = next((line for line in lines if line.place == place and line.kinds), None)
    if found is None:
        raise NoteRefused(message("Nothing differs there any more. Load the page anew."))
    return found
