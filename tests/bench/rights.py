"""What is measured of the gate of rights: how long one question takes, asked for who has most schools."""

import time

from cloud.core.actor import Actor, Reach
from cloud.core.rights import Right
from cloud.core.roles import Role
from tests.bench.table import Figure, at_most, percentile

SCHOOLS, ROUNDS = 500, 200
METHOD = f"every right asked of a regional authority with {SCHOOLS} schools and of a class teacher, median of {ROUNDS}"


def checks() -> list[Figure]:
    """Time of one `actor.can`, refused ones too."""
    authority = Actor("a", 1, frozenset(Reach(Role.AUTHORITY, number) for number in range(SCHOOLS)))
    teacher = Actor("t", 2, frozenset({Reach(Role.CLASS_TEACHER, 7), Reach(Role.CLASS_TEACHER, 7, 41)}))
    samples_us = [_round_us(actor) for actor in (authority, teacher) for _ in range(ROUNDS)]
    return [at_most("rights check", percentile(samples_us, 0.50), "µs", METHOD, ceiling=50.0)]


def _round_us(actor: Actor) -> float:
    began_ns = time.perf_counter_ns()
    for right in Right:
        actor.can(right, SCHOOLS - 1)
    return (time.perf_counter_ns() - began_ns) / 1000 / len(Right)


MEASUREMENTS = (checks,)
