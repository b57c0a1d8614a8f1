"""The four indicators of a school: who counts for each, and what those lack who do not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from cloud.accounts.actions import add_account
from cloud.advice.actions import Pick, dismiss, hide, share, write_own
from cloud.advice.queries import advice_for
from cloud.attendance.queries import school_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.fields import Group
from cloud.portfolio.goals import State, add_step, set_goal, turn_goal
from cloud.portfolio.keeping import put_fields
from cloud.portfolio.reach import student_at
from cloud.resources.catalogue import add_resource, publish, retire, take_back
from cloud.resources.rules import ResourceGiven
from cloud.resources.verifying import unverify, verify
from cloud.statistics.indicating import count_day, count_nightly
from cloud.statistics.indicators import Indicator, Lack, OfSchool, Shares, school_indicators
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.statistics.factory import authority_of, director_of
from tests.cloud.studies.factory import TODAY, Studies, studies

GIVEN = ResourceGiven(
    "textbook", "Математика 5", "mathematics", "kk", "link", "https://books.test/5", grades=(5,), is_free=True
)
DAY_S = 86_400
FILLED = {
    "citizenship": "Қазақстан", "native_language": "kk", "form_of_study": "day", "identity_number": "№ 0123456",
    "address": "Сәтбаев 7", "born_on": "08.03.2015", "sex": "female",
}  # fmt: skip
Ending = Callable[[Services, Actor, int, int], Awaitable[None]]


@dataclass(slots=True)
class Counted:
    """A school whose indicators are asked for."""

    school: Studies

    @property
    def services(self) -> Services:
        return self.school.services

    def at_work(self, role: Role) -> Actor:
        return Actor(role.value, None, frozenset({Reach(role, self.school.school_id)}))

    async def found(self) -> OfSchool:
        return await school_indicators(self.services, director_of(self.school.school_id), self.school.school_id)

    async def shares(self) -> dict[str, tuple[int, int]]:
        """Return numerator and denominator of each indicator."""
        shares = (await self.found()).shares
        return {each.value: shares.of(each) for each in Indicator}

    async def lacks(self) -> dict[str, set[str]]:
        """Return what everybody lacks, by name."""
        return {each.name: {lack.value for lack in each.lacks} for each in (await self.found()).missing or ()}

    async def resource(self, given: ResourceGiven = GIVEN) -> int:
        """Publish and verify a resource."""
        keeper, school_id = self.at_work(Role.METHODOLOGIST), self.school.school_id
        resource_id = await add_resource(self.services, keeper, school_id, given)
        await publish(self.services, keeper, school_id, resource_id)
        await verify(self.services, keeper, school_id, resource_id, "list", "Бекітілген тізбе")
        return resource_id

    async def account(self, number: int) -> int:
        """Give a student of 5А an account."""
        reach = Reach(Role.STUDENT, self.school.school_id)
        made = await add_account(self.services, SYSTEM, f"student-{number}", "Оқушы", reach)
        await self.services.database.pool.execute(
            "INSERT INTO student_account VALUES ($1, $2)", self.school.student_ids[number], made.account_id
        )
        return made.account_id

    async def ref(self, number: int) -> str:
        return str(
            await self.services.database.pool.fetchval(
                "SELECT ref FROM person WHERE id = $1", self.school.student_ids[number]
            )
        )


@pytest.fixture(name="counted")
async def _counted(services: Services) -> Counted:
    return Counted(await studies(services))


@pytest.mark.requirement("KBR-indicators")
async def test_a_student_counts_with_a_profile_once_it_is_filled(counted: Counted) -> None:
    before = await counted.shares()

    await put_fields(
        counted.services, counted.at_work(Role.OFFICE), counted.school.school_id, await counted.ref(0), Group.MAIN,
        FILLED,
    )  # fmt: skip

    assert (before["4.1"], (await counted.shares())["4.1"]) == ((0, 5), (1, 5))
    assert "profile" not in (await counted.lacks())["Әліби Айгерім"]
    assert "profile" in (await counted.lacks())["Бек Санжар"]


@pytest.mark.requirement("KBR-indicators")
async def test_a_student_counts_with_a_trajectory_once_it_has_a_step_and_while_it_is_not_given_up(
    counted: Counted,
) -> None:
    services, teacher = counted.services, counted.at_work(Role.PEDAGOGUE)
    whose = await student_at(services, SYSTEM, counted.school.school_id, await counted.ref(1))
    goal = await set_goal(services, teacher, whose, "Олимпиадаға дайындалу", TODAY + timedelta(days=90))
    seen = [(await counted.shares())["4.2"]]

    await add_step(services, teacher, whose, goal, "Есептер жинағы", TODAY + timedelta(days=30))
    seen.append((await counted.shares())["4.2"])
    await turn_goal(services, teacher, whose, goal, State.DONE)
    seen.append((await counted.shares())["4.2"])
    await turn_goal(services, teacher, whose, goal, State.DROPPED)
    seen.append((await counted.shares())["4.2"])

    assert seen == [(0, 5), (1, 5), (1, 5), (0, 5)]


@pytest.mark.requirement("KBR-indicators")
async def test_a_student_counts_with_a_recommendation_that_the_family_was_shown_while_it_is(counted: Counted) -> None:
    services, teacher = counted.services, counted.at_work(Role.PEDAGOGUE)
    school = await school_today(services, teacher, "almaty5", Right.ADVICE_READ)
    of = await advice_for(services, teacher, school, await counted.ref(1))
    pick = Pick(of, await write_own(services, teacher, of, "Күн сайын дауыстап оқу"))
    seen = [(await counted.shares())["4.2"]]

    for deed in (share, hide, share):
        await deed(services, teacher, pick)
        seen.append((await counted.shares())["4.2"])
    await dismiss(services, teacher, pick, "Отбасымен келістік")
    seen.append((await counted.shares())["4.2"])

    assert seen == [(0, 5), (1, 5), (0, 5), (1, 5), (0, 5)]


@pytest.mark.requirement("KBR-indicators")
@pytest.mark.requirement("KBR-4.3")
@pytest.mark.requirement("KBR-4.4")
async def test_who_has_an_account_has_access_to_what_is_published_verified_and_free(counted: Counted) -> None:
    account = await counted.account(0)
    nothing = await counted.shares()
    assert (await counted.lacks())["Әліби Айгерім"] >= {"content"}

    resource_id = await counted.resource()

    some = await counted.shares()
    assert (nothing["4.3"], nothing["4.4"]) == ((0, 2), (0, 5))
    assert (some["4.3"], some["4.4"]) == ((2, 2), (1, 5))
    assert (await counted.lacks())["Бек Санжар"] == {"profile", "advice", "account"}
    keeper, school_id = counted.at_work(Role.METHODOLOGIST), counted.school.school_id
    await unverify(counted.services, keeper, school_id, resource_id)
    assert (await counted.shares())["4.4"] == (0, 5)
    await counted.services.database.pool.execute("UPDATE account SET is_active = false WHERE id = $1", account)
    await verify(counted.services, keeper, school_id, resource_id, "review", "Қорытынды")
    assert (await counted.shares())["4.4"] == (0, 5)


@pytest.mark.parametrize(
    "given",
    [replace(GIVEN, is_free=False), replace(GIVEN, grades=(9,), for_teachers=False)],
    ids=["not_free", "for_others"],
)
async def test_what_costs_money_or_is_meant_for_others_is_no_access(counted: Counted, given: ResourceGiven) -> None:
    await counted.account(0)

    await counted.resource(given)

    shares = await counted.shares()
    assert (shares["4.3"][0], shares["4.4"][0]) == (0, 0)


@pytest.mark.parametrize("end", [take_back, retire], ids=["taken_back", "retired"])
async def test_what_is_on_the_shelf_no_more_is_no_access(counted: Counted, end: Ending) -> None:
    await counted.account(0)
    resource_id = await counted.resource()

    await end(counted.services, counted.at_work(Role.METHODOLOGIST), counted.school.school_id, resource_id)

    assert (await counted.shares())["4.4"] == (0, 5)


async def test_a_teacher_without_a_tied_account_is_told_of_and_so_is_an_account_that_is_nobodys(
    counted: Counted,
) -> None:
    await counted.resource()
    reach = Reach(Role.TEACHER, counted.school.school_id)
    await add_account(counted.services, SYSTEM, "lonely", "Жалғыз Мұғалім", reach)
    await counted.services.database.pool.execute(
        "DELETE FROM staff_account WHERE person_id = $1", counted.school.teacher_ids[0]
    )

    found = await counted.found()

    assert found.shares.of(Indicator.TEACHERS) == (1, 2)
    assert [each.lacks for each in found.missing or () if each.is_teacher] == [(Lack.ACCOUNT,)]
    assert found.untied == 2  # the one that was tied before, and the lonely one


async def test_an_authority_sees_shares_and_no_names_and_a_teacher_sees_neither(counted: Counted) -> None:
    school_id = counted.school.school_id

    seen = await school_indicators(counted.services, authority_of(school_id), school_id)

    assert (seen.shares.students, seen.missing) == (5, None)
    with pytest.raises(NotAllowed):
        await school_indicators(counted.services, counted.school.teachers[0], school_id)


async def test_a_night_is_counted_once_and_stays_as_it_was(counted: Counted, clock: SimulatedClock) -> None:
    services, school_id = counted.services, counted.school.school_id
    assert await count_nightly(services) == 1  # the first time at any hour
    assert await count_nightly(services) == 0

    await counted.account(0)
    await counted.resource()
    same_day = await count_day(services, school_id, TODAY)
    (kept,) = (await counted.found()).months.values()
    clock.jump(2 * DAY_S)
    assert await count_nightly(services) == 1  # a night was missed

    (later,) = (await counted.found()).months.values()
    assert (same_day.students_reaching, kept, later.students_reaching) == (1, Shares(5, 0, 0, 0, 2, 0), 1)
