"""What a gateway reports of a text: that it arrived, or that it did not, and then the next way goes at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.services import Services
from cloud.notifications.channels.actions import try_again
from cloud.notifications.channels.choices import ALL, save_scope
from cloud.notifications.channels.delivering import Deliverer
from cloud.notifications.channels.registry import lasts_of, senders_of
from cloud.notifications.channels.rules import Choice, Scope
from cloud.notifications.channels.sms_texts import TextSender
from cloud.notifications.kinds import Kind
from simulators.sms_calls import MobizonCalls, SmscCalls
from tests.cloud.notifications.channels.factory import Recorder, Told, told
from tests.cloud.notifications.channels.test_delivering import killed_in_the_middle
from tests.cloud.notifications.channels.test_sms_texts import number_of, school_number
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.serving import served
from tests.cloud.sms_gateway import Gateway, a_gateway

SECRET = "a-secret-of-the-operator"
DELIVERED, EXPIRED, UNDELIVERABLE, ON_ITS_WAY = 1, 3, 20, 0
BY_SMS = {Kind.TOPUP.value: Choice(frozenset({"sms"}), is_urgent=True)}
THEN_CHAT = Scope(steps=("telegram",), after_s=600, choices=BY_SMS)


@pytest.fixture(name="gateway")
async def _gateway() -> AsyncIterator[Gateway]:
    async with a_gateway() as gateway:
        yield gateway


@pytest.fixture(name="chat")
def _chat() -> Recorder:
    return Recorder("telegram")


@pytest.fixture(name="school")
async def _school(services: Services, gateway: Gateway, chat: Recorder) -> AsyncIterator[Told]:
    """Add a mother who is told by SMS, and in Telegram where that does not arrive within ten minutes."""
    async with told(services, TextSender(gateway.client(), confirms=True), chat) as school:
        mother = await school.parent(0, channels=("telegram",))
        await school.address(mother, "sms", await number_of(school, mother))
        await save_scope(school.services, mother.actor, ALL, THEN_CHAT)
        yield school


@pytest.fixture(name="calls")
async def _calls(services: Services, school: Told) -> AsyncIterator[SmscCalls]:
    settings = replace(services.settings, sms_secret=SECRET)
    async with served(replace(school.services, settings=settings)) as address:
        yield SmscCalls(address, SECRET)


async def test_a_text_that_arrived_is_confirmed_and_no_other_way_is_tried(
    school: Told, calls: SmscCalls, chat: Recorder
) -> None:
    await school.happened()

    answered = await calls.report("1", await school_number(school), DELIVERED)
    school.pass_time(timedelta(hours=1))
    await school.deliver()

    assert answered == 200
    assert await school.states() == [("sms", "confirmed", ""), ("telegram", "skipped", "reached")]
    assert chat.given == []


@pytest.mark.parametrize("status", [EXPIRED, UNDELIVERABLE])
async def test_where_a_text_did_not_arrive_the_next_way_goes_at_once(
    school: Told, calls: SmscCalls, chat: Recorder, status: int
) -> None:
    await school.happened()
    assert chat.given == []

    await calls.report("1", await school_number(school), status)
    await school.deliver()

    assert await school.states() == [("sms", "dead", "sms_undelivered"), ("telegram", "sent", "")]
    assert len(chat.given) == 1


async def test_without_a_report_the_next_way_waits_for_its_time(school: Told, calls: SmscCalls, chat: Recorder) -> None:
    await school.happened()

    await calls.report("1", await school_number(school), ON_ITS_WAY)
    school.pass_time(timedelta(seconds=599))
    await school.deliver()
    before = len(chat.given)
    school.pass_time(timedelta(seconds=2))
    await school.deliver()

    assert (before, len(chat.given)) == (0, 1)


async def test_a_report_that_comes_twice_or_says_another_thing_later_changes_nothing(
    school: Told, calls: SmscCalls, gateway: Gateway
) -> None:
    number = await confirmed(school, calls)

    answered = [await calls.report("1", number, status) for status in (DELIVERED, UNDELIVERABLE, EXPIRED)]
    await school.deliver()

    assert answered == [200] * 3
    assert await school.states() == [("sms", "confirmed", ""), ("telegram", "queued", "")]
    assert len(gateway.simulated.taken) == 1


async def test_a_text_that_arrived_after_all_is_confirmed(school: Told, calls: SmscCalls) -> None:
    await school.happened()
    number = await school_number(school)

    for status in (EXPIRED, EXPIRED, DELIVERED):
        await calls.report("1", number, status)

    assert (await school.states())[0] == ("sms", "confirmed", "")


async def test_a_report_that_nobody_signed_with_the_secret_finds_nothing(
    services: Services, school: Told, calls: SmscCalls
) -> None:
    await school.happened()
    number = await school_number(school)
    forger = SmscCalls(calls.url, "another-secret-of-somebody")

    assert await forger.report("1", number, DELIVERED) == 404
    async with served(services) as deaf:  # where no secret is set, nobody's is the right one
        assert await SmscCalls(deaf, "").report("1", number, DELIVERED) == 404
        assert await MobizonCalls(deaf, "").report("1", number, "DELIVRD") == 404

    assert (await school.states())[0] == ("sms", "sent", "")


async def test_a_report_of_another_text_or_for_another_number_is_passed_over(school: Told, calls: SmscCalls) -> None:
    await school.happened()

    answered = [
        await calls.report("99", await school_number(school), DELIVERED),
        await calls.report("1", "+77019999999", DELIVERED),
    ]

    assert answered == [200, 200]
    assert (await school.states())[0] == ("sms", "sent", "")


async def test_a_report_of_long_ago_is_passed_over(school: Told, calls: SmscCalls) -> None:
    await school.happened()
    school.pass_time(timedelta(days=4))

    await calls.report("1", await school_number(school), DELIVERED)

    assert (await school.states())[0] == ("sms", "sent", "")


async def test_a_report_before_the_text_was_noted_is_to_be_told_again(school: Told, calls: SmscCalls) -> None:
    stuck = Recorder("sms", school.senders["sms"].traits, hangs=True)
    await school.tell(await school.fact())
    await killed_in_the_middle(school, stuck, 1)

    early = await calls.report("1", await school_number(school), DELIVERED)
    school.pass_time(timedelta(minutes=10))

    assert early == 503
    assert await calls.report("1", await school_number(school), DELIVERED) == 200


async def test_mobizons_events_confirm_too_and_others_of_its_events_find_nothing(
    school: Told, calls: SmscCalls
) -> None:
    await school.happened()
    mobizon, number = MobizonCalls(calls.url, SECRET), await school_number(school)

    answered = [
        await mobizon.report("1", number, "DELIVRD", kind="form-submission"),
        await mobizon.report("1", number, "PDLIVRD"),
        await mobizon.report("1", number, "DELIVRD"),
    ]

    assert answered == [404, 200, 200]
    assert (await school.states())[0] == ("sms", "confirmed", "")


async def test_a_text_that_did_not_arrive_is_sent_again_when_the_office_says_so(
    school: Told, calls: SmscCalls, gateway: Gateway
) -> None:
    await school.happened()
    await calls.report("1", await school_number(school), EXPIRED)
    gateway.clock.advance(120)  # it takes the same text once a minute
    number = await school.pool.fetchval("SELECT id FROM delivery WHERE channel = 'sms'")

    await try_again(school.services, SYSTEM, school.canteen.school_id, [number], lasts_of(school.senders))
    await Deliverer(school.services, {"sms": school.senders["sms"]}).deliver_all()
    await calls.report("2", await school_number(school), DELIVERED)

    assert len(gateway.simulated.taken) == 2
    assert (await school.states())[0] == ("sms", "confirmed", "")


async def test_texts_are_known_to_be_confirmed_where_the_gateway_is_heard(services: Services, gateway: Gateway) -> None:
    with_gateway = gateway.among(services)
    heard = replace(with_gateway, settings=replace(with_gateway.settings, sms_secret=SECRET))

    assert not senders_of(with_gateway)["sms"].traits.confirms
    assert senders_of(heard)["sms"].traits.confirms


async def confirmed(school: Told, calls: SmscCalls) -> str:
    """Let a text arrive, and return whose number it went to."""
    await school.happened()
    number = await school_number(school)
    await calls.report("1", number, DELIVERED)
    return number
