"""Who is told what: facts of meals and money become notices, one for each guardian. Pure.

Rule: a notice says what happened and when, whenever it is told. What is taken back is told as a fact of its own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.ingest.instants import DOUBTED
from cloud.ledger.kinds import EntryKind
from cloud.ledger.moves import Move
from cloud.meals.told import MealFact, MealRefused, MealReturned, MealSold
from cloud.notifications.kinds import Detail, Kind, Named

LATE_AFTER = timedelta(hours=2)  # older facts are shown, and nobody is disturbed by them
DELAYED_AFTER = timedelta(minutes=5)  # what took longer to be told says so
# A till's own troubles, about which there is nothing to tell a parent: the next touch sells, or nobody sells at all.
TROUBLES = frozenset({"changed", "empty", "too_much", "nobody", "no_shift", "disk", "no_till", "why_needed"})


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a child; `key` is the same however often it is met, `corrects` another's key.

    What is quiet is shown and not pushed: a correction that is told with it says the same.
    """

    key: str
    kind: Kind
    school_id: int
    person_id: int
    at: datetime
    detail: Detail
    corrects: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A fact that one guardian is told."""

    fact: Fact
    account_id: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Purse:
    """A child's money as far as the ledger was met; `is_told` that it is low, until it was not low in between."""

    held_tiyn: int = 0
    is_told: bool = False


def notices_of(facts: Iterable[Fact], guardians: Mapping[str, Collection[int]], now: datetime) -> list[Notice]:
    """Return a notice for each fact and each account that is told of it; the accounts stand by the fact's key."""
    return [
        Notice(fact, account_id, is_late(fact.at, now))
        for fact in facts
        for account_id in sorted(guardians.get(fact.key, ()))
    ]


def is_late(at: datetime, now: datetime) -> bool:
    """Tell whether a fact is told too late to disturb anybody."""
    return now - at > LATE_AFTER


def is_delayed(at: datetime, told_at: datetime) -> bool:
    """Tell whether a fact was told so long after it happened that its reader must know."""
    return told_at - at > DELAYED_AFTER


def of_meal(met: MealFact) -> Fact | None:
    """Return what a meal's fact tells; nothing of a till's own trouble, nor of a refund for which no money was left."""
    match met:
        case MealSold():
            return _taken(met)
        case MealReturned():
            return None if met.kind == "refund" and not met.given_tiyn else _returned(met)
        case MealRefused():
            return None if met.reason in TROUBLES else _refused(met)


def after(purse: Purse, move: Move, low_tiyn: int) -> tuple[Purse, list[Fact]]:
    """Return a purse after money moved, and what that tells: a top-up, a correction, or less than `low_tiyn` left.

    A balance is low since the ledger has it, so that a sale told late warns of today's balance.
    """
    purse = replace(purse, held_tiyn=purse.held_tiyn + move.amount_tiyn)
    facts: list[Fact] = []
    if move.kind is EntryKind.TOP_UP:
        detail = Detail(
            amount_tiyn=move.amount_tiyn, held_tiyn=purse.held_tiyn, way=move.key.partition(":")[0]
        )  # fmt: skip
        facts.append(Fact(f"topup:{move.key}", Kind.TOPUP, move.school_id, move.person_id, move.at, detail))
    if move.kind is EntryKind.CORRECTION:
        detail = Detail(amount_tiyn=move.amount_tiyn, held_tiyn=purse.held_tiyn)
        facts.append(
            Fact(f"correction:{move.key}", Kind.CORRECTION, move.school_id, move.person_id, move.recorded_at, detail)
        )
    if purse.held_tiyn >= low_tiyn:
        return replace(purse, is_told=False), facts
    is_spent = move.amount_tiyn < 0 and move.kind is not EntryKind.LEAVE
    if purse.is_told or not is_spent:
        return purse, facts
    detail = Detail(held_tiyn=purse.held_tiyn)
    low = Fact(f"low:{move.key}", Kind.LOW_BALANCE, move.school_id, move.person_id, move.recorded_at, detail)
    return replace(purse, is_told=True), [*facts, low]


def _taken(sold: MealSold) -> Fact:
    detail = Detail(
        meal=Named(*sold.meal), dishes=tuple(Named(*names, count) for names, count in sold.dishes),
        payment=sold.payment, amount_tiyn=sold.amount_tiyn, owed_tiyn=max(0, sold.full_tiyn - sold.amount_tiyn),
        is_rough=sold.clock in DOUBTED,
    )  # fmt: skip
    return Fact(sold.key, Kind.MEAL_TAKEN, sold.school_id, sold.person_id, sold.at, detail)


def _returned(back: MealReturned) -> Fact:
    detail = Detail(
        meal=Named(*back.meal), payment=back.payment, amount_tiyn=back.given_tiyn, way=back.kind, reason=back.reason,
        sold_at=back.sold_at,
    )  # fmt: skip
    return Fact(back.key, Kind.MEAL_RETURNED, back.school_id, back.person_id, back.at, detail, corrects=back.sale_key)


def _refused(refused: MealRefused) -> Fact:
    detail = Detail(meal=Named(*refused.meal), reason=refused.reason, is_rough=refused.clock in DOUBTED)
    return Fact(refused.key, Kind.MEAL_REFUSED, refused.school_id, refused.person_id, refused.at, detail)
