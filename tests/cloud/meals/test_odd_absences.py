"""A free meal of a child whose family told an absence is looked at, unless somebody said what was."""

from collections.abc import AsyncIterator

import pytest

from cloud.core.services import Services
from cloud.meals.odd import Kind, odd_counts, odd_of
from tests.cloud.meals.factory import NOON, Canteen
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()
_ACCOUNT = """
INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
VALUES ('!', false, 'Сәуле', 'kk', true, $1) RETURNING id
"""
_TOLD = """
INSERT INTO absence (school_id, person_id, account_id, first_on, last_on, reason_encrypted, told_at, state)
SELECT $1, id, $3, $4, $4, ''::bytea, $5, $6 FROM person WHERE ref = $2
"""
_CLASS = (
    "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, 5, 'А', 1, true) RETURNING id"
)
_MARK = """
INSERT INTO register_mark (school_id, number, person_id, school_class_id, "on", says, was, at, by_name)
SELECT $1, 1, id, $2, $3, $4, 'unsaid', $5, 'Айгүл' FROM person WHERE ref = $6
"""


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open()
    yield canteen
    await canteen.close()


async def ate(canteen: Canteen, payment: str = "free", state: str = "told", says: str = "") -> dict[Kind, int]:
    """Let a child eat whose family told an absence, and return what is odd; a class may have said something."""
    account_id = await canteen.pool.fetchval(_ACCOUNT, NOON)
    await canteen.pool.execute(_TOLD, canteen.school_id, canteen.refs[0], account_id, TODAY, NOON, state)
    if says:
        class_id = await canteen.pool.fetchval(_CLASS, canteen.school_id)
        await canteen.pool.execute(_MARK, canteen.school_id, class_id, TODAY, says, NOON, canteen.refs[0])
    await canteen.send(*canteen.sold(0, 577_00, payment=payment), *canteen.sold(1, 577_00, payment=payment))
    await canteen.project()
    counts = dict(await odd_counts(canteen.services, SYSTEM, canteen.school_id, TODAY))
    counts.pop(Kind.NOT_SEEN, None)
    return counts


@pytest.mark.parametrize("state", ["told", "accepted"])
async def test_a_free_meal_of_who_was_told_absent_is_looked_at(canteen: Canteen, state: str) -> None:
    assert await ate(canteen, state=state) == {Kind.TOLD_ABSENT: 1}

    (odd,) = await odd_of(canteen.services, SYSTEM, canteen.school_id, TODAY, Kind.TOLD_ABSENT)
    assert odd.ref == canteen.refs[0]


@pytest.mark.parametrize(("state", "payment"), [("taken_back", "free"), ("asked", "free"), ("told", "account")])
async def test_what_excuses_nobody_or_was_paid_for_is_not(canteen: Canteen, state: str, payment: str) -> None:
    assert await ate(canteen, payment, state) == {}


@pytest.mark.parametrize(
    ("says", "odd"),
    [("absent", {Kind.ABSENT_IN_CLASS: 1}), ("present", {}), ("away", {}), ("unsaid", {Kind.TOLD_ABSENT: 1})],
)
async def test_what_the_class_says_decides(canteen: Canteen, says: str, odd: dict[Kind, int]) -> None:
    assert await ate(canteen, says=says) == odd
