"""What a message to families is: for whom, in which languages, in which state; and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

import msgspec

from cloud.core.errors import Refused
from cloud.core.i18n import N_

TEXTS, ANSWER = "announcement.texts", "announcement_answer.words"


class Audience(StrEnum):
    """Whom a message is for."""

    SCHOOL = "school"
    GRADES = "grades"
    CLASSES = "classes"
    FAMILY = "family"  # the guardians of one child


class State(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"  # for somebody who may approve
    REFUSED = "refused"
    APPROVED = "approved"  # goes when it is due
    CANCELLED = "cancelled"  # before it went
    SENT = "sent"
    RECALLED = "recalled"


LANGUAGES = {"kk": N_("In Kazakh"), "ru": N_("In Russian"), "en": N_("In English")}


class Wording(msgspec.Struct, frozen=True):
    """A message in one language."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Given:
    """A message as its writer gives it. `only_language` limits it to accounts that read this language; empty: all."""

    audience: Audience
    wordings: Mapping[str, Wording]
    grades: Sequence[int] = ()
    classes: Sequence[int] = ()
    child: str = ""  # the reference of the one child
    only_language: str = ""
    may_answer: bool = True
    send_at: datetime | None = None  # at once
    corrects: int | None = None


class MessageRefused(Refused):
    """A message cannot be taken, or nothing can be done with it any more."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "message_refused"
