"""Verified content: who may say so, on what ground, and that another address takes the mark away."""

from dataclasses import replace

import pytest

from cloud.accounts.actions import add_account
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.resources.catalogue import add_resource, change_resource, publish, retire
from cloud.resources.choosing import Own
from cloud.resources.errors import ResourceRefused
from cloud.resources.kinds import Ground
from cloud.resources.members import member_of
from cloud.resources.own import own_of
from cloud.resources.queries import Resource, resource_of
from cloud.resources.rules import ResourceGiven
from cloud.resources.verifying import unverify, verify
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import Studies, studies

GIVEN = ResourceGiven("lesson", "Бөлшектер", "mathematics", "kk", "link", "https://lessons.test/5", grades=(5,))


@pytest.fixture(name="school")
async def _school(services: Services) -> Studies:
    return await studies(services)


def at_work(school: Studies, role: Role) -> Actor:
    return Actor(f"the {role.value}", None, frozenset({Reach(role, school.school_id)}))


async def a_resource(school: Studies, given: ResourceGiven = GIVEN) -> int:
    office = at_work(school, Role.OFFICE)
    resource_id = await add_resource(school.services, office, school.school_id, given)
    await publish(school.services, office, school.school_id, resource_id)
    return resource_id


async def verified(school: Studies, resource_id: int, ground: str = "review", paper: str = "Қорытынды № 5") -> None:
    await verify(school.services, at_work(school, Role.METHODOLOGIST), school.school_id, resource_id, ground, paper)


async def kept(school: Studies, resource_id: int) -> Resource:
    return await resource_of(school.services, at_work(school, Role.OFFICE), school.school_id, resource_id)


async def verbs(school: Studies, resource_id: int) -> list[str]:
    told = await noted_of(school.services, SYSTEM, school.school_id, Wanted(subjects=[f"resource:{resource_id}"]))
    return [each.verb for each in told]


@pytest.mark.requirement("KBR-4.3")
async def test_a_mark_says_who_verified_when_and_on_what_ground(services: Services, school: Studies) -> None:
    resource_id = await a_resource(school)
    assert not (await kept(school, resource_id)).is_verified

    await verified(school, resource_id, "list", "  Бекітілген   тізбе, 12-бет ")

    mark = (await kept(school, resource_id)).verified
    assert mark is not None
    assert (mark.by, mark.ground, mark.paper) == ("the methodologist", Ground.LIST, "Бекітілген тізбе, 12-бет")
    assert mark.at == services.clock.now()


@pytest.mark.parametrize("role", [Role.OFFICE, Role.TEACHER, Role.DIRECTOR, Role.IT])
async def test_nobody_else_marks_or_takes_the_mark_away(services: Services, school: Studies, role: Role) -> None:
    resource_id = await a_resource(school)
    await verified(school, resource_id)

    with pytest.raises(NotAllowed):
        await verify(services, at_work(school, role), school.school_id, resource_id, "review", "Қорытынды")
    with pytest.raises(NotAllowed):
        await unverify(services, at_work(school, role), school.school_id, resource_id)

    assert (await kept(school, resource_id)).is_verified


@pytest.mark.parametrize(("ground", "paper"), [("", "Қорытынды"), ("rumour", "Қорытынды"), ("list", "  "),
                                               ("list", "x" * 201)],
                         ids=["none", "unknown", "no_paper", "too_long"])  # fmt: skip
async def test_a_mark_without_a_ground_is_refused(school: Studies, ground: str, paper: str) -> None:
    resource_id = await a_resource(school)

    with pytest.raises(ResourceRefused):
        await verified(school, resource_id, ground, paper)

    assert not (await kept(school, resource_id)).is_verified


async def test_another_address_takes_the_mark_away_and_another_title_does_not(
    services: Services, school: Studies
) -> None:
    office, resource_id = at_work(school, Role.OFFICE), await a_resource(school)
    await verified(school, resource_id)
    renamed = replace(GIVEN, title="Жай бөлшектер", grades=(5, 6), is_free=True)

    await change_resource(services, office, school.school_id, resource_id, renamed)
    stayed = (await kept(school, resource_id)).is_verified
    moved = replace(renamed, address="https://elsewhere.test/5")
    await change_resource(services, office, school.school_id, resource_id, moved)

    changed = await kept(school, resource_id)
    assert (stayed, changed.is_verified, changed.is_free) == (True, False, True)
    assert (await verbs(school, resource_id)).count("resource.unverified") == 1


async def test_a_mark_is_taken_away_once(services: Services, school: Studies) -> None:
    deputy, resource_id = at_work(school, Role.DEPUTY), await a_resource(school)
    await verified(school, resource_id)

    for _ in range(2):
        await unverify(services, deputy, school.school_id, resource_id)

    assert not (await kept(school, resource_id)).is_verified
    assert (await verbs(school, resource_id)).count("resource.unverified") == 1


async def test_what_has_left_the_catalogue_is_not_marked(services: Services, school: Studies) -> None:
    resource_id = await a_resource(school)
    await retire(services, at_work(school, Role.OFFICE), school.school_id, resource_id)

    with pytest.raises(NotFound):
        await verified(school, resource_id)
    with pytest.raises(NotFound):
        await unverify(services, at_work(school, Role.DEPUTY), school.school_id, resource_id)


async def test_a_student_is_near_to_the_subjects_of_the_class_and_of_the_own_groups(
    services: Services, school: Studies
) -> None:
    reach = Reach(Role.STUDENT, school.school_id)
    account = (await add_account(services, SYSTEM, "aigerim", "Айгерім Әліби", reach)).account_id
    await services.database.pool.execute("INSERT INTO student_account VALUES ($1, $2)", school.student_ids[0], account)
    member = await member_of(services, account, school.school_id)
    assert member is not None

    own = await own_of(services, member, account, school.today)

    assert own == Own(frozenset({"mathematics", "english"}))


async def test_a_teacher_is_near_to_the_own_courses_alone(services: Services, school: Studies) -> None:
    account = school.teachers[0].account_id
    member = await member_of(services, account, school.school_id)
    assert member is not None

    own = await own_of(services, member, account, school.today)

    assert own == Own(frozenset({"mathematics"}), frozenset({5}))
