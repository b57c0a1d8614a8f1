"""What guardians may: courts' limits at once and for whom they added, terms, and one parent with schools apart."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from cloud.accounts.logins import login_digest
from cloud.cards.actions import block_card, give_card
from cloud.consents.answering import answer, asking_of
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.services import Services
from cloud.guardian.queries import child_of, children_of
from cloud.menu.kinds import Limit
from cloud.menu.restrictions import restrict, restrictions_of
from cloud.notifications.queries import notices_of
from cloud.people.actions import add_guardian, give_consent, open_guardian_account
from cloud.people.bulk import GuardianGiven, LinkGiven, put_guardians, put_links
from cloud.people.errors import PersonRefused
from cloud.people.family import lift_limit, limits_of, note_limit, rights_of, set_rights
from cloud.people.kinds import FamilyRight, Purpose, Relation, Says
from cloud.people.sharing import end_share, share, sharing_of
from cloud.rosters.passes import phone_pass
from simulators.clock import SimulatedClock
from tests.cloud.people.factory import a_student
from tests.cloud.people.family_factory import Family, a_family, actor_of_guardian
from tests.cloud.schools.factory import SYSTEM

NANNY = GuardianGiven("Бибі Нұр", "+77015550000")
Way = Callable[[Family, Actor], Awaitable[object]]
WAYS: dict[str, Way] = {
    "the child's page": lambda family, who: child_of(family.services, who, family.ref),
    "a code for the phone": lambda family, who: phone_pass(family.services, who, family.ref),
    "what is not sold": lambda family, who: restrictions_of(family.services, who, family.ref),
    "a new ban": lambda family, who: restrict(family.services, who, family.ref, Limit.ALLERGEN, "fish"),
    "the consents": lambda family, who: answer(family.services, who, family.ref, Purpose.PHOTO, Says.YES, 1),
    "a nanny": lambda family, who: share(
        family.services, who, family.ref, NANNY, Relation.OTHER, [FamilyRight.SEE], family.today
    ),
}  # fmt: skip


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    family = await a_family(services)
    await give_consent(services, SYSTEM, family.child_id, Purpose.CODE, family.today, "form 12")
    return family


async def limited(family: Family, *takes: FamilyRight) -> int:
    return await note_limit(
        family.services, family.office, family.father_id, family.child_id, takes or tuple(FamilyRight), "court 5"
    )


@pytest.mark.parametrize("way", WAYS)
async def test_a_guardian_whom_a_court_limited_finds_no_way_in(family: Family, way: str) -> None:
    await limited(family)

    with pytest.raises((NotFound, NotAllowed)):
        await WAYS[way](family, family.father)

    assert await children_of(family.services, family.father) == []
    assert (await notices_of(family.services, family.father)).notices == []
    assert [child.ref for child in await children_of(family.services, family.mother)] == [family.ref]


async def test_a_limit_takes_only_what_the_paper_says_and_ends_with_its_day_or_another_paper(
    family: Family, clock: SimulatedClock
) -> None:
    services = family.services
    card_id = await give_card(services, SYSTEM, family.child_id, "04A1B2C3D4E5F6")
    await note_limit(
        services, family.office, family.father_id, family.child_id, [FamilyRight.BLOCK], "court 5", family.today
    )
    with pytest.raises(NotAllowed):
        await block_card(services, family.father, card_id)
    assert FamilyRight.SEE in await rights_of(services, family.father, family.child_id)

    clock.advance(86_400)
    after = await rights_of(services, family.father, family.child_id)
    limit_id = await limited(family)
    taken = await rights_of(services, family.father, family.child_id)
    await lift_limit(services, family.office, limit_id, "court 6")

    assert (after, taken) == (frozenset(FamilyRight), frozenset())
    assert await rights_of(services, family.father, family.child_id) == frozenset(FamilyRight)
    assert [row.lift_document for row in await limits_of(services, family.office, family.ref)] == ["", "court 6"]


async def test_only_the_childs_own_office_notes_and_lifts_a_limit(family: Family) -> None:
    other = await a_family(family.services, "almaty6", "77")
    limit_id = await limited(family, FamilyRight.SEE)

    for actor in (family.mother, family.father, other.office):
        with pytest.raises(NotAllowed):
            await note_limit(
                family.services, actor, family.mother_id, family.child_id, [FamilyRight.SEE], "court 7"
            )  # fmt: skip
        with pytest.raises(NotAllowed):
            await lift_limit(family.services, actor, limit_id, "court 8")

    assert FamilyRight.SEE not in await rights_of(family.services, family.father, family.child_id)


async def a_nanny(family: Family, parent: Actor, *rights: FamilyRight, days: int = 7) -> Actor:
    await share(family.services, parent, family.ref, NANNY, Relation.OTHER, rights, family.today + timedelta(days=days))
    pool = family.services.database.pool
    guardian_id = await pool.fetchval("SELECT max(id) FROM guardian")
    await open_guardian_account(family.services, SYSTEM, guardian_id)  # as the office does, who sees a paper
    return await actor_of_guardian(family.services, guardian_id, family.school_id)


async def test_a_nanny_sees_what_the_parent_allows_until_the_last_day(family: Family, clock: SimulatedClock) -> None:
    nanny = await a_nanny(family, family.mother, FamilyRight.SEE)
    allowed = await rights_of(family.services, nanny, family.child_id)
    (shown,) = (await sharing_of(family.services, family.mother, family.ref)).shared

    clock.advance(8 * 86_400)

    assert allowed == {FamilyRight.SEE} == shown.rights
    assert await rights_of(family.services, nanny, family.child_id) == frozenset()
    assert await children_of(family.services, nanny) == []
    for way in WAYS.values():
        with pytest.raises((NotFound, NotAllowed)):
            await way(family, nanny)


async def test_a_nanny_never_consents_shares_nothing_on_and_keeps_no_more_than_the_parent_has(family: Family) -> None:
    nanny = await a_nanny(family, family.father, FamilyRight.SEE, FamilyRight.MEALS)
    with pytest.raises(NotAllowed):
        await answer(family.services, nanny, family.ref, Purpose.CARD, Says.YES, 1)
    with pytest.raises(NotFound):
        await sharing_of(family.services, nanny, family.ref)
    assert not (await asking_of(family.services, nanny, family.ref)).may_answer

    await limited(family, FamilyRight.SEE)

    assert await rights_of(family.services, nanny, family.child_id) == {FamilyRight.MEALS}


async def test_a_parent_shares_no_right_to_consent_none_that_is_not_the_own_and_for_no_longer_than_a_year(
    family: Family,
) -> None:
    await set_rights(family.services, family.office, family.father_id, family.child_id, {FamilyRight.SEE})
    for rights, days in (
        ([FamilyRight.CONSENT], 1), ([FamilyRight.PAY], 1), ([], 1), ([FamilyRight.SEE], -1), ([FamilyRight.SEE], 400),
    ):  # fmt: skip
        with pytest.raises(PersonRefused):
            await a_nanny(family, family.father, *rights, days=days)


async def test_a_parent_who_enters_the_other_ones_phone_takes_nothing_and_changes_no_name(family: Family) -> None:
    mothers = GuardianGiven("Жаңа Есім", "+77015556550", None)

    with pytest.raises(Refused):
        await share(
            family.services, family.father, family.ref, mothers, Relation.OTHER,
            [FamilyRight.SEE], family.today,
        )  # fmt: skip

    assert await rights_of(family.services, family.mother, family.child_id) == frozenset(FamilyRight)
    names = await family.services.database.pool.fetch("SELECT name FROM guardian ORDER BY id")
    assert [row["name"] for row in names] == ["Сәуле Әліби", "Ерлан Әліби"]


async def test_a_parent_writes_no_address_to_which_letters_with_codes_would_go(family: Family) -> None:
    given = GuardianGiven(NANNY.name, NANNY.phone, "parents-own@example.kz")

    await share(family.services, family.mother, family.ref, given, Relation.OTHER, [FamilyRight.SEE], family.today)

    sealed = await family.services.database.pool.fetchval(
        "SELECT email_encrypted FROM guardian ORDER BY id DESC LIMIT 1"
    )
    assert sealed is None


async def test_a_parent_who_enters_another_familys_phone_gets_no_way_in_and_no_name(family: Family) -> None:
    services, pool = family.services, family.services.database.pool
    known = GuardianGiven("Басқа Ана", "+77015559999")
    known_id = await add_guardian(
        services, SYSTEM, await a_student(services, family.school_id, "9"), known, Relation.MOTHER
    )

    given = GuardianGiven("Кім Екен", known.phone)
    await share(services, family.father, family.ref, given, Relation.OTHER, [FamilyRight.SEE], family.today)

    (shown,) = (await sharing_of(services, family.father, family.ref)).shared
    assert (shown.id, shown.name) == (known_id, "")
    assert await pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", known_id) is None
    assert (
        await pool.fetchval(
            "SELECT count(*) FROM account WHERE login_digest = $1", login_digest(services.vault, known.phone)
        )
        == 0
    )


async def test_who_was_added_is_ended_at_once_and_only_by_who_added(family: Family) -> None:
    nanny = await a_nanny(family, family.mother, FamilyRight.SEE)
    guardian_id = await family.services.database.pool.fetchval("SELECT max(id) FROM guardian")
    for who, whom in ((family.father, guardian_id), (family.mother, family.father_id), (nanny, guardian_id)):
        with pytest.raises(NotFound):
            await end_share(family.services, who, family.ref, whom)

    await end_share(family.services, family.mother, family.ref, guardian_id)

    assert await children_of(family.services, nanny) == []


async def test_a_list_that_comes_again_gives_back_no_right_that_the_office_took(family: Family) -> None:
    services = family.services
    await set_rights(services, family.office, family.father_id, family.child_id, {FamilyRight.SEE})

    async with services.database.pool.acquire() as connection, connection.transaction():
        await put_links(connection, [LinkGiven(family.father_id, family.child_id, Relation.FATHER)])

    assert await rights_of(services, family.father, family.child_id) == {FamilyRight.SEE}


async def test_one_page_lists_a_parents_children_of_several_schools(family: Family) -> None:
    services = family.services
    other = await a_family(services, "almaty6", "77")
    async with services.database.pool.acquire() as connection, connection.transaction():
        (guardian_id,) = await put_guardians(services, connection, other.school_id, [NANNY])
        await put_links(connection, [LinkGiven(guardian_id, other.child_id, Relation.MOTHER)])
        await connection.execute(
            "UPDATE guardian SET account_id = $2 WHERE id = $1", guardian_id, family.mother.account_id
        )

    children = await children_of(services, family.mother)

    assert {child.school_id for child in children} == {family.school_id, other.school_id}
    assert {child.ref for child in children} == {family.ref, other.ref}
