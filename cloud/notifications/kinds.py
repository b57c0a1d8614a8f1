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
    ARRIVED = "arrived"
    DEPARTED = "departed"
    LATE = "late"  # an arrival after the class's own first lesson began
    LEFT_EARLY = "left_early"  # a departure before its last lesson ended
    WITHOUT_CARD = "without_card"  # let through by the guard, either way
    ABSENT = "absent"  # not seen by the class's first lesson and some minutes
    CARD_DOUBLED = "card_doubled"
    DAY_CORRECTED = "day_corrected"  # puts one of these right, and names it
    ABSENCE_CHANGED = "absence_changed"  # by a guardian or the school: told, taken back, accepted, asked (`way`)
    COLLECTOR_CHANGED = "collector_changed"  # who may collect the child: named, ended, stopped, lifted (`way`)
    COLLECTED = "collected"  # who took the child, of the list or by an exception (`way`)
    TEACHER_ASKS = "teacher_asks"  # where the child is
    ANNOUNCEMENT = "announcement"
    MESSAGE = "message"
    SUPPORT_ANSWER = "support_answer"
    WEEK = "week"  # a digest: marks, lessons missed, what is ahead
    QUESTIONNAIRE = "questionnaire"  # that waits for an answer


# Who is told: who may pay, who sees the days at the gate, who gets notices at all; of the others who sees meals.
OF_MONEY = (Kind.LOW_BALANCE, Kind.TOPUP, Kind.CORRECTION)
OF_GATE = (
    Kind.ARRIVED, Kind.DEPARTED, Kind.LATE, Kind.LEFT_EARLY, Kind.WITHOUT_CARD, Kind.ABSENT, Kind.CARD_DOUBLED,
    Kind.DAY_CORRECTED, Kind.ABSENCE_CHANGED, Kind.COLLECTOR_CHANGED, Kind.COLLECTED, Kind.TEACHER_ASKS,
    Kind.WEEK,
)  # fmt: skip
OF_WORDS = (Kind.ANNOUNCEMENT, Kind.MESSAGE)  # of a child's school: who lacks either right is not told, nor shown
_RIGHTS = {
    **dict.fromkeys(OF_MONEY, FamilyRight.PAY), **dict.fromkeys(OF_GATE, FamilyRight.SEE),
    **dict.fromkeys(OF_WORDS, FamilyRight.SEE), Kind.SUPPORT_ANSWER: FamilyRight.NOTICES,
    Kind.QUESTIONNAIRE: FamilyRight.SEE,
}  # fmt: skip


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dish or a meal by its names; of dishes, how many."""

    kk: str
    ru: str
    en: str
    count: int = 1

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return {"ru": self.ru, "en": self.en}.get(language, self.kk)


class Marked(msgspec.Struct, frozen=True):
    """Marks of a week in a subject, as they are written: 8, or 14/20."""

    subject: Named
    marks: tuple[str, ...]


class Ahead(msgspec.Struct, frozen=True):
    """A summative work to come: `sor` or `soch`."""

    subject: Named
    kind: str
    on: date


class Week(msgspec.Struct, frozen=True, omit_defaults=True):
    """A child's week in class."""

    marks: tuple[Marked, ...] = ()
    missed: int = 0
    late: int = 0
    ahead: tuple[Ahead, ...] = ()
    homework: int = 0  # pieces that are to be done


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
    is_rough: bool = False  # the till's or the gate's clock was not to be relied on
    gate: Named | None = None  # of a passage
    direction: str = ""  # in, out
    is_again: bool = False  # the child had come before that day
    late_min: int = 0  # whole minutes after the class's first lesson began
    lessons_at: datetime | None = None  # when the first lesson begins; of who leaves early, when the last one ends
    was: str = ""  # of what is put right: the kind it was told as
    was_at: datetime | None = None  # and when that was said to have happened
    now: str = ""  # what is true of it: a kind, `present` by the teacher's word; empty when nobody passed
    last_on: date | None = None  # of an absence, or of who may collect the child; `on` is the first day
    who: str = ""  # may collect the child
    by: str = ""  # whose word it is
    came_at: datetime | None = None  # since when the child is at school, where that is what was not known
    title: Named | None = None  # of an announcement; what is written to one family is told without
    author: str = ""  # who wrote
    message_id: int = 0  # of a questionnaire: its number
    week: Week | None = None


def right_to(kind: Kind) -> FamilyRight:
    """Return the right that a guardian needs to be told of it."""
    return _RIGHTS.get(kind, FamilyRight.MEALS)


def packed(detail: Detail) -> str:
    """Return what the table keeps."""
    return msgspec.json.encode(detail).decode()


def unpacked(text: str) -> Detail:
    """Return a detail as it was kept; what a newer program added is passed over."""
    return msgspec.json.decode(text, type=Detail)
