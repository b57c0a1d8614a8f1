"""A school's day: who comes to which gate when, drawn from a seed.

What it is modelled on: arrivals bunch in the quarter of an hour before the bell, brothers and sisters come together,
some forget their card, some tap twice, some come late or stay at home, and strangers try cards that are not ours.
"""

from dataclasses import dataclass
from enum import Enum
from random import Random

MINUTE_MS = 60_000
STRANGERS_PER_HUNDRED = 1


class Act(Enum):
    """What somebody does at a gate."""

    TAP = "tap"  # shows a card and goes through
    TAP_TWICE = "tap_twice"  # shows it, and again within a second, then goes through
    TAP_AND_TURN = "tap_and_turn"  # shows it and does not go through
    NO_CARD = "no_card"  # has none: the guard opens by hand
    STRANGER = "stranger"  # shows a card that the school does not know


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who belongs to the school, as the street sees them.

    `first_lesson_min` and `last_lesson_min` are minutes after local midnight: of the own class's first bell and of the
    end of its last lesson. Members of one `family` come together. Staff come earlier and leave later.
    """

    person: str
    uid: bytes
    first_lesson_min: int
    last_lesson_min: int
    family: str = ""
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Movement:
    """One act at one gate, `at_ms` milliseconds after local midnight. `person` is empty for strangers."""

    at_ms: int
    gate: int
    direction: str
    act: Act
    person: str
    uid: bytes


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of a thousand."""

    absent: int = 60
    late: int = 40
    forgetful: int = 15
    twice: int = 30
    turning: int = 5
    early_leaver: int = 20


def day(members: list[Member], gates: int, rng: Random, habits: Habits | None = None) -> list[Movement]:
    """Return everything that happens at the gates on one school day, in order of time."""
    habits = habits or Habits()
    movements: list[Movement] = []
    arrivals: dict[str, int] = {}
    for member in members:
        if _happens(rng, habits.absent):
            continue
        arrived_ms = _arrival_ms(member, arrivals, rng, habits)
        movements.append(_movement(member, arrived_ms, "in", gates, rng, habits))
        left_ms = max(_departure_ms(member, rng, habits), arrived_ms + MINUTE_MS)
        movements.append(_movement(member, left_ms, "out", gates, rng, habits))
    movements += _strangers(movements, gates, rng)
    return sorted(movements, key=lambda movement: (movement.at_ms, movement.uid))


def _happens(rng: Random, per_thousand: int) -> bool:
    return rng.randrange(1000) < per_thousand


def _arrival_ms(member: Member, arrivals: dict[str, int], rng: Random, habits: Habits) -> int:
    if member.family in arrivals:
        return arrivals[member.family] + rng.randrange(800, 4_000)
    bell_ms = member.first_lesson_min * MINUTE_MS
    if member.staff:
        return bell_ms - round(rng.triangular(15, 60, 30) * MINUTE_MS)
    if _happens(rng, habits.late):
        return bell_ms + round(rng.triangular(1, 25, 4) * MINUTE_MS)
    at_ms = bell_ms - round(rng.triangular(1, 30, 8) * MINUTE_MS)
    if member.family:
        arrivals[member.family] = at_ms
    return at_ms


def _departure_ms(member: Member, rng: Random, habits: Habits) -> int:
    end_ms = member.last_lesson_min * MINUTE_MS
    if member.staff:
        return end_ms + round(rng.triangular(20, 150, 60) * MINUTE_MS)
    if _happens(rng, habits.early_leaver):
        return end_ms - round(rng.triangular(30, 120, 50) * MINUTE_MS)
    return end_ms + round(rng.triangular(1, 40, 6) * MINUTE_MS)


def _movement(member: Member, at_ms: int, direction: str, gates: int, rng: Random, habits: Habits) -> Movement:
    act = Act.TAP
    if _happens(rng, habits.forgetful):
        act = Act.NO_CARD
    elif _happens(rng, habits.twice):
        act = Act.TAP_TWICE
    elif direction == "in" and _happens(rng, habits.turning):
        act = Act.TAP_AND_TURN
    return Movement(at_ms, rng.randrange(gates), direction, act, member.person, member.uid)


def _strangers(movements: list[Movement], gates: int, rng: Random) -> list[Movement]:
    count = len(movements) * STRANGERS_PER_HUNDRED // 100
    return [
        Movement(rng.choice(movements).at_ms + 500, rng.randrange(gates), "in", Act.STRANGER, "", rng.randbytes(7))
        for _ in range(count)
    ]
