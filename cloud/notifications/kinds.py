"""Kinds of notices, and what each keeps of its fact: figures and names in three languages, never a sentence."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from cloud.people.kinds import FamilyRight

CLOSED = "closed"  # the reason of a broken order: there are no lessons on its day


class Kind(StrEnum):
    """What guardians are told of."""

    MEAL_TAKEN = "meal_taken"
    MEAL_REFUSED = "meal_refused"
    MEAL_RETURNED = "meal_returned"
    LOW_BALANCE = "low_balance"
    TOPUP = "topup"
    CORRECTION = "correction"
    PREORDER_REMINDER = "preorder_reminder"
    PREORDER_BROKEN = "preorder_broken"


OF_MONEY = (Kind.LOW_BALANCE, Kind.TOPUP, Kind.CORRECTION)  # told to who may pay; the others to who sees meals


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dish or a meal by its names; of dishes, how many."""

    kk: str
    ru: str
    en: str
    count: int = 1

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return {"ru": self.ru, "en": self.en}.get(language, self.kk)


class Detail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a notice keeps of its fact; each kind has some of it."""

    meal: Named | None = None
    dishes: tuple[Named, ...] = ()
    payment: str = ""  # account, free, subsidised, cash
    amount_tiyn: int = 0  # what was paid, came back, or came in; below zero what a correction took
    owed_tiyn: int = 0  # what the budget pays of a meal
    held_tiyn: int = 0  # what is on the account then
    way: str = ""  # how money came (kaspi, cash), or what a return is (void, refund)
    reason: str = ""  # why nothing was sold, or why it was taken back, in the till's words; closed: no lessons
    sold_at: datetime | None = None  # of what was taken back
    on: date | None = None  # the day that nothing is ordered for, or whose order cannot be had
    until: datetime | None = None  # when orders for it close
    is_rough: bool = False  # the till's clock was not to be relied on


def right_to(kind: Kind) -> FamilyRight:
    """Return the right that a guardian needs to be told of it."""
    return FamilyRight.PAY if kind in OF_MONEY else FamilyRight.MEALS


def packed(detail: Detail) -> str:
    """Return what the table keeps."""
    return msgspec.json.encode(detail).decode()


def unpacked(text: str) -> Detail:
    """Return a detail as it was kept; what a newer program added is passed over."""
    return msgspec.json.decode(text, type=Detail)
