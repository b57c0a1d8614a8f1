"""The canteen's roster: for tills only, each row as its schema says, issued by itself when money moved."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path

import httpx2
import msgspec
import pytest
from fastapi import FastAPI

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, register, revoke
from cloud.devices.registry import find
from cloud.ingest.announcing import CANTEEN as ANNOUNCED
from cloud.ingest.announcing import notices
from cloud.ledger import postings
from cloud.ledger.kinds import EntryKind
from cloud.ledger.posting import post_all
from cloud.ledger.rules import Account
from cloud.menu.dishes import change_dish, put_dish_photo
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import Limit, RightKind, TillMode, UnseenPolicy
from cloud.menu.menus import set_menu
from cloud.menu.preorders import order as order_ahead
from cloud.menu.restrictions import restrict
from cloud.menu.rules import Names
from cloud.menu.settings import CanteenRules, set_rules
from cloud.menu.tills import TillRow, end_till, put_till, set_pin
from cloud.people.actions import add_person, give_consent
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole, Purpose
from cloud.people.photos import put_photo
from cloud.rosters import api
from cloud.rosters.actions import ISSUED_ANEW_AFTER, publish, publish_canteen
from cloud.rosters.building import rows_of
from cloud.rosters.kinds import RosterKind
from cloud.rosters.publisher import APART_S, TILLS_APART_S, Publisher
from edge_agent.roster import KINDS as DOOR_KINDS
from edge_agent.sealed import Sealed
from edge_agent.slots import CanteenSlots
from schemas.requests import headers
from schemas.roster import members_of, row
from schemas.seal import DOWNLINK, HTTP, derive, unseal
from schemas.structs import AnyFrame, AnyRow, Notice
from simulators.clock import SimulatedClock
from tests.cloud.core.pictures import picture
from tests.cloud.ledger.factory import meal
from tests.cloud.menu.factory import SOUP, Canteen, priced
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.waiting import until_async

KINDS = {"meal", "dish", "menu", "right", "account", "staff", "canteen", "counted", "face"}
DEVICE = "almaty5-till-1"
MINUTE = timedelta(minutes=1)
TILL = TillRow("till1", Names("Касса", "Касса", "Till"), DEVICE, TillMode.SET)


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> Canteen:
    return await Canteen(services).open()


async def rows(canteen: Canteen, which: RosterKind = RosterKind.CANTEEN) -> dict[str, list[list[object]]]:
    """Return the rows of a roster by kind, without the kind, each judged by its schema."""
    async with canteen.services.database.pool.acquire() as connection:
        lines = await rows_of(
            connection, canteen.services.vault, canteen.school_id, canteen.services.clock.now(), which
        )
    found: dict[str, list[list[object]]] = {}
    for line in lines:
        kind, *members = members_of(line)
        msgspec.json.decode(line, type=AnyRow)
        found.setdefault(str(kind), []).append(members)
    return found


async def a_till(canteen: Canteen) -> None:
    await register(canteen.services, SYSTEM, canteen.school_id, NewDevice(DEVICE))
    await put_till(canteen.services, canteen.cook, canteen.school_id, TILL)


async def test_a_school_without_a_till_has_none_of_it(canteen: Canteen) -> None:
    await canteen.offer("soup")
    await canteen.child()

    assert await rows(canteen) == {}
    assert KINDS.isdisjoint(await rows(canteen, RosterKind.DOORS))


async def test_every_device_is_told_which_are_tills_and_nothing_of_what_they_sell(canteen: Canteen) -> None:
    await a_till(canteen)
    await canteen.offer("lunch", sold="lunch")
    await canteen.child()

    doors = await rows(canteen, RosterKind.DOORS)

    assert doors["till"] == [["till1", {"kk": "Касса", "ru": "Касса", "en": "Till"}, DEVICE, "set"]]
    assert set(doors) <= DOOR_KINDS
    assert DOOR_KINDS.isdisjoint(await rows(canteen))


async def test_a_till_is_told_what_is_offered_with_every_version_and_what_sets_are_made_of(canteen: Canteen) -> None:
    await a_till(canteen)
    await canteen.offer("lunch", "tea", sold="lunch")
    await canteen.offer("soup", on=canteen.on + timedelta(days=14))
    await canteen.offer("tea", on=canteen.on + timedelta(days=15))
    await canteen.offer("tea", on=canteen.on + timedelta(days=3), publish=False)
    await put_dish_photo(canteen.services, canteen.cook, canteen.school_id, canteen.keys["tea"], picture())
    later = canteen.on + timedelta(days=7)
    await change_dish(canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"], priced(SOUP, 1), later)

    found = await rows(canteen)

    assert found["menu"] == [
        [f"{canteen.on} lunch", ["4/1", "3/1"], "4/1"],
        [f"{canteen.on + timedelta(days=14)} lunch", ["1/2"], ""],
    ]
    dishes = {str(row[0]): row for row in found["dish"]}
    assert set(dishes) == {"1/1", "1/2", "2/1", "3/1", "4/1"}
    assert dishes["4/1"][2:] == [57_700, "set", ["celery", "gluten"], "", "", [["1", 1], ["2", 1]]]
    assert len(str(dishes["3/1"][5])) == 64
    assert [(row[0], row[2], row[3]) for row in found["meal"]] == [
        ("breakfast", 510, 630), ("lunch", 690, 840), ("snack", 900, 1020),
    ]  # fmt: skip


async def test_a_till_keeps_the_name_of_what_it_sold_before_the_cook_renamed_it(
    canteen: Canteen, clock: SimulatedClock
) -> None:
    await a_till(canteen)
    await canteen.offer("soup")
    called = replace(SOUP, names=Names("Көже", "Щи", "Cabbage soup"))
    await change_dish(canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"], called, canteen.on)

    called_by_id = {row[0]: row[1] for row in (await rows(canteen))["dish"]}
    assert (called_by_id["1/1"], called_by_id["1/2"]) == (
        {"kk": "Борщ", "ru": "Борщ", "en": "Borscht"}, {"kk": "Көже", "ru": "Щи", "en": "Cabbage soup"},
    )  # fmt: skip
    assert [row[1] for row in (await rows(canteen))["menu"]] == [["1/2"]]
    clock.advance(3 * 86_400)
    await canteen.offer("soup")
    assert [row[0] for row in (await rows(canteen))["dish"]] == ["1/2"]


async def test_a_till_is_told_rights_limits_and_who_may_open_a_shift(canteen: Canteen) -> None:
    await a_till(canteen)
    person_id, ref = await canteen.child()
    _, other = await canteen.child("2")
    mother = await canteen.parent(person_id)
    for kind, value in ((Limit.ALLERGEN, "milk"), (Limit.CATEGORY, "dessert"), (Limit.DAY_LIMIT, "1500")):
        await restrict(canteen.services, mother, ref, kind, value)
    order = EntitlementGiven(
        RightKind.SUBSIDISED, "low_income", ("lunch",), date(2026, 9, 1), date(2027, 5, 25), "№ 12", (), 20_000
    )
    order_id = await propose(canteen.services, SYSTEM, canteen.school_id, order)
    await list_children(canteen.services, SYSTEM, canteen.school_id, order_id, [ref])
    assert "right" not in await rows(canteen)
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)
    cashier_id = await add_person(
        canteen.services,
        SYSTEM,
        canteen.school_id,
        PersonGiven(role=PersonRole.STAFF, surname="Тұрар", given_name="Сәуле", number="s1"),
    )
    cashier = await canteen.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", cashier_id)
    await set_pin(canteen.services, canteen.cook, canteen.school_id, cashier, "902817")

    found = await rows(canteen)

    assert found["right"] == [[ref, [["lunch", "subsidised", "2026-09-01", "2027-05-25", 20_000]]]]
    accounts = {row[0]: row[3:] for row in found["account"]}
    assert accounts[ref] == [150_000, ["milk"], [], ["dessert"]]
    assert accounts[other] == [-1, [], [], []]
    ((who, name, pin_hash, roles),) = found["staff"]
    assert (who, name, roles) == (cashier, "Тұрар Сәуле", ["cashier"])
    assert str(pin_hash).startswith("$argon2id$")


async def test_a_till_is_told_each_balance(canteen: Canteen) -> None:
    await a_till(canteen)
    (_, ref), (_, other) = await canteen.child("1"), await canteen.child("2")
    now = canteen.services.clock.now()
    paid = postings.top_up("kaspi:1", now, ref, 100_000, postings.clearing("kaspi"))
    sold = meal(EntryKind.SALE, "record:till:1:1", now, Account.of(ref), paid_tiyn=57_700, subsidy_tiyn=0)
    async with canteen.services.database.transaction() as connection:
        await post_all(connection, canteen.school_id, [paid, sold], now)

    accounts = {row[0]: row[1] for row in (await rows(canteen))["account"]}

    assert accounts == {ref: 42_300, other: 0}


async def test_a_till_is_told_what_the_school_decided_about_accounts_and_free_meals(canteen: Canteen) -> None:
    await a_till(canteen)
    _, ref = await canteen.child()
    assert (await rows(canteen))["canteen"] == [["", {"overdraft_tiyn": 0, "unseen": "allow"}]]

    rules = CanteenRules(120_000, 50_000, 0, 0, UnseenPolicy.ASK)
    await set_rules(canteen.services, canteen.cook, canteen.school_id, rules)

    found = await rows(canteen)
    assert found["canteen"] == [["", {"overdraft_tiyn": 50_000, "unseen": "ask"}]]
    assert [(row[0], row[2]) for row in found["account"]] == [(ref, 120_000)]


async def test_a_till_is_told_what_is_ordered_as_the_menu_has_it_now(canteen: Canteen) -> None:
    await a_till(canteen)
    tomorrow = canteen.on + timedelta(days=1)
    await canteen.offer("lunch", "soup", "tea", on=tomorrow)
    (first, ref), (second, other) = await canteen.child("1"), await canteen.child("2")
    keys = canteen.keys
    for person_id, child, phone in ((first, ref, "+77010000001"), (second, other, "+77010000002")):
        mother = await canteen.parent(person_id, phone)
        chosen = [keys["tea"]] if child == other else [keys["soup"], keys["lunch"]]
        await order_ahead(canteen.services, mother, child, tomorrow, "lunch", chosen)
    assert {row[0] for row in (await rows(canteen))["order"]} == {ref, other}

    await change_dish(canteen.services, canteen.cook, canteen.school_id, keys["soup"], priced(SOUP, 1), tomorrow)
    await set_menu(canteen.services, canteen.cook, canteen.school_id, tomorrow, "lunch", [keys["lunch"], keys["soup"]])

    found = await rows(canteen)
    ((who, dishes),) = found["order"]
    offered = found["menu"][0][1]
    assert isinstance(dishes, list)
    assert isinstance(offered, list)
    assert who == ref
    assert dishes == [[f"{tomorrow} lunch", dish] for dish in offered]
    assert [dish.partition("/")[2] for _, dish in dishes] == ["2", "2"]


async def test_a_till_is_told_the_photos_of_those_who_consented(canteen: Canteen) -> None:
    await a_till(canteen)
    child_id, ref = await canteen.child()
    await give_consent(canteen.services, SYSTEM, child_id, Purpose.PHOTO, date(2026, 8, 20), "form 12")
    assert "face" not in await rows(canteen)

    await put_photo(canteen.services, SYSTEM, child_id, picture())

    ((whose, digest),) = (await rows(canteen))["face"]
    assert (whose, len(str(digest))) == (ref, 64)


async def test_of_each_device_the_newest_epochs_are_told_with_what_is_counted_of_them(canteen: Canteen) -> None:
    await a_till(canteen)
    at = canteen.services.clock.now()
    counted = [("old-till", 1, 7, at)] + [(DEVICE, number, 10 + number, at + number * MINUTE) for number in range(40)]
    await canteen.services.database.pool.executemany(
        "INSERT INTO meal_counted (school_id, device, epoch, seq, newest_at) VALUES ($1, $2, $3, $4, $5)",
        [(canteen.school_id, device, f"{epoch:016x}", seq, newest_at) for device, epoch, seq, newest_at in counted],
    )

    found = (await rows(canteen))["counted"]

    assert found[0] == [DEVICE, [[f"{number:016x}", 10 + number] for number in range(8, 40)]]
    assert found[1:] == [["old-till", [[f"{1:016x}", 7]]]]


async def test_a_balance_beyond_belief_is_told_as_the_largest_and_spoils_no_roster(canteen: Canteen) -> None:
    await a_till(canteen)
    _, ref = await canteen.child()
    now = canteen.services.clock.now()
    async with canteen.services.database.transaction() as connection:
        sold = [
            meal(EntryKind.SALE, f"record:till:1:{number}", now, Account.of(ref), paid_tiyn=10**9, subsidy_tiyn=0)
            for number in (1, 2)
        ]
        await post_all(connection, canteen.school_id, sold, now)

    assert (await rows(canteen))["account"][0][:2] == [ref, -(10**9)]


async def test_equal_facts_give_equal_rows(canteen: Canteen) -> None:
    await a_till(canteen)
    await canteen.child()
    await canteen.offer("lunch", sold="lunch")

    assert await rows(canteen) == await rows(canteen)


async def test_money_that_moved_is_told_to_tills_once_a_minute_and_to_no_door(
    canteen: Canteen, clock: SimulatedClock
) -> None:
    await a_till(canteen)
    _, ref = await canteen.child()
    publisher = Publisher(canteen.services)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(publisher.run())
        await _until_issued(canteen, {"doors": 1, "canteen": 1})
        for number in range(3):
            async with canteen.services.database.transaction() as connection:
                paid = postings.top_up(f"kaspi:{number}", clock.now(), ref, 100_000, postings.clearing("kaspi"))
                await post_all(connection, canteen.school_id, [paid], clock.now())
        await until_async(lambda: bool(publisher._moved))
        assert await _issued(canteen) == {"doors": 1, "canteen": 1}

        clock.advance(TILLS_APART_S + 1)

        await _until_issued(canteen, {"doors": 1, "canteen": 2})
        running.cancel()
    assert [row[1] for row in (await rows(canteen))["account"]] == [300_000]


async def test_an_order_ahead_is_told_to_tills_once_a_minute_and_to_no_door(
    canteen: Canteen, clock: SimulatedClock
) -> None:
    await a_till(canteen)
    person_id, ref = await canteen.child()
    mother, tomorrow = await canteen.parent(person_id), canteen.on + timedelta(days=1)
    await canteen.offer("lunch", "soup", "tea", on=tomorrow, sold="lunch")
    publisher = Publisher(canteen.services)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(publisher.run())
        await _until_issued(canteen, {"doors": 1, "canteen": 1})
        clock.advance(APART_S + 1)
        await until_async(lambda: not publisher._wanted)
        for dish in ("soup", "tea", "lunch"):
            await order_ahead(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys[dish]])
        await until_async(lambda: bool(publisher._moved))
        assert publisher._wanted == {}
        assert await _issued(canteen) == {"doors": 1, "canteen": 1}

        clock.advance(TILLS_APART_S + 1)

        await _until_issued(canteen, {"doors": 1, "canteen": 2})
        running.cancel()


async def test_a_changed_card_is_issued_before_balances_that_waited_longer(canteen: Canteen) -> None:
    publisher = Publisher(canteen.services)
    publisher._told.extend([7, 8])
    publisher.want(9)

    assert [publisher._next(), publisher._next()] == [9, None]
    assert list(publisher._told) == [7, 8]


async def test_a_school_whose_last_till_is_gone_gets_no_further_canteens_roster(
    canteen: Canteen, clock: SimulatedClock
) -> None:
    await a_till(canteen)
    version = await publish_canteen(canteen.services, SYSTEM, canteen.school_id)
    await end_till(canteen.services, canteen.cook, canteen.school_id, "till1")
    clock.advance(ISSUED_ANEW_AFTER.total_seconds() + 1)

    assert await publish_canteen(canteen.services, SYSTEM, canteen.school_id) == version > 0


async def test_no_version_is_given_to_both_rosters_of_a_school(canteen: Canteen) -> None:
    await a_till(canteen)
    await publish(canteen.services, SYSTEM, canteen.school_id)

    versions = await canteen.services.database.pool.fetch("SELECT kind, version FROM roster_version ORDER BY version")

    assert [row["kind"] for row in versions] == ["doors", "canteen"]
    assert versions[0]["version"] < versions[1]["version"]


async def test_tills_and_the_hub_are_told_that_the_canteens_roster_is_new_and_gates_are_not(canteen: Canteen) -> None:
    await a_till(canteen)
    for name, is_hub in (("almaty5-gate-1", False), ("almaty5-hub-1", True)):
        await register(canteen.services, SYSTEM, canteen.school_id, NewDevice(name, is_hub=is_hub))
    pool, vault = canteen.services.database.pool, canteen.services.vault
    shard = await pool.fetchval("SELECT shard FROM school")

    told = await notices(pool, vault, f"{canteen.school_id}{ANNOUNCED}", [shard], 5)

    assert [reply.topic.split("/")[4] for reply in told] == ["almaty5-hub-1", DEVICE]
    (device,) = await find(pool, vault, [DEVICE])
    body = unseal(derive(device.secret, DOWNLINK), told[1].payload)
    assert msgspec.json.decode(body, type=AnyFrame) == Notice(what="canteen", wall_ms=5)


class Asking:
    """Devices that ask the device API."""

    def __init__(self, canteen: Canteen) -> None:
        self.canteen = canteen
        self.asked = 0
        self.app = FastAPI()
        self.app.state.services = canteen.services
        self.app.include_router(api.router)

    async def get(self, name: str, base: int = 0) -> httpx2.Response:
        self.asked += 1
        services, target = self.canteen.services, f"/device/v1/roster/canteen?base={base}"
        (device,) = await find(services.database.pool, services.vault, [name])
        now_ms = int(services.clock.now().timestamp() * 1_000)
        signed = headers(derive(device.secret, HTTP), name, "GET", target, f"{self.asked:016x}", now_ms)
        transport = httpx2.ASGITransport(self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as client:
            return await client.get(target, headers=signed)


async def test_a_till_gets_the_canteens_roster_then_deltas_and_hears_when_there_is_none_newer(
    canteen: Canteen, clock: SimulatedClock, tmp_path: Path
) -> None:
    await a_till(canteen)
    children = [(await canteen.child(str(number)))[1] for number in range(9)]
    await publish(canteen.services, SYSTEM, canteen.school_id)
    asking = Asking(canteen)
    public = await canteen.services.database.pool.fetchval("SELECT public_key FROM roster_key")
    slots = CanteenSlots(tmp_path, "almaty5", public, Sealed(bytes(32)))

    held = slots.flip((await asking.get(DEVICE)).content, 0)
    assert (await asking.get(DEVICE, held.version)).status_code == HTTPStatus.NOT_MODIFIED
    clock.advance(60)
    async with canteen.services.database.transaction() as connection:
        paid = postings.top_up("kaspi:1", clock.now(), children[0], 100_000, postings.clearing("kaspi"))
        await post_all(connection, canteen.school_id, [paid], clock.now())
    await publish_canteen(canteen.services, SYSTEM, canteen.school_id)
    file = (await asking.get(DEVICE, held.version)).content

    assert file.count(b"\n") == 2
    told = slots.flip(file, 0).line("account", children[0])
    assert told is not None
    assert told.startswith(row("account", children[0], 100_000)[:-1])


async def test_who_is_neither_till_nor_hub_gets_no_canteens_roster(canteen: Canteen) -> None:
    await a_till(canteen)
    await publish(canteen.services, SYSTEM, canteen.school_id)
    for name, is_hub in (("almaty5-gate-1", False), ("almaty5-hub-1", True)):
        await register(canteen.services, SYSTEM, canteen.school_id, NewDevice(name, is_hub=is_hub))
    other = await a_school(canteen.services, "almaty6")
    await register(canteen.services, SYSTEM, other, NewDevice("almaty6-hub-1", is_hub=True))
    asking = Asking(canteen)
    names = (DEVICE, "almaty5-hub-1", "almaty5-gate-1", "almaty6-hub-1")

    assert [(await asking.get(name)).status_code for name in names] == [200, 200, 404, 404]

    await end_till(canteen.services, canteen.cook, canteen.school_id, "till1")
    assert [(await asking.get(name)).status_code for name in names] == [404] * 4
    await put_till(canteen.services, canteen.cook, canteen.school_id, TILL)
    assert (await asking.get(DEVICE)).status_code == HTTPStatus.OK
    await revoke(canteen.services, SYSTEM, DEVICE)
    assert (await asking.get(DEVICE)).status_code == HTTPStatus.FORBIDDEN


async def _issued(canteen: Canteen) -> dict[str, int]:
    found = await canteen.services.database.pool.fetch("SELECT kind, count(*) FROM roster_version GROUP BY kind")
    return {row["kind"]: row["count"] for row in found}


async def _until_issued(canteen: Canteen, versions: dict[str, int]) -> None:
    for _ in range(1_000):
        if await _issued(canteen) == versions:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{await _issued(canteen)} versions, not {versions}")
