"""What becomes of recommendations through their seam: taken with a goal, dismissed, shared, written, and who may."""

from dataclasses import replace

import pytest

from cloud.advice.actions import Aim, Pick, dismiss, hide, share, take, write_own
from cloud.advice.errors import AdviceGone, AdviceRefused
from cloud.advice.kinds import Rule, State
from cloud.advice.queries import (
    Line,
    OfStudent,
    advice_for,
    advice_for_class,
    advice_within,
    found_in,
    shared_with_family,
)
from cloud.advice.thresholds import OF_PROGRAM, put_thresholds, thresholds_of, versions_of
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.portfolio.errors import ErasureAsked, GoalRefused
from cloud.portfolio.goals import Goal, goals_of, set_goal
from tests.cloud.journal.factory import TERMS, TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM

SPRING = TERMS[3][1]


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    """Open the school: the first student stands low in mathematics, and portfolios are not asked for."""
    opened = await journal(services)
    await put_thresholds(services, opened.deputy, opened.school.id, replace(OF_PROGRAM, idle=0))
    for number, typed in enumerate(("4", "4", "4"), 1):
        await opened.type(await opened.lesson(TODAY, number), 0, typed)
    return opened


def teacher_of(opened: Journal) -> Actor:
    """Return the class teacher, whose account deeds may name."""
    return replace(opened.class_teacher, account_id=None)


async def advised(opened: Journal, student: int = 0) -> OfStudent:
    return await advice_for(opened.services, teacher_of(opened), opened.school, opened.refs[student])


async def low(opened: Journal) -> Pick:
    """Return what is found of the first student, as somebody who has just looked picks it."""
    of = await advised(opened)
    (line,) = [each for each in of.lines if each.is_now and each.advice.rule is Rule.BEHIND]
    return Pick(of, line.kept.id if line.kept else 0, line.advice)


async def line_of(opened: Journal) -> Line:
    line = found_in(await advised(opened), (await low(opened)).advice.key)  # type: ignore[union-attr]  # it is there
    assert line is not None
    return line


async def goals(opened: Journal) -> list[Goal]:
    return await goals_of(opened.services, (await advised(opened)).whose)


@pytest.mark.requirement("KBR-4.2.advice")
async def test_a_teacher_takes_a_recommendation_into_the_trajectory_once_and_its_figures_stay(journal: Journal) -> None:
    pick, teacher = await low(journal), teacher_of(journal)
    await take(journal.services, teacher, pick, Aim("Бөлшектерді қайталау", SPRING))
    with pytest.raises(AdviceGone):
        await take(journal.services, teacher, pick, Aim("Тағы", SPRING))
    await journal.type(await journal.lesson(TODAY, 4), 0, "5")

    line = await line_of(journal)
    (goal,) = await goals(journal)
    assert (goal.title, goal.due_on) == ("Бөлшектерді қайталау", SPRING)
    assert line.kept is not None
    assert (line.state, line.kept.goal_id, line.kept.answered_by) == (State.TAKEN, goal.id, teacher.name)
    assert (line.kept.advice.has, line.advice.has) == (40, 43)  # what was seen, and what is so by now
    noted = await noted_of(journal.services, SYSTEM, journal.school.id, Wanted(verb="advice.taken"))
    assert [each.actor for each in noted] == [teacher.name]


async def test_it_is_taken_as_a_step_of_a_goal_too_and_of_a_refused_one_nothing_is_written(journal: Journal) -> None:
    pick = await low(journal)
    goal_id = await set_goal(journal.services, SYSTEM, pick.of.whose, "Математика: 4", SPRING)
    with pytest.raises(GoalRefused):
        await take(journal.services, teacher_of(journal), pick, Aim("", SPRING))
    with pytest.raises(NotFound):
        await take(journal.services, teacher_of(journal), pick, Aim("Тест", SPRING, goal_id + 1))
    assert await journal.services.database.pool.fetchval("SELECT count(*) FROM recommendation") == 0

    await take(journal.services, teacher_of(journal), pick, Aim("Тест", SPRING, goal_id))

    (goal,) = await goals(journal)
    assert [step.title for step in goal.steps] == ["Тест"]


async def test_one_is_dismissed_with_a_reason_that_is_kept_and_the_family_sees_it_no_more(journal: Journal) -> None:
    await share(journal.services, teacher_of(journal), await low(journal))
    assert [each.advice.rule for each in await shared_with_family(journal.services, (await low(journal)).of.whose)] == [
        Rule.BEHIND
    ]
    with pytest.raises(AdviceRefused):
        await dismiss(journal.services, teacher_of(journal), await low(journal), " ")
    await dismiss(journal.services, teacher_of(journal), await low(journal), "Ауырып жүрген, бірге қарадық")
    with pytest.raises(AdviceGone):
        await share(journal.services, teacher_of(journal), await low(journal))

    line = await line_of(journal)
    assert line.kept is not None
    assert (line.state, line.kept.answer) == (State.DISMISSED, "Ауырып жүрген, бірге қарадық")
    assert await shared_with_family(journal.services, (await low(journal)).of.whose) == []
    sealed = await journal.services.database.pool.fetchval("SELECT answer_encrypted FROM recommendation")
    assert "Ауырып".encode() not in sealed


