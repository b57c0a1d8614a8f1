"""What an item of QTI asks for, as the answers of a question, with answers that tell whether both count alike. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from xml.etree.ElementTree import Element

from cloud.assessments.qti_kinds import SCORE, ItemRefused
from cloud.assessments.qti_rules import Declared, Rules, Value, number, tolerances, typed
from cloud.assessments.qti_texts import local, plain
from cloud.assessments.qti_writing import CHOSEN, LEFT, RIGHT
from cloud.assessments.questions import (
    DIGITS_MAX,
    NUMBER_MAX,
    OPTIONS_MAX,
    POINTS,
    WORDS,
    Answer,
    Body,
    Choice,
    Essay,
    Keyed,
    Match,
    Number,
    Option,
    Order,
    Question,
    Text,
    as_compared,
    kind_of,
    score,
)
from cloud.core.messages import Message, message

NEAR = Decimal("0.006")  # of all points: a third of one point is 0.33 here
_KEY_MAX = 32
_FINEST = Decimal(1).scaleb(-DIGITS_MAX)
REACHES_MAX, WORDS_MAX = 20, 60  # each is probed by all rules of the item
_NONE_RIGHT = message("It does not say which answer is right.")
_OTHERWISE = message("It gives points otherwise than questions here can: for a part of the answer, or against one.")


@dataclass(frozen=True, slots=True)
class Probe:
    """An answer, as the item's rules and as a question take it."""

    response: Value
    answer: Answer


@dataclass(frozen=True, slots=True)
class Found:
    """Bodies of which one may count as the item does, and the answers that tell; `right` is the first of them.

    `each_counts` is said where the item gives all of its points or none, and the question for each right part.
    """

    bodies: Sequence[Body]
    probes: Sequence[Probe]
    changed: Sequence[Message] = field(default=())
    each_counts: Message | None = None


@dataclass(frozen=True, slots=True)
class Things:
    """What can be chosen, put in order or paired: keys and texts as they stand, and the identifier of each key."""

    keyed: tuple[Keyed, ...]
    identifiers: dict[str, str]
    lost: tuple[Message, ...]

    def key_of(self, identifier: str) -> str:
        """Return the key of an identifier. Raises ItemRefused where there is none."""
        for key, known in self.identifiers.items():
            if known == identifier:
                return key
        raise ItemRefused(message("Its right answer names something that is not there: {name}.", name=identifier[:40]))


def body_of(interaction: Element, root: Element, rules: Rules) -> Found:
    """Return what an interaction asks for. Raises ItemRefused or RulesUnknown."""
    match local(interaction):
        case "qti-choice-interaction":
            return _choice(interaction, rules)
        case "qti-match-interaction":
            return _match(interaction, rules)
        case "qti-order-interaction":
            return _order(interaction, rules)
        case "qti-text-entry-interaction" if rules.declared.base in {"float", "integer"}:
            return _number(rules)
        case "qti-text-entry-interaction":
            return _text(rules)
        case _:
            return Found([_essay(interaction, root)], [])


def fitting(found: Found, root: Element, rules: Rules) -> tuple[Body, int, list[Message]]:
    """Return the body that counts as the item does, its points, and what is told.

    Raises ItemRefused or RulesUnknown.
    """
    if not found.probes:
        return found.bodies[0], *_points_of_essay(root)
    earned = [rules.points(probe.response) for probe in found.probes]
    best = earned[0]
    if best <= 0:
        raise ItemRefused(message("It gives no points for its right answer."))
    points, told = _whole(best)
    parts = [each / best for each in earned]
    for body in found.bodies:
        if _counts_so(body, found.probes, parts):
            return body, points, told
    if found.each_counts is not None and all(part == 0 for part in parts[1:]):
        return found.bodies[0], points, [*told, found.each_counts]
    raise ItemRefused(_OTHERWISE)


def _counts_so(body: Body, probes: Sequence[Probe], parts: Sequence[Decimal]) -> bool:
    question = Question(kind_of(body), "", body)
    return all(
        abs((score(question, probe.answer) or Decimal(0)) - part) <= NEAR
        for probe, part in zip(probes, parts, strict=True)
    )


def _whole(best: Decimal) -> tuple[int, list[Message]]:
    points = min(max(int(best.to_integral_value(ROUND_HALF_UP)), min(POINTS)), max(POINTS))
    if abs(best - points) < NEAR:
        return points, []
    return points, [message("It gave {was} points; here it gives {now}.", was=f"{best.normalize():f}", now=points)]


