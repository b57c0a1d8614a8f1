"""The registry of devices, and requests that devices sign."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, Refused
from cloud.core.services import Services
from cloud.devices import registry
from cloud.devices.actions import NewDevice, NewGate, devices_of, register, revoke
from cloud.devices.errors import (
    DeviceNameWrong,
    DeviceRevoked,
    DeviceTaken,
    DeviceUnknown,
    GateRefused,
    HubTaken,
    RequestRefused,
)
from cloud.devices.requests import REMEMBERED, authenticate, forget_nonces
from schemas.requests import NONCE, TIME, headers
from schemas.seal import HTTP, derive
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school

TARGET = "/device/v1/roster?base=0"
GATE = NewGate("main", "Қақпа", "Вход", "Gate")


@pytest.fixture
async def school_id(services: Services) -> int:
    return await a_school(services)


async def test_a_device_is_registered_with_its_gates_and_a_secret_that_only_the_vault_opens(
    services: Services, school_id: int
) -> None:
    secret = await register(services, SYSTEM, school_id, NewDevice("almaty5-gate-1", [GATE]))

    found = await registry.find(services.database.pool, services.vault, ["almaty5-gate-1", "nobody"])
    assert [(each.name, each.school, each.secret, each.is_revoked) for each in found] == [
        ("almaty5-gate-1", "almaty5", secret, False)
    ]
    sealed = await services.database.pool.fetchval("SELECT secret_encrypted FROM device")
    assert secret not in bytes(sealed)
    assert await services.database.pool.fetchval("SELECT key FROM gate WHERE device_id IS NOT NULL") == "main"
    assert await services.database.pool.fetchval("SELECT verb FROM audit_entry ORDER BY id DESC") == "device.added"


@pytest.mark.parametrize("name", ["", "ab", "Gate-1", "gate_1", "gate.1", "g" * 25, "қақпа"])
async def test_a_name_that_cannot_stand_on_the_wire_is_refused(services: Services, school_id: int, name: str) -> None:
    with pytest.raises(DeviceNameWrong):
        await register(services, SYSTEM, school_id, NewDevice(name))


async def test_a_name_is_given_once_over_all_schools(services: Services, school_id: int) -> None:
    await register(services, SYSTEM, school_id, NewDevice("gate-1"))
    other_id = await a_school(services, "almaty6")

    for where in (school_id, other_id):
        with pytest.raises(DeviceTaken):
            await register(services, SYSTEM, where, NewDevice("gate-1"))


async def test_a_revoked_devices_name_is_given_again_with_another_secret(services: Services, school_id: int) -> None:
    first = await register(services, SYSTEM, school_id, NewDevice("gate-1", [GATE]))
    await revoke(services, SYSTEM, "gate-1")
    await revoke(services, SYSTEM, "gate-1")

    second = await register(services, SYSTEM, school_id, NewDevice("gate-1", [GATE]))

    assert first != second
    assert [device.state.value for device in await devices_of(services, SYSTEM, "almaty5")] == ["active"]


async def test_a_school_has_one_hub(services: Services, school_id: int) -> None:
    await register(services, SYSTEM, school_id, NewDevice("hub-1", is_hub=True))

    with pytest.raises(HubTaken, match="hub-1"):
        await register(services, SYSTEM, school_id, NewDevice("hub-2", is_hub=True))
    await revoke(services, SYSTEM, "hub-1")
    await register(services, SYSTEM, school_id, NewDevice("hub-2", is_hub=True))


async def test_a_gate_without_a_name_is_refused(services: Services, school_id: int) -> None:
    with pytest.raises(GateRefused):
        await register(services, SYSTEM, school_id, NewDevice("gate-1", [NewGate("main", "", "Вход", "Gate")]))


async def test_only_it_staff_of_the_school_may_add_and_revoke(services: Services, school_id: int) -> None:
    office = Actor("office", 1, frozenset({Reach(Role.OFFICE, school_id)}))
    elsewhere = Actor("it", 2, frozenset({Reach(Role.IT, school_id + 1)}))
    await register(services, SYSTEM, school_id, NewDevice("gate-1"))

    for actor in (office, elsewhere):
        with pytest.raises(NotAllowed):
            await register(services, actor, school_id, NewDevice("gate-2"))
        with pytest.raises(NotAllowed):
            await revoke(services, actor, "gate-1")
    with pytest.raises(DeviceUnknown):
        await revoke(services, SYSTEM, "gate-9")


# Signed requests


class Signer:
    """Signs requests as a device does."""

    def __init__(self, secret: bytes, clock: SimulatedClock) -> None:
        self.key = derive(secret, HTTP)
        self.clock = clock
        self.nonces = 0

    def sign(self, *, skew_ms: int = 0, target: str = TARGET, name: str = "gate-1") -> dict[str, str]:
        self.nonces += 1
        return headers(self.key, name, "GET", target, f"{self.nonces:016x}", self.clock.wall_ms() + skew_ms)


@pytest.fixture
async def signer(services: Services, school_id: int, clock: SimulatedClock) -> Signer:
    return Signer(await register(services, SYSTEM, school_id, NewDevice("gate-1")), clock)


async def test_a_signed_request_is_the_devices(services: Services, signer: Signer) -> None:
    device = await authenticate(services, "GET", TARGET, signer.sign())

    assert (device.name, device.school) == ("gate-1", "almaty5")


async def test_a_request_played_back_is_refused_for_as_long_as_its_time_would_fit(
    services: Services, signer: Signer, clock: SimulatedClock
) -> None:
    heard = signer.sign()
    await authenticate(services, "GET", TARGET, heard)

    for hours in (0, 1, 20, 10, REMEMBERED // timedelta(hours=1)):
        clock.advance(hours * 3_600)
        await forget_nonces(services)
        with pytest.raises(RequestRefused):
            await authenticate(services, "GET", TARGET, heard)


@pytest.mark.parametrize("hours", [-23, -1, 1, 23])
async def test_a_clock_that_is_hours_off_is_tolerated(services: Services, signer: Signer, hours: int) -> None:
    device = await authenticate(services, "GET", TARGET, signer.sign(skew_ms=hours * 3_600_000))

    assert device.name == "gate-1"


@pytest.mark.parametrize("skew_ms", [-25 * 3_600_000, 25 * 3_600_000, -1_700_000_000_000, 10**14])
async def test_a_clock_that_is_days_off_is_refused(services: Services, signer: Signer, skew_ms: int) -> None:
    with pytest.raises(RequestRefused, match="hours off"):
        await authenticate(services, "GET", TARGET, signer.sign(skew_ms=skew_ms))


@pytest.mark.parametrize(
    "change",
    [
        {"Esik-Device": "gate-2"}, {"Esik-Device": ""}, {NONCE: "xyz"}, {NONCE: "0" * 16}, {TIME: "-1"}, {TIME: "1e3"},
        {"Esik-Signature": ""}, {"Esik-Signature": "ü" * 64}, {"Esik-Signature": "0" * 64},
    ],
)  # fmt: skip
async def test_a_changed_request_is_refused(services: Services, signer: Signer, change: dict[str, str]) -> None:
    with pytest.raises(RequestRefused):
        await authenticate(services, "GET", TARGET, {**signer.sign(), **change})


async def test_a_request_for_another_target_or_of_a_revoked_device_is_refused(
    services: Services, signer: Signer
) -> None:
    with pytest.raises(RequestRefused):
        await authenticate(services, "GET", "/device/v1/roster?base=1", signer.sign())
    await revoke(services, SYSTEM, "gate-1")
    with pytest.raises(DeviceRevoked):
        await authenticate(services, "GET", TARGET, signer.sign())
    assert issubclass(DeviceRevoked, Refused)
