"""The hub grants a right once and money once, whoever asks in the same instant, and remembers it through a restart."""

import asyncio
import random
from typing import Any

import pytest

from edge_agent.roster import Roster
from edge_agent.sync.peers import ClaimListener
from edge_agent.till.asking import HubClaims
from edge_agent.till.claiming import GRANT_MS, HubDesk
from edge_agent.till.claims import Claim, NobodyToAsk, OnlyTill, SchoolClaims
from edge_agent.till.sales import Sales
from edge_agent.timekeeper import Stamp
from schemas.structs import Frame
from tests.edge_agent.gate import MemoryLog
from tests.edge_agent.school import ALIYA, BORIS, roster
from tests.edge_agent.till.bench import TillBench
from tests.edge_agent.till.canteen import DEVICE, LUNCH_TIYN, NOON_MS, OTHER, TODAY, account, canteen, record


class Hub:
    """A hub's desk with a journal in memory."""

    def __init__(self, *changed: bytes, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog()
        self.sales = Sales()
        self.roster: Roster | None = canteen(*changed)
        self.now_ms = NOON_MS
        self.desk = HubDesk(DEVICE, self.log, lambda: Stamp(0, self.now_ms, "ntp"), lambda: self.roster, self.sales)

    def sold(self, sale: str, person: str, payment: str, amount_tiyn: int) -> None:
        fields: dict[str, Any] = {"shift": "5" * 16, "meal": "lunch", "amount_tiyn": amount_tiyn, "payment": payment}
        self.sales.observe(OTHER, "e" * 16, 1, record("sale", id=sale, person=person, **fields))


def claim(number: int, person: str = ALIYA, amount_tiyn: int = 0, *, right: bool = True, day: str = TODAY) -> Claim:
    return Claim(f"{number:016x}", person, "lunch", day, amount_tiyn, is_by_right=right)


async def test_of_two_tills_in_the_same_instant_one_is_granted_a_right() -> None:
    hub = Hub()

    answers = await asyncio.gather(hub.desk.answer(claim(1)), hub.desk.answer(claim(2)))

    assert sorted(answers) == ["granted", "had_it"]
    written = [(each.outcome, each.by_right) for each in hub.log.records]  # type: ignore[union-attr] # claims
    assert written == [("granted", True), ("refused", True)]


async def test_the_same_claim_again_is_answered_alike() -> None:
    hub = Hub()

    assert [await hub.desk.answer(claim(1)) for _ in range(3)] == ["granted"] * 3


async def test_a_right_is_of_its_meal_and_day_and_person() -> None:
    hub = Hub()

    answers = [await hub.desk.answer(each) for each in (claim(1), claim(2, BORIS), claim(3, day="2026-09-01"))]

    assert answers == ["granted"] * 3


async def test_a_right_that_was_used_is_not_granted() -> None:
    hub = Hub()
    hub.sold("9" * 16, ALIYA, "free", 0)

    assert await hub.desk.answer(claim(1)) == "had_it"


async def test_money_is_granted_once_though_no_sale_is_known_yet() -> None:
    hub = Hub(account(BORIS, LUNCH_TIYN))

    first = await hub.desk.answer(claim(1, BORIS, LUNCH_TIYN, right=False))
    second = await hub.desk.answer(claim(2, BORIS, 1, right=False))
    hub.sold(claim(1).sale, BORIS, "account", LUNCH_TIYN)
    third = await hub.desk.answer(claim(3, BORIS, 1, right=False))

    assert (first, second, third) == ("granted", "no_money", "no_money")


async def test_a_hub_that_has_not_got_the_canteens_roster_yet_leaves_money_to_the_till() -> None:
    hub = Hub()
    hub.roster = roster()  # the doors'

    assert await hub.desk.answer(claim(1, BORIS, LUNCH_TIYN, right=False)) == "silent"
    assert hub.log.records == []


async def test_a_days_limit_holds_across_tills() -> None:
    hub = Hub(account(BORIS, 10**8, day_limit_tiyn=LUNCH_TIYN))
    asked = [claim(1, BORIS, LUNCH_TIYN, right=False), claim(2, BORIS, 1, right=False)]

    assert [await hub.desk.answer(each) for each in asked] == ["granted", "day_limit"]


async def test_a_grant_that_no_sale_follows_lapses() -> None:
    hub = Hub()
    await hub.desk.answer(claim(1))
    hub.now_ms += GRANT_MS + 1

    assert await hub.desk.answer(claim(2)) == "granted"


async def test_a_sale_that_was_voided_gives_the_right_back() -> None:
    hub = Hub()
    await hub.desk.answer(claim(1))
    hub.sold(claim(1).sale, ALIYA, "free", 0)
    back: dict[str, Any] = {"id": "a" * 16, "sale": claim(1).sale, "amount_tiyn": 0, "staff": "z" * 12, "reason": "x"}
    hub.sales.observe(OTHER, "e" * 16, 2, record("void", **back))

    assert await hub.desk.answer(claim(2)) == "granted"


async def test_a_restart_forgets_no_grant() -> None:
    before = Hub()
    await before.desk.answer(claim(1))

    after = Hub()
    for entry in before.log.kept:
        after.desk.observe(entry)

    assert await after.desk.answer(claim(2)) == "had_it"
    assert await after.desk.answer(claim(1)) == "granted"


async def test_what_the_disk_does_not_take_is_neither_granted_nor_held() -> None:
    hub = Hub()
    hub.log.mode = "full"
    first = await hub.desk.answer(claim(1))
    hub.log.mode = "good"

    assert (first, await hub.desk.answer(claim(2))) == ("silent", "granted")


async def test_a_hub_without_a_roster_or_without_the_person_leaves_it_to_the_till() -> None:
    hub = Hub()

    assert await hub.desk.answer(claim(1, "nobody000000")) == "silent"
    hub.roster = None
    assert await hub.desk.answer(claim(1)) == "silent"
    assert hub.log.kept == []


class Wire:
    """A hub's broker between two agents in one process; with `is_cut` nothing goes through."""

    def __init__(self) -> None:
        self.ends: dict[str, ClaimListener] = {}
        self.is_cut = False

    def line(self, device: str, *, is_hub: bool) -> "WireEnd":
        return WireEnd(self, device, is_hub)


class WireEnd:
    """One agent's end of the wire: what `Neighbours` is to a till."""

    def __init__(self, wire: Wire, device: str, is_hub: bool) -> None:
        self._wire = wire
        self._device = device
        self.is_hub = is_hub

    @property
    def is_hub_near(self) -> bool:
        return not self._wire.is_cut

    def send(self, frame: Frame, to: str = "") -> bool:
        if self._wire.is_cut:
            return False
        for device, heard in self._wire.ends.items():
            heard(to or self._device, frame, is_to_us=device == (to or self._device))
        return True


def connected(wire: Wire, device: str, hub: Hub, *, is_hub: bool, wait_s: float = 5.0) -> HubClaims:
    made = HubClaims(wire.line(device, is_hub=is_hub), hub.desk, random.Random(device), wait_s)
    wire.ends[device] = made.heard
    return made


async def test_two_tills_and_one_child_in_the_same_second_make_one_free_meal() -> None:
    hub, wire = Hub(), Wire()
    here = await TillBench(claims=connected(wire, DEVICE, hub, is_hub=True), log=hub.log).open()
    there = await TillBench(claims=connected(wire, OTHER, Hub(), is_hub=False), device=OTHER).open()
    there.desk.put("lunch-set/3")
    for till in (here, there):
        await till.tap(ALIYA)

    done = await asyncio.gather(here.sell(), there.sell(), return_exceptions=True)

    sales = [*here.written("sale"), *there.written("sale")]
    assert [(sale["pay"], "u" in sale) for sale in sales] == [("free", False)]
    assert sorted(type(each).__name__ for each in done) == ["NotDone", "list"]


async def test_with_the_hub_away_both_sell_and_say_that_nobody_was_asked() -> None:
    hub, wire = Hub(), Wire()
    wire.is_cut = True
    there = await TillBench(claims=connected(wire, OTHER, hub, is_hub=False), device=OTHER).open()
    there.desk.put("lunch-set/3")
    await there.tap(ALIYA)

    await there.sell()

    assert [(sale["pay"], sale["u"]) for sale in there.written("sale")] == [("free", True)]


async def test_an_answer_that_does_not_come_is_silence() -> None:
    wire = Wire()
    claims = connected(wire, OTHER, Hub(), is_hub=False, wait_s=0.01)

    assert await claims.ask(claim(1)) == "silent"


async def test_questions_to_a_till_that_is_no_hub_are_not_answered() -> None:
    hub, wire = Hub(), Wire()
    asker = connected(wire, OTHER, hub, is_hub=False, wait_s=0.01)
    bystander = Hub()
    connected(wire, "till-3", bystander, is_hub=False)

    assert await asker.ask(claim(1)) == "silent"
    assert bystander.log.kept == []


async def test_the_roster_says_whether_anybody_needs_to_be_asked() -> None:
    wire, hub = Wire(), Hub()
    way = connected(wire, DEVICE, hub, is_hub=True)

    only = SchoolClaims(lambda: True, lambda: None)
    lonely = SchoolClaims(lambda: False, lambda: None)
    asking = SchoolClaims(lambda: False, lambda: way)

    assert [await each.ask(claim(1)) for each in (only, lonely, asking)] == ["granted", "silent", "granted"]
    assert [each.is_near for each in (only, lonely, asking)] == [True, False, True]
    assert (OnlyTill.is_near, NobodyToAsk.is_near) == (True, False)


@pytest.mark.parametrize("line", [b'{"k":"claim"}', b'"k":"claim"\xff', b'{"k":"open"}'])
async def test_what_cannot_be_read_grants_nothing(line: bytes) -> None:
    hub = Hub()
    (entry,) = await hub.log.append(line)
    hub.desk.observe(entry)

    assert await hub.desk.answer(claim(1)) == "granted"