def _points_of_essay(root: Element) -> tuple[int, list[Message]]:
    """Return the points that a person may give: what is declared as the most."""
    declared = {each.get("identifier", ""): each for each in root if local(each) == "qti-outcome-declaration"}
    told = [
        number(each.text) for each in declared.get("MAXSCORE", Element("none")).iter() if local(each) == "qti-value"
    ]
    most = next((each for each in told if each), None) or number(
        declared.get(SCORE, Element("none")).get("normal-maximum")
    )
    if most is None or most <= 0:
        return 1, [message("It does not say how many points it gives: here it gives 1.")]
    return _whole(most)


def _choice(interaction: Element, rules: Rules) -> Found:
    things = _things(interaction, "qti-simple-choice", CHOSEN)
    declared, most = rules.declared, interaction.get("max-choices", "1")
    many = declared.cardinality == "multiple" and most != "1"
    right = [things.key_of(each) for each in _right(declared)]
    if not right:
        raise ItemRefused(_NONE_RIGHT)
    options = tuple(Option(key, text, key in right) for key, text in things.keyed)
    chosen = _chosen_many(options) if many else [(key,) for key in [*right, *(key for key, _ in things.keyed)]]
    probes = [Probe(typed(declared, [things.identifiers[key] for key in keys]), keys) for keys in chosen]
    changed = list(things.lost)
    if many and most not in {"0", str(len(options))}:
        changed.append(message("How many may be chosen at most is not kept."))
    bodies = [Choice(options, many=True, partial=partial) for partial in (False, True)] if many else [Choice(options)]
    return Found(bodies, probes, changed)


def _chosen_many(options: Sequence[Option]) -> list[tuple[str, ...]]:
    """Return choices that tell how parts count: the right one, with each one more or less, each alone, and all."""
    keys, right = [each.key for each in options], {each.key for each in options if each.is_right}
    sets = [right, *(right ^ {key} for key in keys), *({key} for key in keys), set(keys), set(keys) - right]
    return [tuple(key for key in keys if key in each) for each in sets if each]


def _match(interaction: Element, rules: Rules) -> Found:
    columns = [each for each in interaction if local(each) == "qti-simple-match-set"]
    if len(columns) != 2:
        raise ItemRefused(message("Pairs need two columns."))
    name = "qti-simple-associable-choice"
    lefts, rights = _things(columns[0], name, LEFT), _things(columns[1], name, RIGHT)
    pairs = [_pair(each, lefts, rights) for each in _right(rules.declared)]
    if not pairs:
        raise ItemRefused(_NONE_RIGHT)
    drawn = [pairs, *([pair] for pair in pairs), *([each for each in pairs if each != pair] for pair in pairs)]
    drawn += [[*(each for each in pairs if each != pair), (pair[0], other)]
              for pair in pairs for other, _ in rights.keyed if other != pair[1]]  # fmt: skip
    probes = [
        Probe(typed(rules.declared, [f"{lefts.identifiers[one]} {rights.identifiers[other]}" for one, other in each]),
              frozenset(each))
        for each in drawn if each
    ]  # fmt: skip
    told = message("Here each right pair counts; in the package only all of them did.")
    body = Match(lefts.keyed, rights.keyed, frozenset(pairs))
    return Found([body], probes, [*lefts.lost, *rights.lost], told)


def _pair(value: str, lefts: Things, rights: Things) -> Keyed:
    left, _, right = " ".join(value.split()).partition(" ")
    return lefts.key_of(left), rights.key_of(right)


def _order(interaction: Element, rules: Rules) -> Found:
    things = _things(interaction, "qti-simple-choice", CHOSEN)
    right = [things.key_of(each) for each in rules.declared.correct]
    if not right:
        raise ItemRefused(_NONE_RIGHT)
    if sorted(right) != sorted(key for key, _ in things.keyed):
        raise ItemRefused(message("Not everything has a place in its right order."))
    texts = dict(things.keyed)
    swapped = [[*right[:at], right[at + 1], right[at], *right[at + 2 :]] for at in range(len(right) - 1)]
    turned = [*right[1:], right[0]]
    probes = [
        Probe(typed(rules.declared, [things.identifiers[key] for key in each]), tuple(each))
        for each in (right, *swapped, turned)
    ]
    told = message("Here each thing in its place counts; in the package only the whole order did.")
    return Found([Order(tuple((key, texts[key]) for key in right))], probes, things.lost, told)


