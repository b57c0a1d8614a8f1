"""The class register through its seam: who may say what of whom, what stands, and that nothing said is ever lost."""

import asyncio

import asyncpg
import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.page_wakeups import CHANNEL, opened
from cloud.core.roles import OF_CLASSES
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.register.actions import mark, mark_rest
from cloud.register.errors import RegisterChanged, RegisterClosed
from cloud.register.kinds import BY_CODE
from cloud.register.queries import classes_on, history_of, said_of
from cloud.register.rules import Clash
from cloud.retention.actions import Begin, delete_due
from tests.cloud.register.factory import TODAY, Taught, taught
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture(name="taught")
async def _taught(services: Services) -> Taught:
    return await taught(services)


async def test_one_touch_says_who_is_absent_and_one_more_that_the_rest_is_here(taught: Taught) -> None:
    assert await taught.codes() == ["unsaid"] * 3

    await taught.say("absent_ill", 1)
    assert not (await taught.day()).is_taken
    await taught.rest()

    assert await taught.codes() == ["present", "absent_ill", "present"]
    day = await taught.day()
    assert (day.is_taken, day.count("present"), day.count("absent"), day.count("unsaid")) == (True, 2, 1, 0)


async def test_what_was_said_is_changed_by_saying_something_else_and_all_of_it_stays(taught: Taught) -> None:
    await taught.say("absent_other", 0)
    await taught.say("absent_ill", 0, taught.colleague)
    await taught.say("unsaid", 0, taught.office)

    history = await history_of(taught.services, await taught.day(), TODAY)
    assert [(each.said.code, each.by) for each in history] == [
        ("unsaid", "Гүлнар Ахметова"), ("absent_ill", "Ольга Ким"), ("absent_other", "Айгүл Сейіт"),
    ]  # fmt: skip
    noted = await noted_of(taught.services, SYSTEM, taught.school.id, Wanted(verb="register.marked"))
    assert [(each.detail["was"], each.detail["says"]) for each in noted] == [
        ("absent", "unsaid"), ("absent", "absent"), ("unsaid", "absent"),
    ]  # fmt: skip
    assert "ill" not in str([each.detail for each in noted])  # the journal is kept for ever


async def test_what_somebody_said_since_the_page_was_opened_is_not_overwritten(taught: Taught) -> None:
    seen = (await taught.child(0)).number
    class_seen = (await taught.day()).number
    await taught.say("absent_ill", 0, taught.colleague)

    with pytest.raises(RegisterChanged):
        await taught.said("present", 0, taught.teacher, seen)
    with pytest.raises(RegisterChanged):
        await taught.rest(seen=class_seen)
    await taught.said("absent_ill", 0, taught.teacher, seen)  # the same once more, as a double touch does
    await taught.said("absent_family", 1, taught.teacher, 0)  # of another child nothing was said since

    assert await taught.codes() == ["absent_ill", "absent_family", "unsaid"]
    assert await taught.services.database.pool.fetchval("SELECT count(*) FROM register_mark") == 2


