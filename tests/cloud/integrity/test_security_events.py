"""Security events stand in one list, of a period and of who may see them, and go out as lines for programs."""

import json
import re
from datetime import timedelta

import pytest

from cloud.accounts.actions import audit, sign_in
from cloud.accounts.errors import SignInRefused
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.devices.alarm_kinds import Severity
from cloud.devices.alarms import note_alarm
from cloud.integrity.security_events import SecurityEvent, follow, security_events
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school

SYSLOG = re.compile(r"<(\d+)>1 \S+ host esik - (\w+) - (\{.*\})")


async def events(services: Services, school_id: int | None = None, actor: Actor = SYSTEM) -> list[SecurityEvent]:
    now = services.clock.now()
    return await security_events(services, actor, school_id, now - timedelta(days=1), now + timedelta(seconds=1))


async def happened(services: Services, school_id: int) -> None:
    """Let a device be revoked, an alarm be raised, and somebody fail to sign in."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await audit(connection, SYSTEM, "device.revoked", "device:gate-1", school_id=school_id, at=now)
        await audit(connection, SYSTEM, "menu.set", "menu:1", school_id=school_id, at=now)
        await note_alarm(connection, school_id, "gate-1", "device_revoked", "", now)
    with pytest.raises(SignInRefused):
        await sign_in(services, "nobody@school.kz", "wrong password here", "203.0.113.9")


@pytest.mark.requirement("KZ456-5.20")
async def test_alarms_failed_sign_ins_and_refused_devices_stand_in_one_list(
    services: Services, clock: SimulatedClock
) -> None:
    school_id = await a_school(services)
    await happened(services, school_id)

    found = await events(services)

    assert {(each.source, each.what) for each in found} == {
        ("audit", "account.sign_in_failed"), ("audit", "device.revoked"), ("alarm", "device_revoked"),
    }  # fmt: skip
    assert {each.what: each.severity for each in found}["device_revoked"] is Severity.SEVERE
    clock.advance(2 * 86_400)
    assert await events(services) == []


async def test_a_schools_it_sees_the_schools_own(services: Services) -> None:
    here, elsewhere = await a_school(services), await a_school(services, "almaty6")
    await happened(services, here)
    it, other = (Actor("IT", 1, frozenset({Reach(Role.IT, school)})) for school in (here, elsewhere))

    assert {each.what for each in await events(services, here, it)} == {"device.revoked", "device_revoked"}
    assert await events(services, elsewhere, other) == []
    for school_id in (here, None):
        with pytest.raises(NotAllowed):
            await events(services, school_id, other)


@pytest.mark.requirement("KZ456-5.20")
async def test_lines_for_programs_that_collect_them(services: Services) -> None:
    await happened(services, await a_school(services))

    for event in await events(services):
        told = json.loads(event.as_json)
        found = SYSLOG.fullmatch(event.as_syslog("host"))

        assert found is not None
        assert json.loads(found[3]) == told
        assert int(found[1]) in {80 + 2, 80 + 4, 80 + 5}
        assert "nobody@school.kz" not in event.as_json
        assert "\n" not in event.as_syslog("host")


async def test_what_comes_is_told_once_and_an_alarm_that_comes_again_again(
    services: Services, clock: SimulatedClock
) -> None:
    school_id = await a_school(services)
    begin = clock.now()
    await happened(services, school_id)
    clock.advance(1)
    following = follow(services, SYSTEM, begin, every_s=0.0)

    first = {(await anext(following)).what for _ in range(3)}
    async with services.database.transaction() as connection:
        await note_alarm(connection, school_id, "gate-1", "device_revoked", "", clock.now())
    clock.advance(1)
    again = await anext(following)
    await following.aclose()

    assert first == {"account.sign_in_failed", "device.revoked", "device_revoked"}
    assert (again.what, again.count) == ("device_revoked", 2)
