"""A microcontroller's roster, from the school's tables to its flash, by ranges over the device API."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

import httpx2
import pytest
from fastapi import FastAPI

from cloud.cards.actions import block_card, give_card
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate
from cloud.devices.ca import init
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.rosters import api
from cloud.rosters.actions import COMPACT_LASTS, ISSUED_ANEW_AFTER, publish
from cloud.rosters.bundles import add_device
from cloud.rosters.ranges import ranged
from firmware.node.flash import Region
from firmware.node.slots import Slots
from schemas.compact import ACTIVE, BLOCKED, CONSENT, PERSON
from schemas.requests import answer_headers, headers
from schemas.roster_header import RosterRefused
from schemas.seal import HTTP, derive
from schemas.tokens import token
from simulators.clock import SimulatedClock
from simulators.flash import Flash
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

NAME = "almaty5-node-1"
GATE = NewGate("main", "Қақпа", "Вход", "Gate")
UID = "04A1B2C3D4E5F6"
TARGET = "/device/v1/roster?form=compact"


@dataclass(slots=True)
class Node:
    """A stand-alone gate as far as its roster goes: it signs, asks, and puts what comes into its slots."""

    services: Services
    client: httpx2.AsyncClient
    bundle: dict[str, str]
    school_id: int
    student_id: int
    card_id: int
    slots: Slots
    asked: int = 0

    @property
    def key(self) -> bytes:
        return derive(bytes.fromhex(self.bundle["secret"]), HTTP)

    @property
    def token(self) -> str:
        return token(bytes.fromhex(self.bundle["card_key"]), "u", bytes.fromhex(UID))

    async def ask(self, byte_range: str = "", *, key: bytes | None = None, base: int = 0) -> httpx2.Response:
        self.asked += 1
        target = f"{TARGET}&base={base}" if base else TARGET
        now_ms = int(self.services.clock.now().timestamp() * 1_000)
        signed = headers(key or self.key, NAME, "GET", target, f"{self.asked:016x}", now_ms)
        return await self.client.get(target, headers=signed | ({"Range": byte_range} if byte_range else {}))

    async def fetch(self, step: int) -> None:
        """Fetch by ranges of `step` bytes, as a node does, and flip."""
        intake, total = self.slots.begin(0), step
        while intake.received < total:
            first = intake.received
            answer = await self.ask(f"bytes={first}-{first + step - 1}")
            assert answer.status_code == HTTPStatus.PARTIAL_CONTENT
            total = int(answer.headers["content-range"].partition("/")[2])
            intake.feed(answer.content)
        self.slots.flip(intake)


@pytest.fixture
async def node(services: Services, clock: SimulatedClock) -> AsyncIterator[Node]:
    school_id = await a_school(services)
    student_id = await a_student(services, school_id)
    card_id = await give_card(services, SYSTEM, student_id, UID)
    init(services.settings.data / "ca", services.vault, clock.now())
    bundle = json.loads(await add_device(services, SYSTEM, "almaty5", NewDevice(NAME, [GATE])))
    await give_consent(services, SYSTEM, student_id, Purpose.CARD, date(2026, 8, 20), "form 12")
    await publish(services, SYSTEM, school_id)
    slots = Slots(Region(Flash(16)), "almaty5", derive(bytes.fromhex(bundle["secret"]), HTTP))
    app = FastAPI()
    app.state.services = services
    app.include_router(api.router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://esik.test") as client:
        yield Node(services, client, bundle, school_id, student_id, card_id, slots)


async def test_a_node_fetches_by_ranges_and_knows_the_card(node: Node, clock: SimulatedClock) -> None:
    await node.fetch(100)

    assert node.slots.roster is not None
    card = node.slots.roster.lookup(node.token)
    assert card is not None
    ref = await node.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", node.student_id)
    assert card == (ref, 0, PERSON | ACTIVE | CONSENT, 0)
    assert node.slots.roster.profile(0) == ([[127, 0, 1440]], ["*"])

    clock.advance(10)
    await block_card(node.services, SYSTEM, node.card_id)
    await publish(node.services, SYSTEM, node.school_id)
    await node.fetch(10_000)

    card = node.slots.roster.lookup(node.token)
    assert card is not None
    assert card[2] & BLOCKED


async def test_a_version_that_says_the_same_to_a_node_is_not_sent_and_the_cloud_signs_that(
    node: Node, clock: SimulatedClock
) -> None:
    await node.fetch(10_000)
    held = node.slots.version
    await rename(node)

    answer = await node.ask("bytes=0-99", base=held)

    assert (answer.status_code, answer.content) == (HTTPStatus.NOT_MODIFIED, b"")
    told = answer_headers(node.key, 304, f"{node.asked:016x}", int(answer.headers["esik-time"]))
    assert answer.headers["esik-signature"] == told["Esik-Signature"]
    assert (await node.ask(base=held + 10**6)).status_code == HTTPStatus.OK
    assert (await node.ask()).status_code == HTTPStatus.OK

    clock.advance(10)
    await block_card(node.services, SYSTEM, node.card_id)
    await publish(node.services, SYSTEM, node.school_id)
    assert (await node.ask(base=held)).status_code == HTTPStatus.OK


async def test_a_version_that_says_the_same_is_sent_before_the_one_held_expires(
    node: Node, clock: SimulatedClock
) -> None:
    await node.fetch(10_000)
    held = node.slots.version
    answers = []
    for _ in range(COMPACT_LASTS // ISSUED_ANEW_AFTER):
        clock.advance(ISSUED_ANEW_AFTER.total_seconds() + 1)
        await publish(node.services, SYSTEM, node.school_id)
        answers.append((await node.ask(base=held)).status_code)

    assert answers == [HTTPStatus.NOT_MODIFIED] * (len(answers) - 1) + [HTTPStatus.OK]


async def rename(node: Node) -> None:
    """Change what no node is told."""
    await node.services.database.pool.execute("UPDATE person SET surname = 'Басқа' WHERE id = $1", node.student_id)
    assert await publish(node.services, SYSTEM, node.school_id) > node.slots.version


async def test_ranges_of_two_versions_never_make_a_roster(node: Node, clock: SimulatedClock) -> None:
    intake = node.slots.begin(0)
    intake.feed((await node.ask("bytes=0-399")).content)
    clock.advance(10)
    await block_card(node.services, SYSTEM, node.card_id)
    await publish(node.services, SYSTEM, node.school_id)

    intake.feed((await node.ask("bytes=400-9999")).content)

    with pytest.raises(RosterRefused, match="digest"):
        node.slots.flip(intake)
    assert node.slots.roster is None


async def test_one_devices_file_is_nothing_to_another(node: Node) -> None:
    whole = await node.ask()
    other = Slots(Region(Flash(16)), "almaty5", derive(bytes(32), HTTP))

    with pytest.raises(RosterRefused, match="signature"):
        other.begin(0).feed(whole.content)
    assert whole.status_code == HTTPStatus.OK
    assert (await node.ask(key=bytes(32))).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("", 200, b"0123456789", None),
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=10-12", 416, b"", "bytes */10"),
        ("bytes=5-4", 416, b"", "bytes */10"),
        ("bytes=-3", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_range_is_answered_as_http_says(asked: str, status: int, content: bytes, told: str | None) -> None:
    answer = ranged(b"0123456789", asked)

    assert (answer.status_code, answer.body, answer.headers.get("content-range")) == (status, content, told)
