"""A question written as an item of QTI 3. Pure.

Rule: every item tells by its own rules the points that `questions.score` gives, of which no part needs this program: a
share of the points that is no whole hundredth is written to twelve digits. What QTI has no words for (quotes, dashes
and `ё` that count as one with others) is laxer here than there.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import assert_never
from xml.etree.ElementTree import Element, SubElement, tostring

from cloud.assessments.qti_kinds import (
    ITEM_NS,
    ITEM_SCHEMA,
    RESPONSE,
    SCORE,
    TITLE_MAX,
    TOOL,
    XML_LANG,
    XSI_NS,
)
from cloud.assessments.qti_texts import write_text, written
from cloud.assessments.questions import Choice, Essay, Keyed, Match, Number, Option, Order, Question, Text

SHARE = Decimal("0.000000000001")
EXPLANATION = "explanation"
CHOSEN, LEFT, RIGHT = "o_", "l_", "r_"  # before keys: identifiers begin with a letter, and are an item's own
Rows = Sequence[tuple[str, Decimal]]


def item_xml(question: Question, identifier: str, language: str = "") -> bytes:
    """Return the item, as a file of XML."""
    item = Element("qti-assessment-item", {
        "xmlns": ITEM_NS, "xmlns:xsi": XSI_NS, "xsi:schemaLocation": f"{ITEM_NS} {ITEM_SCHEMA}",
        "identifier": identifier, "title": title_of(question), "adaptive": "false", "time-dependent": "false",
        "tool-name": TOOL, **({XML_LANG: language} if language else {}),
    })  # fmt: skip
    _declare(item, question)
    _outcomes(item, question)
    _body(item, question)
    _process(item, question)
    if question.explanation:
        feedback = SubElement(item, "qti-modal-feedback", {
            "outcome-identifier": "FEEDBACK", "identifier": EXPLANATION, "show-hide": "show",
        })  # fmt: skip
        write_text(SubElement(feedback, "qti-content-body"), question.explanation)
    return xml_file(item)


def xml_file(root: Element) -> bytes:
    """Return a file of XML."""
    content: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def title_of(question: Question) -> str:
    """Return a title: the prompt's first words."""
    words = " ".join(written(question.prompt).split())
    return words if len(words) <= TITLE_MAX else words[: TITLE_MAX - 1].rsplit(" ", 1)[0] + "…"


def shares(question: Question) -> Mapping[str, Decimal]:
    """Return what each answer of a question with parts adds, by its value as QTI writes it."""
    match question.body:
        case Choice(options):
            right = sum(option.is_right for option in options)
            part = _part(question.points, right)
            return {CHOSEN + option.key: part if option.is_right else -part for option in options}
        case Match(lefts, _, pairs):
            part = _part(question.points, len(lefts))
            partners = dict(pairs)
            return {f"{LEFT}{left} {RIGHT}{partners[left]}": part for left, _ in lefts}
        case Text(accepted):
            return dict.fromkeys(accepted, Decimal(question.points))
        case Order() | Number() | Essay():
            return {}
    assert_never(question.body)


def is_mapped(question: Question) -> bool:
    """Tell whether the points of an answer are the sum of what its parts add."""
    body = question.body
    return isinstance(body, Match | Text) or (isinstance(body, Choice) and body.many and body.partial)


def _declare(item: Element, question: Question) -> None:
    cardinality, base, correct = _response(question)
    declaration = SubElement(item, "qti-response-declaration", {
        "identifier": RESPONSE, "cardinality": cardinality, "base-type": base,
    })  # fmt: skip
    if correct:
        values = SubElement(declaration, "qti-correct-response")
        for each in correct:
            SubElement(values, "qti-value").text = written(each)
    if is_mapped(question):
        _map(declaration, question)


def _response(question: Question) -> tuple[str, str, Sequence[str]]:
    """Return the cardinality and type of a response, and the right one."""
    match question.body:
        case Choice(options, many):
            right = [CHOSEN + option.key for option in options if option.is_right]
            return "multiple" if many else "single", "identifier", right
        case Match():
            return "multiple", "directedPair", list(shares(question))
        case Order(items):
            return "ordered", "identifier", [CHOSEN + key for key, _ in items]
        case Number(value):
            return "single", "float", [f"{value:f}"]
        case Text(accepted):
            return "single", "string", accepted[:1]
        case Essay():
            return "single", "string", ()
    assert_never(question.body)


def _map(declaration: Element, question: Question) -> None:
    loose = isinstance(question.body, Text) and not question.body.is_case_sensitive
    mapping = SubElement(declaration, "qti-mapping", {
        "lower-bound": "0", "upper-bound": str(question.points), "default-value": "0",
    })  # fmt: skip
    for key, points in shares(question).items():
        cased = {"case-sensitive": "false" if loose else "true"} if isinstance(question.body, Text) else {}
        SubElement(mapping, "qti-map-entry", {"map-key": written(key), "mapped-value": f"{points:f}", **cased})


def _outcomes(item: Element, question: Question) -> None:
    scored = {"external-scored": "human"} if isinstance(question.body, Essay) else {}
    most = str(question.points)
    _outcome(item, SCORE, "0", **scored, **{"normal-minimum": "0", "normal-maximum": most})
    _outcome(item, "MAXSCORE", most)
    if question.explanation:
        SubElement(item, "qti-outcome-declaration", {
            "identifier": "FEEDBACK", "cardinality": "single", "base-type": "identifier",
        })  # fmt: skip


def _outcome(item: Element, identifier: str, value: str, **more: str) -> None:
    outcome = SubElement(item, "qti-outcome-declaration", {
        "identifier": identifier, "cardinality": "single", "base-type": "float", **more,
    })  # fmt: skip
    SubElement(SubElement(outcome, "qti-default-value"), "qti-value").text = value


