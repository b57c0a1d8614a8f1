"""How an item of QTI says what an answer is worth: its response processing, worked out for one answer. Pure.

Rule: what is not known here is never guessed: it raises RulesUnknown, and the item is left out.
Source: 1EdTech QTI 3.0 ASI, response processing and its expressions; templates `match_correct` and `map_response`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from cloud.assessments.qti_kinds import SCORE
from cloud.assessments.qti_texts import local

# NULL; a number; an identifier, a string or a pair; a truth; things in order; things in none.
Value = Decimal | str | bool | tuple[str, ...] | frozenset[str] | None
_NUMBERS = frozenset({"float", "integer"})
_EXACT, _MAPPED = "match_correct", "map_response"
TEXT_MAX = 1_000  # of one value


class RulesUnknown(Exception):
    """The rules have something that is not known here; its name is the argument."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping of answers to points."""

    entries: Mapping[str, Decimal]
    loose: frozenset[str]  # keys that are compared whatever the case of letters is
    default: Decimal
    lower: Decimal | None
    upper: Decimal | None

    def of(self, values: Iterable[str]) -> Decimal:
        """Return what answers are worth together."""
        total = sum((self._one(value) for value in values), Decimal(0))
        if self.lower is not None:
            total = max(total, self.lower)
        return total if self.upper is None else min(total, self.upper)

    def _one(self, value: str) -> Decimal:
        found = [points for key, points in self.entries.items()
                 if key == value or (key in self.loose and key.casefold() == value.casefold())]  # fmt: skip
        return max(found, default=self.default)


