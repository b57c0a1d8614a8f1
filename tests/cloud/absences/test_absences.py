"""Absences through their seam: a family tells, the class teacher answers, and who is excused on which day by what."""

import asyncio
from datetime import timedelta

import pytest

from cloud.absences.answering import note_seen
from cloud.absences.errors import AbsenceChanged, AbsenceRefused
from cloud.absences.kinds import Absence, Excuse, State, Why
from cloud.absences.papers import PAPERS_MAX, own_paper, paper_of_school
from cloud.absences.queries import excused_days, told_on, waiting_at
from cloud.absences.telling import A_DAY_MAX, reply, tell_absence
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.people.actions import open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.family import lift_limit, note_limit
from cloud.people.kinds import FamilyRight, Relation
from cloud.people.sharing import share
from cloud.register.kinds import Reason
from cloud.retention.actions import Begin, delete_due
from tests.cloud.absences.factory import PAPER, Home, a_home
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.register.factory import TODAY
from tests.cloud.schools.factory import SYSTEM

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(name="home")
async def _home(services: Services) -> Home:
    return await a_home(services)


async def test_a_mother_tells_and_sees_that_the_teacher_has_seen_and_accepted_it(home: Home) -> None:
    absence_id = await home.tell(days=3, paper=PAPER)
    assert [each.sign for each in await home.seen_by(home.mother)] == ["absence_told"]

    (waiting,) = await home.at_school()
    await note_seen(home.services, home.taught.teacher, home.taught.school.id, [waiting.id])
    (seen,) = await home.seen_by(home.mother)
    await home.accept(absence_id)

    assert (seen.sign, seen.seen_by) == ("absence_seen", "Айгүл Сейіт")
    assert (waiting.reason, waiting.words, waiting.teller, len(waiting.papers)) == (
        Reason.ILL, "қызуы бар", "Сәуле Әліби", 1,
    )  # fmt: skip
    (accepted,) = await home.seen_by(home.mother)
    assert (accepted.sign, accepted.answered_by) == ("absence_accepted", "Айгүл Сейіт")
    assert [each.state for each in home.told] == [State.TOLD, State.ACCEPTED]


async def test_a_familys_word_excuses_its_days_until_the_school_asks_back(home: Home) -> None:
    absence_id = await home.tell(days=2)
    told = await home.excuse(), await home.excuse(TOMORROW), await home.excuse(TODAY + timedelta(days=2))
    await home.accept(absence_id)
    accepted = await home.excuse()
    await home.ask(absence_id)
    asked = await home.excuse()
    await reply(home.services, home.mother, home.ref, absence_id, "анықтама ертең")
    answered = await home.excuse()
    await home.back(absence_id)

    word = Excuse(Why.FAMILY, is_accepted=False)
    assert told == (word, word, None)
    assert (accepted, asked, answered) == (Excuse(Why.FAMILY, is_accepted=True), None, word)
    assert await home.excuse() is None


async def test_the_days_of_a_month_on_which_a_child_is_excused_are_those_that_were_told(home: Home) -> None:
    await home.tell(days=3)
    await home.back(await home.tell(first_on=TODAY + timedelta(days=5)))

    days = await excused_days(home.services, home.child_id, TOMORROW, TODAY + timedelta(days=30))

    assert days == {TOMORROW, TODAY + timedelta(days=2)}


async def test_accepting_marks_nobody_in_the_register(home: Home) -> None:
    await home.accept(await home.tell())

    assert await home.taught.codes() == ["unsaid"] * 3


async def test_what_the_school_asks_is_read_by_who_told_and_what_is_written_by_nobody_else(home: Home) -> None:
    absence_id = await home.tell(paper=PAPER)
    await home.ask(absence_id, "Анықтама қашан болады?")

    (mothers,), (fathers,) = await home.seen_by(home.mother), await home.seen_by(home.father)

    assert (mothers.answer, mothers.words, len(mothers.papers)) == ("Анықтама қашан болады?", "қызуы бар", 1)
    assert (fathers.answer, fathers.words, fathers.papers, fathers.teller) == ("", "", (), "")
    assert (fathers.reason, fathers.state) == (Reason.ILL, State.ASKED)  # the child's own illness, as its marks


