"""Commands on the wire: sealed for their device, sent again until answered, never after they expired."""

import msgspec
import pytest

from cloud.core.services import Services
from cloud.devices.commands import Action, command
from cloud.ingest.commanding import due
from cloud.ingest.plan import Reply
from schemas.seal import derive, unseal
from schemas.structs import AnyFrame, Cmd
from simulators.clock import SimulatedClock
from tests.cloud.ingest.device import Device
from tests.cloud.ingest.rows import add_devices, revoke
from tests.cloud.schools.factory import SYSTEM

_decode = msgspec.json.Decoder(AnyFrame).decode


@pytest.fixture(name="device")
async def _device(services: Services) -> Device:
    device = Device()
    await add_devices(services.database.pool, services.vault, services.clock, device)
    return device


async def sent(services: Services, shards: tuple[int, ...] = (7,)) -> list[Reply]:
    return await due(services.database.pool, services.vault, shards, services.clock.now())


def opened(device: Device, reply: Reply) -> Cmd:
    """Return the command that only this device can believe."""
    frame = _decode(unseal(derive(device.secret, "downlink"), reply.payload))
    assert isinstance(frame, Cmd)
    return frame


async def test_commands_go_to_their_device_in_order_under_its_own_seal(services: Services, device: Device) -> None:
    for action in (Action.LOCK_DOWN, Action.NORMAL, Action.REPORT):
        await command(services, SYSTEM, device.name, action, "", "a drill")

    replies = await sent(services)

    assert {reply.topic for reply in replies} == {device.wire.topic("cmd")}
    commands = [opened(device, reply) for reply in replies]
    assert [each.action for each in commands] == ["lock_down", "normal", "report"]
    assert sorted({each.counter for each in commands}) == [each.counter for each in commands]
    now_ms = int(services.clock.now().timestamp() * 1_000)
    assert [each.expires_ms - now_ms for each in commands] == [3_600_000, 3_600_000, 600_000]


async def test_an_unanswered_command_is_sent_again_the_same_and_never_after_it_expired(
    services: Services, device: Device, clock: SimulatedClock
) -> None:
    await command(services, SYSTEM, device.name, Action.OPEN_ONCE, "", "late class")
    payloads = []
    for _ in range(60):
        payloads += [(clock.monotonic_s(), reply.payload) for reply in await sent(services)]
        clock.advance(1)

    assert len({payload for _, payload in payloads}) == 1
    assert 4 <= len(payloads) <= 6
    assert payloads[-1][0] - payloads[0][0] < 20


async def test_a_lock_down_that_was_missed_goes_before_a_younger_command_and_not_after_it(
    services: Services, device: Device, clock: SimulatedClock
) -> None:
    await command(services, SYSTEM, device.name, Action.LOCK_DOWN, "", "a drill")
    missed = await sent(services)
    clock.advance(2)
    await command(services, SYSTEM, device.name, Action.LOCATE)

    replies = await sent(services)

    assert [opened(device, reply).action for reply in replies] == ["lock_down", "locate"]
    assert replies[0] == missed[0]


async def test_a_lock_down_that_was_missed_while_a_younger_command_was_obeyed_goes_at_once_under_a_higher_number(
    services: Services, device: Device
) -> None:
    await command(services, SYSTEM, device.name, Action.LOCK_DOWN, "", "a drill")
    id_ = await command(services, SYSTEM, device.name, Action.LOCATE)
    missed, obeyed = [opened(device, reply) for reply in await sent(services)]
    await services.database.pool.execute("UPDATE device_command SET outcome = 'done' WHERE id = $1", id_)

    [again] = [opened(device, reply) for reply in await sent(services)]

    assert (again.id, again.action) == (missed.id, "lock_down")
    assert again.counter > obeyed.counter


async def test_what_was_answered_is_sent_no_more(services: Services, device: Device, clock: SimulatedClock) -> None:
    await command(services, SYSTEM, device.name, Action.RESTART)
    assert len(await sent(services)) == 1
    await services.database.pool.execute("UPDATE device_command SET outcome = 'done'")
    clock.advance(10)

    assert await sent(services) == []


async def test_a_worker_sends_for_its_own_shards_and_to_devices_that_are_believed(
    services: Services, device: Device
) -> None:
    await command(services, SYSTEM, device.name, Action.RESTART)
    assert await sent(services, (6, 8)) == []
    await revoke(services.database.pool, services.clock, device)

    assert await sent(services) == []
