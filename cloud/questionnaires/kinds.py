"""What a questionnaire is: whom it asks, how, until when, and which kinds of questions there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cloud.core.i18n import N_

SHEET, SAID = "questionnaire_sheet.answers", "questionnaire_said.words"  # contexts of the vault
LANGUAGES = {"kk": N_("In Kazakh"), "ru": N_("In Russian"), "en": N_("In English")}
Answers = Mapping[int, Sequence[str]]  # by question: places of options, a number, or words
Texts = Mapping[str, str]  # by language; empty where there is none


class Audience(StrEnum):
    """Whom a questionnaire asks."""

    PARENTS = "parents"
    STUDENTS = "students"
    STAFF = "staff"


AUDIENCES = {Audience.PARENTS: N_("Parents"), Audience.STUDENTS: N_("Students"), Audience.STAFF: N_("Staff")}


class Kind(StrEnum):
    """How a question is answered."""

    ONE = "one"
    SEVERAL = "several"
    SCALE = "scale"  # from 1
    NUMBER = "number"  # whole, from 0
    LINE = "line"
    WORDS = "words"


KINDS = {
    Kind.ONE: N_("One of several"),
    Kind.SEVERAL: N_("Any number of several"),
    Kind.SCALE: N_("A scale from 1"),
    Kind.NUMBER: N_("A number"),
    Kind.LINE: N_("A short text"),
    Kind.WORDS: N_("A long text"),
}
OF_OPTIONS = (Kind.ONE, Kind.SEVERAL)
OF_NUMBERS = (Kind.SCALE, Kind.NUMBER)
OF_TEXTS = (Kind.LINE, Kind.WORDS)


class State(StrEnum):
    """Where a questionnaire stands on a day."""

    DRAFT = "draft"
    AHEAD = "ahead"  # published, its first day is to come
    OPEN = "open"
    OVER = "over"


def told_in(texts: Texts, language: str) -> str:
    """Return a text in a language, or in the first one that it was written in."""
    return texts.get(language) or next((text for text in texts.values() if text), "")


@dataclass(frozen=True, slots=True)
class Given:
    """A questionnaire as somebody makes it; no roles are all of the staff, no classes are all of the school."""

    audience: Audience
    titles: Texts
    intros: Texts
    first_on: date
    last_on: date
    is_anonymous: bool = True
    fewest: int = 5
    roles: Sequence[str] = ()
    classes: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class QuestionGiven:
    """A question as somebody makes it; `most` is the end of a scale or a number, options stand by language."""

    kind: Kind
    words: Texts
    options: Mapping[str, Sequence[str]]
    is_required: bool = True
    most: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it stands."""

    id: int
    place: int
    given: QuestionGiven

    @property
    def kind(self) -> Kind:
        return self.given.kind

    def told(self, language: str) -> str:
        """Return its words in a language, or in the first one that it was written in."""
        return told_in(self.given.words, language)

    def offered(self, language: str) -> Sequence[str]:
        """Return its options, likewise."""
        options = self.given.options
        return options.get(language) or next((each for each in options.values() if each), ())

    @property
    def numbers(self) -> range:
        """The numbers that may be given."""
        return range(1 if self.kind is Kind.SCALE else 0, self.given.most + 1)

    def wording(self, value: int, language: str) -> str:
        """Return what a counted value means in words."""
        offered = self.offered(language)
        return offered[value] if self.kind in OF_OPTIONS and value < len(offered) else str(value)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A questionnaire as it stands; `shown` answers are behind the counts of an anonymous one that may be seen."""

    id: int
    school_id: int
    given: Given
    made_at: datetime
    made_by: str
    published_at: datetime | None
    ended_at: datetime | None
    reminded_at: datetime | None
    shown: int
    answered: int  # how many answered

    def title(self, language: str) -> str:
        return told_in(self.given.titles, language)

    def intro(self, language: str) -> str:
        return told_in(self.given.intros, language)

    def state(self, today: date) -> State:
        """Return where it stands on a day of its school."""
        if self.published_at is None:
            return State.DRAFT
        if self.ended_at is not None or today > self.given.last_on:
            return State.OVER
        return State.AHEAD if today < self.given.first_on else State.OPEN

    def sign(self, today: date) -> str:
        """Return the sign of where it stands."""
        return f"questionnaire_{self.state(today)}"

    @property
    def countable(self) -> int:
        """How many answers are behind the results: of an anonymous one what was shown at the last full step.

        A step is made as soon as enough answers wait, so fewer wait at the end, and these are never shown.
        """
        return self.shown if self.given.is_anonymous else self.answered
