"""The simulated school's day looks like a school's day."""

from random import Random

from simulators.school import MINUTE_MS, Act, Habits, Member, day

BELL_MIN = 8 * 60
MEMBERS = [
    Member(f"pupil{i}", i.to_bytes(4, "big"), BELL_MIN if i % 2 else 14 * 60, 13 * 60 if i % 2 else 19 * 60)
    for i in range(1, 1001)
]
NOBODY_MISSES = Habits(absent=0, late=0, forgetful=0, twice=0, turning=0, early_leaver=0)


def test_one_seed_gives_one_day() -> None:
    assert day(MEMBERS, 2, Random(7)) == day(MEMBERS, 2, Random(7))
    assert day(MEMBERS, 2, Random(7)) != day(MEMBERS, 2, Random(8))


def test_most_arrive_in_the_quarter_of_an_hour_before_their_own_bell() -> None:
    movements = day(MEMBERS, 2, Random(1), NOBODY_MISSES)

    arrived = [m.at_ms for m in movements if m.direction == "in" and m.person and int(m.person[5:]) % 2]
    bunch = [at for at in arrived if 0 <= BELL_MIN * MINUTE_MS - at <= 15 * MINUTE_MS]
    assert len(arrived) == 500
    assert len(bunch) > 300


def test_brothers_and_sisters_come_within_seconds_of_each_other() -> None:
    family = [Member(f"p{i}", bytes([i] * 4), BELL_MIN, 780, family="Serikov") for i in range(1, 4)]

    arrived = [m.at_ms for m in day(family, 1, Random(3), NOBODY_MISSES) if m.direction == "in"]

    assert max(arrived) - min(arrived) < 10_000


def test_every_habit_is_seen_in_a_large_school() -> None:
    movements = day(MEMBERS, 2, Random(5))

    assert {m.act for m in movements} == set(Act)
    assert {m.gate for m in movements} == {0, 1}
    assert len({m.person for m in movements if m.person}) < len(MEMBERS)


def test_nobody_leaves_before_coming() -> None:
    seen: set[str] = set()
    for movement in day(MEMBERS, 2, Random(9)):
        if movement.direction == "in":
            seen.add(movement.person)
        else:
            assert movement.person in seen
