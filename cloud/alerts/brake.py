"""What becomes of classes that fall due: of whom is told now, who waits for a gate, whom a person looks at first. Pure.

Rule: a gate of which not everything is known holds those who may have come through it, and nobody else: who usually
comes through it, who comes through several, and of whom nothing is known.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from cloud.alerts.kinds import Counted, Part, Round, State, Why
from cloud.alerts.rules import AlertRules, gates_held, held

NO_GATE = 0


@dataclass(frozen=True, slots=True)
class Usual:
    """Through which gate somebody usually comes; `is_steady` where it is nearly always that one."""

    gate_id: int = NO_GATE
    is_steady: bool = False


@dataclass(frozen=True, slots=True)
class Waited:
    """A child that is expected."""

    id: int
    is_absent: bool
    usual: Usual = Usual()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a class: of whom is told now, and the rest by gates."""

    state: State
    why: Why
    told: frozenset[int]
    parts: tuple[Part, ...]


def braked(
    classes: Mapping[int, Sequence[Waited]], out: Collection[int], rounds: Sequence[Round], rules: AlertRules
) -> dict[int, Verdict]:
    """Return what becomes of classes; `out` are gates of which not everything is known, `rounds` those of today."""
    others = [each for each in rounds if each.class_id not in classes]
    unknown = frozenset(
        each.id for own in classes.values() for each in own
        if out and (not each.usual.is_steady or each.usual.gate_id in out)
    )  # fmt: skip
    by_gate: defaultdict[int, Counted] = defaultdict(Counted)
    for each in (each for own in classes.values() for each in own if each.id not in unknown and each.usual.gate_id):
        by_gate[each.usual.gate_id] += Counted(int(each.is_absent), 1)
    over = gates_held(by_gate, others, rules)
    free = {
        class_id: [each for each in own if each.id not in unknown and each.usual.gate_id not in over]
        for class_id, own in classes.items()
    }
    stopped = held({class_id: _counted(own) for class_id, own in free.items()}, others, rules)
    return {
        class_id: _verdict(own, unknown, free[class_id], stopped.get(class_id, Why.NONE))
        for class_id, own in classes.items()
    }


def all_waiting(own: Sequence[Waited], why: Why) -> Verdict:
    """Return what becomes of a class of which nobody is told yet."""
    return Verdict(State.WAITING, why, frozenset(), _parts(own, lambda _: True))


def _verdict(own: Sequence[Waited], unknown: Collection[int], free: Sequence[Waited], why: Why) -> Verdict:
    told_of = frozenset(each.id for each in free) if why is Why.NONE else frozenset()
    parts = _parts(own, lambda each: each.id not in told_of)
    told = frozenset(each.id for each in free if each.is_absent and each.id in told_of)
    if any(each.id in unknown for each in own):
        return Verdict(State.WAITING, Why.GATE, told, parts)
    if why is not Why.NONE:
        return Verdict(State.HELD, why, told, parts)
    if any(each.is_stopped and each.absent for each in parts):
        return Verdict(State.HELD, Why.GATE_SHARE, told, parts)
    return Verdict(State.TOLD, Why.NONE, told, parts)


def _parts(own: Sequence[Waited], is_stopped: Callable[[Waited], bool]) -> tuple[Part, ...]:
    counted: defaultdict[tuple[int, bool], Counted] = defaultdict(Counted)
    for each in own:
        counted[each.usual.gate_id, is_stopped(each)] += Counted(int(each.is_absent), 1)
    return tuple(
        Part(gate_id, each.absent, each.expected, stopped) for (gate_id, stopped), each in sorted(counted.items())
    )


def _counted(own: Sequence[Waited]) -> Counted:
    return Counted(sum(each.is_absent for each in own), len(own))
