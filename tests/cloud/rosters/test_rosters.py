"""Rosters from a school's tables to a device's slots, by the agent's own fetch over a real HTTP server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import jsonschema
import msgspec
import pytest
import uvicorn
from fastapi import FastAPI

from cloud.cards.actions import block_card, give_card
from cloud.core.clock import SystemClock
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, revoke
from cloud.devices.ca import init
from cloud.devices.errors import CaMissing
from cloud.ingest.announcing import notices
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.rosters import api
from cloud.rosters.actions import ISSUED_ANEW_AFTER, VERSIONS_KEPT, file_for, publish, stale_schools
from cloud.rosters.bundles import HubAddress, add_device
from cloud.rosters.publisher import APART_S, Publisher
from edge_agent.bundle import Bundle, read_bundle
from edge_agent.slots import Shelf, Slots
from edge_agent.sync.roster_fetch import RosterFetch
from schemas.seal import unseal
from schemas.structs import AnyFrame, Notice
from schemas.tokens import token
from simulators.clock import SimulatedClock
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.edge_agent.sync.model import At
from tests.servers.process import free_port
from tests.waiting import until_async

GATE = NewGate("main", "Қақпа", "Вход", "Gate")
UID = "04A1B2C3D4E5F6"
SCHEMA = json.loads(Path("schemas/documents/bundle.schema.json").read_text())


class Place:
    """A school with one student, one card and one device."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.folder = folder
        self.school_id = 0
        self.student_id = 0
        self.card_id = 0
        self.bundle: Bundle

    async def open(self) -> "Place":
        self.school_id = await a_school(self.services)
        self.student_id = await a_student(self.services, self.school_id)
        self.card_id = await give_card(self.services, SYSTEM, self.student_id, UID)
        init(self.services.settings.data / "ca", self.services.vault, SystemClock().now())
        self.bundle = await self.add("almaty5-gate-1")
        return self

    async def add(self, name: str, hub: HubAddress | None = None) -> Bundle:
        device = NewDevice(name, [GATE], is_hub=hub is not None and hub.device == name)
        path = self.folder / f"{name}.json"
        path.touch(0o600)
        path.write_bytes(await add_device(self.services, SYSTEM, "almaty5", device, hub))
        return read_bundle(path)

    @property
    def slots(self) -> Slots:
        return Slots(self.folder / "slots", "almaty5", self.bundle.roster_public_key)

    @property
    def token(self) -> str:
        return token(self.bundle.card_key, "u", bytes.fromhex(UID))

    async def file(self, base: int = 0) -> bytes:
        return await file_for(self.services, self.school_id, "almaty5", base)

    async def publish(self) -> int:
        return await publish(self.services, SYSTEM, self.school_id)

    async def consent(self) -> None:
        await give_consent(self.services, SYSTEM, self.student_id, Purpose.CARD, date(2026, 8, 20), "form 12")


@pytest.fixture
async def place(services: Services, tmp_path: Path) -> Place:
    return await Place(services, tmp_path).open()


async def test_a_bundle_is_as_its_schema_says_and_the_agent_reads_it(place: Place) -> None:
    hub = HubAddress("almaty5-hub", "192.168.1.5")
    bundle = await place.add("almaty5-hub", hub)

    content = json.loads((place.folder / "almaty5-hub.json").read_text())
    jsonschema.validate(content, SCHEMA)
    assert (bundle.school, bundle.is_hub, bundle.cloud.http_url) == ("almaty5", True, "https://esik.test")
    assert bundle.secret != place.bundle.secret
    assert bundle.card_key == place.bundle.card_key
    row = await place.services.database.pool.fetchrow(
        "SELECT certificate_serial <> '' AS has, certificate_until FROM device WHERE name = 'almaty5-hub'"
    )
    assert row["has"]


async def test_without_an_authority_no_device_is_added(services: Services) -> None:
    await a_school(services)

    with pytest.raises(CaMissing):
        await add_device(services, SYSTEM, "almaty5", NewDevice("gate-1"))

    assert await services.database.pool.fetchval("SELECT count(*) FROM device") == 0


