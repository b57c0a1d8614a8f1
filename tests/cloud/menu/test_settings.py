"""What a school decides about its canteen: defaults until it does, who may decide, what cannot be, and who hears."""

from dataclasses import replace

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, Refused
from cloud.menu.errors import MealRefused, SettingRefused
from cloud.menu.kinds import UnseenPolicy
from cloud.menu.settings import USUAL, CanteenRules, RulesTyped, rules_of, set_rules
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import a_school

TYPED = RulesTyped("2 000", "500,50", "1500 ₸", "18:00", UnseenPolicy.ASK)
STRICT = CanteenRules(0, 0, 0, 0, UnseenPolicy.ALLOW)


async def test_a_school_that_decided_nothing_goes_by_what_is_usual(canteen: Canteen) -> None:
    assert await rules_of(canteen.services.database.pool, canteen.school_id) == USUAL


async def test_what_was_decided_holds_at_that_school_only(canteen: Canteen) -> None:
    pool = canteen.services.database.pool
    other = await a_school(canteen.services, "other7")

    await set_rules(canteen.services, canteen.cook, canteen.school_id, STRICT)
    await set_rules(canteen.services, canteen.cook, canteen.school_id, TYPED.read())

    wanted = CanteenRules(200_000, 50_050, 150_000, 18 * 60, UnseenPolicy.ASK)
    assert await rules_of(pool, canteen.school_id) == wanted
    assert await rules_of(pool, other) == USUAL


async def test_each_decision_stands_in_the_audit_journal_and_one_that_changes_nothing_does_not(
    canteen: Canteen,
) -> None:
    for _ in range(2):
        await set_rules(canteen.services, canteen.cook, canteen.school_id, STRICT)

    noted = await canteen.services.database.pool.fetch(
        "SELECT actor, detail FROM audit_entry WHERE verb = 'canteen.rules_set'"
    )
    assert [row["actor"] for row in noted] == [canteen.cook.name]
    assert '"offline_limit_tiyn": "0"' in noted[0]["detail"]


@pytest.mark.parametrize(("role", "may"), [(role, role in {Role.CANTEEN, Role.DIRECTOR}) for role in Role
                                           if role is not Role.OPERATOR])  # fmt: skip
async def test_the_canteen_and_the_director_decide_and_nobody_else(canteen: Canteen, role: Role, may: bool) -> None:
    actor = Actor("somebody", None, frozenset({Reach(role, canteen.school_id)}))
    if may:
        await set_rules(canteen.services, actor, canteen.school_id, STRICT)
        return

    with pytest.raises(NotAllowed):
        await set_rules(canteen.services, actor, canteen.school_id, STRICT)


@pytest.mark.parametrize("typed", ["-1", "", "виза", "1e9", "99999999", "10,555"])
def test_a_limit_that_is_none_is_refused_with_how_to_write_one(typed: str) -> None:
    for wrong in (
        replace(TYPED, offline_limit=typed), replace(TYPED, overdraft=typed), replace(TYPED, low_balance=typed),
    ):  # fmt: skip
        with pytest.raises(SettingRefused, match="as 1500"):
            wrong.read()


@pytest.mark.parametrize(("typed", "why"), [("25:00", MealRefused), ("soon", MealRefused), ("", MealRefused)])
def test_a_cut_off_is_a_time(typed: str, why: type[Refused]) -> None:
    with pytest.raises(why, match="12:30"):
        replace(TYPED, preorder_cutoff=typed).read()


@pytest.mark.parametrize(
    ("offline", "overdraft", "low", "cutoff"), [(-1, 0, 0, 0), (0, 10**8, 0, 0), (0, 0, -5, 0), (0, 0, 0, 1441)]
)
def test_no_program_can_mean_what_no_school_can(offline: int, overdraft: int, low: int, cutoff: int) -> None:
    with pytest.raises(SettingRefused):
        CanteenRules(offline, overdraft, low, cutoff)
