"""Questions of tests: what each kind holds, what is wrong with one, and what an answer is worth. Pure.

Rule: `from_data(to_data(question)) == question`, and what `check` lets pass can be asked and scored.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import assert_never

import msgspec

from cloud.assessments.errors import QuestionRefused
from cloud.core.messages import Message, message
from cloud.core.texts import has_unseen

PROMPT_MAX, OPTION_MAX, EXPLANATION_MAX, RUBRIC_MAX = 4_000, 500, 2_000, 4_000  # letters
OPTIONS_MAX, ACCEPTED_MAX = 12, 20
POINTS = range(1, 101)
DIFFICULTIES = range(1, 4)  # easy, medium, hard
WORDS = range(1, 5_001)  # that an essay is asked to have
NUMBER_MAX = Decimal(10) ** 15
DIGITS_MAX = 12  # behind the point
CENT = Decimal("0.01")
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})", re.ASCII)
_MINUSES = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{HYPHEN}": "-", ",": "."})
_QUOTES = str.maketrans(dict.fromkeys("«»„“”″", '"') | dict.fromkeys("‘’ʼ′`", "'") | dict.fromkeys("–—−‐", "-"))

Keyed = tuple[str, str]  # a key and its text
# Keys that were chosen or put in order; pairs of keys; what was typed; None where nothing was answered.
Answer = tuple[str, ...] | frozenset[Keyed] | str | None


class Kind(StrEnum):
    """What a question asks for; the values stand in the tables."""

    CHOICE = "choice"  # one or several right ones
    MATCH = "match"
    ORDER = "order"
    NUMBER = "number"
    TEXT = "text"
    ESSAY = "essay"


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be chosen."""

    key: str
    text: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Options; `many` may be chosen, and with `partial` each right one counts, and each wrong one against it."""

    options: tuple[Option, ...]
    many: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What stands left, each with its one partner of what stands right, where more may stand than is needed."""

    lefts: tuple[Keyed, ...]
    rights: tuple[Keyed, ...]
    pairs: frozenset[Keyed]  # keys, left and right


