"""Guardians with a number and no e-mail get their way in by SMS, each once, and never for more than the day's parts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from cloud.accounts.actions import sign_in
from cloud.accounts.beginnings import Session
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.core.sms import Text, parts_of
from cloud.people.actions import add_guardian
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.people.texting import KEPT, Outcome, Texted, Wording, forget_texts, plan_of, text_ways_in, words_of
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import HOME
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.sms_gateway import Gateway, a_gateway

NAMES = {"kk": "№15 мектеп", "ru": "Школа № 15", "en": "School 15"}
WORDING = Wording(NAMES, "https://esik.test/sign-in", Language.RU)
DAY_S = 86_400


@pytest.fixture(name="gateway")
async def _gateway() -> AsyncIterator[Gateway]:
    async with a_gateway() as gateway:
        yield gateway


class Office:
    """A school's office with guardians to invite."""

    def __init__(self, services: Services, gateway: Gateway, school_id: int, parts: int = 300) -> None:
        self.gateway, self.school_id = gateway, school_id
        self.services = gateway.among(services, parts)
        self.actor = Actor("Гүлнар", reaches=frozenset({Reach(Role.OFFICE, school_id)}))

    async def add(self, *phones: str, email: str | None = None) -> None:
        """Add a child with a guardian for each number."""
        child = await a_student(self.services, self.school_id)
        for phone in phones:
            given = GuardianGiven("Әліби Сауле", phone, email)
            await add_guardian(self.services, SYSTEM, child, given, Relation.OTHER)

    async def send(self, deadline_s: float = 20.0) -> Texted:
        client = self.gateway.client(deadline_s)
        return await text_ways_in(self.services, self.actor, client, self.school_id, None, WORDING)

    async def waiting(self) -> int:
        return (await plan_of(self.services, self.actor, self.school_id, None, WORDING)).waiting

    @property
    def told(self) -> list[str]:
        """To whom the gateway took something, in order of numbers."""
        return sorted(each.to for each in self.gateway.simulated.taken)


@pytest.fixture(name="office")
async def _office(services: Services, gateway: Gateway) -> Office:
    return Office(services, gateway, await a_school(services, "almaty5"))


def numbers(count: int) -> list[str]:
    return [f"+7701555{n:04}" for n in range(count)]


def password_of(words: str) -> str:
    return words.partition("Пароль: ")[2].partition("\n")[0]


async def test_a_text_lets_its_holder_in_and_names_no_child(office: Office) -> None:
    (phone,) = numbers(1)
    await office.add(phone)

    with capture_logs() as logs:
        texted = await office.send()

    assert texted == Texted(1, [])
    (taken,) = office.gateway.simulated.taken
    assert taken.to == phone
    assert not any(word in taken.words for word in ("Әліби", "Сауле", "Айгерім"))
    assert (parts_of(taken.words), taken.parts) == (2, 2)
    begun = await sign_in(office.services, phone, password_of(taken.words), HOME)
    assert isinstance(begun, Session)
    assert begun.must_change
    assert password_of(taken.words) not in str(logs)
    kept = await office.services.database.pool.fetchrow("SELECT outcome, parts FROM text_message")
    assert tuple(kept) == ("taken", 2)


async def test_who_has_an_email_address_is_sent_none_where_there_is_mail(office: Office) -> None:
    with_mail, without = numbers(2)
    await office.add(with_mail, email="mother@example.kz")
    await office.add(without)
    no_mail = await plan_of(office.services, office.actor, office.school_id, None, WORDING)
    settings = replace(office.services.settings, smtp_url="smtp://127.0.0.1:1", smtp_from="a@b.kz")
    office.services = replace(office.services, settings=settings)

    plan = await plan_of(office.services, office.actor, office.school_id, None, WORDING)
    await office.send()

    assert (no_mail.waiting, no_mail.by_mail) == (2, 0)
    assert (plan.waiting, plan.by_mail, plan.now) == (1, 1, 1)
    assert office.told == [without]
    accounts = await office.services.database.pool.fetchval("SELECT count(*) FROM account")
    assert accounts == 1, "no password was drawn for who is sent no text"


async def test_who_was_sent_one_is_sent_none_while_its_password_works_and_then_one_with_another(
    office: Office, clock: SimulatedClock
) -> None:
    await office.add(*numbers(1))
    await office.send()

    again = await office.send()
    clock.advance(14 * DAY_S + 1)
    later = await office.send()

    assert (again.sent, later.sent) == (0, 1)
    first, second = office.gateway.simulated.taken
    assert password_of(first.words) != password_of(second.words)


async def test_of_two_who_send_at_once_each_guardian_is_told_one_password_that_works(office: Office) -> None:
    await office.add(*numbers(4))

    results = await asyncio.gather(office.send(), office.send())

    assert sum(each.sent for each in results) == 4
    assert office.told == numbers(4)
    for taken in office.gateway.simulated.taken:
        assert isinstance(await sign_in(office.services, taken.to, password_of(taken.words), HOME), Session)


