"""The gateway of SMS in the shape of Mobizon, against a simulation of its documented API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from cloud.core.mobizon import Mobizon, is_mobizon
from cloud.core.settings import Settings, SettingWrong
from cloud.core.sms import SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.core.sms_gateways import gateway_of
from cloud.core.smsc import Smsc
from simulators.mobizon import PATH, SimulatedMobizon, Taken
from simulators.sms import serving

ANNA = Text("+77010000001", "Анна келді: 07:52. Ә!")
DEADLINE_S = 20.0  # of a request that is answered at once, on a machine that is busy


@dataclass(slots=True)
class Place:
    """The gateway and who asks it."""

    simulated: SimulatedMobizon
    client: Mobizon


@pytest.fixture(name="mobizon")
async def _mobizon() -> AsyncIterator[Place]:
    simulated = SimulatedMobizon("kz0123")
    async with serving(simulated.app) as place:
        host = place.partition("/")[0]
        yield Place(simulated, Mobizon.parse(f"http://kz0123@{host}{PATH}", "ESIK", DEADLINE_S))


async def test_a_text_is_taken_as_it_is_written_and_its_number_is_told(mobizon: Place) -> None:
    number = await mobizon.client.send(ANNA)

    assert mobizon.simulated.taken == [Taken("77010000001", ANNA.words, "ESIK")]
    assert number == "1"


async def test_a_number_that_is_none_is_refused_for_good(mobizon: Place) -> None:
    mobizon.simulated.refused.add("77010000001")

    with pytest.raises(SmsRefused, match=r"^sms_number: 1$"):
        await mobizon.client.send(ANNA)


@pytest.mark.parametrize(
    ("trouble", "error", "told"),
    [
        ("busy", SmsNotSent, "sms_gateway: 30"),
        ("unknown", SmsUnanswered, "sms_unanswered: 999"),
        ("lost", SmsUnanswered, "sms_unanswered: status 502"),
        ("rubbish", SmsUnanswered, "sms_unanswered: not readable"),
    ],
)
async def test_what_may_have_been_taken_is_told_apart_from_what_surely_was_not(
    mobizon: Place, trouble: str, error: type[Exception], told: str
) -> None:
    mobizon.simulated.trouble = trouble

    with pytest.raises(error) as caught:
        await mobizon.client.send(ANNA)

    assert str(caught.value) == told


async def test_a_gateway_that_says_nothing_may_have_taken_it(mobizon: Place) -> None:
    mobizon.simulated.trouble = "silent"
    hasty = Mobizon(mobizon.client.url, mobizon.client.key, deadline_s=0.2)

    with pytest.raises(SmsUnanswered):
        await hasty.send(ANNA)


async def test_a_wrong_key_is_told_and_neither_it_nor_a_number_stands_in_the_error(mobizon: Place) -> None:
    stranger = Mobizon(mobizon.client.url, "wrong-key", deadline_s=DEADLINE_S)

    with pytest.raises(SmsNotSent, match="sms_gateway: 8") as caught:
        await stranger.send(ANNA)

    assert "wrong-key" not in f"{caught.value}{stranger!r}"
    assert "7701" not in f"{caught.value}{ANNA!r}"


async def test_a_gateway_that_is_not_there_has_taken_nothing() -> None:
    with pytest.raises(SmsNotSent, match="sms_unreached"):
        await Mobizon("http://127.0.0.1:1/service/message/sendsmsmessage", "k").send(ANNA)


def test_the_address_says_which_gateway_it_is() -> None:
    key_only = "https://KEY@api.mobizon.kz/service/message/sendSmsMessage"

    assert isinstance(gateway_of(Settings(sms_url=key_only)), Mobizon)
    assert isinstance(gateway_of(Settings(sms_url="https://u:p@smsc.kz/sys/send.php")), Smsc)
    assert gateway_of(Settings()) is None
    assert is_mobizon(key_only)
    assert Settings.from_environment({"ESIK_SMS_URL": key_only}).sms_url == key_only
    with pytest.raises(SettingWrong, match="without login"):
        Settings.from_environment({"ESIK_SMS_URL": "https://api.mobizon.kz/service/message/sendSmsMessage"})
