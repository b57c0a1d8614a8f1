"""What a desk shows of children who leave: who may take them, and with whom they left; and what an order does where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.guard.book import Collector
from edge_agent.guard.desk import Desk
from edge_agent.guard.handovers import Handover
from edge_agent.guard.sightings import Sighting
from edge_agent.regime import rule_of

YOUNG_GRADE_MAX = 4  # whom somebody collects: the primary school
BEFORE_MS = 120_000  # a handover that was written so long before the child passed is of the same leaving
SINCE_MS = 12 * 3_600_000


@dataclass(frozen=True, slots=True)
class Leaving:
    """A child who leaves. `handover` is None while nobody wrote one down; `with_whom` is empty for an exception."""

    ref: str
    gate: str
    may: Sequence[Collector]
    handover: Handover | None
    with_whom: str = ""


def leaving_of(desk: Desk, ref: str, gate: str, since_ms: int) -> Leaving:
    """Return how it is with a child since an instant."""
    may, handover = desk.may_collect(ref), desk.around.handovers.last(ref, since_ms)
    key = handover.collector if handover is not None else ""
    name = next((each.name for each in may if key and each.key == key), "")
    return Leaving(ref, gate, [each for each in may if each.key], handover, name)


def leaving_at(desk: Desk, seen: Sighting) -> Leaving | None:
    """Return how it is with a young child who just went out; None for anybody else."""
    is_out = seen.outcome == "out" or (seen.outcome == "hand" and seen.direction == "out")
    if not (is_out and seen.is_here and seen.ref and is_young(desk, seen.ref)):
        return None
    return leaving_of(desk, seen.ref, seen.gate, seen.wall_ms - BEFORE_MS)


def is_young(desk: Desk, ref: str) -> bool:
    """Tell whether somebody is a student whom somebody collects."""
    roster = desk.around.roster()
    person = roster.person(ref) if roster is not None else None
    if person is None or person.role != "student":
        return False
    grade = person.class_name[: len(person.class_name) - len(person.class_name.lstrip("0123456789"))]
    return grade != "" and int(grade) <= YOUNG_GRADE_MAX


def orders_at_gates(desk: Desk) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return at which gates of the school a fire and a lockdown do what, by the words of the rules."""
    roster = desk.around.roster()
    known = [row.id for row in roster.gates()] if roster is not None else []
    gates = known or list(desk.around.gates)
    rules = {gate: rule_of(roster.gate(gate) if roster is not None else None) for gate in gates}
    return {
        "fire": _by_word((rule.fire, gate) for gate, rule in rules.items()),
        "lock_down": _by_word((rule.lockdown, gate) for gate, rule in rules.items()),
    }


def _by_word(said: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for word, gate in said:
        found.setdefault(word, []).append(gate)
    return found
