"""The till: who stands before it, what is in the basket, and selling it. One till, one cashier, one sale at a time.

Rule: a sale is done when its records are on the disk, and not before; when the disk takes none, nothing was sold. What
is sold is what the cashier saw: who came to stand there since, or a price that has changed, is looked at first.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal, Protocol

import structlog

from edge_agent.decision import PassShown
from edge_agent.journal.entry import Entry, JournalBroken, JournalUnavailable
from edge_agent.readers.tap import Tap
from edge_agent.roster import Roster
from edge_agent.till.basket import Basket
from edge_agent.till.book import EMPTY_MENU, Book, Buyer, Day, Dish, Menu
from edge_agent.till.claims import Claim, Claims
from edge_agent.till.naming import sale_name
from edge_agent.till.ordered import untouched
from edge_agent.till.paper import Override, Sale, refusal_record, sale_records
from edge_agent.till.refusals import Refusals
from edge_agent.till.rules import (
    NOTHING_KNOWN,
    OF_MONEY,
    Due,
    Judgement,
    Known,
    Objection,
    OrderRefused,
    Reason,
    judge,
    judge_cash,
)
from edge_agent.till.sales import Sales, Sold
from edge_agent.till.stage import Kind, Look, Stage
from edge_agent.till.who import CardRefused, who
from edge_agent.timekeeper import Stamp, Timekeeper
from schemas.structs import MealRow, Shift

Payer = Literal["account", "cash"]
BY_RIGHT = ("free", "subsidised")
log = structlog.get_logger()


class TillLog(Protocol):
    """The journal, as a till writes to it."""

    def append(self, *records: bytes) -> "asyncio.Future[list[Entry]]":
        """Queue records; the future gives their entries once durable, or raises JournalUnavailable or JournalBroken."""
        ...


class NotDone(Exception):
    """What the cashier wanted was not done; `reason` is one word for the screen, `about` what it is about."""

    def __init__(self, reason: str, about: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = tuple(about)


@dataclass(frozen=True, slots=True)
class Around:
    """What a till stands on."""

    device: str
    log: TillLog
    timekeeper: Timekeeper
    rng: Random
    roster: Callable[[], Roster | None]
    sales: Sales
    claims: Claims
    token: Callable[[Tap], str]
    pass_of: Callable[[Tap, str, Stamp], PassShown | None] = lambda _tap, _token, _stamp: None
    is_seen: Callable[[str, Day], bool | None] = lambda _ref, _day: None  # at a gate that day; None is not known
    is_touchless: bool = False
    sale_key: bytes = bytes(32)  # names sales, so that nobody else can guess one


@dataclass(slots=True)
class Desk:
    """A till at work."""

    around: Around
    on_change: Callable[[], None] = lambda: None
    stage: Stage = field(default_factory=Stage)
    opened: str = ""  # the shift that was opened since the start
    meal_key: str | None = None  # chosen by the cashier; None follows the clock
    _basket: Basket = field(default_factory=Basket)
    _book: Book | None = None
    selling: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while a sale is made
    _refusals: Refusals = field(default_factory=Refusals)
    _hub_said: tuple[int, Reason] | None = None  # what the hub objected to, and in which turn

    # What is seen

    @property
    def book(self) -> Book | None:
        """Return what the roster of now tells; None without one."""
        roster = self.around.roster()
        if roster is None:
            return None
        if self._book is None or self._book.roster is not roster:
            self._book = Book(roster, self.around.device)
        return self._book

    @property
    def shift(self) -> Shift | None:
        """Return the shift to sell in; none after a start with a doubtful clock until somebody says which day it is."""
        shift = self.left_open
        is_sure = shift is None or shift.day is not None or shift.id == self.opened
        return shift if is_sure or self.around.timekeeper.now().is_good else None

    @property
    def left_open(self) -> Shift | None:
        """Return the shift that is open by the records, also one of before a start that has lost the time."""
        return self.around.sales.open_shift(self.around.device)

    def look(self) -> Look:
        """Return what there is to be seen now."""
        stamp, book, shift = self.around.timekeeper.now(), self.book, self.shift
        day = book.day(stamp, shift.day if shift is not None else None) if book is not None else Day("", 0, 0)
        meal = self._meal(book, stamp)
        menu = book.menu(day.name, meal.key) if book is not None and meal is not None else EMPTY_MENU
        buyer, known, last = self._buyer(book, day, meal)
        told = self._hub_said[1] if self._hub_said is not None and self._hub_said[0] == self.stage.turn else None
        if told == "had_it":
            known = replace(known, is_right_used=True)
        lines = self._basket.lines(menu, self._offered(book, menu, buyer, known))
        judgement = cash = None
        if lines:
            cash = _or_none(lambda: judge_cash(lines, buyer))
            if buyer is not None:
                is_asked = self.around.claims.is_near
                judgement = _or_none(lambda: judge(lines, buyer, known, is_hub_asked=is_asked))
        if judgement is not None and told is not None:
            judgement = judgement.also(told)
        return Look(self.stage, stamp, book, day, meal, menu, shift, buyer, known, lines, judgement, cash, last)

    # Who comes

    async def tap(self, tap: Tap) -> Stage:
        """Show whose card that is; without a touch, sell the set to them, if nothing speaks against it."""
        stamp, token = self.around.timekeeper.now(), self.around.token(tap)
        try:
            ref = who(tap, token, self.around.roster(), stamp, self.around.pass_of(tap, token, stamp))
        except CardRefused as refused:
            log.info("till.card_refused", reason=refused.reason)
            self._note_leaving()
            return self._set("turned", ref=refused.ref, reason=refused.reason, is_next=True)
        async with self.selling:  # Whom the cashier has just touched for is served first.
            self.present(ref)
        if self.around.is_touchless and not self._basket.is_touched:
            await self._sell_untouched()
        return self.stage

    def present(self, ref: str) -> Stage:
        """Let somebody stand there, by their card or found by name; what another left in the basket is not theirs."""
        is_another = self.stage.kind in ("buyer", "not_sold") and self.stage.ref not in (None, ref)
        if is_another:
            self._note_leaving()
            self._basket.clear()
        return self._set("buyer", ref=ref, is_next=True)

    def clear(self) -> Stage:
        """Let nobody stand there, and empty the basket."""
        self._note_leaving()
        self._basket.clear()
        return self._set("idle", is_next=True)

    def choose_meal(self, key: str) -> None:
        """Sell for another meal than the clock's. Raises NotDone."""
        if self.book is None or key not in {meal.key for meal in self.book.meals}:
            raise NotDone("not_offered")
        self.meal_key = key
        self._basket.clear()
        self.on_change()

    # The basket

    def put(self, dish_id: str, count: int = 1) -> None:
        """Put so many of an offered dish into the basket, or take them out. Raises NotDone."""
        look = self.look()
        dish = look.menu.dish(dish_id)
        if dish is None:
            raise NotDone("not_offered")
        lines = self._basket.with_more(dish, count, look.lines)
        if lines:
            _or_not_done(lambda: judge_cash(lines, None))
        if self._hub_said is not None and self._hub_said[1] != "had_it":
            self._hub_said = None  # it was about another sum
        if lines or self.stage.kind in ("buyer", "not_sold"):
            self._basket.hold(lines)
        else:
            self._basket.clear()
        match self.stage.kind:
            case "not_sold" if self.stage.ref is not None:
                self._set("buyer", ref=self.stage.ref)
            case "sold" | "turned" | "not_sold":
                self._set("idle", is_next=True)
            case _:
                self.on_change()

    def scan(self, code: str) -> bool:
        """Put the dish with a barcode into the basket; tell whether there is one."""
        dish = self.look().menu.by_barcode(code)
        if dish is not None:
            self.put(dish.id)
        return dish is not None

    # Selling

    async def sell(self, turn: int, amount_tiyn: int, payer: Payer, why: str = "") -> Sequence[str]:
        """Sell what the screen shows; with a `why`, whatever speaks against it. Raises NotDone."""
        async with self.selling:
            look = self.look()
            try:
                sales = await self._sell(look, turn, amount_tiyn, payer, why.strip())
            except NotDone as refused:
                log.info("till.not_sold", reason=refused.reason)
                self._note_refusal(look, refused.reason)
                if refused.reason != "changed":
                    self._set("not_sold", ref=look.stage.ref, reason=refused.reason, about=refused.about)
                raise
            self._basket.clear()
            self._set("sold", ref=look.stage.ref, sales=sales)
            return sales

    async def _sell_untouched(self) -> None:
        look = self.look()
        book, judgement = look.book, look.judgement
        if book is None or book.till is None or book.till.mode != "set" or judgement is None or judgement.objections:
            return
        try:
            await self.sell(look.stage.turn, judgement.amount_tiyn, "account")
        except NotDone:
            return  # the screen shows it

    async def _sell(self, look: Look, turn: int, amount_tiyn: int, payer: Payer, why: str) -> Sequence[str]:
        shift, judgement = look.shift, look.judgement if payer == "account" else look.cash
        if shift is None:
            raise NotDone("no_shift")
        if turn != look.stage.turn or (judgement is not None and judgement.amount_tiyn != amount_tiyn):
            raise NotDone("changed")
        if judgement is None or look.meal is None:
            raise NotDone("nobody" if look.lines else "empty")
        self._refuse(judgement.objections, why)
        why = why if judgement.objections else ""
        if payer == "cash" or look.buyer is None:
            return await self._write(look, shift, judgement, why, is_confirmed=True)
        is_confirmed = await self._claim(look, judgement, why)
        if not is_confirmed:
            poorer = judge(look.lines, look.buyer, look.known, is_hub_asked=False)
            self._refuse(poorer.objections, why)
            judgement = Judgement(judgement.dues, poorer.objections)
        return await self._write(look, shift, judgement, why, is_confirmed=is_confirmed)

    def _refuse(self, objections: Sequence[Objection], why: str) -> None:
        if objections and not why:
            raise NotDone(objections[0].reason, objections[0].about)

    async def _claim(self, look: Look, judgement: Judgement, why: str) -> bool:
        """Ask for all that a sale takes; tell whether it was answered. Raises NotDone."""
        assert look.meal is not None, "a sale has a meal"  # noqa: S101
        is_lent = bool(why) and any(objection.reason in OF_MONEY for objection in judgement.objections)
        for due in judgement.dues:
            is_by_right = due.payment in BY_RIGHT
            if is_lent and not is_by_right:
                continue  # a cashier's word about money is not asked about
            claim = Claim(
                self._id(look, due), look.stage.ref or "", look.meal.key, look.day.name,
                0 if is_lent else due.amount_tiyn, is_by_right,
            )  # fmt: skip
            outcome = await self.around.claims.ask(claim)
            if outcome == "silent":
                return False
            if outcome != "granted":
                self._hub_said = look.stage.turn, outcome
                raise NotDone(outcome)
        return True

    async def _write(
        self, look: Look, shift: Shift, judgement: Judgement, why: str, *, is_confirmed: bool
    ) -> Sequence[str]:
        assert look.meal is not None, "a sale has a meal"  # noqa: S101
        override = Override(shift.staff, why) if why else None
        overruled = [objection.reason for objection in judgement.objections] if why else []
        records: list[bytes] = []
        ids: list[str] = []
        for due in judgement.dues:
            sale = Sale(
                self._id(look, due), shift.id, look.meal.key, due, look.buyer.ref if look.buyer else None,
                is_confirmed=is_confirmed, overruled=overruled,
            )  # fmt: skip
            records += sale_records(sale, look.stamp, override)
            ids.append(sale.id)
        await self.append(*records)
        return ids

    async def append(self, *records: bytes) -> None:
        """Write, and let what was written count. Raises NotDone when the disk takes none of it."""
        try:
            entries = await self.around.log.append(*records)
        except (JournalUnavailable, JournalBroken) as error:
            log.error("till.unwritten", error=str(error))  # noqa: TRY400 # its words say all
            raise NotDone("disk") from error
        for entry in entries:
            if entry.record is not None:
                self.around.sales.observe(self.around.device, entry.epoch, entry.seq, entry.record)

    def fresh_id(self) -> str:
        """Return a new name for a record."""
        return f"{self.around.rng.getrandbits(64):016x}"

    # Parts

    def _set(
        self, kind: Kind, *, ref: str | None = None, reason: str = "", about: Sequence[str] = (),
        sales: Sequence[str] = (), is_next: bool = False,
    ) -> Stage:  # fmt: skip
        self.stage = Stage(kind, self.stage.turn + is_next, ref, reason, about, sales)
        self.on_change()
        return self.stage

    def _meal(self, book: Book | None, stamp: Stamp) -> MealRow | None:
        if book is None:
            return None
        chosen = next((meal for meal in book.meals if meal.key == self.meal_key), None)
        return chosen or book.meal_at(stamp)

    def _buyer(self, book: Book | None, day: Day, meal: MealRow | None) -> tuple[Buyer | None, Known, Sold | None]:
        ref, sales = self.stage.ref, self.around.sales
        if book is None or meal is None or ref is None or self.stage.kind == "turned":
            return None, NOTHING_KNOWN, None
        buyer = book.buyer(ref, day.name, meal.key)
        if buyer is None:
            return None, NOTHING_KNOWN, None
        known = sales.known(ref, meal=meal.key, day=day, counted=book.counted, device=self.around.device)
        is_asked = book.rules.unseen == "ask" and buyer.right is not None
        if is_asked and self.around.is_seen(ref, day) is False:
            known = replace(known, is_unseen=True)
        return buyer, known, sales.last_meal(ref, meal.key, day)

    def _offered(self, book: Book | None, menu: Menu, buyer: Buyer | None, known: Known) -> Sequence[Dish]:
        """Return what one touch sells to whoever stands there."""
        is_set = book is not None and book.till is not None and book.till.mode == "set"
        return untouched(buyer, menu, known, sells_sets=is_set) if self.stage.kind in ("buyer", "not_sold") else ()

    def _id(self, look: Look, due: Due) -> str:
        """Return the name of a sale to be; the same when it is tried again, also after a start, as its claim is."""
        meal, ref, device = look.meal.key if look.meal is not None else "", look.stage.ref, self.around.device
        if ref is None or due.payment == "cash":
            return self.fresh_id()
        name = sale_name(
            self.around.sale_key, device, ref, day=look.day.name, meal=meal, by_right=due.payment in BY_RIGHT,
            count=self.around.sales.count_of(ref, device),
        )  # fmt: skip
        return name if self.around.sales.sold(name) is None else self.fresh_id()

    def _note_leaving(self) -> None:
        """Write why whoever stands there goes without what was in the basket, if something spoke against it."""
        look = self.look() if self.stage.kind in ("buyer", "not_sold") else None
        if look is not None and look.shift is not None and look.judgement is not None and look.judgement.objections:
            self._note_refusal(look, look.judgement.objections[0].reason)

    def _note_refusal(self, look: Look, reason: str) -> None:
        """Write that somebody was sent away from a meal, and why."""
        if look.buyer is None or look.meal is None:
            return
        if self._refusals.is_new(look.buyer.ref, look.meal.key, look.day.name, reason):
            record = refusal_record(look.meal.key, look.buyer.ref, reason, look.stamp)
            self.around.log.append(record).add_done_callback(_ignore)


def _or_none(judged: Callable[[], Judgement]) -> Judgement | None:
    try:
        return judged()
    except OrderRefused:
        return None


def _or_not_done(judged: Callable[[], Judgement]) -> None:
    try:
        judged()
    except OrderRefused as refused:
        raise NotDone(refused.reason) from refused


def _ignore(written: "asyncio.Future[list[Entry]]") -> None:
    """Take note of a failure, which the journal has counted."""
    if not written.cancelled():
        written.exception()
