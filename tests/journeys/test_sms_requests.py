"""A parent's phone writes to the school's number: gateway, cloud, worker, gateway, and the answer in the phone."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cloud.core.clock import SystemClock
from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.ingest.accepting import accept
from simulators.sms_calls import SmscCalls
from tests.cloud.attendance.factory import School, tap
from tests.cloud.guardian.sms_factory import SECRET, Asking
from tests.cloud.ingest.rows import eventually
from tests.cloud.serving import served
from tests.cloud.sms_gateway import a_gateway
from tests.cloud.test_worker import working
from tests.servers.mosquitto import Mosquitto
from tests.waiting import until_async

ALMATY = ZoneInfo("Asia/Almaty")


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


async def test_a_phone_asks_by_sms_and_the_answer_with_what_the_gate_told_comes_to_it(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    school = await School(services).open(1)
    async with a_gateway() as gateway:
        with_gateway = gateway.among(services)
        heard = replace(with_gateway, settings=replace(with_gateway.settings, sms_secret=SECRET))
        async with served(heard) as address, working(heard, mosquitto_server):
            place = Asking(school, heard, gateway, SmscCalls(address, SECRET))
            mother, phone = await place.mother(0, language="ru")
            came_at = await passes(school)
            await eventually(lambda: school.pool.fetchval("SELECT EXISTS (SELECT FROM presence)"))

            answered = await phone.write("Сегодня")
            await until_async(lambda: phone.texts)

    assert answered == 200
    assert f"Приход: {Formats(Language.RU, ALMATY).hour(came_at)}." in phone.texts[0]
    assert "Записи об уходе пока нет." in phone.texts[0]
    assert mother.account_id == await school.pool.fetchval("SELECT account_id FROM sms_request")
    await school.close()


async def passes(school: School) -> datetime:
    """Let the child come through the gate now, and return when."""
    now = school.services.clock.now()
    now_ms = int(now.timestamp() * 1_000)
    school.device.write(msgspec.json.encode(msgspec.structs.replace(tap(school.refs[0], 0), wall_ms=now_ms)))
    await accept([school.device.batch(1, 1)._replace(at_ms=now_ms)], school.store, now_ms)
    return now
