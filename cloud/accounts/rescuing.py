"""What somebody else does about second steps: taking lost ones away, and a day from which a school's staff need one."""

from datetime import date, timedelta

from cloud.accounts.actions import forget_factors
from cloud.accounts.beginnings import end_sessions
from cloud.accounts.errors import FactorRefused
from cloud.accounts.granting import check_not_own
from cloud.accounts.others import manageable, note
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services

GENTLE_MAX = timedelta(days=60)
_RULE = """
INSERT INTO factor_rule (school_id, staff_from, set_at) VALUES ($1, $2, $3)
ON CONFLICT (school_id) DO UPDATE SET staff_from = $2, set_at = $3
"""


async def forget_lost(services: Services, actor: Actor, account_id: int) -> None:
    """Take an account's second steps away, for an owner who came in person, and end its sessions.

    Raises NotFound, or NotAllowed also for the actor's own account: there the page of the account asks the password.
    """
    await manageable(services, actor, account_id)
    check_not_own(actor, account_id)
    async with services.database.transaction() as connection:
        await forget_factors(connection, account_id)
        await end_sessions(connection, account_id)
        await note(services, connection, actor, "account.factors_forgotten", account_id)


async def set_factor_day(services: Services, actor: Actor, school_id: int, staff_from: date) -> None:
    """Say from which day a school's staff need a second step. Raises NotAllowed or FactorRefused."""
    actor.require(Right.ACCOUNTS_KEEP, school_id)
    now = services.clock.now()
    if staff_from > now.date() + GENTLE_MAX:
        raise FactorRefused(message("This is too late: {days} days from today at most.", days=GENTLE_MAX.days))
    async with services.database.transaction() as connection:
        await connection.execute_query(_RULE, [school_id, staff_from, now])
        await audit(
            connection, actor, "account.factor_day_set", f"school:{school_id}", {"from": str(staff_from)},
            school_id=school_id, at=now,
        )  # fmt: skip
