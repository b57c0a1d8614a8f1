"""What a balance knows of sales, and what counts beside it: each sale once, whatever clocks say and after restarts."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.till import sales as sales_module
from edge_agent.till.book import Day
from edge_agent.till.counted import NOTHING_COUNTED, Counted, Place
from edge_agent.till.sales import Sales
from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS, HOUR_MS, MONDAY_8_MS
from tests.edge_agent.till.canteen import CASHIER, DEVICE, LUNCH_TIYN, NOON_MS, OTHER, SHIFT, TODAY, book, record

FIRST, SECOND, THIRD = "1" * 16, "2" * 16, "3" * 16
DAY = Day(TODAY, MONDAY_8_MS - 8 * HOUR_MS, MONDAY_8_MS + 16 * HOUR_MS)
EPOCHS_LISTED = 2
Told = tuple[str, str, int, bytes]


@dataclass
class Till:
    """A till that writes sales under a clock that may be anything, and is started now and then."""

    device: str = DEVICE
    epoch: str = FIRST
    told: list[Told] = field(default_factory=list)

    def write(self, kind: str, **fields: Any) -> Place:
        seq = sum(epoch == self.epoch for _, epoch, _, _ in self.told) + 1
        self.told.append((self.device, self.epoch, seq, record(kind, **fields)))
        return Place(self.device, self.epoch, seq)

    def sale(self, number: int, person: str = BORIS, amount_tiyn: int = LUNCH_TIYN, **more: Any) -> str:
        sale = f"{number:016x}"
        self.write(
            "sale", id=sale, shift=SHIFT, meal="lunch", amount_tiyn=amount_tiyn, payment="account", person=person,
            **more,
        )  # fmt: skip
        return sale

    def void(self, sale: str, **more: Any) -> None:
        self.write("void", id=sale, sale=sale, amount_tiyn=LUNCH_TIYN, staff=CASHIER, reason="x", **more)

    def refund(self, sale: str, amount_tiyn: int, number: int = 1, **more: Any) -> None:
        fields: dict[str, Any] = {"sale": sale, "amount_tiyn": amount_tiyn, "staff": CASHIER, "reason": "cold"}
        self.write("refund", id=f"{number:0>16}", **fields, **more)


def folded(*tills: Till) -> Sales:
    sales = Sales()
    for till in tills:
        for told in till.told:
            sales.observe(*told)
    return sales


def since(sales: Sales, counted: Counted, ref: str = BORIS) -> int:
    return sales.known(ref, meal="lunch", day=DAY, counted=counted, device=DEVICE).since_tiyn


def test_a_sale_counts_beside_a_balance_until_the_balance_knows_it() -> None:
    till = Till()
    till.write("shift", id=SHIFT, till="till-1", outcome="opened", staff=CASHIER)
    till.sale(1)
    sales = folded(till)

    assert since(sales, NOTHING_COUNTED) == LUNCH_TIYN
    assert since(sales, Counted({DEVICE: {FIRST: 1}})) == LUNCH_TIYN
    assert since(sales, Counted({DEVICE: {FIRST: 2}})) == 0
    assert since(sales, Counted({OTHER: {FIRST: 2}})) == LUNCH_TIYN


@pytest.mark.parametrize("hours_off", [-400, -1, 0, 1, 30])
@pytest.mark.parametrize("clock", ["rtc", "floor", "none"])
def test_a_clock_that_is_off_neither_doubles_a_sale_nor_loses_it(hours_off: int, clock: str) -> None:
    till = Till()
    till.sale(1, at_ms=NOON_MS + hours_off * HOUR_MS, clock=clock)

    assert since(folded(till), NOTHING_COUNTED) == LUNCH_TIYN
    assert since(folded(till), Counted({DEVICE: {FIRST: 1}})) == 0


def test_what_was_taken_back_after_a_balance_was_made_is_given_back_to_it() -> None:
    till = Till()
    sale = till.sale(1)
    till.refund(sale, 700)
    knows_the_sale = Counted({DEVICE: {FIRST: 1}})

    assert since(folded(till), knows_the_sale) == -700
    till.void(till.sale(2))
    assert since(folded(till), Counted({DEVICE: {FIRST: 3}})) == -LUNCH_TIYN
    assert since(folded(till), Counted({DEVICE: {FIRST: 4}})) == 0


def test_a_refund_that_the_cloud_knows_moves_nothing_before_its_sale_is_known() -> None:
    here, other = Till(), Till(OTHER)
    sale = here.sale(1)
    other.refund(sale, 700)

    assert since(folded(here, other), Counted({OTHER: {FIRST: 1}})) == LUNCH_TIYN - 700
    assert since(folded(here, other), Counted({DEVICE: {FIRST: 1}, OTHER: {FIRST: 1}})) == 0


def test_an_epoch_that_is_not_named_is_known_when_a_later_one_is_and_else_is_not() -> None:
    till = Till()
    till.sale(1)
    till.epoch = SECOND
    till.sale(2)
    till.epoch = THIRD
    till.sale(3)
    sales = folded(till)

    assert since(sales, Counted({DEVICE: {FIRST: 1}})) == 2 * LUNCH_TIYN
    assert since(sales, Counted({DEVICE: {SECOND: 1}})) == LUNCH_TIYN
    assert since(sales, Counted({DEVICE: {THIRD: 1}})) == 0


def test_an_epoch_older_than_all_that_are_remembered_is_known_once_any_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales_module, "EPOCHS_MAX", 2)
    till = Till()
    for number, till.epoch in enumerate((FIRST, SECOND, THIRD), start=1):
        till.sale(number)
    sales = folded(till)

    assert since(sales, NOTHING_COUNTED) == 3 * LUNCH_TIYN
    assert since(sales, Counted({DEVICE: {SECOND: 1}})) == LUNCH_TIYN


def test_a_roster_says_what_its_balances_know() -> None:
    counted = book(row("counted", DEVICE, [[SECOND, 7], [FIRST, 9]])).counted

    assert counted.knows(Place(DEVICE, FIRST, 9), ())
    assert not counted.knows(Place(DEVICE, SECOND, 8), ())
    assert not counted.knows(Place(OTHER, FIRST, 1), ())
    assert not book().counted.knows(Place(DEVICE, FIRST, 1), ())


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_balance_and_what_counts_beside_it_are_always_all_that_was_paid(seed: int) -> None:
    rng = random.Random(seed)
    here, other = _busy(Till(), 0, rng), _busy(Till(OTHER), 100, rng)
    for number, sale in enumerate(rng.sample(_sales_of(here), 3)):  # given back at the other till
        other.refund(sale, rng.randrange(1, 2 * LUNCH_TIYN), 900 + number)
    sales = folded(here, other)
    heard = [here.told[: rng.randrange(len(here.told) + 1)], other.told[: rng.randrange(len(other.told) + 1)]]

    for ref in (ALIYA, BORIS):
        in_balance = _paid(_mixed(heard, rng), ref)
        assert in_balance + since(sales, _counted(heard), ref) == _paid(_mixed([here.told, other.told], rng), ref)


def _busy(till: Till, start: int, rng: random.Random) -> Till:
    for number in range(start + 1, start + 13):
        if rng.random() < 0.3:
            till.epoch = f"{rng.getrandbits(64):016x}"
        clock = {"at_ms": rng.randrange(2 * NOON_MS), "clock": rng.choice(["rtc", "ntp", "hub", "floor", "none"])}
        sale = till.sale(number, rng.choice([ALIYA, BORIS]), rng.randrange(1, LUNCH_TIYN), **clock)
        match rng.randrange(4):
            case 0:
                till.void(sale, **clock)
            case 1:
                till.refund(sale, rng.randrange(1, 2 * LUNCH_TIYN), number, **clock)
            case _:
                pass
    return till


def _sales_of(till: Till) -> list[str]:
    return [found["id"] for found in map(_read, till.told) if found["k"] == "sale"]


def _read(told: Told) -> dict[str, Any]:
    return dict(msgspec.json.decode(told[3]))


def _counted(heard: Sequence[Sequence[Told]]) -> Counted:
    """Return what the cloud's row says after it heard this: the newest epochs only."""
    upto: dict[str, dict[str, int]] = {}
    for device, epoch, seq, _ in (told for of_till in heard for told in of_till):
        epochs = upto.setdefault(device, {})
        epochs.pop(epoch, None)
        epochs[epoch] = seq
        if len(epochs) > EPOCHS_LISTED:
            del epochs[next(iter(epochs))]
    return Counted(upto)


def _mixed(heard: Sequence[Sequence[Told]], rng: random.Random) -> Iterator[Told]:
    """Yield what the tills told, as it may come in: each till's in its order."""
    waiting = [list(of_till) for of_till in heard]
    while any(waiting):
        yield rng.choice([each for each in waiting if each]).pop(0)


def _paid(told: Iterator[Told], ref: str) -> int:
    """Return what an account has paid after these records, one by one, as the cloud's books have it."""
    left: dict[str, int] = {}
    early: dict[str, list[int | None]] = {}
    for found in map(_read, told):
        if found["k"] == "sale":
            if found["p"] == ref:
                left[found["id"]] = found["a"]
            backs = early.pop(found["id"], [])
        else:
            backs = [None if found["k"] == "void" else found["a"]]
            if found["of"] not in left:
                early.setdefault(found["of"], []).extend(backs)
                continue
        sale = found["id"] if found["k"] == "sale" else found["of"]
        for back in backs if sale in left else ():
            left[sale] = 0 if back is None else max(0, left[sale] - back)
    return sum(left.values())