def _body(item: Element, question: Question) -> None:
    body = SubElement(item, "qti-item-body")
    match question.body:
        case Choice(options, many):
            most = {"max-choices": "0" if many else "1", "shuffle": "false"}
            _choices(_interaction(body, "qti-choice-interaction", question, most), _keyed(options), "qti-simple-choice")
        case Match(lefts, rights):
            _columns(body, question, lefts, rights)
        case Order(items):
            put = _interaction(body, "qti-order-interaction", question, {"shuffle": "true"})
            _choices(put, sorted(items, key=_scrambled), "qti-simple-choice")
        case Number() | Text():
            write_text(SubElement(body, "div"), question.prompt)
            SubElement(SubElement(body, "p"), "qti-text-entry-interaction", {"response-identifier": RESPONSE})
        case Essay(words, rubric):
            _essay(body, question, words, rubric)
        case _:
            assert_never(question.body)


def _columns(body: Element, question: Question, lefts: Sequence[Keyed], rights: Sequence[Keyed]) -> None:
    most = {"class": "qti-match-tabular", "shuffle": "true", "max-associations": str(len(lefts))}
    matching = _interaction(body, "qti-match-interaction", question, most)
    for column, start, each_max in ((lefts, LEFT, 1), (rights, RIGHT, len(lefts))):
        side = SubElement(matching, "qti-simple-match-set")
        _choices(side, column, "qti-simple-associable-choice", start, {"match-max": str(each_max)})


def _essay(body: Element, question: Question, words: int | None, rubric: str) -> None:
    if rubric:
        block = SubElement(body, "qti-rubric-block", {"view": "scorer", "use": "scoring"})
        write_text(SubElement(block, "qti-content-body"), rubric)
    asked = {"data-words": str(words)} if words is not None else {}
    _interaction(body, "qti-extended-text-interaction", question, asked)


def _interaction(body: Element, name: str, question: Question, attributes: Mapping[str, str]) -> Element:
    made = SubElement(body, name, {"response-identifier": RESPONSE, **attributes})
    write_text(SubElement(made, "qti-prompt"), question.prompt)
    return made


def _scrambled(item: Keyed) -> bytes:
    """Return by what things are sorted: those to be put in order are not told in the right one."""
    return sha256("\n".join(item).encode("utf-8", "replace")).digest()


def _keyed(options: Iterable[Option]) -> Sequence[Keyed]:
    return [(option.key, option.text) for option in options]


def _choices(
    into: Element, found: Sequence[Keyed], name: str, start: str = CHOSEN, more: Mapping[str, str] | None = None
) -> None:
    for key, text in found:
        write_text(SubElement(into, name, {"identifier": start + key, **(more or {})}), text)


def _process(item: Element, question: Question) -> None:
    body = question.body
    if isinstance(body, Essay) and not question.explanation:
        return  # a person marks it
    processing = SubElement(item, "qti-response-processing")
    if isinstance(body, Order):
        _process_order(processing, question, body)
    elif not isinstance(body, Essay):
        condition = SubElement(SubElement(processing, "qti-response-condition"), "qti-response-if")
        _right(condition, body, is_mapped(question))
        setting = SubElement(condition, "qti-set-outcome-value", {"identifier": SCORE})
        if is_mapped(question):
            SubElement(setting, "qti-map-response", {"identifier": RESPONSE})
        else:
            _value(setting, "float", str(question.points))
    if question.explanation:
        setting = SubElement(processing, "qti-set-outcome-value", {"identifier": "FEEDBACK"})
        _value(setting, "identifier", EXPLANATION)


def _right(condition: Element, body: Choice | Match | Number | Text, mapped: bool) -> None:
    """Write when there are points at all: something was answered; or it is exactly right, or near enough."""
    if mapped:
        _variable(SubElement(SubElement(condition, "qti-not"), "qti-is-null"))
    elif isinstance(body, Number) and body.tolerance:
        both = SubElement(condition, "qti-and")
        for name, bound in (("qti-gte", body.value - body.tolerance), ("qti-lte", body.value + body.tolerance)):
            compared = SubElement(both, name)
            _variable(compared)
            _value(compared, "float", f"{bound:f}")
    else:
        match = SubElement(condition, "qti-equal" if isinstance(body, Number) else "qti-match",
                           {"tolerance-mode": "exact"} if isinstance(body, Number) else {})  # fmt: skip
        _variable(match)
        SubElement(match, "qti-correct", {"identifier": RESPONSE})


def _process_order(processing: Element, question: Question, body: Order) -> None:
    """Write that each thing in its place adds its share."""
    part = _part(question.points, len(body.items))
    for place, (key, _) in enumerate(body.items, 1):
        condition = SubElement(SubElement(processing, "qti-response-condition"), "qti-response-if")
        match = SubElement(condition, "qti-match")
        _variable(SubElement(match, "qti-index", {"n": str(place)}))
        _value(match, "identifier", CHOSEN + key)
        total = SubElement(SubElement(condition, "qti-set-outcome-value", {"identifier": SCORE}), "qti-sum")
        SubElement(total, "qti-variable", {"identifier": SCORE})
        _value(total, "float", f"{part:f}")


def _variable(into: Element) -> None:
    SubElement(into, "qti-variable", {"identifier": RESPONSE})


def _value(into: Element, base: str, text: str) -> None:
    SubElement(into, "qti-base-value", {"base-type": base}).text = text


def _part(points: int, count: int) -> Decimal:
    part = Decimal(points) / count
    return part.quantize(SHARE) if part != part.quantize(Decimal("0.01")) else part.quantize(Decimal("0.01"))
