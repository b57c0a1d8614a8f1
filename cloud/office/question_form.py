"""The form of a question: what its fields say, as a question, and a question as its fields show it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from string import ascii_lowercase

from cloud.assessments.questions import (
    OPTIONS_MAX,
    Body,
    Choice,
    Essay,
    Kind,
    Match,
    Number,
    Option,
    Order,
    Question,
    Text,
    as_number,
)

NO_NUMBER = Decimal("NaN")  # which `check` refuses with its own words
BLANK = 2  # lines that stand empty below those that are there


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """What the form of a question says; lines of a table are told by their places."""

    kind: Kind
    subject: int
    grade: int
    theme: str = ""
    prompt: str = ""
    points: str = "1"
    explanation: str = ""
    difficulty: str = "2"
    option: Sequence[str] = ()
    right: Sequence[str] = ()  # places of the right options
    partial: bool = False
    left: Sequence[str] = ()
    partner: Sequence[str] = ()
    lines: str = ""  # things in their order, or answers that are accepted
    value: str = ""
    tolerance: str = "0"
    is_case_sensitive: bool = False
    words: str = ""
    rubric: str = ""

    def question(self) -> Question:
        """Return the question that is meant; what is wrong with it, `check` tells."""
        return Question(
            self.kind, _plain(self.prompt), self._body(), _whole(self.points), _plain(self.explanation),
            _whole(self.difficulty),
        )  # fmt: skip

    def _body(self) -> Body:
        match self.kind:
            case Kind.CHOICE:
                return self._choice()
            case Kind.MATCH:
                return self._match()
            case Kind.ORDER:
                return Order(tuple(_keyed(_lines(self.lines))))
            case Kind.NUMBER:
                tolerance = as_number(self.tolerance) if self.tolerance.strip() else Decimal(0)
                return Number(as_number(self.value) or _zero(self.value), NO_NUMBER if tolerance is None else tolerance)
            case Kind.TEXT:
                return Text(tuple(_lines(self.lines)), self.is_case_sensitive)
            case Kind.ESSAY:
                return Essay(_whole(self.words) if self.words.strip() else None, _plain(self.rubric))

    def _choice(self) -> Choice:
        said = [(text.strip(), str(place) in self.right) for place, text in enumerate(self.option) if text.strip()]
        options = [
            Option(key, text, is_right) for key, (text, is_right) in zip(ascii_lowercase, said, strict=False)
        ]  # fmt: skip
        return Choice(tuple(options), sum(each.is_right for each in options) > 1, self.partial)

    def _match(self) -> Match:
        rows = [
            (left.strip(), right.strip()) for left, right in zip(self.left, self.partner, strict=False)
            if left.strip() or right.strip()
        ]  # fmt: skip
        rights = list(dict.fromkeys(right for _, right in rows if right))  # two may have one partner
        keys = {text: str(place) for place, text in enumerate(rights, 1)}
        lefts = _keyed([left for left, _ in rows if left])
        partners = [right for left, right in rows if left]
        pairs = {(key, keys[right]) for (key, _), right in zip(lefts, partners, strict=True) if right}
        return Match(tuple(lefts), tuple((key, text) for text, key in keys.items()), frozenset(pairs))


def form_of(question: Question, subject: int, grade: int, theme: str) -> QuestionForm:
    """Return the form that shows a question."""
    body, fields = question.body, dict[str, object]()
    match body:
        case Choice(options=options):
            fields = {
                "option": [each.text for each in options], "partial": body.partial,
                "right": [str(place) for place, each in enumerate(options) if each.is_right],
            }  # fmt: skip
        case Match():
            fields = _columns(body)
        case Order(items=items):
            fields = {"lines": "\n".join(text for _, text in items)}
        case Number():
            fields = {"value": _typed(body.value), "tolerance": _typed(body.tolerance)}
        case Text():
            fields = {"lines": "\n".join(body.accepted), "is_case_sensitive": body.is_case_sensitive}
        case Essay():
            fields = {"words": str(body.words or ""), "rubric": body.rubric}
    return QuestionForm(
        question.kind, subject, grade, theme, question.prompt, str(question.points), question.explanation,
        str(question.difficulty), **fields,  # type: ignore[arg-type]  # each is its field's, by its kind
    )  # fmt: skip


def lines_shown(filled: int) -> int:
    """Return how many lines a table of the form shows."""
    return min(OPTIONS_MAX, max(4, filled + BLANK))


def _columns(body: Match) -> dict[str, object]:
    texts, partners = dict(body.rights), dict(body.pairs)
    rows = [(text, texts[partners[key]]) for key, text in body.lefts]
    rows += [("", text) for key, text in body.rights if key not in partners.values()]
    return {"left": [left for left, _ in rows], "partner": [right for _, right in rows]}


def _keyed(texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"{ascii_lowercase[place % 26]}{place // 26 or ''}", text) for place, text in enumerate(texts)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _whole(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 7 else -1


def _zero(text: str) -> Decimal:
    """Return nought where that is what was typed, and what is no number otherwise."""
    return Decimal(0) if as_number(text) is not None else NO_NUMBER


def _typed(value: Decimal) -> str:
    return f"{value.normalize():f}"
