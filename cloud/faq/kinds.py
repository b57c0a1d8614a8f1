"""An entry: a question with its answer in the languages that it was written in, and whom it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloud.core.i18n import N_
from cloud.core.roles import OF_CLASSES, STAFF, Role

LANGUAGES = {"kk": N_("In Kazakh"), "ru": N_("In Russian"), "en": N_("In English")}


class Audience(StrEnum):
    """Whom an entry concerns."""

    PARENTS = "parents"
    STUDENTS = "students"
    TEACHERS = "teachers"
    STAFF = "staff"


AUDIENCES = {
    Audience.PARENTS: N_("Parents"),
    Audience.STUDENTS: N_("Students"),
    Audience.TEACHERS: N_("Teachers"),
    Audience.STAFF: N_("Other staff"),
}
_TEACHERS = OF_CLASSES | {Role.METHODOLOGIST}
ROLES: Mapping[Audience, frozenset[Role]] = {
    Audience.PARENTS: frozenset({Role.GUARDIAN}),
    Audience.STUDENTS: frozenset({Role.STUDENT}),
    Audience.TEACHERS: _TEACHERS,
    Audience.STAFF: STAFF - _TEACHERS,
}


@dataclass(frozen=True, slots=True)
class Given:
    """An entry as somebody writes it; without audiences it concerns everybody. A topic is a heading over several."""

    topic: str
    questions: Mapping[str, str]  # by language
    answers: Mapping[str, str]
    audiences: Sequence[str] = ()
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands, with how many it helped and how many it did not; `vote` is the reader's own."""

    id: int
    given: Given
    helped: int
    not_helped: int
    vote: bool | None = None

    def told(self, language: str) -> tuple[str, str]:
        """Return question and answer in a language, or in the first one in which both were written."""
        given = self.given
        known = [each for each in LANGUAGES if given.questions[each] and given.answers[each]]
        chosen = language if language in known else known[0]
        return given.questions[chosen], given.answers[chosen]

    def has(self, words: str) -> bool:
        """Tell whether it holds words, in whichever language."""
        texts = (self.given.topic, *self.given.questions.values(), *self.given.answers.values())
        return has_words(texts, words)


def has_words(texts: Sequence[str], words: str) -> bool:
    """Tell whether each of some words stands in the texts, as a part of a word too; none stand everywhere."""
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words.casefold().split())
