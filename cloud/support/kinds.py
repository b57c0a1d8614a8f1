"""What questions to support are about, what stands in one, and what is refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.i18n import N_


class Topic(StrEnum):
    """What a question is about."""

    SIGN_IN = "sign_in"
    CHILD = "child"
    CARD = "card"
    CANTEEN = "canteen"
    NOTICES = "notices"
    DEVICES = "devices"
    OTHER = "other"


TOPICS = {
    Topic.SIGN_IN: N_("Signing in, password"),
    Topic.CHILD: N_("My child is missing or wrong here"),
    Topic.CARD: N_("Card or code for the gate"),
    Topic.CANTEEN: N_("Canteen and money"),
    Topic.NOTICES: N_("Notices and messages"),
    Topic.DEVICES: N_("Gates, tills, readers"),
    Topic.OTHER: N_("Something else"),
}


class QuestionRefused(Refused):
    """A question cannot be taken, or be answered so."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "question_refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks: about what, on which page (its path), and in which words."""

    topic: Topic
    words: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and its answer if there is one. `school` is the code of the school, or empty."""

    id: int
    school: str
    school_name: str
    account_id: int
    asker: str
    asked_at: datetime
    topic: Topic
    page: str
    words: str
    passed_at: datetime | None
    answered_at: datetime | None
    answered_by: str
    answer: str
    seen_at: datetime | None

    @property
    def state(self) -> str:
        """Return the code of its badge."""
        if self.answered_at is not None:
            return "question_answered"
        return "question_passed" if self.passed_at is not None else "question_waits"
