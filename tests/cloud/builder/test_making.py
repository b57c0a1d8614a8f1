"""Reports that are made by themselves: on their day, once, with their owner's rights of that moment, and told of."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from cloud.accounts.models import Account, Grant
from cloud.builder.choice import Choice
from cloud.builder.keeping import keep, schedule
from cloud.builder.kinds import Every, Limits, Period, Shape
from cloud.builder.letters import NO_ADDRESS, NO_MAIL, TRIES_MAX, send_ready
from cloud.builder.making import kept_run, make_due
from cloud.builder.queries import RunRow, report_of, runs_of
from cloud.builder.turns import KEPT, make_and_tell
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.mail import Letter, LetterRefused, NotSent
from cloud.core.services import Services
from cloud.people.models import Person
from simulators.clock import SimulatedClock
from tests.cloud.builder.factory import TODAY, Built

LISTED = Choice("attendance", Period.LAST_WEEK, shape=Shape.ROWS, columns=("day", "student", "late_min"))
MONDAY = date(2026, 9, 7)
DAY_S, HOUR_S = 86_400, 3_600


@dataclass
class Postbox:
    """A post that keeps what it is given, or refuses it."""

    refuses: Exception | None = None
    letters: list[Letter] = field(default_factory=list)

    async def send(self, letter: Letter) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.letters.append(letter)


async def weekly(services: Services, school: Built, choice: Choice = LISTED, every: Every = Every.WEEK) -> int:
    """Let a report of the office be made by itself."""
    office = school.accounts["office"]
    report_id = await keep(services, office, school.school_id, "Әліби туралы", choice, TODAY)
    await schedule(services, office, school.school_id, report_id, every, TODAY)
    return report_id


async def until_monday(school: Built, clock: SimulatedClock) -> None:
    """Let a child come late, and time go on to Monday, seven in the morning at the school."""
    await school.came(school.students[0], TODAY, late_min=15)
    clock.advance(6 * DAY_S)


async def runs(services: Services, school: Built, report_id: int) -> list[RunRow]:
    office = school.accounts["office"]
    return await runs_of(services, await report_of(services, office, school.school_id, report_id))


async def test_a_report_is_made_on_its_day_and_once_however_many_look(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    report_id = await weekly(services, school)
    assert await make_due(services) == 0
    await until_monday(school, clock)

    made = await asyncio.gather(*(make_due(services) for _ in range(3)))
    again = await make_due(services)

    (row,) = await runs(services, school, report_id)
    assert (sum(made), again) == (1, 0)
    assert (row.due_on, row.state, row.row_count) == (MONDAY, "made", 1)
    built = await report_of(services, school.accounts["office"], school.school_id, report_id)
    assert built.next_on == MONDAY + timedelta(days=7)
    assert (await school.verbs())[-1] == "built.made"


async def test_it_waits_until_six_in_the_morning_at_the_school(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    await weekly(services, school)
    clock.advance(5 * DAY_S + 22 * HOUR_S)  # Monday, five in the morning

    early = await make_due(services)
    clock.advance(HOUR_S)

    assert (early, await make_due(services)) == (0, 1)


async def test_missed_weeks_are_made_once(services: Services, school: Built, clock: SimulatedClock) -> None:
    report_id = await weekly(services, school)
    clock.advance(23 * DAY_S)  # a Thursday, three Mondays later

    made = [await make_due(services) for _ in range(3)]

    (row,) = await runs(services, school, report_id)
    assert (made, row.due_on) == ([1, 0, 0], date(2026, 9, 21))
    built = await report_of(services, school.accounts["office"], school.school_id, report_id)
    assert built.next_on == date(2026, 9, 28)


async def test_what_was_made_is_sealed_and_names_whom_the_school_names_now(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    report_id = await weekly(services, school)
    await until_monday(school, clock)
    await make_due(services)
    await Person.filter(id=school.students[0]).update(surname="№", given_name="1")
    office = school.accounts["office"]
    (row,) = await runs(services, school, report_id)

    built = await report_of(services, office, school.school_id, report_id)
    result, due_on = await kept_run(services, office, built, row.id)

    words = await school.words(office, result)
    assert due_on == MONDAY
    assert [
        [words.cell(head, value) for head, value in zip(result.heads, each, strict=True)] for each in result.rows
    ] == [["01.09.2026", "№ 1", "15"]]
    sealed = await services.database.pool.fetchval("SELECT content_encrypted FROM built_run")
    assert b"2026-09-01" not in sealed
    everything = await services.database.pool.fetchval("SELECT string_agg(run::text, '') FROM built_run AS run")
    assert "Айгерім" not in everything


async def test_only_its_owner_reads_it_and_only_while_the_right_lasts(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    report_id = await weekly(services, school)
    await until_monday(school, clock)
    await make_due(services)
    office, director = school.accounts["office"], school.accounts["director"]
    built = await report_of(services, office, school.school_id, report_id)
    (row,) = await runs_of(services, built)

    with pytest.raises(NotFound):
        await kept_run(services, director, built, row.id)
    with pytest.raises(NotAllowed):
        await kept_run(services, Actor(office.name, office.account_id), built, row.id)
    only_a_class = Actor(office.name, office.account_id, school.teacher().reaches)
    with pytest.raises(NotAllowed):
        await kept_run(services, only_a_class, built, row.id)
    with pytest.raises(NotFound):
        await kept_run(services, office, built, row.id + 1)


@pytest.mark.parametrize("loss", ["role", "account"])
async def test_an_owner_who_lost_the_right_stops_it_and_is_told(
    services: Services, school: Built, clock: SimulatedClock, loss: str
) -> None:
    report_id = await weekly(services, school)
    await until_monday(school, clock)
    account_id = school.accounts["office"].account_id
    if loss == "role":
        await Grant.filter(account_id=account_id).delete()
    else:
        await Account.filter(id=account_id).update(is_active=False)
    post = Postbox()

    await make_and_tell(services, post)
    clock.advance(7 * DAY_S)
    again = await make_and_tell(services, post)

    row = await services.database.pool.fetchrow(
        "SELECT every, next_on, stopped FROM built_report WHERE id = $1", report_id
    )
    assert tuple(row) == (None, None, {"role": "rights", "account": "closed"}[loss])
    (letter,) = post.letters
    assert "больше не готовится" in letter.subject
    assert again == 0
    assert (await school.verbs())[-1] == "built.stopped"
    assert (
        await services.database.pool.fetchval("SELECT count(*) FROM built_run WHERE content_encrypted IS NOT NULL") == 0
    )


async def test_a_report_that_was_chosen_in_another_version_stops(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    report_id = await weekly(services, school)
    await services.database.pool.execute("""UPDATE built_report SET choice = '{"subject": "weather"}'""")
    await until_monday(school, clock)

    assert await make_due(services) == 1

    built = await report_of(services, school.accounts["office"], school.school_id, report_id)
    assert (built.stopped, built.every) == ("choice", None)


async def test_the_letter_says_that_it_is_ready_and_nothing_of_what_it_holds(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    report_id = await weekly(services, school)
    await until_monday(school, clock)
    post = Postbox()

    await make_and_tell(services, post)
    await make_and_tell(services, post)

    (letter,) = post.letters
    assert letter.to == "office@example.kz"
    assert f"https://esik.test/schools/almaty5/builder/{report_id}" in letter.text
    assert letter.subject == "Школа № 5: готов отчёт, о котором вы просили"
    assert not any(word in letter.subject + letter.text for word in ("Әліби", "Айгерім", "15", "Опоздание"))
    (row,) = await runs(services, school, report_id)
    assert row.letter_sent_at == clock.now()


async def test_a_letter_is_tried_again_and_given_up_at_last(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    report_id = await weekly(services, school)
    await until_monday(school, clock)
    away, here = Postbox(NotSent("mail_unreached: OSError")), Postbox()
    await make_and_tell(services, away)

    at_once = await send_ready(services, here)
    clock.advance(120)
    later = await send_ready(services, here)

    assert (at_once, later, len(here.letters)) == (0, 1, 1)
    await services.database.pool.execute(
        "UPDATE built_run SET letter_sent_at = NULL, letter_next_at = $1, letter_tries = $2", clock.now(), TRIES_MAX - 1
    )
    await send_ready(services, away)
    assert (await runs(services, school, report_id))[0].letter_failed == "mail_unreached: OSError"


@pytest.mark.parametrize(
    ("login", "post", "why"),
    [("office", None, NO_MAIL), ("+77010000001", Postbox(), NO_ADDRESS),
     ("office", Postbox(LetterRefused("mail_server: 554")), "mail_server: 554")],
)  # fmt: skip
async def test_who_gets_no_letter_is_told_at_the_page(
    services: Services, school: Built, clock: SimulatedClock, login: str, post: Postbox | None, why: str
) -> None:
    report_id = await weekly(services, school)
    if login.startswith("+"):
        sealed = services.vault.encrypt(login, "account.login")
        await Account.filter(id=school.accounts["office"].account_id).update(login_encrypted=sealed)
    await until_monday(school, clock)

    await make_and_tell(services, post)

    (row,) = await runs(services, school, report_id)
    assert (row.state, row.letter_sent_at, row.letter_failed) == ("made", None, why)


async def test_what_takes_too_long_is_told_and_made_again_the_next_time(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    choice = Choice("passages", Period.WEEK, groups=("person", "hour"), measures=("people",))
    report_id = await weekly(services, school, choice, Every.DAY)
    await school.crowd(TODAY)
    clock.advance(DAY_S)

    await make_due(services, Limits(seconds_max=0.001))
    clock.advance(DAY_S)
    await make_due(services)

    assert [row.state for row in await runs(services, school, report_id)] == ["made", "cut"]


async def test_one_that_is_being_made_by_somebody_else_waits_for_the_next_look(
    services: Services, school: Built, clock: SimulatedClock
) -> None:
    await weekly(services, school)
    await until_monday(school, clock)

    assert await make_due(services, Limits(at_once=0)) == 0
    assert await make_due(services) == 1


async def test_what_was_made_goes_after_sixty_days(services: Services, school: Built, clock: SimulatedClock) -> None:
    report_id = await weekly(services, school, every=Every.MONTH)
    clock.advance(30 * DAY_S)
    await make_and_tell(services, None)
    office = school.accounts["office"]
    await schedule(services, office, school.school_id, report_id, None, TODAY)
    clock.advance(KEPT.total_seconds() - 1)
    await make_and_tell(services, None)
    kept = len(await runs(services, school, report_id))

    clock.advance(2)
    await make_and_tell(services, None)

    assert (kept, await runs(services, school, report_id)) == (1, [])