async def test_an_agents_slots_take_the_snapshot_and_know_the_card(place: Place) -> None:
    await place.consent()
    version = await place.publish()

    roster = place.slots.flip(await place.file(), 0)

    card = roster.card(place.token)
    assert card is not None
    person = roster.person(card.ref)
    assert person is not None
    assert (roster.version, card.state, person.consent, person.active) == (version, "active", 1, 1)
    gate = roster.gate("main")
    assert gate is not None
    assert gate.device == "almaty5-gate-1"
    assert (roster.policy.passback, roster.utc_offset_min) == ("soft", 300)


async def test_a_consent_begins_and_ends_with_its_days(place: Place, clock: SimulatedClock) -> None:
    ref = await place.services.database.pool.fetchval("SELECT ref FROM person")
    slots = place.slots
    person = slots.flip(await place.file(), 0).person(ref)
    assert person is not None
    assert person.consent == 0

    await place.consent()
    await place.publish()
    person = slots.flip(await place.file(), 0).person(ref)

    assert person is not None
    assert person.consent == 1


async def test_a_version_is_issued_when_something_changed_and_once_a_day(place: Place, clock: SimulatedClock) -> None:
    await place.consent()
    first = await place.publish()
    clock.advance(10)
    assert await place.publish() == first

    await block_card(place.services, SYSTEM, place.card_id)
    second = await place.publish()
    assert second > first

    assert await stale_schools(place.services) == []
    clock.advance(ISSUED_ANEW_AFTER.total_seconds() + 1)
    assert await stale_schools(place.services) == [place.school_id]
    assert await place.publish() > second


async def test_versions_grow_also_after_the_newest_ones_were_lost(place: Place, clock: SimulatedClock) -> None:
    clock.advance(5)
    await block_card(place.services, SYSTEM, place.card_id)
    lost = await place.publish()
    await place.services.database.pool.execute("DELETE FROM roster_version WHERE version = $1", lost)
    clock.advance(5)

    assert await place.publish() > lost


@pytest.mark.parametrize("steps_back", [1, 3])
async def test_a_delta_is_made_from_any_kept_base_and_slots_take_it(
    place: Place, clock: SimulatedClock, steps_back: int
) -> None:
    for number in range(30):
        await a_student(place.services, place.school_id, f"more {number}")
    await place.publish()
    slots = place.slots
    held = slots.flip(await place.file(), 0)
    for number in range(steps_back):
        clock.advance(10)
        await a_student(place.services, place.school_id, f"late {number}")
        await place.publish()

    file = await place.file(held.version)
    roster = slots.flip(file, 0)

    assert json.loads(file.split(b"\n")[0])["base"] == held.version
    assert len(list(roster.persons())) == 31 + steps_back


@pytest.mark.parametrize("base", [0, 1, 9_007_199_254_740_991])
async def test_a_base_that_is_not_kept_gets_a_snapshot(place: Place, base: int) -> None:
    assert json.loads((await place.file(base)).split(b"\n")[0])["base"] == 0


async def test_old_versions_are_forgotten(place: Place, clock: SimulatedClock) -> None:
    for _ in range(VERSIONS_KEPT + 5):
        clock.advance(ISSUED_ANEW_AFTER.total_seconds() + 1)
        await place.publish()

    assert await place.services.database.pool.fetchval("SELECT count(*) FROM roster_version") == VERSIONS_KEPT


async def test_a_school_without_a_roster_has_no_file(services: Services) -> None:
    school_id = await a_school(services)

    with pytest.raises(NotFound):
        await file_for(services, school_id, "almaty5", 0)
    with pytest.raises(NotAllowed):
        await publish(services, SYSTEM.__class__("office", 1), school_id)


async def test_devices_are_told_of_a_newer_roster_under_their_own_seal(place: Place) -> None:
    await place.add("almaty5-gate-2")
    await revoke(place.services, SYSTEM, "almaty5-gate-1")
    version = await place.publish()
    pool, vault = place.services.database.pool, place.services.vault
    shard = await pool.fetchval("SELECT shard FROM school")

    told = await notices(pool, vault, str(place.school_id), [shard], 5)

    assert [reply.topic for reply in told] == [f"esik/v1/{shard:02d}/almaty5/almaty5-gate-2/notice"]
    bundle = read_bundle(place.folder / "almaty5-gate-2.json")
    frame = msgspec.json.decode(unseal(bundle.downlink_key, told[0].payload), type=AnyFrame)
    assert frame == Notice(what="roster", roster=version, wall_ms=5)
    assert await notices(pool, vault, str(place.school_id), [(shard + 1) % 64], 5) == []


