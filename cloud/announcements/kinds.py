"""What an announcement on the board is: for whom, from when to when, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from http import HTTPStatus
from zoneinfo import ZoneInfo

from cloud.core.errors import Refused
from cloud.core.i18n import N_
from cloud.messages.kinds import Wording

TEXTS = "posting.texts"
SECTION = "announcements"  # of the menu


class Reader(StrEnum):
    """Who reads an announcement."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    STAFF = "staff"


READERS = {Reader.STUDENT: N_("Students"), Reader.GUARDIAN: N_("Parents"), Reader.STAFF: N_("Staff")}


@dataclass(frozen=True, slots=True)
class Given:
    """An announcement as it is typed; without grades and classes it is for the whole school."""

    wordings: Mapping[str, Wording]
    readers: frozenset[Reader]
    first_on: date
    last_on: date
    grades: Sequence[int] = ()
    classes: Sequence[int] = ()
    is_pinned: bool = False
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Posting:
    """An announcement as its reader sees it; `language` is the one that it is shown in."""

    id: int
    school_id: int
    school_names: Mapping[str, str]
    zone: ZoneInfo
    author: str
    title: str
    body: str
    language: str
    made_at: datetime
    first_on: date
    last_on: date
    is_pinned: bool
    asks: bool
    has_files: bool
    seen_at: datetime | None
    confirmed_at: datetime | None

    @property
    def waits(self) -> bool:
        """Tell whether its reader has not opened it yet, or is still to confirm it."""
        return self.confirmed_at is None if self.asks else self.seen_at is None


@dataclass(frozen=True, slots=True)
class Posted:
    """An announcement as who posts sees it, with how many have seen and confirmed it."""

    id: int
    account_id: int
    author: str
    of_school: bool
    wordings: Mapping[str, Wording]
    readers: frozenset[Reader]
    grades: Sequence[int]
    classes: Sequence[str]
    class_ids: Sequence[int]
    first_on: date
    last_on: date
    is_pinned: bool
    asks: bool
    made_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    seen: int
    confirmed: int

    @property
    def title(self) -> str:
        return next(iter(self.wordings.values())).title

    def state(self, on: date) -> str:
        """Return the code of the sign of how it stands on a day."""
        if self.withdrawn_at is not None:
            return "posting_withdrawn"
        if on < self.first_on:
            return "posting_ahead"
        return "posting_over" if on > self.last_on else "posting_shown"


class PostingRefused(Refused):
    """An announcement cannot be taken, or nothing can be done with it any more."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "posting_refused"
