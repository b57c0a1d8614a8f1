"""A child without a card eats by a code on the mother's phone, and voucher, tabel and record agree about it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.app import create_app, serve
from cloud.core.actor import Actor, Role
from cloud.core.clock import SystemClock
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.core.settings import Edition
from cloud.devices.actions import NewDevice
from cloud.meals.free_meals import free_meals
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import RightKind, TillMode
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, put_till, set_pin
from cloud.people.actions import add_person, give_consent
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole, Purpose
from cloud.rosters.bundles import add_device
from cloud.rosters.passes import NoPass, phone_pass
from cloud.schools.queries import school_of_id
from cloud.wallet.kinds import FileKind, Verdict
from cloud.wallet.queries import compared, vouchers_within
from cloud.wallet.taking import take_file
from cloud.wallet.writing import meal_rows
from cloud.worker import Worker
from tests.cloud.ingest.rows import eventually
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM
from tests.edge_agent.school_kit import AgentKit
from tests.edge_agent.till.bench import PIN
from tests.edge_agent.till.till_kit import TillKit
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port
from tests.waiting import until

LUNCH_TIYN = 57_700
WAIT_S = 40.0
CONFLICT = 409
WALLETS = "https://wallet.example/v/0123456789abcdef"  # a code that the state's wallet would show


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the till does."""
    return SystemClock()


@dataclass(frozen=True, slots=True)
class School:
    """A school with one child, who eats free and has no card, its mother, and its running cloud."""

    services: Services
    canteen: Canteen
    child: int
    ref: str
    mother: Actor
    cashier: str
    bundle: bytes

    async def take(self, kind: FileKind, *rows: str) -> None:
        taken = await take_file(self.services, SYSTEM, self.canteen.school_id, kind, "\n".join(rows).encode())
        assert (taken.added, taken.rejected) == (1, 0)

    async def has_recorded(self) -> bool:
        day = self.canteen.on
        pool = self.services.database.pool
        return bool(await free_meals(pool, self.canteen.school_id, day - timedelta(1), day + timedelta(1)))


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
    canteen = await Canteen(services).open()
    for day in (canteen.on, canteen.on + timedelta(1)):  # midnight may pass meanwhile
        await canteen.offer("lunch", "tea", on=day, sold="lunch")
    child, ref = await canteen.child()
    mother = await canteen.parent(child)
    with pytest.raises(NoPass):
        await phone_pass(services, mother, ref)  # nobody has consented yet
    await give_consent(services, SYSTEM, child, Purpose.CODE, canteen.on, "paper of today")
    await _entitle(canteen, ref)
    bundle = await add_device(services, SYSTEM, "almaty5", NewDevice("almaty5-till-1"))
    till = TillRow("till-1", Names("Асхана", "Столовая", "Canteen"), "almaty5-till-1", TillMode.SET)
    await put_till(services, canteen.cook, canteen.school_id, till)
    given = PersonGiven(role=PersonRole.STAFF, surname="Сейітова", given_name="Айгүл", number="c1", class_id=None)
    cashier_id = await add_person(services, SYSTEM, canteen.school_id, given)
    cashier = str(await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", cashier_id))
    await set_pin(services, canteen.cook, canteen.school_id, cashier, PIN)
    return School(services, canteen, child, ref, mother, cashier, bundle)


async def _entitle(canteen: Canteen, ref: str) -> None:
    office, director = await canteen.clerk(Role.OFFICE, "office"), await canteen.clerk(Role.DIRECTOR, "director")
    first, last = canteen.on - timedelta(1), canteen.on + timedelta(100)
    given = EntitlementGiven(RightKind.FREE, "orphan", ("lunch",), first, last, "№ 12 бұйрық")
    order = await propose(canteen.services, office, canteen.school_id, given)
    await list_children(canteen.services, office, canteen.school_id, order, [ref])
    await approve(canteen.services, director, canteen.school_id, order)


@pytest.mark.requirement("KZ456-33-1.1", part="other-identification")
async def test_a_code_on_a_phone_that_was_consented_to_gets_one_free_meal_and_its_voucher_agrees(
    school: School, tmp_path: Path
) -> None:
    """From the mother's phone by the till to the wallet's export; a photo of the code gets nobody anything."""
    services, canteen = school.services, school.canteen
    first, last = canteen.on - timedelta(1), canteen.on + timedelta(100)
    await school.take(
        FileKind.VOUCHERS, "voucher,child,valid_from,valid_to,price_tenge,code",
        f"SK-1,{school.ref},{first},{last},577,{WALLETS}",
    )  # fmt: skip
    folder = tmp_path / "till"
    folder.mkdir()
    (folder / "bundle.json").write_bytes(school.bundle)
    (folder / "bundle.json").chmod(0o600)
    till = TillKit(AgentKit(folder, []))

    try:
        await asyncio.to_thread(_open, till, school.cashier)
        code = await phone_pass(services, school.mother, school.ref)
        await asyncio.to_thread(_eat, till, code.text)
        await asyncio.to_thread(_try_photo, till, code.text)
        fresh = await phone_pass(services, school.mother, school.ref)
        await asyncio.to_thread(_try_fresh, till, fresh.text)
        await asyncio.to_thread(_try_fresh, till, WALLETS)
        await eventually(school.has_recorded, WAIT_S)
    finally:
        await asyncio.to_thread(till.kit.server.stop)

    days = canteen.on - timedelta(1), canteen.on
    (meal,) = await free_meals(services.database.pool, canteen.school_id, *days)
    await school.take(FileKind.TABEL, "voucher,day,attendance", f"SK-1,{meal.on},present")
    (line,) = (await compared(services, SYSTEM, canteen.school_id, *days)).lines
    vouchers = await vouchers_within(services.database.pool, canteen.school_id)
    zone = (await school_of_id(services, canteen.school_id)).zone
    (row,), without = meal_rows([meal], vouchers, zone, Language.KK)
    assert (meal.person_id, meal.owed_tiyn, line.verdict) == (school.child, LUNCH_TIYN, Verdict.AGREED)
    assert (row["voucher"], row["owed_tenge"], without) == ("SK-1", "577.00", 0)


def _open(till: TillKit, cashier: str) -> None:
    till.kit.server.start()
    till.open(cashier)
    assert till.act("meal", meal="lunch") == 200


def _eat(till: TillKit, code: str) -> None:
    """Hold the code to the scanner, and give the lunch."""
    assert till.act("scan", code=code) == 200
    page = until(lambda: shown if "Give for free" in (shown := till.page()) else "", what="the child's page")
    assert till.sell(page) == 200


def _try_photo(till: TillKit, used: str) -> None:
    """Hold a photo of the used code to the scanner: it is over, once it can be no second reading of the first."""
    until(lambda: "The card or code has ended" in _scanned(till, used), what="the used code to be over")


def _try_fresh(till: TillKit, fresh: str) -> None:
    """Hold another code to the scanner: it is the same child's, whose meal of the day is given."""
    assert till.act("clear") == 200
    page = _scanned(till, fresh)
    assert "Already had it today" in page
    assert till.sell(page) == CONFLICT


def _scanned(till: TillKit, code: str) -> str:
    assert till.act("scan", code=code) == 200
    return till.page()