def _number(rules: Rules) -> Found:
    value = number(rules.declared.correct[0]) if rules.declared.correct else None
    if value is None:
        raise ItemRefused(_NONE_RIGHT)
    reaches = sorted({Decimal(0), *map(_tidy, _reaches(rules, value))})
    if len(reaches) > REACHES_MAX:
        raise ItemRefused(_OTHERWISE)
    steps = [Decimal(0), *reaches, *(each * Decimal("1.001") for each in reaches), (reaches[-1] or Decimal(1)) * 2]
    near = [value + sign * _tidy(each) for each in steps for sign in (1, -1)]
    probes = [Probe(each, f"{each:f}") for each in near]
    return Found([Number(value, each) for each in reaches], probes)


def _tidy(reach: Decimal) -> Decimal:
    """Return a number with as many digits behind the point as answers may have, and no idle ones."""
    return Decimal(f"{reach.quantize(_FINEST).normalize():f}") if abs(reach) < NUMBER_MAX else reach


def _reaches(rules: Rules, value: Decimal) -> Iterable[Decimal]:
    """Return how far from the value an answer may still be right, as far as the rules name numbers that say so."""
    for element in rules.processing.iter() if rules.processing is not None else ():
        if local(element) == "qti-base-value" and (bound := number(element.text)) is not None:
            yield abs(bound - value)
        elif local(element) == "qti-equal" and element.get("tolerance-mode", "exact") != "exact":
            share = abs(value) / 100 if element.get("tolerance-mode") == "relative" else 1
            yield from (each * share for each in tolerances(element))


def _text(rules: Rules) -> Found:
    """Return the words that get all points; what gets a part of them is left out."""
    declared = rules.declared
    named = [*declared.correct, *(declared.mapped.entries if declared.mapped else ()), *_words(rules)]
    if len(set(named)) > WORDS_MAX:
        raise ItemRefused(_OTHERWISE)
    worth = {word: rules.points(word) for word in dict.fromkeys(named) if as_compared(word, is_case_sensitive=True)}
    best = max(worth.values(), default=Decimal(0))
    accepted = tuple(word for word, points in worth.items() if points == best)
    if best <= 0 or not accepted:
        raise ItemRefused(_NONE_RIGHT)
    words = [*accepted, *(word.swapcase() for word in accepted), *(f"{word}~" for word in accepted)]
    changed = []
    if any(0 < points < best for points in worth.values()):
        changed.append(message("Answers that gave a part of the points are left out."))
    bodies = [Text(accepted, is_case_sensitive=cased) for cased in (True, False)]
    return Found(bodies, [Probe(word, word) for word in words], changed)


def _words(rules: Rules) -> Iterable[str]:
    for element in rules.processing.iter() if rules.processing is not None else ():
        if local(element) == "qti-base-value" and element.get("base-type") == "string" and element.text:
            yield element.text


def _essay(interaction: Element, root: Element) -> Essay:
    asked = number(interaction.get("data-words"))
    words = int(asked) if asked is not None and asked in WORDS else None
    rubrics = [plain(each).text for each in root.iter()
               if local(each) == "qti-rubric-block" and "scorer" in each.get("view", "").split()]  # fmt: skip
    return Essay(words, "\n".join(rubrics))


def _right(declared: Declared) -> Sequence[str]:
    """Return the right answers by their identifiers: those declared as correct, else those that the mapping rewards."""
    if declared.correct or declared.mapped is None:
        return declared.correct
    return [key for key, points in declared.mapped.entries.items() if points > 0]


def _things(parent: Element, name: str, start: str) -> Things:
    """Return what stands in a list, with keys out of the identifiers where they can be."""
    found = [each for each in parent.iter() if local(each) == name]
    if len(found) > OPTIONS_MAX:
        raise ItemRefused(message("It lists {count} things: {most} at most.", count=len(found), most=OPTIONS_MAX))
    identifiers = [each.get("identifier", "") for each in found]
    keys = (
        [each.removeprefix(start) for each in identifiers]
        if all(each.startswith(start) for each in identifiers)
        else identifiers
    )
    if len(set(keys)) < len(keys) or not all(_is_key(key) for key in keys):
        keys = [str(number) for number in range(1, len(found) + 1)]
    texts = [plain(each) for each in found]
    return Things(
        tuple((key, each.text) for key, each in zip(keys, texts, strict=True)),
        dict(zip(keys, identifiers, strict=True)), tuple(chain.from_iterable(each.lost for each in texts)),
    )  # fmt: skip


def _is_key(text: str) -> bool:
    return 0 < len(text) <= _KEY_MAX and text.isascii() and all(each.isalnum() or each in "_.-" for each in text)
