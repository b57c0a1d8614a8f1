"""A parent asks by SMS what is known of today: who is answered, with what, how often, and at whose cost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

import httpx2
import pytest

from cloud.core.services import Services
from cloud.core.sms import parts_of
from cloud.guardian.sms_asking import LASTS, Answerer
from cloud.notifications.channels.actions import limit_sms
from cloud.notifications.channels.sms_requests import BURST, BURST_MAX, DAY, DAY_MAX, claim_requests, forget_requests
from cloud.people.actions import withdraw_consent
from cloud.people.bulk import PHONE
from cloud.people.family import note_limit, set_rights
from cloud.people.kinds import FamilyRight, Purpose
from simulators.clock import SimulatedClock
from simulators.sms_calls import SmscCalls
from tests.cloud.attendance.factory import School, tap
from tests.cloud.guardian.sms_factory import Asking, asking, asking_at, number_of
from tests.cloud.meals.factory import NOON_MS, Canteen
from tests.cloud.notifications.factory import a_parent
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.serving import served
from tests.cloud.sms_gateway import a_gateway
from tests.waiting import until_async

TODAY = date(2026, 9, 1)


@pytest.fixture(name="place")
async def _place(services: Services) -> AsyncIterator[Asking]:
    async with asking(services) as place:
        yield place


@dataclass(slots=True)
class Elsewhere:
    """Another school with one child."""

    services: Services
    refs: list[str]
    school_id: int


async def a_place(services: Services) -> Elsewhere:
    """Add it."""
    school_id = await a_school(services, "almaty6")
    child = await a_student(services, school_id)
    ref = await services.database.pool.fetchval(
        "UPDATE person SET given_name = 'Дана' WHERE id = $1 RETURNING ref", child
    )
    return Elsewhere(services, [ref], school_id)


async def came(place: Asking, child: int = 0, minute: int = -8) -> None:
    """Let a child come through the gate, so many minutes after eight."""
    assert isinstance(place.school, School)
    await place.school.send(tap(place.school.refs[child], minute))
    await place.school.project()


async def left(place: Asking, minute: int = 300) -> None:
    assert isinstance(place.school, School)
    await place.school.send(tap(place.school.refs[0], minute, direction="out"))
    await place.school.project()


async def id_of(place: Asking, child: int = 0) -> int:
    ref = place.school.refs[child]
    return int(await place.services.database.pool.fetchval("SELECT id FROM person WHERE ref = $1", ref))


async def test_a_parent_writes_a_word_and_gets_what_the_gates_told_today(place: Asking, clock: SimulatedClock) -> None:
    _, phone = await place.mother(0)
    clock.advance(3_600)
    await came(place)

    (text,) = await place.ask(phone, "БҮГІН")

    assert text == (
        "Әліби Айгерім, 1 қыр., 08:00. Келді: 07:52. Кеткені туралы жазба әлі жоқ. Тамақ туралы жазба әлі жоқ."
    )
    assert parts_of(text) == 2
    assert await place.spent() == 2
    assert await place.outcomes() == [("today", "answered", 2)]


async def test_who_left_is_told_with_the_time(place: Asking, clock: SimulatedClock) -> None:
    _, phone = await place.mother(0, language="ru")
    clock.advance(7 * 3_600)
    await came(place)
    await left(place)

    (text,) = await place.ask(phone, "сегодня")

    assert "Приход: 07:52. Уход: 13:00." in text


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("kk", "today", "Келгені туралы жазба әлі жоқ."),
        ("ru", "БҮГІН", "Записи о приходе пока нет."),
        ("en", "СЕГОДНЯ", "No record of coming yet."),
        ("", "сегодня", "Записи о приходе пока нет."),
        ("", "today", "No record of coming yet."),
    ],
)
async def test_the_answer_is_in_the_guardians_language_else_in_that_of_the_word(
    place: Asking, language: str, words: str, expected: str
) -> None:
    _, phone = await place.mother(0, language=language)

    (text,) = await place.ask(phone, words)

    assert expected in text


async def test_who_was_not_seen_after_the_first_lesson_is_without_a_record_and_not_absent(
    place: Asking, clock: SimulatedClock
) -> None:
    _, phone = await place.mother(0, language="en")
    clock.advance(3 * 3_600)

    (text,) = await place.ask(phone, "today")

    assert "No record of coming yet." in text
    assert "bsent" not in text


async def test_a_gate_out_of_reach_is_told_with_what_is_not_known(place: Asking) -> None:
    _, phone = await place.mother(0, language="en")
    pool = place.services.database.pool
    await pool.execute("UPDATE device SET seen_at = $1, is_online = false", place.services.clock.now())
    await pool.execute("UPDATE gate SET device_id = (SELECT id FROM device)")

    (text,) = await place.ask(phone, "today")

    assert "A gate is not connected: its records come later." in text


async def test_on_a_day_without_lessons_that_is_told(place: Asking, clock: SimulatedClock) -> None:
    _, phone = await place.mother(0, language="en")
    clock.advance(timedelta(days=5).total_seconds())  # a Sunday

    (text,) = await place.ask(phone, "today")

    assert text.endswith("No lessons today, and no records.")


async def test_each_child_is_a_text_and_a_name_asks_for_one(place: Asking) -> None:
    _, phone = await place.mother(0, 1)

    both = await place.ask(phone, "БҮГІН")
    place.gateway.clock.advance(60)
    one = await place.ask(phone, "bugin Aruzhan")

    assert [text.partition(",")[0] for text in both] == ["Әліби Айгерім", "Әліби Арұжан"]
    assert [text.partition(",")[0] for text in one] == ["Әліби Арұжан"]
    assert await place.spent() == sum(map(parts_of, both + one))


async def test_a_meal_is_told_with_its_name_and_time(services: Services, clock: SimulatedClock) -> None:
    canteen = await Canteen(services).open(1)
    async with a_gateway() as gateway, asking_at(services, canteen, gateway) as place:
        _, phone = await place.mother(0, language="en")
        clock.advance(5 * 3_600)
        await canteen.send(*canteen.sold(0, 577_00))
        await canteen.project()

        (text,) = await place.ask(phone, "today")

    assert "Meals: lunch 12:00." in text
    assert int(clock.now().timestamp() * 1_000) == NOON_MS
    await canteen.close()


async def test_a_number_that_nobody_proved_gets_no_answer_and_is_counted(place: Asking) -> None:
    mother = await a_parent(place.school, 0)  # known to the school, and not connected
    phones = [place.phone("+77779999999"), place.phone(await number_of(place.services, mother))]

    answers = [await place.ask(phone, "БҮГІН") for phone in phones]

    assert answers == [[], []]
    assert place.gateway.simulated.asked == 0
    assert (await place.spent(), await place.outcomes()) == (0, [])
    assert 'esik_sms_calls_total{about="text",outcome="unknown"} 2.0' in await figures(place)


@pytest.mark.parametrize(
    "ends",
    [
        "UPDATE account SET is_active = false",
        "UPDATE account SET must_change = true",
        "UPDATE channel_address SET value_encrypted = NULL, gone_at = now(), gone_why = 'x'",
        "DELETE FROM channel_address",
        "UPDATE guardian SET phone_digest = 'another'",
    ],
)
async def test_a_number_that_is_its_owners_no_more_gets_no_answer(place: Asking, ends: str) -> None:
    _, phone = await place.mother(0)
    assert await phone.write("БҮГІН") == 200
    await place.services.database.pool.execute(ends)

    await place.answer()  # what was asked before it ended
    after = await place.ask(phone, "БҮГІН")

    if "must_change" not in ends:
        assert phone.texts == []
    assert after == []


async def test_who_proved_a_number_last_has_it(place: Asking) -> None:
    mother, phone = await place.mother(0)
    elsewhere = await a_place(place.services)
    newer = await a_parent(elsewhere, 0)
    await place.services.database.pool.execute(
        "UPDATE guardian SET phone_digest = (SELECT phone_digest FROM guardian WHERE id = $1) WHERE id = $2",
        mother.guardian_id, newer.guardian_id,
    )  # fmt: skip
    await place.connect(newer, phone.number)

    (text,) = await place.ask(phone, "БҮГІН")

    assert text.startswith("Әліби Дана")


async def test_a_courts_limit_that_comes_before_the_answer_takes_the_gates_from_it(place: Asking) -> None:
    mother, phone = await place.mother(0)
    await came(place)
    await phone.write("БҮГІН")
    await note_limit(
        place.services, SYSTEM, mother.guardian_id, await id_of(place), [FamilyRight.SEE], "court, 1 September"
    )

    await place.answer()

    (text,) = phone.texts
    assert "07:52" not in text
    assert text.endswith("Тамақ туралы жазба әлі жоқ.")


async def test_who_may_see_neither_gates_nor_meals_is_told_nothing(place: Asking) -> None:
    mother, phone = await place.mother(0)
    await phone.write("БҮГІН")
    await set_rights(place.services, SYSTEM, mother.guardian_id, await id_of(place), {FamilyRight.NOTICES})

    await place.answer()
    after = await place.ask(phone, "БҮГІН")

    assert (phone.texts, after) == ([], [])
    assert await place.outcomes() == [("today", "no_right", 0)]
    assert 'esik_sms_calls_total{about="text",outcome="nobody"} 1.0' in await figures(place)


async def test_without_the_consent_to_notices_nothing_is_told(place: Asking) -> None:
    _, phone = await place.mother(0)
    await withdraw_consent(place.services, SYSTEM, await id_of(place), Purpose.NOTICES, TODAY)

    assert await place.ask(phone, "БҮГІН") == []
    assert await place.ask(phone, "?") == []

    assert await place.spent() == 0


async def test_a_text_that_the_gateway_tells_twice_is_answered_once(place: Asking) -> None:
    _, phone = await place.mother(0)

    answered = [await place.calls.write(phone.number, "БҮГІН", "call-7") for _ in range(3)]
    await place.answer()
    answered.append(await place.calls.write(phone.number, "БҮГІН", "call-7"))
    await place.answer()

    assert answered == [200] * 4
    assert len(phone.texts) == 1


async def test_texts_that_come_at_once_are_answered_within_the_limit(place: Asking) -> None:
    _, phone = await place.mother(0)

    await asyncio.gather(*(phone.write("БҮГІН") for _ in range(3 * BURST_MAX)))

    assert len(await place.outcomes()) == BURST_MAX


async def test_a_number_is_answered_so_often_a_day_and_no_more(place: Asking, clock: SimulatedClock) -> None:
    _, phone = await place.mother(0)
    for _ in range(2 * DAY_MAX):
        await place.ask(phone, "БҮГІН")
        clock.advance(BURST.total_seconds() / 2)
        place.gateway.clock.advance(300)
    before = len(phone.texts)
    clock.advance(DAY.total_seconds())

    after = await place.ask(phone, "БҮГІН")

    assert (before, len(after)) == (DAY_MAX, 1)


@pytest.mark.parametrize("words", ["Где мой сын?", "", "бүгін Ерлан", "STOP", "😀"])
async def test_what_is_not_understood_is_answered_with_what_may_be_asked_once_a_day(
    place: Asking, clock: SimulatedClock, words: str
) -> None:
    _, phone = await place.mother(0, 1, language="ru")

    first = await place.ask(phone, words)
    second = await place.ask(phone, "и ещё раз")
    clock.advance(DAY.total_seconds() + 1)
    place.gateway.clock.advance(90_000)
    third = await place.ask(phone, "?")

    assert [("СЕГОДНЯ" in text) for text in first] == [True]
    assert second == []
    assert third == first
    assert parts_of(first[0]) <= 2


async def test_a_month_without_parts_answers_nobody(place: Asking) -> None:
    _, phone = await place.mother(0)
    await limit_sms(place.services, SYSTEM, place.school.school_id, "1")

    texts = await place.ask(phone, "БҮГІН")

    assert texts == []
    assert place.gateway.simulated.asked == 0
    assert await place.outcomes() == [("today", "sms_cap", 0)]


@pytest.mark.parametrize(
    ("trouble", "outcome", "spent"), [("lost", "unanswered", 2), ("down", "unanswered", 2), ("none", "not_sent", 0)]
)
async def test_parts_are_given_back_only_where_the_text_surely_did_not_go(
    place: Asking, trouble: str, outcome: str, spent: int
) -> None:
    _, phone = await place.mother(0)
    place.gateway.simulated.trouble = trouble
    place.gateway.simulated.parts_left = 0 if trouble == "none" else None

    await place.ask(phone, "БҮГІН")
    place.gateway.simulated.trouble, place.gateway.simulated.parts_left = "none", None
    await place.answer()

    assert [(each[1], await place.spent()) for each in await place.outcomes()] == [(outcome, spent)]
    assert place.gateway.simulated.asked == 1


async def test_what_waited_too_long_is_not_answered(place: Asking, clock: SimulatedClock) -> None:
    _, phone = await place.mother(0)
    await phone.write("БҮГІН")
    clock.advance(LASTS.total_seconds() + 1)

    await place.answer()

    assert phone.texts == []
    assert await place.outcomes() == [("today", "too_late", 0)]


async def test_a_request_that_a_worker_died_over_is_not_answered_again(place: Asking) -> None:
    _, phone = await place.mother(0)
    await phone.write("БҮГІН")

    claimed = await claim_requests(place.services)
    await place.answer()

    assert len(claimed) == 1
    assert phone.texts == []
    assert await place.outcomes() == [("today", "", 0)]


async def test_neither_number_nor_words_are_kept_and_a_request_is_forgotten_after_a_month(
    place: Asking, clock: SimulatedClock
) -> None:
    _, phone = await place.mother(0, 1)
    await place.ask(phone, "today Арұжан")
    pool = place.services.database.pool

    row = str(await pool.fetchrow("SELECT * FROM sms_request"))
    clock.advance(timedelta(days=31).total_seconds())
    await forget_requests(pool, clock.now())

    assert phone.number[2:] not in row
    assert "руж" not in row
    assert await place.outcomes() == []


async def test_a_text_that_nobody_signed_with_the_secret_finds_nothing(place: Asking, services: Services) -> None:
    _, phone = await place.mother(0)
    forger = SmscCalls(place.calls.url, "another-secret-of-somebody")

    assert await forger.write(phone.number, "БҮГІН") == 404
    async with served(services) as deaf:
        assert await SmscCalls(deaf, "").write(phone.number, "БҮГІН") == 404
    await place.answer()

    assert phone.texts == []
    assert 'esik_sms_calls_total{about="call",outcome="refused"} 1.0' in await figures(place)


async def test_who_waits_is_answered_as_soon_as_it_was_asked(place: Asking) -> None:
    _, phone = await place.mother(0)
    following = asyncio.create_task(Answerer(place.services, place.gateway.client()).run())

    await phone.write("БҮГІН")
    await until_async(lambda: phone.texts)

    following.cancel()
    await asyncio.wait({following})
    assert "жазба әлі жоқ" in phone.texts[0]


async def test_a_number_of_another_country_is_not_answered(place: Asking) -> None:
    mother, _ = await place.mother(0)
    number = "+15550001122"
    digest = place.services.vault.digest(number, PHONE)
    await place.services.database.pool.execute(
        "UPDATE guardian SET phone_digest = $2 WHERE id = $1", mother.guardian_id, digest
    )
    await place.connect(mother, number)

    assert await place.ask(place.phone(number), "today") == []
    assert place.gateway.simulated.asked == 0


async def figures(place: Asking) -> str:
    """Return the figures of the cloud's web process."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        return (await http.get(f"{place.calls.url}/metrics")).text
