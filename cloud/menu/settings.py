"""What a school has decided about its canteen: limits of accounts, when pre-orders close, whom a till asks about.

Rule: a school that decided nothing goes by the defaults; each decision stands in the audit journal with who took it.
"""

from dataclasses import asdict, dataclass

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.errors import PriceRefused, SettingRefused
from cloud.menu.kinds import UnseenPolicy
from cloud.menu.rules import DAY_MIN, PRICE_MAX_TIYN, minute_of, price_of
from cloud.people.actions import tell_changed

_OF_SCHOOL = """
SELECT offline_limit_tiyn, overdraft_tiyn, low_balance_tiyn, preorder_cutoff_min, unseen_policy FROM canteen_rule
WHERE school_id = $1
"""
_PUT = """
INSERT INTO canteen_rule (school_id, offline_limit_tiyn, overdraft_tiyn, low_balance_tiyn, preorder_cutoff_min,
  unseen_policy, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (school_id) DO UPDATE SET offline_limit_tiyn = excluded.offline_limit_tiyn,
  overdraft_tiyn = excluded.overdraft_tiyn, low_balance_tiyn = excluded.low_balance_tiyn,
  preorder_cutoff_min = excluded.preorder_cutoff_min, unseen_policy = excluded.unseen_policy,
  set_at = excluded.set_at, set_by = excluded.set_by
"""


@dataclass(frozen=True, slots=True)
class CanteenRules:
    """What holds at a school."""

    offline_limit_tiyn: int = 200_000  # of a day, that each till takes from an account without asking: a few meals
    overdraft_tiyn: int = 0  # how far below zero an account may go
    low_balance_tiyn: int = 150_000  # below it a parent is told: about two lunches
    preorder_cutoff_min: int = 18 * 60  # of the day before, in the school's own time
    unseen_policy: UnseenPolicy = UnseenPolicy.ALLOW

    def __post_init__(self) -> None:
        """Refuse what no school can mean."""
        amounts = (self.offline_limit_tiyn, self.overdraft_tiyn, self.low_balance_tiyn)
        if not all(0 <= amount <= PRICE_MAX_TIYN for amount in amounts):
            raise SettingRefused(_amount_wanted())
        if not 0 <= self.preorder_cutoff_min <= DAY_MIN:
            raise SettingRefused(message("Pre-orders close at a time of the day before, as 18:00."))


USUAL = CanteenRules()


@dataclass(frozen=True, slots=True)
class RulesTyped:
    """What holds at a school, as somebody types it."""

    offline_limit: str
    overdraft: str
    low_balance: str
    preorder_cutoff: str
    unseen_policy: UnseenPolicy

    def read(self) -> CanteenRules:
        """Return what is meant. Raises SettingRefused or MealRefused."""
        return CanteenRules(
            _amount(self.offline_limit), _amount(self.overdraft), _amount(self.low_balance),
            minute_of(self.preorder_cutoff), self.unseen_policy,
        )  # fmt: skip


async def rules_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> CanteenRules:
    """Return what holds at a school, for slices above, after their own check."""
    row = await connection.fetchrow(_OF_SCHOOL, school_id)
    if row is None:
        return USUAL
    return CanteenRules(**{**row, "unseen_policy": UnseenPolicy(row["unseen_policy"])})


async def set_rules(services: Services, actor: Actor, school_id: int, rules: CanteenRules) -> None:
    """Let other rules hold from now on; tills hear of them with the next roster. Raises NotAllowed."""
    actor.require(Right.CANTEEN_RULES_KEEP, school_id)
    now = services.clock.now()
    values = {**asdict(rules), "unseen_policy": rules.unseen_policy.value}
    async with services.database.transaction() as connection:
        if await rules_of(raw(connection), school_id) == rules:
            return
        await raw(connection).execute(_PUT, school_id, *values.values(), now, actor.name)
        told = {name: str(value) for name, value in values.items()}
        await audit(connection, actor, "canteen.rules_set", f"school:{school_id}", told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)


def _amount(text: str) -> int:
    try:
        return price_of(text)
    except PriceRefused:
        raise SettingRefused(_amount_wanted()) from None


def _amount_wanted() -> Message:
    most = PRICE_MAX_TIYN // 100
    return message("A limit is an amount in tenge, as 1500: 0 at least and {count} at most.", count=most)