@dataclass(frozen=True, slots=True)
class Order:
    """Things to be put in order; they stand here in the right one."""

    items: tuple[Keyed, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and how far from it is still right."""

    value: Decimal
    tolerance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Text:
    """A word or a few; any one that is accepted is right."""

    accepted: tuple[str, ...]
    is_case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Essay:
    """A text that a person marks; `words` is how many are asked for, `rubric` what they are marked by."""

    words: int | None = None
    rubric: str = ""


Body = Choice | Match | Order | Number | Text | Essay


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `prompt` and `explanation` are plain texts with line breaks, `difficulty` is 1 to 3."""

    kind: Kind
    prompt: str
    body: Body
    points: int = 1
    explanation: str = ""
    difficulty: int = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a question; `where` is the field of Question or of its body."""

    where: str
    told: Message


def kind_of(body: Body) -> Kind:
    """Return the kind that a body is of."""
    return _KINDS[type(body)]


def check(question: Question) -> list[Problem]:
    """Return what is wrong with a question, in the order in which it is read; nothing where it can be asked."""
    problems = [*_text(question.prompt, "prompt", PROMPT_MAX), *_body(question.body)]
    if not question.prompt.strip():
        problems.insert(0, Problem("prompt", message("Write what is asked.")))
    if question.kind is not kind_of(question.body):
        problems.append(Problem("kind", message("The answers belong to another kind of question.")))
    if question.points not in POINTS:
        problems.append(Problem("points", message("A question gives 1 to {most} points.", most=max(POINTS))))
    if question.difficulty not in DIFFICULTIES:
        problems.append(Problem("difficulty", message("Choose one of the three difficulties.")))
    return [*problems, *_text(question.explanation, "explanation", EXPLANATION_MAX)]


def score(question: Question, answer: Answer) -> Decimal | None:
    """Return the points of an answer, in hundredths; None where a person gives them. No answer is no points.

    An answer of another shape than the question's is no answer: `cloud.assessments.answers` refuses it before.
    """
    if answer is None or not answer:
        return Decimal(0)
    if isinstance(question.body, Essay):
        return None
    part = _part(question.body, answer)
    return (question.points * part).quantize(CENT)


def to_data(question: Question) -> dict[str, object]:
    """Return a question as JSON holds it; numbers of answers are texts there."""
    data: dict[str, object] = msgspec.to_builtins(question, order="deterministic")
    return data


def from_data(data: Mapping[str, object]) -> Question:
    """Return the question that `to_data` wrote. Raises QuestionRefused with the place that is not as it was written."""
    try:
        head = msgspec.convert(data, _Head)
        body = msgspec.convert(head.body, _BODIES[head.kind])
    except msgspec.ValidationError as refused:
        raise QuestionRefused(message("This is not how a question is kept: {why}", why=str(refused))) from None
    return Question(head.kind, head.prompt, body, head.points, head.explanation, head.difficulty)


def as_number(typed: str) -> Decimal | None:
    """Return a number as people type it (`3,14`, `-0.5`, `12 000`), None where it is none."""
    plain = "".join(typed.split()).translate(_MINUSES)
    if not _NUMBER.fullmatch(plain):
        return None
    return Decimal(plain)


def as_compared(text: str, is_case_sensitive: bool) -> str:
    """Return a short text as it is compared: single spaces, plain quotes; where case is not looked at, е for ё too."""
    plain = " ".join(unicodedata.normalize("NFC", text).translate(_QUOTES).split()).rstrip(".")
    return plain if is_case_sensitive else plain.casefold().replace("ё", "е")


def _part(body: Choice | Match | Order | Number | Text, answer: Answer) -> Decimal:
    """Return which part of its points an answer gets, from 0 to 1."""
    match body:
        case Choice():
            return _part_of_choice(body, frozenset(answer) if isinstance(answer, tuple) else frozenset())
        case Match():
            return _part_of_match(body, answer if isinstance(answer, frozenset) else frozenset())
        case Order():
            placed = answer if isinstance(answer, tuple) else ()
            right = sum(key == item[0] for key, item in zip(placed, body.items, strict=False))
            return Decimal(right) / len(body.items)
        case Number():
            number = as_number(answer) if isinstance(answer, str) else None
            return Decimal(number is not None and abs(number - body.value) <= body.tolerance)
        case Text():
            said = as_compared(answer, body.is_case_sensitive) if isinstance(answer, str) else ""
            return Decimal(any(said == as_compared(each, body.is_case_sensitive) for each in body.accepted))
    assert_never(body)


def _part_of_choice(body: Choice, chosen: frozenset[str]) -> Decimal:
    right = {option.key for option in body.options if option.is_right}
    if not (body.many and body.partial):
        return Decimal(chosen == right)
    hits = len(chosen & right) - len(chosen - right)
    return Decimal(max(0, hits)) / len(right)


def _part_of_match(body: Match, drawn: frozenset[Keyed]) -> Decimal:
    lines = Counter(left for left, _ in drawn)  # who draws every line has drawn none
    right = sum(lines[left] == 1 for left, _ in drawn & body.pairs)
    return Decimal(right) / len(body.lefts)


def _body(body: Body) -> list[Problem]:
    match body:
        case Choice():
            return _choice(body)
        case Match():
            return _match(body)
        case Order():
            return _keyed(body.items, "items")
        case Number():
            return _number(body)
        case Text():
            return _accepted(body)
        case Essay():
            return _essay(body)
    assert_never(body)


def _choice(body: Choice) -> list[Problem]:
    problems = _keyed([(option.key, option.text) for option in body.options], "options")
    right = sum(option.is_right for option in body.options)
    if not right:
        problems.append(Problem("options", message("Mark which answer is right.")))
    if right > 1 and not body.many:
        problems.append(Problem("options", message("Several answers are right: let several be chosen.")))
    if body.many and right == len(body.options):
        problems.append(Problem("options", message("All answers are right: add one that is not.")))
    return problems


def _match(body: Match) -> list[Problem]:
    problems = [*_keyed(body.lefts, "lefts"), *_keyed(body.rights, "rights")]
    lefts, rights = {key for key, _ in body.lefts}, {key for key, _ in body.rights}
    partners = Counter(left for left, _ in body.pairs)
    if not all(left in lefts and right in rights for left, right in body.pairs):
        problems.append(Problem("pairs", message("A pair names something that is in neither column.")))
    elif any(partners[left] != 1 for left in lefts):
        problems.append(Problem("pairs", message("Everything in the left column needs one partner in the right one.")))
    return problems


def _number(body: Number) -> list[Problem]:
    if not all(_is_number(each) for each in (body.value, body.tolerance)):
        most = DIGITS_MAX
        return [
            Problem("value", message("Write a number of up to 15 digits, with {most} behind the point.", most=most))
        ]
    if body.tolerance < 0:
        return [Problem("tolerance", message("How far from it is still right cannot be less than nothing."))]
    return []


def _accepted(body: Text) -> list[Problem]:
    if not 1 <= len(body.accepted) <= ACCEPTED_MAX or not all(as_compared(each, True) for each in body.accepted):
        return [Problem("accepted", message("Write 1 to {most} right answers, one a line.", most=ACCEPTED_MAX))]
    return list(chain.from_iterable(_text(each, "accepted", OPTION_MAX) for each in body.accepted))


def _essay(body: Essay) -> list[Problem]:
    problems = _text(body.rubric, "rubric", RUBRIC_MAX)
    if body.words is not None and body.words not in WORDS:
        problems.append(Problem("words", message("An essay has 1 to {most} words.", most=max(WORDS))))
    return problems


def _keyed(found: Sequence[Keyed], where: str) -> list[Problem]:
    """Return what is wrong with a column of things: too few or many, the same twice, nothing to read."""
    if not 2 <= len(found) <= OPTIONS_MAX:
        return [Problem(where, message("There are 2 to {most} of these.", most=OPTIONS_MAX))]
    keys, texts = [key for key, _ in found], [as_compared(text, True) for _, text in found]
    if len(set(keys)) < len(keys) or not all(_KEY.fullmatch(key) for key in keys):
        return [Problem(where, message("Each needs a key of its own, of letters and digits."))]
    if not all(text.strip() for _, text in found):
        return [Problem(where, message("One of these is empty."))]
    if len(set(texts)) < len(texts):
        return [Problem(where, message("The same stands here twice."))]
    return list(chain.from_iterable(_text(text, where, OPTION_MAX) for _, text in found))


def _text(text: str, where: str, most: int) -> list[Problem]:
    if len(text) > most or has_unseen(text):
        return [Problem(where, message("Say it in {most} letters at most.", most=most))]
    return []


def _is_number(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DIGITS_MAX and abs(value) < NUMBER_MAX


@dataclass(frozen=True, slots=True)
class _Head:
    """A question before it is known which body it has."""

    kind: Kind
    prompt: str
    body: dict[str, object]
    points: int
    explanation: str
    difficulty: int


_BODIES: Mapping[Kind, type[Body]] = {
    Kind.CHOICE: Choice, Kind.MATCH: Match, Kind.ORDER: Order, Kind.NUMBER: Number, Kind.TEXT: Text, Kind.ESSAY: Essay,
}  # fmt: skip
_KINDS = {body: kind for kind, body in _BODIES.items()}