@dataclass(frozen=True, slots=True)
class Declared:
    """What an item declares of the response to its interaction."""

    identifier: str
    cardinality: str  # single, multiple, ordered
    base: str  # identifier, directedPair, string, float, integer
    correct: tuple[str, ...]
    mapped: Mapped | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The response, the outcomes with their values before an answer, and the processing; None where there is none."""

    declared: Declared
    outcomes: Mapping[str, Value]
    processing: Element | None

    def correct(self) -> Value:
        """Return the response that is declared as the correct one, None where none is."""
        return typed(self.declared, self.declared.correct)

    def points(self, response: Value) -> Decimal:
        """Return the points that a response gets. Raises RulesUnknown."""
        if self.processing is None:
            return Decimal(response is not None and response == self.correct())
        if template := self.processing.get("template"):
            return self._by_template(template, response)
        running = _Running(self, response, dict(self.outcomes))
        for rule in self.processing:
            running.obey(rule)
        reached = running.outcomes.get(SCORE)
        return reached if isinstance(reached, Decimal) else Decimal(0)

    def _by_template(self, template: str, response: Value) -> Decimal:
        name = template.rsplit("/", 1)[-1].removesuffix(".xml")
        if name == _EXACT:
            return Decimal(response is not None and response == self.correct())
        if name == _MAPPED and self.declared.mapped is not None:
            return Decimal(0) if response is None else self.declared.mapped.of(_each(response))
        raise RulesUnknown(name[:40])


def typed(declared: Declared, values: Iterable[str]) -> Value:
    """Return values as a response to a declaration; NULL where there are none, or where a number is none."""
    plain = tuple(" ".join(value.split()) if declared.base == "directedPair" else value for value in values)
    if not plain:
        return None
    match declared.cardinality:
        case "multiple":
            return frozenset(plain)
        case "ordered":
            return plain
        case _:
            return number(plain[0]) if declared.base in _NUMBERS else plain[0]


def number(text: str | None) -> Decimal | None:
    """Return a number as XML writes it, None where it is none."""
    try:
        found = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= 30 else None


def rules_of(root: Element, identifier: str) -> Rules:
    """Return the rules of an item for the response with this identifier. Raises RulesUnknown where it is not declared.

    Names of elements are compared without their namespace.
    """
    declarations = [each for each in root if local(each) == "qti-response-declaration"]
    found = next((each for each in declarations if each.get("identifier") == identifier), None)
    if found is None or len(declarations) > 1:
        raise RulesUnknown("qti-response-declaration")
    outcomes = {each.get("identifier", ""): _default(each) for each in root if local(each) == "qti-outcome-declaration"}
    processing = next((each for each in root if local(each) == "qti-response-processing"), None)
    if processing is not None and not len(processing) and not processing.get("template"):
        processing = None
    return Rules(_declared(found), outcomes, processing)


def _declared(element: Element) -> Declared:
    mapped = next((each for each in element if local(each) == "qti-mapping"), None)
    correct = next((each for each in element if local(each) == "qti-correct-response"), None)
    values = () if correct is None else tuple((each.text or "") for each in correct if local(each) == "qti-value")
    base = element.get("base-type", "")
    if base not in {"string", "identifier"}:
        values = tuple(each.strip() for each in values)
    return Declared(
        element.get("identifier", ""), element.get("cardinality", "single"), base,
        tuple(each.strip() if base == "identifier" else each for each in values),
        None if mapped is None else _mapping(mapped, base),
    )  # fmt: skip


def _mapping(element: Element, base: str) -> Mapped:
    entries: dict[str, Decimal] = {}
    loose: set[str] = set()
    for each in element:
        key = each.get("map-key", "")
        key = " ".join(key.split()) if base == "directedPair" else key
        entries[key] = number(each.get("mapped-value")) or Decimal(0)
        if each.get("case-sensitive", "false").strip().lower() != "true" and base == "string":
            loose.add(key)
    bounds = [number(element.get(name)) for name in ("lower-bound", "upper-bound")]
    return Mapped(entries, frozenset(loose), number(element.get("default-value")) or Decimal(0), *bounds)


def _default(element: Element) -> Value:
    """Return an outcome before an answer: numbers begin with 0 where nothing else is said."""
    is_number = element.get("base-type") in _NUMBERS
    for each in element.iter():
        if local(each) == "qti-value":
            return number(each.text) if is_number else (each.text or "").strip()
    return Decimal(0) if is_number else None


@dataclass(slots=True)
class _Running:
    """The rules while they are worked out for a response."""

    rules: Rules
    response: Value
    outcomes: dict[str, Value]

    def obey(self, rule: Element) -> None:
        match local(rule):
            case "qti-set-outcome-value":
                (expression,) = _operands(rule, 1)
                self.outcomes[rule.get("identifier", "")] = self.value(expression)
            case "qti-response-condition":
                self._condition(rule)
            case name:
                raise RulesUnknown(name)

    def _condition(self, rule: Element) -> None:
        for branch in rule:
            name = local(branch)
            if name not in {"qti-response-if", "qti-response-else-if", "qti-response-else"}:
                raise RulesUnknown(name)
            then = list(branch)
            if name != "qti-response-else" and self.value(then.pop(0) if then else branch) is not True:
                continue
            for each in then:
                self.obey(each)
            return

    def value(self, element: Element) -> Value:
        name = local(element)
        if (leaf := _LEAVES.get(name)) is not None:
            return leaf(self, element)
        return self._operator(name, [self.value(each) for each in element])

    def map_response(self, element: Element) -> Value:
        mapped = self.rules.declared.mapped
        if mapped is None:
            raise RulesUnknown(local(element))
        return Decimal(0) if self.response is None else mapped.of(_each(self.response))

    def index(self, element: Element) -> Value:
        (held,) = [self.value(each) for each in _operands(element, 1)]
        place = number(element.get("n"))
        if place is None or not isinstance(held, tuple | None):
            raise RulesUnknown(local(element))
        return held[int(place) - 1] if held is not None and 1 <= place <= len(held) else None

    def variable(self, element: Element) -> Value:
        identifier = element.get("identifier", "")
        if identifier == self.rules.declared.identifier:
            return self.response
        if identifier not in self.outcomes:
            raise RulesUnknown(identifier[:40])
        return self.outcomes[identifier]

    def two(self, element: Element) -> list[Value]:
        return [self.value(each) for each in _operands(element, 2)]

    def _operator(self, name: str, values: list[Value]) -> Value:
        if name in {"qti-multiple", "qti-ordered"} and all(isinstance(each, str) for each in values):
            texts = [each for each in values if isinstance(each, str)]
            return (frozenset if name == "qti-multiple" else tuple)(texts) or None
        if (operator := _OPERATORS.get(name)) is None:
            raise RulesUnknown(name)
        return operator(values)


def _operands(element: Element, count: int) -> list[Element]:
    found = list(element)
    if len(found) != count:
        raise RulesUnknown(local(element))
    return found


def _base_value(element: Element) -> Value:
    text = (element.text or "")[:TEXT_MAX]
    base = element.get("base-type", "")
    if base in _NUMBERS:
        return number(text)
    if base == "boolean":
        return text.strip().lower() in {"true", "1"}
    return text if base == "string" else " ".join(text.split())


def _each(response: Value) -> Iterable[str]:
    if isinstance(response, tuple | frozenset):
        return response
    return (str(response),)


def _equal(element: Element, one: Value, other: Value) -> Value:
    first, second = _numbers([one, other]) or (None, None)
    if first is None or second is None:
        return None
    mode = element.get("tolerance-mode", "exact")
    if mode == "exact":
        return first == second
    below, above = tolerances(element)
    if mode == "relative":
        below, above = abs(first * below / 100), abs(first * above / 100)
    elif mode != "absolute":
        raise RulesUnknown(f"qti-equal {mode[:20]}")
    return first - below <= second <= first + above


def tolerances(element: Element) -> tuple[Decimal, Decimal]:
    """Return how far below and above is still equal. Raises RulesUnknown."""
    found = [number(each) for each in element.get("tolerance", "").split()]
    known = [each for each in found if each is not None]
    if not 1 <= len(known) == len(found) <= 2:
        raise RulesUnknown("qti-equal tolerance")
    return known[0], known[-1]


def _string_match(element: Element, one: Value, other: Value) -> Value:
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    if element.get("substring", "false") == "true":
        raise RulesUnknown("qti-string-match substring")
    return one == other if element.get("case-sensitive", "true") == "true" else one.casefold() == other.casefold()


def _numbers(values: list[Value]) -> list[Decimal] | None:
    found = [each for each in values if isinstance(each, Decimal)]
    return found if found and len(found) == len(values) else None


def _numeric(work: Callable[[list[Decimal]], Value]) -> Callable[[list[Value]], Value]:
    def of(values: list[Value]) -> Value:
        found = _numbers(values)
        try:
            return None if found is None else work(found)
        except (ArithmeticError, IndexError):
            return None

    return of


def _match(values: list[Value]) -> Value:
    if len(values) != 2 or None in values:
        return None
    return values[0] == values[1]


def _member(values: list[Value]) -> Value:
    if len(values) != 2 or not isinstance(values[1], tuple | frozenset) or values[0] is None:
        return None
    return values[0] in values[1]


def _contains(values: list[Value]) -> Value:
    if len(values) != 2 or not all(isinstance(each, frozenset) for each in values):
        return None
    whole, part = values
    return isinstance(whole, frozenset) and isinstance(part, frozenset) and part <= whole


def _product(values: list[Decimal]) -> Decimal:
    total = Decimal(1)
    for each in values:
        total *= each
    return total


_LEAVES: Mapping[str, Callable[[_Running, Element], Value]] = {
    "qti-variable": _Running.variable,
    "qti-correct": lambda running, _: running.rules.correct(),
    "qti-base-value": lambda _, element: _base_value(element),
    "qti-null": lambda *_: None,
    "qti-map-response": _Running.map_response,
    "qti-index": _Running.index,
    "qti-equal": lambda running, element: _equal(element, *running.two(element)),
    "qti-string-match": lambda running, element: _string_match(element, *running.two(element)),
}
_OPERATORS: Mapping[str, Callable[[list[Value]], Value]] = {
    "qti-match": _match,
    "qti-member": _member,
    "qti-contains": _contains,
    "qti-is-null": lambda values: values == [None],
    "qti-not": lambda values: None if values[:1] in ([], [None]) else values[0] is not True,
    "qti-and": lambda values: all(each is True for each in values),
    "qti-or": lambda values: any(each is True for each in values),
    "qti-sum": _numeric(lambda found: sum(found, Decimal(0))),
    "qti-product": _numeric(_product),
    "qti-subtract": _numeric(lambda found: found[0] - found[1]),
    "qti-divide": _numeric(lambda found: found[0] / found[1]),
    "qti-gt": _numeric(lambda found: found[0] > found[1]),
    "qti-gte": _numeric(lambda found: found[0] >= found[1]),
    "qti-lt": _numeric(lambda found: found[0] < found[1]),
    "qti-lte": _numeric(lambda found: found[0] <= found[1]),
    "qti-max": _numeric(max),
    "qti-min": _numeric(min),
}
