"""The audit journal is searched by person, actor, verb and period, by who may read it, and by nobody else."""

from datetime import timedelta

import pytest

from cloud.accounts.actions import add_account, audit, reset_password
from cloud.audit.queries import PREFETCH, Noted, Wanted, each_noted_of, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school


async def note(services: Services, school_id: int | None, verb: str, subject: str, actor: Actor = SYSTEM) -> None:
    async with services.database.transaction() as connection:
        await audit(connection, actor, verb, subject, school_id=school_id, at=services.clock.now())


def told(entries: list[Noted]) -> list[tuple[str, str]]:
    return [(each.verb, each.subject) for each in entries]


@pytest.mark.requirement("KZ456-5.13")
async def test_a_users_actions_over_a_chosen_period(services: Services, clock: SimulatedClock) -> None:
    school_id = await a_school(services)
    account = await add_account(services, SYSTEM, "office", "Office", Reach(Role.OFFICE, school_id))
    officer, start = Actor("Данияр Ким", account.account_id), clock.now()
    for day, subject in enumerate(("card:1", "card:2", "card:3")):
        await note(services, school_id, "card.blocked", subject, officer)
        await note(services, school_id, "card.blocked", f"card:9{day}")
        clock.advance(86_400)

    wanted = Wanted(account.account_id, since=start + timedelta(days=1), until=start + timedelta(days=2))

    assert told(await noted_of(services, SYSTEM, school_id, wanted)) == [("card.blocked", "card:2")]
    assert told(await noted_of(services, SYSTEM, school_id, Wanted(actor="ким"))) == [
        ("card.blocked", "card:3"), ("card.blocked", "card:2"), ("card.blocked", "card:1"),
    ]  # fmt: skip


async def test_by_person_and_by_verb(services: Services) -> None:
    school_id = await a_school(services)
    for verb, subject in (("card.blocked", "card:1"), ("photo.put", "person:7"), ("card.given", "card:2")):
        await note(services, school_id, verb, subject)

    async def found(wanted: Wanted) -> list[tuple[str, str]]:
        return told(await noted_of(services, SYSTEM, school_id, wanted))

    assert await found(Wanted(subjects=["person:7", "card:1"])) == [
        ("photo.put", "person:7"),
        ("card.blocked", "card:1"),
    ]
    assert await found(Wanted(subjects=[])) == []
    assert await found(Wanted(verb="card")) == [("card.given", "card:2"), ("card.blocked", "card:1")]
    assert await found(Wanted(verb="card.given")) == [("card.given", "card:2")]
    assert await found(Wanted(actor="%")) == []


async def test_a_school_reads_its_own_and_what_its_people_did_and_an_operator_all(services: Services) -> None:
    here, elsewhere = await a_school(services), await a_school(services, "almaty6")
    mine = await add_account(services, SYSTEM, "office", "Office", Reach(Role.OFFICE, here))
    theirs = await add_account(services, SYSTEM, "other", "Other", Reach(Role.OFFICE, elsewhere))
    for account in (mine, theirs):
        await note(services, None, "account.signed_in", f"account:{account.account_id}", Actor("O", account.account_id))
    await note(services, elsewhere, "card.blocked", "card:1")
    director = Actor("Director", 1, frozenset({Reach(Role.DIRECTOR, here)}))

    async def verbs(account_id: int) -> list[str]:
        return [each.verb for each in await noted_of(services, director, here, Wanted(account_id))]

    assert await verbs(mine.account_id) == ["account.signed_in"]
    assert await verbs(theirs.account_id) == []
    assert ("card.blocked", "card:1") not in told(await noted_of(services, director, here, Wanted()))
    assert ("card.blocked", "card:1") in told(await noted_of(services, SYSTEM, None, Wanted()))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_who_may_read(services: Services, role: Role) -> None:
    school_id = await a_school(services)
    actor = Actor("Somebody", 1, frozenset({Reach(role, school_id)}))
    may = role in {Role.OFFICE, Role.DIRECTOR, Role.IT, Role.AUDITOR}

    if may:
        assert await noted_of(services, actor, school_id, Wanted())
    else:
        with pytest.raises(NotAllowed):
            await noted_of(services, actor, school_id, Wanted())
        with pytest.raises(NotAllowed):
            each_noted_of(services, actor, school_id, Wanted())
    with pytest.raises(NotAllowed):
        await noted_of(services, actor, None, Wanted())
    with pytest.raises(NotAllowed):
        await noted_of(services, actor, school_id + 1, Wanted())


@pytest.mark.parametrize(
    ("role", "is_named"), [(Role.DIRECTOR, True), (Role.IT, True), (Role.AUDITOR, False), (Role.OPERATOR, False)]
)
async def test_names_are_for_who_may_read_the_people_of_the_school(
    services: Services, role: Role, is_named: bool
) -> None:
    school_id = await a_school(services)
    mother = await add_account(services, SYSTEM, "mother", "Сара Омарова", Reach(Role.GUARDIAN, school_id))
    await note(services, school_id, "card.blocked", "card:1", Actor("Сара Омарова", mother.account_id))
    reader = Actor("Reader", 1, frozenset({Reach(role, None if role is Role.OPERATOR else school_id)}))

    async def read(by: str = "") -> list[str]:
        wanted = Wanted(verb="card", actor=by)
        return [each.actor for each in await noted_of(services, reader, school_id, wanted)]

    exported = [each.actor async for each in each_noted_of(services, reader, school_id, Wanted(verb="card"))]
    shown = "Сара Омарова" if is_named else f"account:{mother.account_id}"
    assert await read() == exported == [shown]
    assert await read("омар") == ([shown] if is_named else [])


async def test_a_long_export_comes_whole_and_in_order(services: Services) -> None:
    school_id = await a_school(services)
    account = await add_account(services, SYSTEM, "office", "Office", Reach(Role.OFFICE, school_id))
    await reset_password(services, SYSTEM, account.account_id)
    await services.database.pool.execute(
        "INSERT INTO audit_entry (at, actor, school_id, verb, subject, detail)"
        " SELECT now(), 'Ким', $1, 'card.given', 'card:' || n, '{}' FROM generate_series(1, $2) AS n",
        school_id, PREFETCH + 5,
    )  # fmt: skip

    found = [each async for each in each_noted_of(services, SYSTEM, school_id, Wanted(verb="card"))]

    assert [each.subject for each in found] == [f"card:{n}" for n in range(PREFETCH + 5, 0, -1)]
