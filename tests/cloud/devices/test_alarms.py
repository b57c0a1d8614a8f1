"""Alarms: alike ones are one row that counts, an acknowledged one is followed by a new one, pages are woken."""

from datetime import timedelta
from typing import get_args

import pytest

from cloud.core.i18n import Language, translate
from cloud.core.page_wakeups import CHANNEL
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, register
from cloud.devices.alarm_kinds import KINDS, Severity, kind_of
from cloud.devices.alarms import KEPT, Raised, forget_alarms, note_alarm, note_alarms
from schemas.structs import Alarm
from tests.cloud.schools.factory import SYSTEM, a_school

GATE = "almaty5-gate-1"
MINUTE = timedelta(minutes=1)


async def rows(services: Services) -> list[tuple[object, ...]]:
    """Return every alarm: school, device, kind, count."""
    found = await services.database.pool.fetch("SELECT school_id, device, kind, count FROM alarm ORDER BY id")
    return [tuple(row) for row in found]


async def test_alike_alarms_are_one_row_with_its_first_and_last_time(services: Services) -> None:
    school_id, now = await a_school(services), services.clock.now()

    for minutes in (5, 0, 9):
        async with services.database.transaction() as connection:
            await note_alarm(connection, school_id, GATE, "tamper", f"at {minutes}", now + minutes * MINUTE)

    assert await rows(services) == [(school_id, GATE, "tamper", 3)]
    row = await services.database.pool.fetchrow("SELECT first_at, last_at, detail, severity FROM alarm")
    assert tuple(row) == (now, now + 9 * MINUTE, "at 9", Severity.SEVERE)


async def test_an_acknowledged_alarm_is_followed_by_a_new_one(services: Services) -> None:
    school_id, now = await a_school(services), services.clock.now()
    await note_alarm(services.database.pool, school_id, GATE, "tamper", "", now)
    await services.database.pool.execute("UPDATE alarm SET acknowledged_at = $1", now)

    await note_alarm(services.database.pool, school_id, GATE, "tamper", "", now)

    assert await rows(services) == [(school_id, GATE, "tamper", 1)] * 2


async def test_an_alarm_belongs_to_the_devices_own_school_whatever_name_it_came_under(services: Services) -> None:
    school_id, now = await a_school(services), services.clock.now()
    await register(services, SYSTEM, school_id, NewDevice(GATE))

    await note_alarms(
        services.database.pool,
        [Raised(GATE, "wrong_school", "", now, school="astana7"), Raised("stray", "device_unknown", "", now)],
    )

    assert await rows(services) == [(school_id, GATE, "wrong_school", 1), (None, "stray", "device_unknown", 1)]


async def test_pages_of_the_school_and_of_operators_are_woken_by_what_is_new_only(services: Services) -> None:
    school_id, now = await a_school(services), services.clock.now()
    async with await services.wakeups.subscribe(CHANNEL) as news:
        for kind in ("tamper", "tamper", "disk_full"):
            await note_alarm(services.database.pool, school_id, GATE, kind, "", now)

        heard = [await anext(news) for _ in range(4)]

    assert sorted(heard) == sorted(["0:-", f"{school_id}:-"] * 2)


async def test_what_need_not_be_kept_any_longer_is_forgotten(services: Services) -> None:
    school_id, now = await a_school(services), services.clock.now()
    await note_alarm(services.database.pool, school_id, GATE, "tamper", "", now - KEPT - MINUTE)
    await note_alarm(services.database.pool, school_id, GATE, "disk_full", "", now - KEPT + MINUTE)

    await forget_alarms(services.database.pool, now)

    assert [kind for _, _, kind, _ in await rows(services)] == ["disk_full"]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_kind_is_told_in_every_language(name: str) -> None:
    kind = KINDS[name]

    assert len({translate(language, kind.word) for language in Language}) == 3
    assert len({translate(language, kind.advice) for language in Language}) == 3


def test_whatever_a_device_may_find_amiss_has_its_words() -> None:
    assert set(get_args(Alarm.__annotations__["reason"])) <= set(KINDS)


def test_a_kind_that_nobody_entered_is_a_warning() -> None:
    assert kind_of("sonnet").severity is Severity.WARNING
