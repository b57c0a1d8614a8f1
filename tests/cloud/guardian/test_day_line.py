"""The line of a child's day is made of what gates and tills told, and calls what it does not know by its name."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.attendance.queries import Tap
from cloud.attendance.standing import Came
from cloud.guardian.day_line import MISSING, YET, DayLine, Step, line
from cloud.meals.days import Taken
from cloud.meals.rules import Payment
from cloud.menu.rules import Names

CAME_AT = datetime(2026, 9, 1, 2, 51, tzinfo=UTC)
ATE_AT = CAME_AT + timedelta(hours=4)
LEFT_AT = CAME_AT + timedelta(hours=5)
SOUP = Names("сорпа", "суп", "soup")
LUNCH = Taken(ATE_AT, Names("түскі ас", "обед", "lunch"), Payment.ACCOUNT, 577_00, (SOUP,))
IN, OUT = Came(CAME_AT, None, is_inside=True), Came(CAME_AT, LEFT_AT)
ALL = tuple(Step)


def tap(at: datetime, direction: str = "in", kind: str = "card", *, late_s: int = 0, rough: bool = False) -> Tap:
    return Tap(at, at + timedelta(seconds=late_s), direction, kind, "", "north", {}, rough, is_double=False)


def told(day: DayLine) -> list[object]:
    """Return what stands at each stop: its instants, or the words in their place."""
    return [list(stop.at) or stop.silence for stop in day.stops]


@pytest.mark.parametrize(
    ("came", "taken", "is_over", "expected"),
    [
        (Came(), [], False, [YET, YET, YET]),
        (IN, [], False, [[CAME_AT], YET, YET]),
        (IN, [LUNCH], False, [[CAME_AT], [ATE_AT], YET]),
        (OUT, [LUNCH], False, [[CAME_AT], [ATE_AT], [LEFT_AT]]),
        (OUT, [], False, [[CAME_AT], MISSING[Step.ATE], [LEFT_AT]]),
        (Came(None, LEFT_AT), [], False, [MISSING[Step.CAME], MISSING[Step.ATE], [LEFT_AT]]),
        (Came(CAME_AT, ATE_AT, is_inside=True), [], False, [[CAME_AT], YET, YET]),  # went out and came back
        (IN, [], True, [[CAME_AT], MISSING[Step.ATE], MISSING[Step.LEFT]]),
        (Came(), [], True, [MISSING[Step.CAME], MISSING[Step.ATE], MISSING[Step.LEFT]]),
        (Came(), [LUNCH], False, [YET, [ATE_AT], YET]),
    ],
)
def test_each_stop_says_when_it_was_or_that_it_is_not_yet_or_was_not(
    came: Came, taken: list[Taken], is_over: bool, expected: list[object]
) -> None:
    assert told(line(came, [], taken, ALL, is_over=is_over)) == expected


def test_a_reader_without_the_right_to_meals_sees_no_stop_of_the_canteen() -> None:
    day = line(OUT, [], [], (Step.CAME, Step.LEFT), is_over=False)

    assert [stop.step for stop in day.stops] == [Step.CAME, Step.LEFT]


def test_what_happened_stands_in_order_and_what_the_stops_tell_is_not_told_twice() -> None:
    back = CAME_AT + timedelta(hours=2)
    taps = [tap(CAME_AT), tap(back, "out"), tap(back + timedelta(minutes=9)), tap(LEFT_AT, "out")]

    day = line(OUT, taps, [LUNCH], ALL, is_over=False)

    assert [each.at for each in day.entries] == [CAME_AT, back, back + timedelta(minutes=9), ATE_AT, LEFT_AT]
    assert [each.at for each in day.others] == [back, back + timedelta(minutes=9), ATE_AT]


@pytest.mark.parametrize(
    "unusual",
    [tap(CAME_AT, kind="hand"), tap(CAME_AT, late_s=900), tap(CAME_AT, rough=True), tap(CAME_AT, kind="denied")],
)
def test_what_was_unusual_about_a_stop_is_told_beside_it(unusual: Tap) -> None:
    day = line(IN, [unusual], [], ALL, is_over=False)

    assert day.others == [unusual]
    assert day.stops[0].is_rough == unusual.is_rough
