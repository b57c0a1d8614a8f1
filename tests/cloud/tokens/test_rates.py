"""How often a program may ask."""

from cloud.tokens import rates
from cloud.tokens.rates import Rates
from simulators.clock import SimulatedClock


def test_a_minutes_requests_may_come_at_once_and_no_more() -> None:
    counts = Rates(SimulatedClock(), per_minute=3)

    waits = [counts.take(1) for _ in range(5)]

    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3] == waits[4] == 20.0, "the third of a minute"


def test_time_gives_requests_back_and_others_are_not_held_up() -> None:
    clock = SimulatedClock()
    counts = Rates(clock, per_minute=3)
    for _ in range(4):
        counts.take(1)

    assert counts.take(2) == 0.0
    clock.advance(20)
    assert counts.take(1) == 0.0
    assert counts.take(1) > 0.0


def test_counts_of_many_programs_take_no_more_room_than_is_given() -> None:
    counts = Rates(SimulatedClock(), per_minute=1)

    for key in range(rates.BUCKETS_MAX + 10):
        counts.take(key)

    assert counts.take(rates.BUCKETS_MAX + 9) > 0.0
    assert counts.take(0) == 0.0, "forgotten, and begun anew"
