"""Photos for devices: of dishes for any of the school, of people for its tills, and only while they consent."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx2
import pytest
from fastapi import FastAPI

from cloud.core.services import Services
from cloud.menu.dishes import put_dish_photo
from cloud.menu.kinds import TillMode
from cloud.menu.queries import dish_of
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, end_till, put_till
from cloud.people.actions import give_consent, withdraw_consent
from cloud.people.kinds import CHANGED, Purpose
from cloud.people.moving import leave
from cloud.people.photos import drop_photo, faces_of, put_photo
from cloud.rosters import photo_api
from simulators.clock import SimulatedClock
from tests.cloud.core.pictures import picture
from tests.cloud.menu.factory import Canteen
from tests.cloud.releases.factory import Asker
from tests.cloud.schools.factory import SYSTEM, a_school

TILL, GATE = "almaty5-till-1", "almaty5-gate-1"
AGREED_ON = date(2026, 8, 20)


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> Canteen:
    return await Canteen(services).open()


@pytest.fixture(name="client")
async def _client(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.state.services = services
    app.include_router(photo_api.router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://esik.test") as client:
        yield client


async def a_child(canteen: Canteen) -> tuple[int, str, str]:
    """Add a child whose photo may be shown; return its id, reference and the photo's digest."""
    child_id, ref = await canteen.child()
    await give_consent(canteen.services, SYSTEM, child_id, Purpose.PHOTO, AGREED_ON, "form 12")
    await put_photo(canteen.services, SYSTEM, child_id, picture())
    (face,) = await faces(canteen)
    assert face[0] == ref
    return child_id, *face


async def faces(canteen: Canteen) -> list[tuple[str, str]]:
    async with canteen.services.database.pool.acquire() as connection:
        return await faces_of(connection, canteen.school_id)


async def a_till(canteen: Canteen) -> None:
    row = TillRow("till1", Names("Касса", "Касса", "Till"), TILL, TillMode.SET)
    await put_till(canteen.services, canteen.cook, canteen.school_id, row)


async def test_a_till_is_given_the_photo_of_a_person_and_no_other_device_is(
    canteen: Canteen, client: httpx2.AsyncClient, clock: SimulatedClock
) -> None:
    _, _, digest = await a_child(canteen)
    till = await Asker.made(canteen.services, client, clock, canteen.school_id, TILL)
    gate = await Asker.made(canteen.services, client, clock, canteen.school_id, GATE)
    await a_till(canteen)

    given = await till.get(f"/device/v1/face/{digest}")

    assert (given.status_code, given.content[:4], given.headers["cache-control"]) == (200, b"RIFF", "no-store")
    assert (await gate.get(f"/device/v1/face/{digest}")).status_code == 404
    assert (await client.get(f"/device/v1/face/{digest}")).status_code == 401
    await end_till(canteen.services, canteen.cook, canteen.school_id, "till1")
    assert (await till.get(f"/device/v1/face/{digest}")).status_code == 404


async def test_a_photo_is_given_no_more_once_the_consent_is_withdrawn_or_the_child_has_left(
    canteen: Canteen, client: httpx2.AsyncClient, clock: SimulatedClock
) -> None:
    child_id, _, digest = await a_child(canteen)
    till = await Asker.made(canteen.services, client, clock, canteen.school_id, TILL)
    await a_till(canteen)
    await withdraw_consent(canteen.services, SYSTEM, child_id, Purpose.PHOTO, AGREED_ON + timedelta(days=1), "form 13")

    assert await faces(canteen) == []
    assert (await till.get(f"/device/v1/face/{digest}")).status_code == 404
    await give_consent(canteen.services, SYSTEM, child_id, Purpose.PHOTO, AGREED_ON + timedelta(days=2), "form 14")
    await put_photo(canteen.services, SYSTEM, child_id, picture())
    assert (await till.get(f"/device/v1/face/{digest}")).status_code == 200
    await leave(canteen.services, SYSTEM, child_id)
    assert await faces(canteen) == []
    assert (await till.get(f"/device/v1/face/{digest}")).status_code == 404


async def test_another_schools_till_is_given_nothing(
    canteen: Canteen, client: httpx2.AsyncClient, clock: SimulatedClock
) -> None:
    _, _, digest = await a_child(canteen)
    other = Canteen(canteen.services, await a_school(canteen.services, "other7"))
    till = await Asker.made(canteen.services, client, clock, other.school_id, TILL)
    await a_till(other)

    assert (await till.get(f"/device/v1/face/{digest}")).status_code == 404
    assert await faces(other) == []


@pytest.mark.parametrize("digest", ["0" * 64, "x", "a" * 300])
async def test_a_photo_that_nobody_has_is_not_found(
    canteen: Canteen, client: httpx2.AsyncClient, clock: SimulatedClock, digest: str
) -> None:
    till = await Asker.made(canteen.services, client, clock, canteen.school_id, TILL)
    await a_till(canteen)

    for kind in ("face", "dish-photo"):
        assert (await till.get(f"/device/v1/{kind}/{digest}")).status_code == 404


async def test_any_device_of_the_school_is_given_the_photo_of_a_dish(
    canteen: Canteen, client: httpx2.AsyncClient, clock: SimulatedClock
) -> None:
    key = canteen.keys["tea"]
    await put_dish_photo(canteen.services, canteen.cook, canteen.school_id, key, picture())
    digest = (await dish_of(canteen.services, canteen.cook, canteen.school_id, key)).photo
    gate = await Asker.made(canteen.services, client, clock, canteen.school_id, GATE)

    assert (await gate.get(f"/device/v1/dish-photo/{digest}")).content[:4] == b"RIFF"


async def test_tills_hear_of_a_photo_that_came_and_of_one_that_went(canteen: Canteen) -> None:
    child_id, _ = await canteen.child()
    await give_consent(canteen.services, SYSTEM, child_id, Purpose.PHOTO, AGREED_ON, "form 12")
    async with await canteen.services.wakeups.subscribe(CHANGED) as changes:
        await put_photo(canteen.services, SYSTEM, child_id, picture())
        assert await anext(changes) == str(canteen.school_id)
        await drop_photo(canteen.services, SYSTEM, child_id)
        assert await anext(changes) == str(canteen.school_id)
