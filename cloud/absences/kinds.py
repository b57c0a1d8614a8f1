"""Words of absences: how far one has come, what excuses a child on a day, and what is told when one changes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import asyncpg

from cloud.register.kinds import Reason

REASON, WORDS, ANSWER = "absence.reason", "absence.words", "absence.answer"  # contexts of the vault
PAPER = "absence_paper.paper"


class State(StrEnum):
    """How far an absence has come. Its words are `word(f"absence_{state}")`."""

    TOLD = "told"
    ACCEPTED = "accepted"
    ASKED = "asked"  # the school asks back, and excuses nobody by it
    TAKEN_BACK = "taken_back"  # by the family


class Why(StrEnum):
    """By what a child is excused."""

    FAMILY = "family"
    TRIP = "trip"


@dataclass(frozen=True, slots=True)
class Excuse:
    """What excuses a child on a day: the word of its family, accepted or not, or a trip of its class."""

    why: Why
    is_accepted: bool
    trip_id: int | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """What a family tells: from which day to which, why, and in words."""

    first_on: date
    last_on: date
    reason: Reason
    words: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """An absence that was told, taken back or answered, for who tells the guardians of it."""

    absence_id: int
    school_id: int
    person_id: int
    state: State
    first_on: date
    last_on: date
    at: datetime

    @property
    def key(self) -> str:
        """Return what names it for ever."""
        return f"absence:{self.absence_id}:{self.state}:{int(self.at.timestamp())}"


Tell = Callable[[asyncpg.Connection, Happened], Awaitable[object]]  # in the open transaction


async def tell_nobody(_connection: asyncpg.Connection, _happened: Happened) -> None:
    """Tell nobody."""
