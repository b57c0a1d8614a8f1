"""A gate that stands alone: a real MicroPython, the real broker, the real cloud, from a tap to a parent's page."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cloud.accounts.models import Account, Grant, SignIn
from cloud.app import create_app, serve
from cloud.cards.actions import give_card
from cloud.core.actor import Actor, Reach, Role
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.settings import Edition
from cloud.devices.actions import NewDevice, NewGate
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose, Relation
from cloud.people.models import Guardian, Guardianship
from cloud.rosters.bundles import add_device
from cloud.rosters.passes import phone_pass
from cloud.worker import Worker
from simulators.proxy import Proxy
from tests.cloud.ingest.rows import eventually
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.firmware.node.board_kit import node_board
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

UID = bytes.fromhex("04a1b2c3d4e5f6")
STRANGE = bytes.fromhex("04ffffffffffff")
TOKEN = "a parent's session"


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the device does."""
    return SystemClock()


@dataclass(frozen=True, slots=True)
class Cloud:
    """The running cloud, the way to its broker, and the bundle it wrote for the gate."""

    services: Services
    wire: Proxy
    bundle: dict[str, Any]

    async def records(self, *kinds: str) -> list[tuple[str, int, dict[str, Any]]]:
        """Return (epoch, seq, record) of what is committed, in order."""
        rows = await self.services.database.pool.fetch(
            "SELECT epoch, seq, record FROM record WHERE kind = ANY($1) ORDER BY position", list(kinds)
        )
        return [(row["epoch"], row["seq"], json.loads(row["record"])) for row in rows]

    async def holes(self) -> list[str]:
        """Return epochs of which a record is missing."""
        rows = await self.services.database.pool.fetch(
            "SELECT epoch FROM record GROUP BY epoch HAVING max(seq) <> count(*) OR min(seq) <> 1"
        )
        return [row["epoch"] for row in rows]

    async def parents_page(self) -> str:
        """Return the page that the child's parent sees."""
        url, cookies = self.services.settings.public_url, {"esik_session": TOKEN, "esik_language": "en"}
        async with httpx2.AsyncClient(trust_env=False, timeout=10.0, cookies=cookies) as client:
            return (await client.get(url + "/")).text


@pytest.fixture(name="cloud")
async def _cloud(services: Services, mosquitto_server: Mosquitto) -> AsyncIterator[Cloud]:
    """Run the cloud's pages and its worker, for a school with one student, a card, a parent and a gate."""
    wire = Proxy("127.0.0.1", mosquitto_server.port)
    port = free_port()
    settings = replace(
        services.settings, http_port=port, public_url=f"http://127.0.0.1:{port}", edition=Edition.SERVER,
        mqtt_url=f"mqtt://127.0.0.1:{mosquitto_server.port}", device_mqtt_url=f"mqtt://127.0.0.1:{await wire.start()}",
    )  # fmt: skip
    services = replace(services, settings=settings)
    bundle = json.loads(await _school(services))
    started = asyncio.Event()
    tasks = [
        asyncio.create_task(serve(create_app(services), started), name="web"),
        asyncio.create_task(Worker(services).run(), name="worker"),
    ]
    await started.wait()
    try:
        yield Cloud(services, wire, bundle)
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await wire.stop()


async def _school(services: Services) -> bytes:
    """Enter the school; return the gate's bundle."""
    school_id = await a_school(services)
    student = await a_student(services, school_id)
    await give_consent(services, SYSTEM, student, Purpose.CARD, services.clock.now().date(), "paper of today")
    await give_card(services, SYSTEM, student, UID.hex())
    now = services.clock.now()
    account = await Account.create(password_hash="x", must_change=False, name="Әлия", created_at=now)
    await Grant(account_id=account.id, school_id=school_id, role=Role.GUARDIAN).save()
    guardian = await Guardian.create(
        school_id=school_id, ref="000000mother", name="Әлия", account_id=account.id, created_at=now
    )
    await Guardianship(guardian_id=guardian.id, person_id=student, relation=Relation.MOTHER).save()
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    await SignIn(account_id=account.id, token_digest=digest, created_at=now, expires_at=now + timedelta(1)).save()
    new = NewDevice("almaty5-gate-1", [NewGate("main", "Қақпа", "Вход", "Gate")])
    return await add_device(services, SYSTEM, "almaty5", new)


@pytest.mark.requirement("KZ456-33-1.1", part="visits")
async def test_a_tap_at_a_gate_on_a_microcontroller_stands_on_the_parents_page_and_nothing_is_lost_or_doubled(
    cloud: Cloud, tmp_path: Path
) -> None:
    async with node_board(tmp_path / "board", cloud.bundle) as board:
        assert (await board.tap(STRANGE)).startswith("shown roster_missing closed")
        await board.until("roster ")

        told = await board.tap(UID)
        await board.go_through()
        await eventually(lambda: _arrived(cloud))
        assert told.startswith("shown ok opened")

        cloud.wire.unplug()
        for number in range(3):
            await board.tap(bytes([0x04, number] + [0xFF] * 5))
        await board.kill()
        await board.start()
        await board.tap(UID)
        cloud.wire.plug()
        await eventually(lambda: _has(cloud, "decision", 6), 20)

    decided = [(record["o"], record["w"]) for _, _, record in await cloud.records("decision")]
    assert decided == [
        ("denied", "roster_missing"), ("allowed", "ok"), *[("denied", "card_unknown")] * 3, ("allowed", "ok"),
    ]  # fmt: skip
    assert [record["o"] for _, _, record in await cloud.records("passage")] == ["passed"]
    (_, _, first), (_, _, second) = await cloud.records("open")
    assert (first["w"], second["w"], second["pe"]) == ("created", "start", (await cloud.records("decision"))[0][0])
    assert await cloud.holes() == []
    assert await cloud.records("alarm", "loss") == []
    assert board.pulses() == 2


async def test_a_code_on_a_guardians_phone_opens_a_gate_on_a_microcontroller(cloud: Cloud, tmp_path: Path) -> None:
    async with node_board(tmp_path / "board", cloud.bundle, has_scanner=True) as board:
        await board.until("roster ")
        student = await cloud.services.database.pool.fetchval("SELECT id FROM person WHERE role = 'student'")
        today = cloud.services.clock.now().date()
        await give_consent(cloud.services, SYSTEM, student, Purpose.CODE, today, "paper of today")
        text = await _phone_pass(cloud.services)

        told = [await board.scan(text[:-2]), await board.scan(text), await board.scan(text)]
        await board.go_through()
        await eventually(lambda: _arrived(cloud))

    assert [line.split()[1:3] for line in told[:2]] == [["card_unknown", "closed"], ["ok", "opened"]]
    assert "closed" in told[2]
    decided = [(record["w"], record["md"], "p" in record) for _, _, record in await cloud.records("decision")]
    assert decided[:2] == [("card_unknown", "qr", False), ("ok", "qr", True)]
    assert board.pulses() == 1


async def _phone_pass(services: Services) -> str:
    """Return the code that the mother's phone shows."""
    account = await Account.get(name="Әлия")
    mother = Actor("mother", account_id=account.id, reaches=frozenset({Reach(Role.GUARDIAN, None)}))
    ref = await services.database.pool.fetchval("SELECT ref FROM person WHERE role = 'student'")
    return (await phone_pass(services, mother, ref)).text


async def _arrived(cloud: Cloud) -> bool:
    return "Arrived" in await cloud.parents_page()


async def _has(cloud: Cloud, kind: str, count: int) -> bool:
    return len(await cloud.records(kind)) >= count
