"""Who reads what of a school: its own all, an authority no reasons of classes and nothing of a class of few."""

from datetime import timedelta
from http import HTTPStatus

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.schools.actions import add_class
from cloud.statistics.kinds import Figures, Key, Kind
from cloud.statistics.queries import class_told, classes_named, school_told
from cloud.statistics.rules import SCHOOL, STAFF
from cloud.statistics.spans import By, stretch_of
from cloud.tokens.scopes import Scope
from tests.cloud.reports.factory import FIRST
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.statistics.factory import authority_of, director_of, put, teacher_of
from tests.cloud.tokens.factory import program, token

BIG = Figures(people=30, taught=30, expected=30, came=26, not_seen=4, ill=3, unexplained=1, ate=20, free=20)
FEW = Figures(people=3, taught=3, expected=3, came=2, not_seen=1, ill=1)
SECOND = FIRST + timedelta(days=1)
DAY, WEEK = stretch_of(By.DAY, FIRST), stretch_of(By.WEEK, FIRST)


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    """Return a school with a class of thirty, one of twenty and one of three, over two days."""
    school_id = await a_school(services)
    for number, figures in enumerate((BIG, BIG, FEW)):
        class_id = await add_class(services, SYSTEM, school_id, 5, "АБВ"[number])
        for on in (FIRST, SECOND):
            await put(services, school_id, on, Key(Kind.CLASS, class_id), figures)
    for on in (FIRST, SECOND):
        await put(services, school_id, on, SCHOOL, BIG.plus(BIG).plus(FEW))
        await put(services, school_id, on, STAFF, Figures(people=9, came=8, timed=8, inside_min=8 * 480))
    return school_id


async def classes_of(services: Services, school_id: int) -> list[int]:
    return [row["id"] for row in await services.database.pool.fetch("SELECT id FROM school_class ORDER BY id")]


async def test_a_director_reads_days_classes_reasons_and_staff(services: Services, school_id: int) -> None:
    found = await school_told(services, director_of(school_id), school_id, WEEK)

    assert (found.told.figures.people, found.told.figures.came) == (63, 2 * 54)
    assert [part.figures.came for part in found.told.parts] == [0, 54, 54, 0, 0, 0, 0]
    assert [(each.name, each.figures.ill if each.figures else None) for each in found.classes] == [
        ("5А", 6), ("5Б", 6), ("5В", 2),
    ]  # fmt: skip
    assert found.told.has_reasons
    assert found.staff.figures.inside_min == 2 * 8 * 480


async def test_an_authority_reads_no_reason_of_a_class_and_nothing_of_one_of_few_or_what_would_tell_it(
    services: Services, school_id: int
) -> None:
    authority, ids = authority_of(school_id), await classes_of(services, school_id)

    found = await school_told(services, authority, school_id, DAY)

    shown = [each.figures for each in found.classes if each.figures is not None]
    assert [(each.came, each.absent, each.away) for each in shown] == [(26, 0, 0)]
    assert len(found.classes) == 3
    assert found.told.has_reasons
    assert found.told.figures.ill == 7
    with pytest.raises(NotAllowed):
        await class_told(services, authority, school_id, ids[2], DAY)
    told = await class_told(services, authority, school_id, ids[1], DAY)
    assert (told.figures.came, told.figures.ill, told.has_reasons) == (26, 0, False)


async def test_of_a_small_school_an_authority_reads_no_reasons(services: Services) -> None:
    school_id = await a_school(services, "village1")
    await put(services, school_id, FIRST, SCHOOL, FEW)

    found = await school_told(services, authority_of(school_id), school_id, DAY)
    own = await school_told(services, director_of(school_id), school_id, DAY)

    assert (found.told.figures.absent, found.told.has_reasons) == (0, False)
    assert (own.told.figures.absent, own.told.has_reasons) == (1, True)


async def test_a_class_teacher_reads_the_own_classes_with_reasons_and_no_other(
    services: Services, school_id: int
) -> None:
    ids = await classes_of(services, school_id)
    teacher = teacher_of(school_id, ids[2])

    told = await class_told(services, teacher, school_id, ids[2], DAY)

    assert (told.figures.ill, told.has_reasons) == (1, True)
    assert await classes_named(services, teacher, school_id) == {ids[2]: "5В"}
    for asked in (
        class_told(services, teacher, school_id, ids[0], DAY),
        school_told(services, teacher, school_id, DAY),
    ):
        with pytest.raises(NotAllowed):
            await asked


@pytest.mark.parametrize("role", [Role.GUARD, Role.CASHIER, Role.GUARDIAN, Role.OPERATOR])
async def test_who_has_no_right_reads_nothing(services: Services, school_id: int, role: Role) -> None:
    somebody = Actor("x", None, frozenset({Reach(role, school_id)}))

    with pytest.raises(NotAllowed):
        await school_told(services, somebody, school_id, DAY)


async def test_a_program_with_its_scope_reads_a_school_as_an_authority_does_and_no_other(
    services: Services, school_id: int
) -> None:
    made = await token(services, school_id, Scope.STATISTICS_READ)
    other = await token(services, school_id, Scope.PRESENCE_READ)
    asked = {"by": "day", "on": str(FIRST)}
    async with program(services, made.secret) as client, program(services, other.secret) as without:
        told = (await client.get("/api/v1/school-statistics", params=asked)).json()
        refused = await without.get("/api/v1/school-statistics", params=asked)
        elsewhere = await client.get("/api/v1/schools/almaty5/statistics", params=asked)

    assert (told["school"], told["first_on"], told["students"]["came"]) == ("almaty5", str(FIRST), 54)
    assert [each["figures"] and each["figures"]["reasons"] for each in told["classes"]].count(None) == 3
    assert sum(each["figures"] is None for each in told["classes"]) == 2, "a class of few, and one that would tell it"
    assert (refused.status_code, elsewhere.status_code) == (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED)