async def test_what_was_dismissed_comes_again_in_the_next_quarter_if_it_still_holds(journal: Journal) -> None:
    await dismiss(journal.services, teacher_of(journal), await low(journal), "Келесі аптада көреміз")
    await journal.at(TERMS[1][0])
    for number in (1, 2, 3):
        await journal.type(await journal.lesson(TERMS[1][0], number), 0, "3")

    assert (await line_of(journal)).state is State.OPEN
    assert [line.state for line in (await advised(journal)).lines if not line.is_now] == [State.DISMISSED]


async def test_a_teacher_writes_an_own_one_shares_it_and_hides_it_again(journal: Journal) -> None:
    of = await advised(journal, 1)
    number = await write_own(journal.services, teacher_of(journal), of, "Кітапты көбірек оқу")
    pick = Pick(of, number)
    assert await shared_with_family(journal.services, of.whose) == []

    await share(journal.services, teacher_of(journal), pick)
    (seen,) = await shared_with_family(journal.services, of.whose)
    await hide(journal.services, teacher_of(journal), pick)

    assert (seen.words, seen.made_by, seen.advice.rule) == ("Кітапты көбірек оқу", "Әсел", Rule.OWN)
    assert await shared_with_family(journal.services, of.whose) == []
    with pytest.raises(NotFound):  # another student's
        await share(journal.services, teacher_of(journal), Pick(await advised(journal), number))


async def test_what_holds_no_more_is_not_answered_to(journal: Journal) -> None:
    of = await advised(journal, 1)

    with pytest.raises(AdviceGone):
        await share(journal.services, teacher_of(journal), Pick(of))

    assert await journal.services.database.pool.fetchval("SELECT count(*) FROM recommendation") == 0


@pytest.mark.requirement("KBR-4.2.advice")
async def test_a_class_has_counts_and_who_and_how_many_are_open(journal: Journal) -> None:
    for number, lesson in enumerate(
        await journal.services.database.pool.fetch("SELECT id FROM lesson ORDER BY number"), 1
    ):
        await journal.type(lesson["id"], 1, str(number))
    told = await advice_for_class(journal.services, teacher_of(journal), journal.school, journal.studies.class_id)
    assert told.counted == {Rule.BEHIND: 2}
    (group,) = told.groups
    assert group.subject is not None
    assert (group.subject.code, [learner.ref for learner, _ in group.found]) == ("mathematics", journal.refs[:2])
    assert told.open == 2

    await share(journal.services, teacher_of(journal), await low(journal))
    await dismiss(journal.services, teacher_of(journal), await low(journal), "Бірге қарадық")
    told = await advice_for_class(journal.services, teacher_of(journal), journal.school, journal.studies.class_id)

    assert (told.open, told.counted) == (1, {Rule.BEHIND: 2})


async def test_who_has_no_such_right_sees_no_advice_of_the_class_or_student(journal: Journal) -> None:
    school, class_id = journal.school, journal.studies.class_id
    other = Reach(Role.CLASS_TEACHER, school.id, journal.studies.other_class_id)
    for actor in (journal.studies.office, Actor("x", 5, frozenset({Reach(Role.CLASS_TEACHER, school.id), other}))):
        with pytest.raises(NotFound):
            await advice_for(journal.services, actor, school, journal.refs[0])
        with pytest.raises(NotFound):
            await advice_for_class(journal.services, actor, school, class_id)
    for actor in (teacher_of(journal), journal.studies.office):
        with pytest.raises(NotAllowed):
            await put_thresholds(journal.services, actor, school.id, OF_PROGRAM)


async def test_thresholds_have_versions_of_which_the_last_counts_at_once(journal: Journal) -> None:
    services, school_id = journal.services, journal.school.id
    assert (await low(journal)).advice is not None

    number = await put_thresholds(services, journal.deputy, school_id, replace(OF_PROGRAM, behind=40, idle=0))

    assert [line.advice.rule for line in (await advised(journal)).lines] == []
    assert (await thresholds_of(services, school_id)).number == number == 2
    assert [(each.thresholds.behind, each.by) for each in await versions_of(services, school_id)] == [
        (50, journal.deputy.name), (40, journal.deputy.name),
    ]  # fmt: skip
    with pytest.raises(AdviceRefused):
        await put_thresholds(services, journal.deputy, school_id, replace(OF_PROGRAM, near=200))


async def test_nothing_is_kept_of_somebody_whose_data_are_not_to_be_kept_nor_of_who_left(journal: Journal) -> None:
    services, pick = journal.services, await low(journal)
    begun = "INSERT INTO erasure (school_id, person_id, begun_at) VALUES ($1, $2, $3)"
    await services.database.pool.execute(begun, journal.school.id, pick.of.whose.id, services.clock.now())

    for deed in (
        take(services, teacher_of(journal), pick, Aim("Тест", SPRING)),
        share(services, teacher_of(journal), pick),
        write_own(services, teacher_of(journal), pick.of, "Оқу"),
    ):
        with pytest.raises(ErasureAsked):
            await deed

    await services.database.pool.execute("DELETE FROM erasure")
    await services.database.pool.execute("UPDATE person SET is_active = false WHERE id = $1", pick.of.whose.id)
    with pytest.raises(NotFound):
        await write_own(services, teacher_of(journal), pick.of, "Оқу")


async def test_who_is_in_no_class_has_what_was_kept_alone(journal: Journal) -> None:
    await share(journal.services, teacher_of(journal), await low(journal))
    whose = replace((await low(journal)).of.whose, class_id=0)

    of = await advice_within(journal.services, journal.school, whose)

    assert [(line.is_now, line.advice.rule) for line in of.lines] == [(False, Rule.BEHIND)]
