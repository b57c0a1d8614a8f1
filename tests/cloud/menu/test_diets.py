"""What the school forbids by a doctor's paper: set by the office with the document, seen and not lifted by parents."""

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.menu.diets import DIETS_MAX, allow, diets_of, forbid
from cloud.menu.errors import DishRefused, LimitRefused
from cloud.menu.kinds import Limit
from cloud.menu.restrictions import lift, limits_of_school, restrict, restrictions_of
from cloud.people.moving import leave
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM

PAPER = "№ 12 анықтама"


async def told(canteen: Canteen, ref: str) -> tuple[str, ...]:
    """Return the allergens that tills would hear of."""
    async with canteen.services.database.pool.acquire() as connection:
        limits = (await limits_of_school(connection, canteen.services.vault, canteen.school_id)).get(ref)
    return limits.allergens if limits else ()


async def test_a_parent_sees_it_and_cannot_lift_it_and_the_office_can(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    person_id, ref = await canteen.child()
    mother, office = await canteen.parent(person_id), await canteen.clerk(Role.OFFICE, "office")
    await restrict(services, mother, ref, Limit.ALLERGEN, "nuts")

    await forbid(services, office, school_id, person_id, "nuts", f"  {PAPER} ")
    await forbid(services, office, school_id, person_id, "Nuts", PAPER)  # the same once more changes nothing
    (by_school, by_parent) = await restrictions_of(services, mother, ref)
    with pytest.raises(NotFound):
        await lift(services, mother, ref, by_school.id)
    await lift(services, mother, ref, by_parent.id)

    assert (by_school.is_school, by_school.document, by_school.set_by) == (True, PAPER, "office")
    assert (by_parent.is_school, by_parent.document) == (False, "")
    assert await told(canteen, ref) == ("nuts",)
    await allow(services, office, school_id, person_id, by_school.id)
    assert await told(canteen, ref) == ()
    assert [each.lifted_by for each in await diets_of(services, office, school_id, person_id)] == ["office"]
    assert await diets_of(services, SYSTEM, school_id + 1, person_id) == []  # no other school's office sees it
    journal = [
        each for each in await noted_of(services, SYSTEM, school_id, Wanted()) if each.verb.startswith("restriction.")
    ]
    assert "nuts" not in str(journal)


async def test_without_a_document_a_right_or_the_child_nothing_is_set(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    person_id, ref = await canteen.child()
    office, mother = await canteen.clerk(Role.OFFICE, "office"), await canteen.parent(person_id)

    with pytest.raises(LimitRefused, match="document"):
        await forbid(services, office, school_id, person_id, "nuts", " ")
    with pytest.raises(DishRefused):
        await forbid(services, office, school_id, person_id, "<b>", PAPER)
    for who in (canteen.cook, mother):
        with pytest.raises(NotAllowed):
            await forbid(services, who, school_id, person_id, "nuts", PAPER)
    with pytest.raises(NotFound):
        await forbid(services, office, school_id, person_id + 999, "nuts", PAPER)
    await restrict(services, mother, ref, Limit.ALLERGEN, "milk")
    (theirs,) = await restrictions_of(services, mother, ref)
    with pytest.raises(NotFound):
        await allow(services, office, school_id, person_id, theirs.id)
    await leave(services, SYSTEM, person_id)
    with pytest.raises(NotFound):
        await forbid(services, office, school_id, person_id, "nuts", PAPER)


async def test_so_many_are_enough_and_leave_parents_room(canteen: Canteen) -> None:
    person_id, ref = await canteen.child()
    office, mother = await canteen.clerk(Role.OFFICE, "office"), await canteen.parent(person_id)
    for number in range(DIETS_MAX):
        await forbid(canteen.services, office, canteen.school_id, person_id, f"бал {number}", PAPER)

    with pytest.raises(LimitRefused, match="Lift one first"):
        await forbid(canteen.services, office, canteen.school_id, person_id, "nuts", PAPER)
    await restrict(canteen.services, mother, ref, Limit.ALLERGEN, "milk")

    assert len(await told(canteen, ref)) == DIETS_MAX + 1
