"""Answers as they come from a page and lie in the database: read strictly, kept as JSON. Pure.

Rule: what is kept can be read again, and `score` takes it.
"""

import unicodedata
from collections.abc import Sequence

from cloud.assessments.errors import AnswerRefused
from cloud.assessments.questions import (
    Answer,
    Choice,
    Essay,
    Keyed,
    Match,
    Number,
    Order,
    Question,
    Text,
    as_number,
)
from cloud.core.messages import message
from cloud.core.texts import has_unseen

LINE_MAX, ESSAY_MAX = 200, 8_000  # letters: a form of them stays under what a form may have

# What JSON holds of an answer: keys, pairs, or a text.
Kept = list[str] | list[list[str]] | str | None


def read_answer(question: Question, given: object) -> Answer:
    """Return the answer that JSON holds: a list of keys, a list of pairs, or a text. Raises AnswerRefused."""
    if given is None or given in ("", []):
        return None
    match question.body:
        case Choice(options=options, many=many):
            return _chosen(_keys(given), {option.key for option in options}, 1 if not many else len(options))
        case Order(items=items):
            return _placed(_keys(given), {key for key, _ in items})
        case Match() as body:
            return _drawn(_pairs(given), body)
        case Number():
            return _typed_number(_typed(given, LINE_MAX))
        case Text() | Essay() as body:
            return _typed(given, ESSAY_MAX if isinstance(body, Essay) else LINE_MAX) or None


def of_fields(question: Question, fields: Sequence[str]) -> object:
    """Return what the fields of a question's form say, as JSON holds an answer; a pair is two keys with a space."""
    said = [each for each in fields if each]
    match question.body:
        case Choice() | Order():
            return said
        case Match():
            return [each.split(" ", 1) for each in said]
        case Number() | Text() | Essay():
            return fields[0] if fields else ""


def moved(keys: Sequence[str], key: str, by: int) -> list[str]:
    """Return keys of which one has changed places with its neighbour, the one before it where `by` is -1."""
    found = list(keys)
    if key in found and 0 <= (at := found.index(key)) + by < len(found):
        found[at], found[at + by] = found[at + by], found[at]
    return found


def to_kept(answer: Answer) -> Kept:
    """Return an answer as JSON holds it."""
    if isinstance(answer, frozenset):
        return [[left, right] for left, right in sorted(answer)]
    return list(answer) if isinstance(answer, tuple) else answer


def words_in(text: str) -> int:
    """Return how many words a text has."""
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def _chosen(keys: tuple[str, ...], known: set[str], most: int) -> Answer:
    if not set(keys) <= known or len(keys) > most or len(set(keys)) < len(keys):
        raise _refused()
    return tuple(sorted(keys))


def _placed(keys: tuple[str, ...], known: set[str]) -> Answer:
    if set(keys) != known or len(keys) != len(known):
        raise _refused()
    return keys


def _drawn(pairs: list[Keyed], body: Match) -> Answer:
    lefts, rights = {key for key, _ in body.lefts}, {key for key, _ in body.rights}
    if not all(left in lefts and right in rights for left, right in pairs):
        raise _refused()
    if len({left for left, _ in pairs}) < len(pairs):
        raise _refused()
    return frozenset(pairs)


def _typed_number(text: str) -> Answer:
    """Return a number as it was typed; what is none is told, so that nobody loses points for a letter."""
    if text and as_number(text) is None:
        raise AnswerRefused(message("Write a number, as 3,14 or -5."))
    return text or None


def _typed(given: object, most: int) -> str:
    if not isinstance(given, str):
        raise _refused()
    text = unicodedata.normalize("NFC", given.replace("\r\n", "\n")).strip()
    if len(text) > most or has_unseen(text):
        raise AnswerRefused(message("An answer has {most} letters at most.", most=most))
    return text


def _keys(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise _refused()
    return tuple(given)


def _pairs(given: object) -> list[Keyed]:
    if not isinstance(given, list):
        raise _refused()
    return [(left, right) for left, right in (_pair(each) for each in given)]


def _pair(given: object) -> Keyed:
    match given:
        case [str() as left, str() as right]:
            return left, right
        case _:
            raise _refused()


def _refused() -> AnswerRefused:
    return AnswerRefused(message("This is no answer to this question. Open the page again."))
