"""Sales, lines, what is taken back, shifts and tills, as meals know them, and what a sale moves in the ledger. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cloud.ledger.kinds import AccountKind
from cloud.ledger.rules import REVENUE, SUBSIDY, Account

OFFICE_DRAWER = "office"


class ChangeKind(StrEnum):
    """How a sale is taken back: all of it as if it had not been, or a part of the money."""

    VOID = "void"
    REFUND = "refund"


class Payment(StrEnum):
    """How a meal is paid, as in the record."""

    ACCOUNT = "account"
    FREE = "free"
    SUBSIDISED = "subsidised"
    CASH = "cash"


class Oddness(StrEnum):
    """Why a sale or a change does not count until somebody decides."""

    NOT_TILL = "not_till"  # its device was no till of the school then
    NO_SHIFT = "no_shift"  # its device has told of no such shift, yet
    SAME_ID = "same_id"  # another one bears its id
    TOO_MANY = "too_many"  # its sale was taken back so often that nobody does


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record stands: what makes its posting happen once. What the office does itself stands at no device."""

    device: str
    epoch: str
    seq: int

    @classmethod
    def of_office(cls, once: str) -> "Place":
        """Return the place of a form that the office sent."""
        return cls("", once, 0)

    @property
    def key(self) -> str:
        return f"record:{self.device}:{self.epoch}:{self.seq}" if self.device else f"given:{self.epoch}"

    @property
    def id(self) -> str:
        """Return an id for what stands here and cannot go by its own."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:16]

    @property
    def drawer(self) -> Account:
        """Return where cash lies that is taken or given here."""
        part = self.device.lstrip("-") or ("till" if self.device else OFFICE_DRAWER)
        return Account(AccountKind.CASH, f"till-{part}" if self.device and part == OFFICE_DRAWER else part)


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as it is known so far; `person` is a reference of this school, or empty."""

    id: str
    place: Place
    shift: str
    meal: str
    payment: Payment
    person: str
    is_known: bool  # false: it was for somebody that the school does not have
    amount_tiyn: int
    at: datetime
    clock: str
    is_unconfirmed: bool
    full_tiyn: int = 0
    returned_tiyn: int = 0
    is_void: bool = False

    @property
    def payer(self) -> Account | None:
        """Return whose account pays; none for a person that nobody knows."""
        if self.payment is Payment.CASH:
            return self.place.drawer
        return Account.of(self.person) if self.person else None

    @property
    def owed_tiyn(self) -> int:
        """Return what the budget owes: of meals by right, what their lines cost more than was paid."""
        is_by_right = self.payment in {Payment.FREE, Payment.SUBSIDISED}
        return max(0, self.full_tiyn - self.amount_tiyn) if is_by_right and not self.is_void else 0


@dataclass(frozen=True, slots=True)
class Portion:
    """So many of one version of a dish, at a price of one."""

    dish: str
    version: int
    count: int
    price_tiyn: int

    @property
    def cost_tiyn(self) -> int:
        return self.count * self.price_tiyn


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sale: a portion, where it stands."""

    sale: str
    place: Place
    portion: Portion

    @property
    def cost_tiyn(self) -> int:
        return self.portion.cost_tiyn


@dataclass(frozen=True, slots=True)
class Change:
    """A void or a refund; `given_tiyn` is what of it was given back, none while its sale is not known."""

    id: str
    kind: ChangeKind
    sale: str
    place: Place
    amount_tiyn: int
    staff: str
    reason: str
    at: datetime
    clock: str
    position: int = 0  # in the log of its shard: after which opening of its device it stands
    given_tiyn: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A shift that a device told of; `named_on` is the day as its cashier named it.

    `opened_position` is its opening's in the log; none while only its closing is known.
    """

    device: str
    shift: str
    named_on: date | None = None
    opened_position: int | None = None

    def joined(self, later: "Run") -> "Run":
        """Return the same shift with what is told of it later: what was told first stands."""
        named_on = later.named_on if self.named_on is None else self.named_on
        position = later.opened_position if self.opened_position is None else self.opened_position
        return Run(self.device, self.shift, named_on, position)


@dataclass(frozen=True, slots=True)
class Stand:
    """From when to when a device was a till of the school; `until_at` is none while it is one."""

    device: str
    since_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Odd:
    """What does not count, and why."""

    why: Oddness
    told: Sale | Change
    is_decided: bool = False  # by the office: no shift that comes lets it count any more


def moved_by(sale: Sale, changes: Iterable[Change]) -> Counter[Account]:
    """Return what a sale has moved of each account, less what was given back: cash out of the drawer that gave it."""
    moved = Counter[Account]()
    if sale.payer is None:
        return moved
    moved[sale.payer] += sale.amount_tiyn
    moved[SUBSIDY] += sale.owed_tiyn
    moved[REVENUE] -= sale.amount_tiyn + sale.owed_tiyn
    for change in changes:
        given = change.given_tiyn or 0
        moved[change.place.drawer if sale.payment is Payment.CASH else sale.payer] -= given
        moved[REVENUE] += given
    return moved