async def test_of_two_teachers_in_the_same_moment_one_is_told_and_numbers_have_no_gap(taught: Taught) -> None:
    both = [
        taught.said("absent_ill", 0, taught.teacher, 0), taught.said("present", 0, taught.colleague, 0),
        taught.said("absent_family", 1, taught.teacher, 0), taught.said("away", 2, taught.colleague, 0),
    ]  # fmt: skip

    came = await asyncio.gather(*both, return_exceptions=True)

    assert sorted(type(each).__name__ for each in came) == ["NoneType"] * 3 + ["RegisterChanged"]
    rows = await taught.services.database.pool.fetch("SELECT number FROM register_mark ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2, 3]


async def test_the_rest_pressed_twice_in_one_moment_is_said_once(taught: Taught) -> None:
    await asyncio.gather(taught.rest(seen=0), taught.rest(taught.colleague, seen=0))

    assert await taught.services.database.pool.fetchval("SELECT count(*) FROM register_mark") == 3
    assert len(await noted_of(taught.services, SYSTEM, taught.school.id, Wanted(verb="register.taken"))) == 1


async def test_the_rest_is_said_as_it_was_offered_of_whom_nothing_was_said(taught: Taught) -> None:
    await taught.say("present", 0)
    offered = {taught.refs[0]: BY_CODE["absent_ill"], taught.refs[1]: BY_CODE["absent_family"]}

    await mark_rest(
        taught.services, taught.teacher, taught.school, taught.class_id, TODAY, (await taught.day()).number, offered
    )

    assert await taught.codes() == ["present", "absent_family", "present"]
    noted = await noted_of(taught.services, SYSTEM, taught.school.id, Wanted(verb="register.taken"))
    assert [each.detail for each in noted] == [{"on": TODAY.isoformat(), "absent": "1", "present": "1"}]
    rows = await taught.services.database.pool.fetch("SELECT number FROM register_mark ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("role", "refusal"),
    [(Role.TUTOR, NotAllowed), (Role.DIRECTOR, NotAllowed), (Role.GUARD, NotAllowed), (Role.CANTEEN, NotAllowed)],
)
async def test_who_may_not_mark_does_not(taught: Taught, role: Role, refusal: type[Exception]) -> None:
    reaches = {Reach(role, taught.school.id)} | {Reach(role, taught.school.id, taught.class_id)}

    with pytest.raises(refusal):
        await taught.said("present", 0, Actor("x", None, frozenset(reaches)), 0)

    assert await taught.codes() == ["unsaid"] * 3


@pytest.mark.parametrize("role", [Role.OFFICE, Role.DEPUTY, Role.CLASS_TEACHER, Role.TEACHER])
async def test_who_may_mark_does(taught: Taught, role: Role) -> None:
    class_id = taught.class_id if role in OF_CLASSES else None
    reaches = {Reach(role, taught.school.id), Reach(role, taught.school.id, class_id)}

    await taught.said("present", 0, Actor("x", None, frozenset(reaches)), 0)

    assert await taught.codes() == ["present", "unsaid", "unsaid"]


async def test_a_teacher_finds_the_own_classes_only_and_no_child_of_another(taught: Taught) -> None:
    services, school = taught.services, taught.school

    assert [each.name for each in await classes_on(services, taught.teacher, school, TODAY)] == ["5А"]
    assert [each.name for each in await classes_on(services, taught.office, school, TODAY)] == ["5А", "6Ә"]
    with pytest.raises(NotAllowed):
        await mark(services, taught.teacher, school, taught.other_class_id, TODAY, taught.refs[3],
                   BY_CODE["present"], 0)  # fmt: skip
    with pytest.raises(NotFound):  # a child of another class under the own class's address
        await taught.said("present", 3, taught.teacher, 0)
    with pytest.raises(NotAllowed):
        await classes_on(services, Actor("x", None, frozenset({Reach(Role.GUARD, school.id)})), school, TODAY)


async def test_the_day_after_the_office_changes_what_a_teacher_cannot_any_more(taught: Taught) -> None:
    await taught.say("absent_ill", 0)
    await taught.later(days=1)

    with pytest.raises(RegisterClosed):
        await taught.say("present", 0, taught.teacher, on=TODAY)
    await taught.say("present", 0, taught.office, on=TODAY)
    await taught.later(days=35)
    with pytest.raises(RegisterClosed):
        await taught.say("absent_ill", 0, taught.office, on=TODAY)

    assert (await taught.child(0, TODAY)).said.code == "present"


async def test_where_gates_and_register_contradict_both_are_told(taught: Taught) -> None:
    for child in (0, 1):
        await taught.came(child)
    await taught.say("absent_ill", 0)
    await taught.rest()

    day = await taught.day()
    assert [(each.ref, each.clash) for each in day.clashes] == [
        (taught.refs[0], Clash.ABSENT_BUT_CAME), (taught.refs[2], Clash.PRESENT_BUT_UNSEEN),
    ]  # fmt: skip


async def test_pages_of_who_waits_for_the_child_are_woken(taught: Taught) -> None:
    async with await taught.services.wakeups.subscribe(CHANNEL) as news:
        await taught.say("absent_ill", 0)

        told = opened(taught.services.vault, await asyncio.wait_for(anext(news), 20))
        assert told == [f"{taught.school.id}:{taught.refs[0]}"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE register_mark SET says = 'present'",
        "DELETE FROM register_mark",
        "TRUNCATE register_mark CASCADE",
    ],
)
async def test_the_database_lets_nobody_change_what_was_said(taught: Taught, statement: str) -> None:
    await taught.say("absent_ill", 0)

    with pytest.raises(asyncpg.RestrictViolationError, match="stays"):
        await taught.services.database.pool.execute(statement)


async def test_after_years_only_that_somebody_was_absent_is_left_and_not_why(taught: Taught) -> None:
    await taught.say("absent_ill", 0)
    await taught.rest()
    await taught.later(days=2 * 365)
    await delete_due(taught.services, Begin.AT_ONCE)
    assert await taught.codes() == ["absent_ill", "present", "present"]  # that day is the first that stays
    await taught.later(days=1)

    await delete_due(taught.services, Begin.AT_ONCE)

    assert await taught.codes() == ["absent", "unsaid", "unsaid"]


async def test_a_child_that_becomes_nameless_was_absent_and_nobody_knows_why(taught: Taught) -> None:
    await taught.say("absent_ill", 0)
    await taught.say("absent_family", 1)
    child = await taught.child(0)

    for step in STEPS.values():
        await taught.services.database.pool.execute(step, child.id)

    assert (await taught.codes())[:2] == ["absent", "absent_family"]


async def test_parents_are_told_what_stands_and_not_what_was_taken_back(taught: Taught) -> None:
    await taught.say("absent_other", 0)
    await taught.say("absent_ill", 0)
    await taught.say("absent_ill", 1)
    await taught.say("unsaid", 1)
    ids = [(await taught.child(number)).id for number in range(3)]

    said = await said_of(taught.services, ids, TODAY, TODAY)

    assert {ref: days[TODAY].code for ref, days in said.items()} == {taught.refs[0]: "absent_ill"}