async def test_the_publisher_issues_a_blocked_card_at_once_and_joins_what_follows(
    place: Place, clock: SimulatedClock
) -> None:
    await place.consent()
    publisher = Publisher(place.services)
    running = asyncio.create_task(publisher.run())
    await _until_version(place, 1)
    await _until_idle(publisher, clock)

    await block_card(place.services, SYSTEM, place.card_id)
    await _until_version(place, 2)
    for number in range(5):
        await a_student(place.services, place.school_id, f"more {number}")
    await asyncio.sleep(0.1)
    assert await _versions(place) == 2
    clock.advance(APART_S + 1)
    await _until_version(place, 3)
    running.cancel()


async def test_a_card_blocked_while_no_publisher_ran_is_issued_when_one_begins(place: Place) -> None:
    await place.consent()
    await publish(place.services, SYSTEM, place.school_id)
    await block_card(place.services, SYSTEM, place.card_id)

    running = asyncio.create_task(Publisher(place.services).run())
    await _until_version(place, 2)
    running.cancel()


async def _until_idle(publisher: Publisher, clock: SimulatedClock) -> None:
    """Let the publisher do all that its start asked for, and then some time pass."""

    def is_idle() -> bool:
        if publisher._wanted:
            clock.advance(APART_S + 1)
        return not publisher._wanted and not publisher._news.is_set()

    await until_async(is_idle)
    clock.advance(APART_S + 1)


async def _versions(place: Place) -> int:
    count: int = await place.services.database.pool.fetchval("SELECT count(*) FROM roster_version")
    return count


async def _until_version(place: Place, count: int) -> None:
    for _ in range(500):
        if await _versions(place) == count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{await _versions(place)} versions, not {count}")


# Over HTTP, with the agent's own fetch


@contextlib.asynccontextmanager
async def serving(services: Services) -> AsyncIterator[int]:
    """Serve the device API on a port."""
    app = FastAPI()
    app.state.services = services
    app.include_router(api.router)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    await until_async(lambda: server.started)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


class Fetching:
    """The agent's fetch with its own slots."""

    def __init__(self, place: Place, port: int, clock: SimulatedClock) -> None:
        slots = place.slots
        self.shelf = Shelf(slots, slots.load())
        self.refused: list[str] = []
        self.fetch = RosterFetch(
            f"http://127.0.0.1:{port}", place.bundle.device, place.bundle.http_key, self.shelf,
            lambda: At(1, clock.wall_ms()), Random(1), refused=self.refused.append, taken=lambda _version: None,
        )  # fmt: skip


async def test_the_agents_fetch_brings_a_snapshot_then_a_delta_and_flips_its_slots(
    place: Place, clock: SimulatedClock
) -> None:
    await place.consent()
    for number in range(30):
        await a_student(place.services, place.school_id, f"more {number}")
    first = await place.publish()
    async with serving(place.services) as port:
        fetching = Fetching(place, port, clock)
        running = asyncio.create_task(fetching.fetch.run())
        fetching.fetch.want(first)
        await until_async(lambda: fetching.shelf.version == first)
        clock.advance(10)
        await block_card(place.services, SYSTEM, place.card_id)
        second = await place.publish()
        fetching.fetch.want(second)
        await until_async(lambda: fetching.shelf.version == second)
        running.cancel()

    assert fetching.refused == []
    roster = fetching.shelf.roster
    assert roster is not None
    card = roster.card(place.token)
    assert card is not None
    assert card.state == "blocked"
    headers = [json.loads(slot.read_bytes().split(b"\n")[0]) for slot in (place.folder / "slots").iterdir()]
    assert sorted(header["base"] for header in headers) == [0, first]
    assert timedelta(milliseconds=headers[0]["not_after_ms"] - headers[0]["issued_ms"]) == timedelta(days=30)


async def test_a_revoked_device_gets_no_roster(place: Place, clock: SimulatedClock) -> None:
    async with serving(place.services) as port:
        await revoke(place.services, SYSTEM, place.bundle.device)
        fetching = Fetching(place, port, clock)
        running = asyncio.create_task(fetching.fetch.run())
        fetching.fetch.want(1)
        await asyncio.sleep(0.3)
        running.cancel()

    assert fetching.shelf.version == 0
