"""From the manager's menu to the ledger: the real cloud's roster, a real till, and what both children ate and paid."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.app import create_app, serve
from cloud.cards.actions import give_card
from cloud.core.actor import Role
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.settings import Edition
from cloud.devices.actions import NewDevice
from cloud.ledger.queries import held_for
from cloud.meals.queries import Eaten, eaten_by, shifts_of
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import RightKind, TillMode
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, end_till, put_till, set_pin
from cloud.people.actions import add_person, give_consent
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole, Purpose
from cloud.people.queries import person_of_ref
from cloud.rosters.bundles import add_device
from cloud.topups.actions import take_cash
from cloud.worker import Worker
from tests.cloud.ingest.rows import eventually
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM
from tests.edge_agent.school_kit import AgentKit
from tests.edge_agent.till.bench import PIN
from tests.edge_agent.till.till_kit import TillKit
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

LUNCH_TIYN, PAID_IN_TIYN = 57_700, 100_000
FREE_CARD, PAYING_CARD = bytes.fromhex("04a1b2c3d4e501"), bytes.fromhex("04a1b2c3d4e502")
WAIT_S = 40.0


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the till does."""
    return SystemClock()


@dataclass(frozen=True, slots=True)
class School:
    """A school whose canteen is ready to sell, and its running cloud."""

    services: Services
    canteen: Canteen
    free: int
    paying: int
    cashier: str
    bundle: bytes

    async def eaten(self, person_id: int) -> list[Eaten]:
        day = self.canteen.on
        return await eaten_by(self.services.database.pool, person_id, day - timedelta(1), day + timedelta(1))


@pytest.fixture(name="school")
async def _school(services: Services, mosquitto_server: Mosquitto) -> AsyncIterator[School]:
    port = free_port()
    broker = f"mqtt://127.0.0.1:{mosquitto_server.port}"
    settings = replace(
        services.settings, http_port=port, public_url=f"http://127.0.0.1:{port}", edition=Edition.SERVER,
        mqtt_url=broker, device_mqtt_url=broker,
    )  # fmt: skip
    services = replace(services, settings=settings)
    started = asyncio.Event()
    tasks = [
        asyncio.create_task(serve(create_app(services), started), name="web"),
        asyncio.create_task(Worker(services).run(), name="worker"),
    ]
    await started.wait()
    try:
        yield await _opened(services)
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _opened(services: Services) -> School:
    """Enter a canteen with a menu, a child who eats free, one who pays, a cashier, and a till."""
    canteen = await Canteen(services).open()
    for day in (canteen.on, canteen.on + timedelta(1)):  # midnight may pass meanwhile
        await canteen.offer("lunch", "tea", on=day, sold="lunch")
    (free, free_ref), (paying, paying_ref) = await canteen.child("1"), await canteen.child("2")
    for person_id, uid in ((free, FREE_CARD), (paying, PAYING_CARD)):
        await give_consent(services, SYSTEM, person_id, Purpose.CARD, canteen.on, "paper of today")
        await give_card(services, SYSTEM, person_id, uid.hex())
    await _entitle(canteen, free_ref)
    await take_cash(services, SYSTEM, await person_of_ref(services, SYSTEM, paying_ref), PAID_IN_TIYN, "0" * 32)
    bundle = await add_device(services, SYSTEM, "almaty5", NewDevice("almaty5-till-1"))
    till = TillRow("till-1", Names("Асхана", "Столовая", "Canteen"), "almaty5-till-1", TillMode.SET)
    await put_till(services, canteen.cook, canteen.school_id, till)
    given = PersonGiven(role=PersonRole.STAFF, surname="Сейітова", given_name="Айгүл", number="c1", class_id=None)
    cashier_id = await add_person(services, SYSTEM, canteen.school_id, given)
    cashier = str(await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", cashier_id))
    await set_pin(services, canteen.cook, canteen.school_id, cashier, PIN)
    return School(services, canteen, free, paying, cashier, bundle)


async def _entitle(canteen: Canteen, ref: str) -> None:
    office, director = await canteen.clerk(Role.OFFICE, "office"), await canteen.clerk(Role.DIRECTOR, "director")
    first, last = canteen.on - timedelta(1), canteen.on + timedelta(100)
    given = EntitlementGiven(RightKind.FREE, "orphan", ("lunch",), first, last, "№ 12 бұйрық")
    order = await propose(canteen.services, office, canteen.school_id, given)
    await list_children(canteen.services, office, canteen.school_id, order, [ref])
    await approve(canteen.services, director, canteen.school_id, order)


@pytest.mark.requirement("KZ456-33-1.1", part="meal-payment")
@pytest.mark.requirement("KZ456-33-1.1", part="free-and-subsidised")
@pytest.mark.requirement("KZ456-33-1.4")
async def test_two_children_show_their_cards_and_the_cloud_knows_who_ate_free_and_who_paid(
    school: School, tmp_path: Path
) -> None:
    folder = tmp_path / "till"
    folder.mkdir()
    (folder / "bundle.json").write_bytes(school.bundle)
    (folder / "bundle.json").chmod(0o600)
    till = TillKit(AgentKit(folder, []))

    try:
        await asyncio.to_thread(_sell, till, school.cashier)
        await eventually(lambda: _is_closed(school), WAIT_S)
        assert _lying(folder, "canteen")
        assert b"argon2" not in _lying(folder, "roster") + _lying(folder, "canteen")
        await end_till(school.services, school.canteen.cook, school.canteen.school_id, "till-1")
        await eventually(lambda: _is_wiped(folder), WAIT_S)
    finally:
        await asyncio.to_thread(till.kit.server.stop)

    (free,), (paid,) = await school.eaten(school.free), await school.eaten(school.paying)
    assert (free.payment.value, free.paid_tiyn, free.full_tiyn) == ("free", 0, LUNCH_TIYN)
    assert (paid.payment.value, paid.paid_tiyn, paid.full_tiyn) == ("account", LUNCH_TIYN, LUNCH_TIYN)
    pool = school.services.database.pool
    assert await held_for(pool, school.paying) == PAID_IN_TIYN - LUNCH_TIYN
    assert await held_for(pool, school.free) == 0


def _lying(folder: Path, kind: str) -> bytes:
    """Return all that a till keeps on its disk of a roster."""
    return b"".join(slot.read_bytes() for slot in (folder / "kept" / kind).iterdir())


async def _is_wiped(folder: Path) -> bool:
    return not _lying(folder, "canteen")


def _sell(till: TillKit, cashier: str) -> None:
    """Start the till, and sell a lunch to each child by card and one touch; close the shift."""
    till.kit.server.start()
    till.open(cashier)
    assert till.act("meal", meal="lunch") == 200
    assert till.sell(till.show(FREE_CARD, "Give for free")) == 200
    assert till.sell(till.show(PAYING_CARD, "1\N{NARROW NO-BREAK SPACE}000"), LUNCH_TIYN) == 200
    assert till.act("close") == 200


async def _is_closed(school: School) -> bool:
    canteen = school.canteen
    shifts = [
        shift
        for day in (canteen.on - timedelta(1), canteen.on)
        for shift in await shifts_of(school.services, canteen.cook, canteen.school_id, day)
    ]
    return any(shift.closed_at is not None and shift.is_right and shift.found_count == 2 for shift in shifts)
