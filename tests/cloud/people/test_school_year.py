"""A new school year: classes go up with whose they are, the last finishes, some repeat; once, and all or nothing."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.people.errors import PersonRefused
from cloud.people.moving import history_of
from cloud.people.school_year import Begun, Way, Year, begin_year, plan_of
from cloud.people.stays import Kind
from cloud.schools.actions import add_class
from simulators.clock import SimulatedClock
from tests.cloud.people.factory import a_student
from tests.cloud.people.test_moving import local, office
from tests.cloud.schools.factory import SYSTEM, a_school

PAPER = "order 45 of 25 May"


class Classes:
    """A school with 4А, 5А and 11А, two students each."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def write(self) -> None:
        """Write it."""
        self.school_id = await a_school(self.services)
        self.ids = {
            grade: await add_class(self.services, SYSTEM, self.school_id, grade, "А", shift=2 if grade == 5 else 1)
            for grade in (4, 5, 11)
        }
        self.people = {
            grade: [await a_student(self.services, self.school_id, f"{grade}-{place}", class_id) for place in (1, 2)]
            for grade, class_id in self.ids.items()
        }

    async def begin(self, **changes: object) -> Begun:
        """Begin a year as the plan says."""
        plan = await plan_of(self.services, SYSTEM, self.school_id)
        today = local(self.services)
        said = {"on": today, "ways": {each.id: each.usual for each in plan}, "kept": frozenset(), "paper": PAPER}
        year = Year(**{**said, **changes})  # type: ignore[arg-type]
        return await begin_year(self.services, SYSTEM, self.school_id, year, today)

    async def now(self) -> dict[str, list[int]]:
        """Return who is in which class."""
        rows = await self.services.database.pool.fetch(
            "SELECT grade || letter AS name, array_agg(person.id ORDER BY person.id) AS ids FROM person"
            " JOIN school_class ON school_class.id = school_class_id WHERE person.is_active GROUP BY 1"
        )
        return {row["name"]: row["ids"] for row in rows}


@pytest.fixture
async def classes(services: Services) -> Classes:
    school = Classes(services)
    await school.write()
    return school


@pytest.mark.requirement("KZ456-27.3")
async def test_classes_go_up_and_the_last_one_finishes(classes: Classes, clock: SimulatedClock) -> None:
    clock.advance(200 * 86_400)

    begun = await classes.begin()

    assert begun == Begun(promoted=4, finished=2, kept=0)
    assert await classes.now() == {"5А": classes.people[4], "6А": classes.people[5]}
    stays, lines = await history_of(classes.services, SYSTEM, classes.school_id, classes.people[5][0])
    assert [each.class_name for each in stays] == ["5А", "6А"]
    assert stays[0].last_on == local(classes.services) - timedelta(days=1)
    assert [(each.kind, each.paper) for each in lines] == [(Kind.PROMOTED, PAPER), (Kind.ARRIVED, "")]
    _, finished = await history_of(classes.services, SYSTEM, classes.school_id, classes.people[11][0])
    assert finished[0].kind is Kind.FINISHED


async def test_a_new_class_has_the_childrens_shift_and_one_that_was_there_its_own(
    classes: Classes, clock: SimulatedClock
) -> None:
    clock.advance(86_400)

    await classes.begin()

    rows = await classes.services.database.pool.fetch("SELECT grade, shift FROM school_class WHERE grade IN (5, 6)")
    assert {row["grade"]: row["shift"] for row in rows} == {5: 2, 6: 2}


async def test_who_repeats_stays_and_the_book_says_so(classes: Classes, clock: SimulatedClock) -> None:
    clock.advance(86_400)
    weak = classes.people[4][0]

    begun = await classes.begin(kept=frozenset({weak}))

    assert begun == Begun(promoted=3, finished=2, kept=1)
    assert (await classes.now())["4А"] == [weak]
    stays, lines = await history_of(classes.services, SYSTEM, classes.school_id, weak)
    assert [each.class_name for each in stays] == ["4А", "4А"]
    assert (lines[0].kind, lines[0].from_class, lines[0].to_class) == (Kind.KEPT, "4А", "4А")


async def test_whose_class_it_was_has_the_children_still(classes: Classes, clock: SimulatedClock) -> None:
    pool = classes.services.database.pool
    ids = [
        await pool.fetchval(
            "INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)"
            " VALUES ('!', false, $1, '', true, $2) RETURNING id",
            name, classes.services.clock.now(),
        )
        for name in ("four", "eleven")
    ]  # fmt: skip
    for account_id, grade in zip(ids, (4, 11), strict=True):
        await pool.execute(
            "INSERT INTO class_of_account (account_id, school_class_id, role, given_at) VALUES ($1, $2, $3, $4)",
            account_id, classes.ids[grade], Role.CLASS_TEACHER.value, classes.services.clock.now(),
        )  # fmt: skip
    clock.advance(86_400)

    await classes.begin()

    rows = await pool.fetch("SELECT account_id, school_class_id FROM class_of_account")
    assert [tuple(row) for row in rows] == [(ids[0], classes.ids[5])]


async def test_a_year_is_begun_once(classes: Classes, clock: SimulatedClock) -> None:
    clock.advance(86_400)
    await classes.begin()
    clock.advance(30 * 86_400)

    with pytest.raises(PersonRefused, match="begun on"):
        await classes.begin()

    assert (await classes.now())["6А"] == classes.people[5]


async def test_what_cannot_be_moves_nobody(classes: Classes, services: Services) -> None:
    before = await classes.now()
    tomorrow = local(services) + timedelta(days=1)
    with pytest.raises(PersonRefused, match="by which order"):
        await classes.begin(paper=" ")
    with pytest.raises(PersonRefused, match="last half year"):
        await classes.begin(on=tomorrow)
    for actor in (
        office(classes.school_id + 1), Actor("t", reaches=frozenset({Reach(Role.DEPUTY, classes.school_id)})),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await plan_of(services, actor, classes.school_id)
    assert await classes.begin(ways=dict.fromkeys(classes.ids.values(), Way.STAY)) == Begun(0, 0, 0)

    assert await classes.now() == before
