"""A person's word on alerts that are held: tell them after all, or tell nobody.

Rule: of each class one person decides, once; who comes second is told who was first. When the lessons are over nobody
is told any more, whatever was decided. Who came meanwhile is not told of.
"""

from collections.abc import Collection, Sequence
from enum import Enum

from cloud.accounts.actions import audit
from cloud.alerts import rounds
from cloud.alerts.errors import AlertsDecided
from cloud.alerts.expected import classes_seen
from cloud.alerts.judging import lock_school
from cloud.alerts.kinds import Round, State
from cloud.alerts.telling import tell_absent
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.many import days_of
from cloud.schools.queries import school_of_id


class Decision(Enum):
    """What somebody decides."""

    RELEASE = "release"
    DROP = "drop"


STATES = {Decision.RELEASE: State.RELEASED, Decision.DROP: State.DROPPED}


async def decide(
    services: Services, actor: Actor, school_id: int, class_ids: Collection[int], decision: Decision
) -> int:  # fmt: skip
    """Decide about the held or waiting alerts of classes today; return of how many children guardians are told.

    Raises NotAllowed, NotFound, or AlertsDecided when somebody was quicker or the lessons are over.
    """
    actor.require(Right.ALERTS_DECIDE, school_id)
    school = await school_of_id(services, school_id)
    now = services.clock.now()
    on = now.astimezone(school.zone).date()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await lock_school(connection, school_id, now)
        await rounds.lapse(connection, school_id, now)
        chosen = [each for each in await rounds.of_day(connection, school_id, on) if each.class_id in class_ids]
        _check(chosen, class_ids)
        told = 0
        if decision is Decision.RELEASE:
            day = (await days_of(connection, [(school_id, on)]))[school_id, on]
            seen = await classes_seen(connection, services.vault, school_id, on, class_ids)
            told = await tell_absent(connection, school, chosen, seen, day, now)
        await rounds.decide(connection, school_id, on, sorted(class_ids), STATES[decision], now, actor.name)
        for each in chosen:
            detail = {"on": on.isoformat(), "absent": str(each.absent), "expected": str(each.expected)}
            await audit(
                transaction, actor, f"alerts.{STATES[decision]}", f"class:{each.class_id}", detail,
                school_id=school_id, at=now,
            )  # fmt: skip
    return told


def _check(chosen: Sequence[Round], class_ids: Collection[int]) -> None:
    if not chosen or {each.class_id for each in chosen} != set(class_ids):
        raise NotFound
    closed = next((each for each in chosen if not each.is_open), None)
    if closed is None:
        return
    if closed.state is State.LAPSED:
        raise AlertsDecided(message("The lessons are over, so nobody is told any more."))
    if closed.decided_by:
        raise AlertsDecided(message("{name} has decided about this already.", name=closed.decided_by))
    raise AlertsDecided(message("The records have come meanwhile, and these alerts are not held any more."))
