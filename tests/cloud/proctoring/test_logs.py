"""Logs through their seam: by consent alone, by the server's clock, gone with the consent."""

from datetime import timedelta

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.actions import give_consent, withdraw_consent
from cloud.people.kinds import Purpose
from cloud.proctoring.kinds import EVENTS_MAX, KEPT_DAYS, Log, Noticed, State, What
from cloud.proctoring.logs import ask_for_log, is_logged, log_of, note, times_left
from cloud.retention.rules import RULES
from tests.cloud.assessments.factory import SUM, Sitting, a_sitting
from tests.cloud.schools.factory import SYSTEM

LEFT, BACK = Noticed(What.LEFT, 8, None, 1), Noticed(What.BACK, 3, 5, 1)


@pytest.fixture(name="sitting")
async def _sitting(services: Services) -> Sitting:
    return await a_sitting(services)


async def consents(sitting: Sitting, student: int = 0) -> None:
    person = sitting.journal.studies.student_ids[student]
    await give_consent(sitting.services, SYSTEM, person, Purpose.TEST_LOG, sitting.school.on, "7-өтініш")


async def watched(sitting: Sitting) -> int:
    """Give a test that is taken with a log."""
    given_id = await sitting.given(SUM)
    await ask_for_log(sitting.services, sitting.teacher, sitting.school, given_id, is_wanted=True)
    return given_id


async def told(sitting: Sitting, attempt_id: int, *events: Noticed, student: int = 0) -> bool:
    return await note(sitting.services, sitting.students[student], sitting.ref(student), attempt_id, events)


async def log(sitting: Sitting, attempt_id: int) -> Log:
    paper = await sitting.paper(attempt_id)
    return await log_of(sitting.services, paper.given, paper.attempt)


@pytest.mark.requirement("KZ456-27.14", part="proctoring")
async def test_a_log_is_kept_of_who_consented_and_of_nobody_else(sitting: Sitting) -> None:
    given_id = await watched(sitting)
    await consents(sitting, 0)
    first, second = [await sitting.begin(given_id, student) for student in (0, 1)]
    sitting.wait(seconds=20)

    kept = [await told(sitting, first, LEFT, BACK), await told(sitting, second, LEFT, BACK, student=1)]

    assert kept == [True, False]
    found = await log(sitting, first)
    assert (found.state, [each.what for each in found.events]) == (State.LOGGED, [What.LEFT, What.BACK])
    assert [sitting.now - each.at for each in found.events] == [timedelta(seconds=8), timedelta(seconds=3)]
    assert (await log(sitting, second)).state is State.NO_CONSENT
    assert await sitting.services.database.pool.fetchval("SELECT count(*) FROM sitting_log") == 1
    assert await times_left(sitting.services, [first, second]) == {first: 1}


@pytest.mark.requirement("KZ456-27.14", part="proctoring")
async def test_no_log_is_kept_unless_the_teacher_asked_for_one(sitting: Sitting) -> None:
    await consents(sitting)
    given_id = await sitting.given(SUM)
    attempt_id = await sitting.begin(given_id)

    assert not await told(sitting, attempt_id, LEFT)
    assert (await log(sitting, attempt_id)).state is State.NOT_ASKED
    await ask_for_log(sitting.services, sitting.teacher, sitting.school, given_id, is_wanted=True)
    assert (await log(sitting, attempt_id)).state is State.NOT_HEARD
    assert await told(sitting, attempt_id)
    await ask_for_log(sitting.services, sitting.teacher, sitting.school, given_id, is_wanted=False)
    assert not await told(sitting, attempt_id, LEFT)
    assert (await log(sitting, attempt_id)).state is State.LOGGED  # what was written until then


@pytest.mark.requirement("KZ456-27.14", part="proctoring")
async def test_silence_is_told_by_the_servers_clock(sitting: Sitting) -> None:
    await consents(sitting)
    attempt_id = await sitting.begin(await watched(sitting))
    began_at = sitting.now
    await told(sitting, attempt_id)
    sitting.wait(minutes=3)
    await told(sitting, attempt_id)
    sitting.wait(minutes=5)
    await sitting.hand(attempt_id)

    silences = (await log(sitting, attempt_id)).events

    assert [(each.what, each.at - began_at, each.lasted_s) for each in silences] == [
        (What.SILENT, timedelta(0), 180), (What.SILENT, timedelta(minutes=3), 300),
    ]  # fmt: skip


async def test_nothing_is_written_after_the_end_and_no_answer_waits_for_it(sitting: Sitting) -> None:
    await consents(sitting)
    attempt_id = await sitting.begin(await watched(sitting))
    await told(sitting, attempt_id, LEFT)
    await sitting.hand(attempt_id)

    assert not await told(sitting, attempt_id, BACK)
    assert len((await log(sitting, attempt_id)).events) == 1


async def test_a_log_holds_so_much_and_says_that_it_is_full(sitting: Sitting) -> None:
    await consents(sitting)
    attempt_id = await sitting.begin(await watched(sitting))
    for _ in range(EVENTS_MAX // 50 + 1):
        await told(sitting, attempt_id, *[LEFT] * 50)

    found = await log(sitting, attempt_id)

    assert (len(found.events), found.is_full) == (EVENTS_MAX, True)


@pytest.mark.requirement("KZ456-27.14", part="proctoring")
async def test_a_log_is_gone_with_the_consent_and_after_its_term(sitting: Sitting) -> None:
    pool, person = sitting.services.database.pool, sitting.journal.studies.student_ids[0]
    await consents(sitting)
    attempt_id = await sitting.begin(await watched(sitting))
    await told(sitting, attempt_id, LEFT)
    (aged,) = next(rule for rule in RULES if rule.name == "test_logs").aged
    kept = f"SELECT count(*) FROM sitting_log WHERE NOT ({aged.old})"  # noqa: S608 (of ours)
    first_kept = sitting.school.on - timedelta(days=KEPT_DAYS)
    assert await pool.fetchval(kept, sitting.school.id, first_kept) == 1
    assert await pool.fetchval(kept, sitting.school.id, sitting.school.on + timedelta(days=1)) == 0

    await withdraw_consent(sitting.services, SYSTEM, person, Purpose.TEST_LOG, sitting.school.on, "8-өтініш")

    assert (await log(sitting, attempt_id)).state is State.NO_CONSENT
    assert await times_left(sitting.services, [attempt_id]) == {}
    assert await pool.fetchval(kept, sitting.school.id, first_kept) == 0
    assert not await told(sitting, attempt_id, BACK)


async def test_only_the_student_writes_and_only_who_gives_the_test_asks(sitting: Sitting) -> None:
    services, studies = sitting.services, sitting.journal.studies
    await consents(sitting)
    given_id = await sitting.given(SUM)
    attempt_id = await sitting.begin(given_id)

    for actor in (studies.deputy, studies.teachers[1]):
        with pytest.raises((NotAllowed, NotFound)):
            await ask_for_log(services, actor, sitting.school, given_id, is_wanted=True)
    with pytest.raises(NotFound):
        await note(services, sitting.students[1], sitting.ref(1), attempt_id, [LEFT])
    assert not await is_logged(services, given_id, studies.student_ids[0])