async def test_a_day_pays_for_its_parts_and_no_more(
    services: Services, gateway: Gateway, clock: SimulatedClock
) -> None:
    office = Office(services, gateway, await a_school(services, "almaty5"), parts=5)
    await office.add(*numbers(4))

    plan = await plan_of(office.services, office.actor, office.school_id, None, WORDING)
    sent = [(await office.send()).sent for _ in range(2)]
    clock.advance(DAY_S)
    tomorrow = (await office.send()).sent

    assert (plan.waiting, plan.now, plan.parts_left) == (4, 2, 5)
    assert sent == [2, 0]
    assert tomorrow == 2
    assert len(set(office.told)) == 4


async def test_who_is_refused_stands_on_the_sheet_with_a_password_and_the_rest_is_sent(office: Office) -> None:
    good, bad, poor = numbers(3)
    await office.add(good, bad, poor)
    office.gateway.simulated.refused |= {bad: 8, poor: 3}

    texted = await office.send()

    assert {slip.phone: outcome for slip, outcome in texted.others} == {bad: Outcome.REFUSED, poor: Outcome.NOT_SENT}
    assert office.told == [good]
    for slip, _ in texted.others:
        assert slip.password is not None
        assert isinstance(await sign_in(office.services, slip.login, slip.password, HOME), Session)
    assert await office.waiting() == 2, "nothing was paid: they may be tried again"


@pytest.mark.parametrize("trouble", ["rubbish", "lost", "down", "silent"])
async def test_of_a_gateway_in_trouble_little_is_asked_and_everybody_stands_on_the_sheet(
    office: Office, trouble: str
) -> None:
    await office.add(*numbers(9))
    office.gateway.simulated.trouble = trouble

    texted = await office.send(deadline_s=0.4 if trouble == "silent" else 20.0)

    assert texted.sent == 0
    assert len(texted.others) == 9
    assert office.gateway.simulated.asked <= 7, "four that failed, and who was under way by then"
    assert office.gateway.simulated.at_once <= 4
    assert await office.waiting() == sum(outcome is Outcome.NOT_SENT for _, outcome in texted.others)


class Slow:
    """A gateway that takes every text, and ten seconds for each."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock, self.taken = clock, 0

    async def send(self, _text: Text) -> str:
        self.clock.advance(10)
        self.taken += 1
        return str(self.taken)


async def test_the_office_waits_no_longer_than_a_proxy_does_and_who_is_left_stands_on_the_sheet(
    office: Office, clock: SimulatedClock
) -> None:
    await office.add(*numbers(6))
    slow = Slow(clock)

    texted = await text_ways_in(office.services, office.actor, slow, office.school_id, None, WORDING)

    assert texted.sent == slow.taken == 3
    assert {outcome for _, outcome in texted.others} == {Outcome.NOT_SENT}
    assert await office.waiting() == 3


async def test_nothing_is_sent_to_another_country(office: Office) -> None:
    await office.add("+881612345678")

    texted = await office.send()

    assert [outcome for _, outcome in texted.others] == [Outcome.REFUSED]
    assert office.gateway.simulated.asked == 0


async def test_a_number_that_has_an_account_elsewhere_gets_its_code_on_the_sheet_and_costs_nothing(
    office: Office,
) -> None:
    (phone,) = numbers(1)
    there = Office(office.services, office.gateway, await a_school(office.services, "astana7"))
    await there.add(phone)
    await there.send()
    await office.add(phone)

    texted = await office.send()

    ((slip, outcome),) = texted.others
    assert (slip.password, outcome, texted.sent) == (None, Outcome.NOT_SENT, 0)
    assert slip.code
    assert len(office.gateway.simulated.taken) == 1


async def test_who_may_not_invite_sends_nothing_and_learns_no_count(office: Office) -> None:
    for reach in (Reach(Role.TEACHER, office.school_id), Reach(Role.OFFICE, office.school_id + 1)):
        office.actor = Actor("x", None, frozenset({reach}))
        with pytest.raises(NotAllowed):
            await office.send()
        with pytest.raises(NotAllowed):
            await office.waiting()


async def test_texts_are_forgotten_after_a_month(office: Office, clock: SimulatedClock) -> None:
    await office.add(*numbers(1))
    await office.send()
    clock.advance(KEPT.total_seconds() + 1)

    await forget_texts(office.services.database.pool, clock.now())

    assert await office.services.database.pool.fetchval("SELECT count(*) FROM text_message") == 0


@pytest.mark.parametrize("language", Language)
def test_a_long_name_of_a_school_is_cut_so_that_a_text_has_two_parts(language: Language) -> None:
    long = "№ 15 жалпы білім беретін орта мектеп-гимназиясы " * 4
    wording = Wording(dict.fromkeys(("kk", "ru", "en"), long), "https://esik.almaty-bilim.kz/sign-in", language)

    words = words_of(wording, language, "", "k7mw-3hqp-x9tn")

    assert parts_of(words) == 2
    assert words.startswith("№ 15 жалпы")
    assert "https://esik.almaty-bilim.kz/sign-in" in words
    assert "k7mw-3hqp-x9tn" in words
