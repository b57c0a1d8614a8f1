"""Practice through its seam: opened, begun as often as one likes, mistakes put right, and counted for each student."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cloud.assessments.errors import AttemptOver
from cloud.assessments.giving import move_end
from cloud.assessments.kinds import Review, Section
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.practice.attempts import Wish, begin, hand_in, save
from cloud.practice.kinds import DAY_MAX, Paper, PracticeRefused, Way
from cloud.practice.mistakes import by_theme, met_by, mistakes_of
from cloud.practice.opening import open_to, themes_in, turn_theme
from cloud.practice.papers import attempts_of, paper_of, practised_by, reached_in
from tests.cloud.assessments.factory import BODIES, PI, RIGHT, SUM, Sitting, a_sitting, among_bodies, as_asked

WRONG: tuple[list[str], ...] = (["b"], ["c"], ["kz 2"], ["z", "x", "y"], ["3"], ["Мұхтар"])
THEME = "Сандар"


@pytest.fixture(name="sitting")
async def _sitting(services: Services) -> Sitting:
    sitting = await a_sitting(services)
    await sitting.bank(*BODIES, theme=THEME)
    return sitting


async def opened(sitting: Sitting, theme: str = THEME, *, is_open: bool = True) -> None:
    await turn_theme(
        sitting.services, sitting.teacher, sitting.school, sitting.subject_id, 5, theme, is_open=is_open
    )  # fmt: skip


async def practised(sitting: Sitting, wish: Wish, answers: tuple[list[str], ...] = (), student: int = 0) -> Paper:
    """Let a student practise and answer by the kind of question, as `BODIES` stand; return what came of it."""
    services, actor, ref = sitting.services, sitting.students[student], sitting.ref(student)
    sitting.wait(minutes=1)
    attempt_id = await begin(services, actor, ref, wish)
    person_id = sitting.journal.studies.student_ids[student]
    for item in (await paper_of(services, person_id, attempt_id)).items:
        fields = as_asked(item.question.body, answers[among_bodies(item.question.body)]) if answers else []
        if fields:
            await save(services, actor, ref, attempt_id, item.place, fields)
    await hand_in(services, actor, ref, attempt_id)
    return await paper_of(services, person_id, attempt_id)


def subject(sitting: Sitting, theme: str | None = None) -> Wish:
    return Wish(Way.SUBJECT, subject_id=sitting.subject_id, theme=theme)


@pytest.mark.requirement("KZ456-32")
async def test_nothing_can_be_practised_until_its_theme_is_opened(sitting: Sitting) -> None:
    services, student = sitting.services, sitting.journal.studies.student_ids[0]
    with pytest.raises(PracticeRefused, match="nothing to practise"):
        await practised(sitting, subject(sitting))

    await opened(sitting)

    assert [(each.theme, each.questions) for each in await open_to(services, sitting.school.id, student)] == [
        (THEME, 6)
    ]
    paper = await practised(sitting, subject(sitting))
    assert {item.question.kind.value for item in paper.items} == {"choice", "match", "order", "number", "text"}
    await opened(sitting, is_open=False)
    assert await open_to(services, sitting.school.id, student) == []
    with pytest.raises(PracticeRefused):
        await practised(sitting, subject(sitting))


@pytest.mark.requirement("KZ456-32")
async def test_attempts_have_no_number_and_each_is_counted(sitting: Sitting) -> None:
    await opened(sitting)

    papers = [await practised(sitting, subject(sitting), answers) for answers in (RIGHT, WRONG, ()) * 4]

    assert [(paper.attempt.points, paper.attempt.most) for paper in papers[:3]] == [
        (Decimal(12), 12), (Decimal(0), 12), (Decimal(0), 12),
    ]  # fmt: skip
    found = await attempts_of(sitting.services, sitting.journal.studies.student_ids[0])
    assert len(found) == 12
    assert [each.right for each in found[-3:]] == [0, 0, 6]


@pytest.mark.requirement("KZ456-32")
async def test_mistakes_stay_until_they_are_right(sitting: Sitting) -> None:
    services, student = sitting.services, sitting.journal.studies.student_ids[0]
    await opened(sitting)
    await practised(sitting, subject(sitting), (*RIGHT[:2], *WRONG[2:]))
    (theme,) = by_theme(await met_by(services, student))
    assert (theme.theme, theme.met, theme.right, theme.wrong, theme.percent) == (THEME, 6, 2, 4, 33)

    paper = await practised(sitting, Wish(Way.MISTAKES), (*RIGHT[:4], *WRONG[4:]))

    assert len(paper.items) == 4
    assert len(await mistakes_of(services, student)) == 2
    again = await practised(sitting, Wish(Way.MISTAKES), RIGHT)
    assert {type(item.question.body) for item in again.items} == {type(PI), type(BODIES[5])}
    assert await mistakes_of(services, student) == []
    with pytest.raises(PracticeRefused, match="nothing to practise"):
        await begin(services, sitting.students[0], sitting.ref(0), Wish(Way.MISTAKES))


@pytest.mark.requirement("KZ456-32")
async def test_a_mistake_that_comes_again_is_a_mistake_again(sitting: Sitting) -> None:
    services, student = sitting.services, sitting.journal.studies.student_ids[0]
    await opened(sitting)
    for answers, mistakes in ((RIGHT, 0), (WRONG, 6), (RIGHT, 0)):
        await practised(sitting, subject(sitting), answers)

        assert len(await mistakes_of(services, student)) == mistakes


@pytest.mark.parametrize(
    ("review", "at_once", "after"), [(Review.HANDED, 1, 1), (Review.CLOSED, 0, 1), (Review.NEVER, 0, 0)]
)
async def test_mistakes_of_a_test_are_told_once_its_answers_are_shown(
    sitting: Sitting, review: Review, at_once: int, after: int
) -> None:
    services, student = sitting.services, sitting.journal.studies.student_ids[0]
    given_id = await sitting.given(SUM, review=review)
    await sitting.sat(given_id, 0, [["b"]])

    before = len(await mistakes_of(services, student))
    sitting.wait(days=1, minutes=1)

    assert (before, len(await mistakes_of(services, student))) == (at_once, after)


async def test_questions_of_a_test_that_has_not_closed_are_not_practised(sitting: Sitting) -> None:
    await opened(sitting)
    await practised(sitting, subject(sitting), WRONG)
    ids = [row["id"] for row in await sitting.services.database.pool.fetch("SELECT id FROM bank_question ORDER BY id")]
    given_id = await sitting.give(await sitting.test(Section("Бөлім", tuple(ids))))

    for wish in (Wish(Way.MISTAKES), subject(sitting)):
        with pytest.raises(PracticeRefused, match="nothing to practise"):
            await practised(sitting, wish)
    await move_end(sitting.services, sitting.teacher, sitting.school, given_id, sitting.now)

    assert (await practised(sitting, Wish(Way.MISTAKES))).items
    assert (await practised(sitting, subject(sitting))).items


async def test_the_national_format_is_drawn_from_what_is_open_and_tells_what_lacks(sitting: Sitting) -> None:
    await opened(sitting)

    paper = await practised(sitting, Wish(Way.NATIONAL, "mathematics+physics"), RIGHT)

    assert paper.attempt.ends_at - paper.attempt.began_at == timedelta(minutes=240)
    reached = {each.code: each for each in reached_in(paper)}
    mathematics = reached["mathematics"]
    assert (mathematics.points, mathematics.most, mathematics.asked, mathematics.wanted) == (Decimal(5), 5, 3, 40)
    assert mathematics.threshold == 0  # not told of a part that is not whole
    assert reached["history"].asked == 0
    with pytest.raises(PracticeRefused):
        await practised(sitting, Wish(Way.NATIONAL, "mathematics+music"))


async def test_one_practice_goes_on_at_a_time_and_ends_by_the_servers_clock(sitting: Sitting) -> None:
    services, actor, ref = sitting.services, sitting.students[0], sitting.ref(0)
    await opened(sitting)
    attempt_id = await begin(services, actor, ref, subject(sitting))

    assert await begin(services, actor, ref, subject(sitting)) == attempt_id
    with pytest.raises(PracticeRefused, match="goes on"):
        await begin(services, actor, ref, subject(sitting, THEME))
    sitting.wait(minutes=19)
    with pytest.raises(AttemptOver):
        await save(services, actor, ref, attempt_id, 1, ["a"])
    assert await begin(services, actor, ref, subject(sitting, THEME)) != attempt_id


async def test_a_program_does_not_practise_all_day(sitting: Sitting) -> None:
    await opened(sitting)
    for _ in range(DAY_MAX):
        await practised(sitting, subject(sitting))

    with pytest.raises(PracticeRefused, match="Go on tomorrow"):
        await practised(sitting, subject(sitting))
    sitting.wait(days=1, minutes=1)
    assert (await practised(sitting, subject(sitting))).items


async def test_only_the_student_practises_and_words_lie_sealed(sitting: Sitting) -> None:
    services, actor = sitting.services, sitting.students[0]
    await opened(sitting)
    attempt_id = (await practised(sitting, subject(sitting), RIGHT)).attempt.id

    for wish in (begin(services, actor, sitting.ref(1), subject(sitting)),
                 save(services, sitting.students[1], sitting.ref(1), attempt_id, 1, ["a"]),
                 hand_in(services, sitting.students[1], sitting.ref(1), attempt_id)):  # fmt: skip
        with pytest.raises(NotFound):
            await wish
    with pytest.raises(NotFound):
        await paper_of(services, sitting.journal.studies.student_ids[1], attempt_id)
    kept = await services.database.pool.fetchrow(
        "SELECT answer, words_encrypted FROM practice_answer WHERE content->>'kind' = 'text'"
    )
    assert kept["answer"] is None
    assert "абай".encode() not in kept["words_encrypted"]


async def test_only_who_keeps_the_bank_opens_it_and_a_class_is_counted(sitting: Sitting) -> None:
    services, studies = sitting.services, sitting.journal.studies
    with pytest.raises(NotFound):
        await themes_in(services, studies.teachers[1], sitting.school, sitting.subject_id)
    with pytest.raises(PracticeRefused, match="no questions of this theme"):
        await opened(sitting, "Басқа")
    await opened(sitting)
    await practised(sitting, subject(sitting), RIGHT)
    await practised(sitting, subject(sitting), WRONG)

    (own,) = (await practised_by(services, studies.student_ids)).values()

    assert (own.attempts, own.percent) == (2, 50)


async def test_what_is_open_goes_up_to_the_students_own_grade(sitting: Sitting) -> None:
    await opened(sitting)
    stranger = sitting.journal.studies.stranger_id  # of grade 6
    await sitting.services.database.pool.execute("UPDATE bank_question SET grade = 6")
    await sitting.services.database.pool.execute("UPDATE practice_theme SET grade = 6")

    found = [await open_to(sitting.services, sitting.school.id, each)
             for each in (sitting.journal.studies.student_ids[0], stranger)]  # fmt: skip

    assert [len(each) for each in found] == [0, 1]


async def test_practice_goes_with_who_becomes_nameless(sitting: Sitting) -> None:
    pool = sitting.services.database.pool
    await opened(sitting)
    await practised(sitting, subject(sitting), RIGHT)

    removed = await pool.fetch(STEPS["tests"], sitting.journal.studies.student_ids[0])

    assert len(removed) == 1
    assert await pool.fetchval("SELECT count(*) FROM practice_answer") == 0
