"""The adapter tells what the gateway took, what it never will, what may come later, and what nobody knows."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cloud.core.sms import SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.core.sms_http import AT_ONCE, UNDER_WAY
from cloud.core.smsc import Smsc
from tests.cloud.sms_gateway import Gateway, a_gateway
from tests.servers.process import free_port
from tests.waiting import until_async

TO, SECRET = "+77015550101", "Құпиясөз: k7mw-3hqp-x9tn"
TEXT = Text(TO, SECRET)


@pytest.fixture(name="gateway")
async def _gateway() -> AsyncIterator[Gateway]:
    async with a_gateway() as gateway:
        yield gateway


async def test_a_text_comes_as_it_was_written(gateway: Gateway) -> None:
    await gateway.client().send(TEXT)

    (taken,) = gateway.simulated.taken
    assert (taken.to, taken.words, taken.sender) == (TO, SECRET, "ESIK")


@pytest.mark.parametrize(
    ("code", "became"),
    [
        (1, SmsNotSent),  # parameters
        (2, SmsNotSent),  # login or password
        (3, SmsNotSent),  # money
        (4, SmsNotSent),  # the address is blocked
        (6, SmsRefused),  # the text is forbidden
        (7, SmsRefused),  # no number
        (8, SmsRefused),  # cannot be reached
        (9, SmsUnanswered),  # asked for a moment ago
    ],
)
async def test_each_error_of_the_gateway_is_final_or_not(gateway: Gateway, code: int, became: type[Exception]) -> None:
    gateway.simulated.refused[TO] = code

    with pytest.raises(became) as told:
        await gateway.client().send(TEXT)

    assert str(code) in str(told.value)
    assert not any(word in str(told.value) for word in (TO[1:], "k7mw", "hush", "school"))


@pytest.mark.parametrize("trouble", ["rubbish", "lost", "down", "long"])
async def test_what_was_not_answered_so_that_it_is_understood_may_have_been_sent(
    gateway: Gateway, trouble: str
) -> None:
    gateway.simulated.trouble = trouble

    with pytest.raises(SmsUnanswered):
        await gateway.client().send(TEXT)


async def test_a_gateway_that_says_nothing_is_waited_for_until_the_deadline(gateway: Gateway) -> None:
    gateway.simulated.trouble = "silent"

    with pytest.raises(SmsUnanswered):
        await gateway.client(deadline_s=0.2).send(TEXT)

    assert UNDER_WAY.now == 0


async def test_a_gateway_that_is_slow_is_waited_for(gateway: Gateway) -> None:
    gateway.simulated.trouble, gateway.simulated.slow_s = "slow", 0.3

    await gateway.client().send(TEXT)

    assert len(gateway.simulated.taken) == 1


async def test_a_gateway_that_is_not_there_has_taken_nothing() -> None:
    with pytest.raises(SmsNotSent):
        await Smsc.parse(f"http://school:hush@127.0.0.1:{free_port()}/sys/send.php", "").send(TEXT)


async def test_a_text_that_is_sent_twice_within_a_minute_is_not_told_as_taken_twice(gateway: Gateway) -> None:
    await gateway.client().send(TEXT)

    with pytest.raises(SmsUnanswered):
        await gateway.client().send(TEXT)

    assert len(gateway.simulated.taken) == 1


async def test_no_more_are_on_their_way_than_the_process_can_bear(gateway: Gateway) -> None:
    gateway.simulated.trouble = "silent"
    client = gateway.client(deadline_s=60)
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(client.send(Text(TO, f"{n}"))) for n in range(AT_ONCE)]
        await until_async(lambda: UNDER_WAY.now == AT_ONCE)
        with pytest.raises(SmsNotSent, match="sms_crowded"):
            await client.send(TEXT)
        for each in waiting:
            each.cancel()

    assert UNDER_WAY.now == 0


def test_what_it_signs_in_with_is_told_nowhere() -> None:
    client = Smsc.parse("https://school:hush@smsc.kz/sys/send.php", "")

    assert "hush" not in repr(client)
    assert client.url == "https://smsc.kz/sys/send.php"
