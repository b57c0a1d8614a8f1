"""What may be sold to whom, at what price and by which right, and what speaks against it: pure functions.

Rule: a child is never refused in silence: each objection has a name, and each can be overruled by a cashier who says
why. A right gives one set of a meal on a day and never a second; what a right does not cover is paid for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from edge_agent.till.book import Buyer, Dish

Payment = Literal["account", "free", "subsidised", "cash"]
Reason = Literal["had_it", "allergy", "banned", "no_account", "no_money", "day_limit", "offline_limit", "not_seen"]
OF_MONEY: tuple[Reason, ...] = ("no_account", "no_money", "day_limit", "offline_limit")
COUNT_MAX = 99
LINES_MAX = 30
AMOUNT_MAX_TIYN = 1_000_000_000  # as the sale record allows
NO_LIMIT = -1


class OrderRefused(ValueError):
    """The order is none that any till sells; `reason` is one word for the screen."""

    def __init__(self, reason: Literal["empty", "too_much"]) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a dish."""

    dish: Dish
    count: int = 1

    @property
    def price_tiyn(self) -> int:
        return self.dish.price_tiyn * self.count


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person's meals and money, by the records of all tills that this one has heard.

    `used` are the keys of sets already eaten at this meal today, `is_right_used` tells that one was by right;
    `since_tiyn` is what their account has paid since the roster's balance, `today_tiyn` what it has paid today, and
    `unconfirmed_tiyn` how much of that was sold by this till without the hub's word; `is_unseen` says that no gate has
    seen them today, where the school wants its cashiers asked about that.
    """

    used: frozenset[str] = frozenset()
    is_right_used: bool = False
    since_tiyn: int = 0
    today_tiyn: int = 0
    unconfirmed_tiyn: int = 0
    is_unseen: bool = False


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Due:
    """One sale to be: lines, how they are paid, and what the payer pays. The rest is the subsidy's."""

    payment: Payment
    amount_tiyn: int
    lines: Sequence[Line]

    @property
    def subsidy_tiyn(self) -> int:
        return sum(line.price_tiyn for line in self.lines) - self.amount_tiyn


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against a sale; `about` are keys of allergens, or dishes and categories, that it is about."""

    reason: Reason
    about: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a sale would be, and what speaks against it."""

    dues: Sequence[Due]
    objections: Sequence[Objection] = ()

    @property
    def amount_tiyn(self) -> int:
        """Return what the payer pays in all."""
        return sum(due.amount_tiyn for due in self.dues)

    @property
    def account_tiyn(self) -> int:
        """Return what the account pays of that."""
        return sum(due.amount_tiyn for due in self.dues if due.payment != "cash")

    @property
    def is_by_right(self) -> bool:
        return any(due.payment in ("free", "subsidised") for due in self.dues)

    def also(self, reason: Reason) -> "Judgement":
        """Return it with an objection that was made elsewhere."""
        if any(objection.reason == reason for objection in self.objections):
            return self
        return Judgement(self.dues, (*self.objections, Objection(reason)))


def judge_cash(lines: Sequence[Line], buyer: Buyer | None) -> Judgement:
    """Return what a sale for cash is, to somebody or to a guest. Raises OrderRefused."""
    _refuse_unless_sane(lines)
    due = Due("cash", sum(line.price_tiyn for line in lines), tuple(lines))
    return Judgement((due,), tuple(_of_food(lines, buyer)))


def judge(lines: Sequence[Line], buyer: Buyer, known: Known, *, is_hub_asked: bool) -> Judgement:
    """Return what a sale to somebody is, by their right as far as it goes, else by their account. Raises OrderRefused.

    `is_hub_asked` says that all tills agree by the hub, or there is no other; else the account's offline limit binds.
    """
    _refuse_unless_sane(lines)
    dues = tuple(_dues(lines, buyer, known))
    draft = Judgement(dues)
    objections = [
        *_of_repeats(lines, known),
        *_of_food(lines, buyer),
        *_of_money(draft.account_tiyn, buyer, known, is_hub_asked=is_hub_asked),
        *([Objection("not_seen")] if known.is_unseen and draft.is_by_right else []),
    ]
    return Judgement(dues, tuple(objections))


def available_tiyn(buyer: Buyer, known: Known) -> int:
    """Return what somebody's account holds as far as the till can know: the balance less what was sold since."""
    return (buyer.account.balance_tiyn if buyer.account is not None else 0) - known.since_tiyn


def spendable_tiyn(buyer: Buyer, known: Known) -> int:
    """Return what somebody may spend: what the account holds, and what it may go below nothing."""
    return available_tiyn(buyer, known) + buyer.overdraft_tiyn


def _refuse_unless_sane(lines: Sequence[Line]) -> None:
    if not lines:
        raise OrderRefused("empty")
    is_countable = len(lines) <= LINES_MAX and all(1 <= line.count <= COUNT_MAX for line in lines)
    if not is_countable or sum(line.price_tiyn for line in lines) > AMOUNT_MAX_TIYN:
        raise OrderRefused("too_much")


def _dues(lines: Sequence[Line], buyer: Buyer, known: Known) -> Iterator[Due]:
    """Yield what the right gives, then what is left to be paid for."""
    covered = next((line for line in lines if line.dish.is_set), None)
    if buyer.right is None or known.is_right_used or covered is None:
        yield Due("account", sum(line.price_tiyn for line in lines), tuple(lines))
        return
    price_tiyn = min(buyer.right.price_tiyn, covered.dish.price_tiyn)
    yield Due("free" if buyer.right.is_free else "subsidised", price_tiyn, (Line(covered.dish),))
    rest = [line if line is not covered else Line(line.dish, line.count - 1) for line in lines]
    rest = [line for line in rest if line.count]
    if rest:
        yield Due("account", sum(line.price_tiyn for line in rest), tuple(rest))


def _of_repeats(lines: Sequence[Line], known: Known) -> Iterator[Objection]:
    sets = [line.dish.key for line in lines if line.dish.is_set]
    if sets and (known.is_right_used or known.used.intersection(sets)):
        yield Objection("had_it")


def _of_food(lines: Sequence[Line], buyer: Buyer | None) -> Iterator[Objection]:
    if buyer is None or buyer.account is None:
        return
    account = buyer.account
    allergens = {each for line in lines for each in line.dish.allergens.intersection(account.allergens)}
    if allergens:
        yield Objection("allergy", sorted(allergens))
    bans = {each for line in lines for each in line.dish.bans.intersection(account.dishes)}
    bans |= {each for line in lines for each in line.dish.categories.intersection(account.categories)}
    if bans:
        yield Objection("banned", sorted(bans))


def _of_money(amount_tiyn: int, buyer: Buyer, known: Known, *, is_hub_asked: bool) -> Iterator[Objection]:
    if amount_tiyn == 0:
        return
    account = buyer.account
    if account is None:
        yield Objection("no_account")
        return
    if amount_tiyn > spendable_tiyn(buyer, known):
        yield Objection("no_money")
    if account.day_limit_tiyn != NO_LIMIT and known.today_tiyn + amount_tiyn > account.day_limit_tiyn:
        yield Objection("day_limit")
    if not is_hub_asked and known.unconfirmed_tiyn + amount_tiyn > account.offline_limit_tiyn:
        yield Objection("offline_limit")
