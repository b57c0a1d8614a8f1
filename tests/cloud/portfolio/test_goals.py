"""Goals through their seam: set with steps and days, ticked, closed, and what became of them told line by line."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Role
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.errors import GoalRefused
from cloud.portfolio.goals import NOTES_MAX, STEPS_MAX, Goal, State, add_step, goals_of, set_goal, turn_goal, turn_step
from cloud.portfolio.reach import kin_of, student_at
from tests.cloud.portfolio.factory import TODAY, Folder, a_folder
from tests.cloud.schools.factory import SYSTEM

SPRING = TODAY + timedelta(days=240)


@pytest.fixture(name="folder")
async def _folder(services: Services) -> Folder:
    return await a_folder(services)


@pytest.mark.requirement("KBR-4.2.advice")
async def test_a_teacher_sets_a_goal_with_steps_and_student_and_family_see_what_became_of_it(folder: Folder) -> None:
    services, teacher = folder.services, folder.teacher
    whose = await student_at(services, teacher, folder.school_id, folder.ref, Right.PROFILES_KEEP)
    goal_id = await set_goal(services, teacher, whose, "Ағылшын B1", SPRING)
    first = await add_step(services, teacher, whose, goal_id, "Бөлімдерді қайталау", TODAY + timedelta(days=30))
    await add_step(services, teacher, whose, goal_id, "Сынақ тест", TODAY + timedelta(days=90))
    await turn_step(services, teacher, whose, goal_id, first)

    goal = await _seen_by(folder, folder.student)
    assert goal == await _seen_by(folder, folder.mother)
    assert (goal.title, goal.due_on, goal.state) == ("Ағылшын B1", SPRING, State.OPEN)
    assert [(step.title, step.is_done) for step in goal.steps] == [
        ("Бөлімдерді қайталау", True), ("Сынақ тест", False),
    ]  # fmt: skip
    assert [(note.says, note.step) for note in reversed(goal.notes)] == [
        ("made", ""), ("step_added", "Бөлімдерді қайталау"), ("step_added", "Сынақ тест"),
        ("step_done", "Бөлімдерді қайталау"),
    ]  # fmt: skip
    assert {note.by for note in goal.notes} == {teacher.name}


async def _seen_by(folder: Folder, who: Actor) -> Goal:
    child, _ = await kin_of(folder.services, who, folder.ref)
    (goal,) = await goals_of(folder.services, child)
    return goal


async def test_a_goal_is_closed_opened_again_and_late_when_its_day_is_over(folder: Folder) -> None:
    services, whose = folder.services, folder.whose
    goal_id = await set_goal(services, SYSTEM, whose, "Ағылшын B1", SPRING)
    step_id = await add_step(services, SYSTEM, whose, goal_id, "Тест", SPRING)
    await turn_step(services, SYSTEM, whose, goal_id, step_id)
    await turn_step(services, SYSTEM, whose, goal_id, step_id)
    await turn_goal(services, SYSTEM, whose, goal_id, State.DROPPED)
    with pytest.raises(GoalRefused, match="closed"):
        await add_step(services, SYSTEM, whose, goal_id, "Тағы", SPRING)
    await turn_goal(services, SYSTEM, whose, goal_id, State.DROPPED)  # once more: nothing
    await turn_goal(services, SYSTEM, whose, goal_id, State.OPEN)

    (goal,) = await goals_of(services, whose)

    assert [note.says for note in reversed(goal.notes)] == [
        "made", "step_added", "step_done", "step_open", "dropped", "open",
    ]  # fmt: skip
    assert not goal.is_late(SPRING)
    assert goal.is_late(SPRING + timedelta(days=1))


async def test_a_goal_with_a_long_history_leaves_the_others_theirs(folder: Folder) -> None:
    services, whose = folder.services, folder.whose
    first, second = [await set_goal(services, SYSTEM, whose, title, SPRING) for title in ("Ағылшын B1", "Шахмат")]
    await services.database.pool.execute(
        "INSERT INTO goal_note (goal_id, number, says, at, by_name)"
        " SELECT $1, number, 'open', $2, 'x' FROM generate_series(2, 500) AS number",
        first, services.clock.now(),
    )  # fmt: skip

    told = {goal.id: [note.says for note in goal.notes] for goal in await goals_of(services, whose)}

    assert told == {first: ["open"] * NOTES_MAX, second: ["made"]}


async def test_steps_have_an_end_and_anothers_goal_is_not_there(folder: Folder) -> None:
    services, whose = folder.services, folder.whose
    other = await student_at(services, SYSTEM, folder.school_id, folder.home.taught.refs[1])
    goal_id = await set_goal(services, SYSTEM, whose, "Ағылшын B1", SPRING)
    step_ids = [await add_step(services, SYSTEM, whose, goal_id, "Тест", SPRING) for _ in range(STEPS_MAX)]

    with pytest.raises(GoalRefused, match="at most"):
        await add_step(services, SYSTEM, whose, goal_id, "Тест", SPRING)
    for deed in (turn_step(services, SYSTEM, other, goal_id, step_ids[0]),
                 turn_goal(services, SYSTEM, other, goal_id, State.DONE),
                 turn_step(services, SYSTEM, whose, goal_id, step_ids[-1] + 1)):  # fmt: skip
        with pytest.raises(NotFound):
            await deed
    for role in (Role.METHODOLOGIST, Role.DIRECTOR):
        with pytest.raises(NotFound):
            await student_at(services, folder.at_work(role), folder.school_id, folder.ref, Right.PROFILES_KEEP)
