"""The desk's roster: faces, guards and who may collect a child, for devices with a gate only, and only with guards."""

from http import HTTPStatus
from pathlib import Path

import httpx2
import msgspec
import pytest
from fastapi import FastAPI

from cloud.core.database import raw
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register
from cloud.devices.guards import drop_guard_pin, set_guard_pin
from cloud.devices.registry import find
from cloud.ingest.announcing import DESK, notices
from cloud.people.actions import add_person, give_consent
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole, Purpose
from cloud.people.photos import put_photo
from cloud.rosters import api, photo_api
from cloud.rosters.actions import publish
from cloud.rosters.building import rows_of
from cloud.rosters.kinds import RosterKind
from edge_agent.guard.book import Book
from edge_agent.sealed import Sealed
from edge_agent.slots import DeskSlots
from schemas.requests import headers
from schemas.roster import members_of
from schemas.seal import DOWNLINK, HTTP, derive, unseal
from schemas.structs import AnyFrame, AnyRow, Notice
from tests.cloud.core.pictures import picture
from tests.cloud.menu.factory import Canteen
from tests.cloud.rosters.test_photo_api import AGREED_ON
from tests.cloud.schools.factory import SYSTEM

GATE, OTHER = "almaty5-gate-1", "almaty5-node-1"
PIN = "471108"


@pytest.fixture(name="school")
async def _school(services: Services) -> Canteen:
    return await Canteen(services).open()


async def a_guard(school: Canteen) -> str:
    """Add a member of staff with a PIN, and return the reference."""
    given = PersonGiven(role=PersonRole.STAFF, surname="Оспанов", given_name="Серік", number="guard")
    person_id = await add_person(school.services, SYSTEM, school.school_id, given)
    ref = str(await school.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", person_id))
    await set_guard_pin(school.services, SYSTEM, school.school_id, ref, PIN)
    return ref


async def a_face(school: Canteen) -> tuple[str, str]:
    """Add a child with a photo that may be shown; return reference and digest."""
    child_id, ref = await school.child()
    await give_consent(school.services, SYSTEM, child_id, Purpose.PHOTO, AGREED_ON, "form 12")
    await put_photo(school.services, SYSTEM, child_id, picture())
    digest = await school.services.database.pool.fetchval("SELECT digest FROM person_photo")
    return ref, str(digest)


async def devices(school: Canteen) -> None:
    """Register a device with a gate, and one without."""
    gate = NewGate("main", "Есік", "Вход", "Door")
    await register(school.services, SYSTEM, school.school_id, NewDevice(GATE, [gate]))
    await register(school.services, SYSTEM, school.school_id, NewDevice(OTHER))


async def rows(school: Canteen) -> list[list[object]]:
    async with school.services.database.transaction() as connection:
        now = school.services.clock.now()
        lines = await rows_of(raw(connection), school.services.vault, school.school_id, now, RosterKind.DESK)
    for line in lines:
        msgspec.json.decode(line, type=AnyRow)
    return [members_of(line) for line in lines]


class Asking:
    """Devices that ask the device API."""

    def __init__(self, school: Canteen) -> None:
        self.school = school
        self.asked = 0
        self.app = FastAPI()
        self.app.state.services = school.services
        self.app.include_router(api.router)
        self.app.include_router(photo_api.router)

    async def get(self, name: str, target: str) -> httpx2.Response:
        self.asked += 1
        services = self.school.services
        (device,) = await find(services.database.pool, services.vault, [name])
        now_ms = int(services.clock.now().timestamp() * 1_000)
        signed = headers(derive(device.secret, HTTP), name, "GET", target, f"{self.asked:016x}", now_ms)
        transport = httpx2.ASGITransport(self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as client:
            return await client.get(target, headers=signed)


async def test_a_desk_is_told_guards_and_faces_and_a_school_without_guards_tells_its_gates_no_face(
    school: Canteen,
) -> None:
    ref, digest = await a_face(school)
    assert await rows(school) == []

    guard = await a_guard(school)

    told = await rows(school)
    assert ["face", ref, digest] in told
    assert [(each[1], each[2], each[4]) for each in told if each[0] == "staff"] == [(guard, "Оспанов Серік", ["guard"])]


async def test_a_gates_agent_takes_it_and_hears_when_the_last_guard_has_gone(school: Canteen, tmp_path: Path) -> None:
    await devices(school)
    ref, digest = await a_face(school)
    guard = await a_guard(school)
    await publish(school.services, SYSTEM, school.school_id)
    asking = Asking(school)
    public = await school.services.database.pool.fetchval("SELECT public_key FROM roster_key")
    slots = DeskSlots(tmp_path, "almaty5", public, Sealed(bytes(32)))

    held = slots.flip((await asking.get(GATE, "/device/v1/roster/desk?base=0")).content, 0)
    book = Book(lambda: held)
    assert ([each.ref for each in book.guards()], book.face(ref)) == ([guard], digest)
    assert (await asking.get(GATE, f"/device/v1/face/{digest}")).status_code == HTTPStatus.OK
    unchanged = await asking.get(GATE, f"/device/v1/roster/desk?base={held.version}")
    assert unchanged.status_code == HTTPStatus.NOT_MODIFIED

    await drop_guard_pin(school.services, SYSTEM, school.school_id, guard)
    await publish(school.services, SYSTEM, school.school_id)
    newer = slots.flip((await asking.get(GATE, f"/device/v1/roster/desk?base={held.version}")).content, 0)
    assert list(newer.lines("staff")) == list(newer.lines("face")) == []
    assert (await asking.get(GATE, f"/device/v1/face/{digest}")).status_code == HTTPStatus.NOT_FOUND


async def test_a_device_without_a_gate_gets_neither_the_roster_nor_a_face(school: Canteen) -> None:
    await devices(school)
    _, digest = await a_face(school)
    await a_guard(school)
    await publish(school.services, SYSTEM, school.school_id)
    asking = Asking(school)

    for target in ("/device/v1/roster/desk?base=0", f"/device/v1/face/{digest}"):
        assert (await asking.get(OTHER, target)).status_code == HTTPStatus.NOT_FOUND
    assert (await asking.get(GATE, "/device/v1/roster/canteen?base=0")).status_code == HTTPStatus.NOT_FOUND


async def test_only_devices_with_a_gate_are_told_that_there_is_a_newer_one(school: Canteen) -> None:
    await devices(school)
    pool, vault = school.services.database.pool, school.services.vault
    shard = await pool.fetchval("SELECT shard FROM school WHERE id = $1", school.school_id)

    told = await notices(pool, vault, f"{school.school_id}{DESK}", [shard], 5)

    assert [reply.topic.split("/")[4] for reply in told] == [GATE]
    (device,) = await find(pool, vault, [GATE])
    body = unseal(derive(device.secret, DOWNLINK), told[0].payload)
    assert msgspec.json.decode(body, type=AnyFrame) == Notice(what="desk", wall_ms=5)