async def test_days_are_told_once_whoever_tells_them(home: Home) -> None:
    both = await asyncio.gather(home.tell(days=3), home.tell(home.father, first_on=TOMORROW), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["AbsenceRefused", "int"]
    (stands,) = await home.seen_by(home.mother)

    with pytest.raises(AbsenceRefused, match="told for one of these days already"):
        await home.tell(first_on=stands.last_on)
    await home.back(stands.id, home.father)  # who may consent for the child may end either's word
    await home.tell(first_on=stands.last_on)


@pytest.mark.parametrize(
    ("first", "last"), [(1, 0), (-15, 0), (0, 60), (121, 121)], ids=["turned", "long ago", "too long", "far ahead"]
)
async def test_days_that_cannot_be_told_are_refused(home: Home, first: int, last: int) -> None:
    days = TODAY + timedelta(days=first), TODAY + timedelta(days=last)

    with pytest.raises(AbsenceRefused):
        await tell_absence(home.services, home.mother, home.ref, Absence(*days, Reason.ILL))

    assert await home.seen_by(home.mother) == []


async def test_who_tells_too_often_in_a_day_is_sent_to_the_office(home: Home) -> None:
    for _ in range(A_DAY_MAX):
        await home.back(await home.tell())

    with pytest.raises(AbsenceRefused, match="Too many"):
        await home.tell()


async def test_papers_have_an_end_and_more_words_disturb_no_other_guardian(home: Home) -> None:
    absence_id = await home.tell(paper=PAPER)
    for _ in range(PAPERS_MAX - 1):
        await reply(home.services, home.mother, home.ref, absence_id, "тағы", PAPER)

    with pytest.raises(AbsenceRefused, match="So many papers"):
        await reply(home.services, home.mother, home.ref, absence_id, "тағы", PAPER)

    assert [each.state for each in home.told] == [State.TOLD]
    assert await counts(home) == (1, PAPERS_MAX)


async def test_whom_a_court_limits_in_anything_tells_nothing_and_reads_no_paper(home: Home) -> None:
    absence_id = await home.tell(home.father, paper=PAPER)
    (paper_id,) = (await home.at_school())[0].papers
    limit_id = await note_limit(
        home.services, SYSTEM, home.ids["father"], home.child_id, [FamilyRight.PAY], "сот шешімі 5"
    )

    with pytest.raises(NotFound):
        await home.tell(home.father, first_on=TOMORROW)
    with pytest.raises(NotFound):
        await home.back(absence_id, home.father)
    with pytest.raises(NotFound):
        await own_paper(home.services, home.father, home.ref, absence_id, paper_id)
    await lift_limit(home.services, SYSTEM, limit_id, "сот шешімі 6")
    assert await own_paper(home.services, home.father, home.ref, absence_id, paper_id) == PAPER


async def test_a_nanny_for_a_term_tells_with_the_right_to_see_and_takes_back_only_the_own_word(home: Home) -> None:
    mothers = await home.tell()
    given = GuardianGiven("Бибі Әже", "+77015550099")
    await share(home.services, home.mother, home.ref, given, Relation.OTHER, [FamilyRight.SEE], TODAY)
    nanny = await account_of(home, "Бибі Әже")

    with pytest.raises(AbsenceChanged):
        await home.back(mothers, nanny)
    await home.back(mothers)
    await home.back(await home.tell(nanny), nanny)
    await note_limit(home.services, SYSTEM, home.ids["mother"], home.child_id, [FamilyRight.MEALS], "сот шешімі 7")
    with pytest.raises(NotFound):  # whom the mother added is held by what holds the mother
        await home.tell(nanny)


async def test_another_family_and_another_class_find_nothing(home: Home) -> None:
    absence_id = await home.tell(paper=PAPER)
    (paper_id,) = (await home.at_school())[0].papers
    stranger = Actor("stranger", 10_000, frozenset({Reach(Role.GUARDIAN, home.taught.school.id)}))
    school_id = home.taught.school.id
    other = Actor("other", 1, frozenset({Reach(Role.CLASS_TEACHER, school_id, home.taught.other_class_id)}))

    with pytest.raises(NotFound):
        await home.tell(stranger, first_on=TOMORROW)
    assert await home.at_school(other) == []
    for refused in (home.accept(absence_id, other), paper_of_school(home.services, other, school_id, absence_id,
                                                                      paper_id)):  # fmt: skip
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(NotAllowed):
        await home.at_school(Actor("guard", 2, frozenset({Reach(Role.GUARD, school_id)})))
    with pytest.raises(NotFound):
        await paper_of_school(home.services, SYSTEM, school_id + 1, absence_id, paper_id)


async def test_a_nurse_reads_a_doctors_paper_and_the_journal_says_so_without_the_reason(home: Home) -> None:
    absence_id = await home.tell(paper=PAPER)
    (paper_id,) = (await home.at_school())[0].papers
    nurse = Actor("Ботагөз", None, frozenset({Reach(Role.NURSE, home.taught.school.id)}))

    assert await paper_of_school(home.services, nurse, home.taught.school.id, absence_id, paper_id) == PAPER

    noted = await noted_of(home.services, SYSTEM, home.taught.school.id, Wanted(verb="absence.paper_read"))
    assert [each.detail for each in noted] == [{"absence": str(absence_id)}]
    everything = await noted_of(home.services, SYSTEM, home.taught.school.id, Wanted())
    assert not {"ill", "қызуы бар"} & {text for each in everything for text in each.detail.values()}


async def test_nothing_that_tells_of_health_lies_open(home: Home) -> None:
    absence_id = await home.tell(paper=PAPER)
    await home.ask(absence_id, "Қызуы қанша?")

    rows = await home.services.database.pool.fetch(
        "SELECT absence.*, absence_paper.* FROM absence JOIN absence_paper ON absence_id = absence.id"
    )

    kept = repr([tuple(row.values()) for row in rows]).encode() + bytes(rows[0]["paper_encrypted"])
    assert not any(word.encode() in kept for word in ("'ill'", "қызуы", "Қызуы", "doctor's"))


async def test_what_waits_is_counted_for_who_answers(home: Home) -> None:
    absence_id = await home.tell()
    guard = Actor("guard", 2, frozenset({Reach(Role.GUARD, home.taught.school.id)}))
    before = [await waiting_at(home.services, who, home.taught.school) for who in (home.taught.teacher, guard)]

    await home.accept(absence_id)

    assert before == [1, 0]
    assert await waiting_at(home.services, home.taught.teacher, home.taught.school) == 0


async def test_the_register_is_offered_what_families_told_of_its_day(home: Home) -> None:
    await home.tell(days=2)
    asked = home.taught.school.id, {home.taught.class_id: [home.child_id]}

    by_teacher = await told_on(home.services, home.taught.teacher, *asked, TODAY)
    tutor = Actor("t", 1, frozenset({Reach(Role.TUTOR, home.taught.school.id, home.taught.class_id)}))
    by_tutor = await told_on(home.services, tutor, *asked, TODAY)

    assert {key: each.reason for key, each in by_teacher.items()} == {home.child_id: Reason.ILL}
    assert by_tutor == {}
    assert await told_on(home.services, home.taught.teacher, *asked, TODAY + timedelta(days=2)) == {}


async def test_who_becomes_nameless_loses_absences_and_papers(home: Home) -> None:
    await home.tell(paper=PAPER)

    await home.services.database.pool.fetch(STEPS["absences"], home.child_id)

    assert await counts(home) == (0, 0)


async def test_papers_go_after_a_year_and_absences_after_two(home: Home) -> None:
    await home.tell(paper=PAPER)
    kept = []
    for days in (364, 3, 365):
        await home.taught.later(days)
        await delete_due(home.services, Begin.AT_ONCE)
        kept.append(await counts(home))

    assert kept == [(1, 1), (1, 0), (0, 0)]


async def counts(home: Home) -> tuple[int, int]:
    """Return how many absences and papers are kept."""
    row = await home.services.database.pool.fetchrow(
        "SELECT (SELECT count(*) FROM absence), (SELECT count(*) FROM absence_paper)"
    )
    return tuple(row)


async def account_of(home: Home, name: str) -> Actor:
    """Return somebody whom a parent added, with an account, as the office opens it."""
    guardian_id = await home.services.database.pool.fetchval("SELECT id FROM guardian WHERE name = $1", name)
    await open_guardian_account(home.services, SYSTEM, guardian_id)
    return await actor_of_guardian(home.services, guardian_id, home.taught.school.id)
