"""Rules of tests, as tables: marks of percent, points as they are typed, and who sees answers when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cloud.assessments.errors import MarkingRefused
from cloud.assessments.kinds import GRACE, Attempt, Given, Part, Review, Terms
from cloud.assessments.rules import as_mark, checked_points, checked_remark, is_reviewed

NOW = datetime(2026, 9, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
GIVEN = Given(1, 1, 1, "Тест", Terms(NOW, NOW + 2 * HOUR), (Part("Бөлім", 0),), NOW, "")
ATTEMPT = Attempt(1, 1, 1, 1, 7, NOW, NOW + HOUR, None, Decimal(3), 4, 4, 4, 0)


@pytest.mark.parametrize(
    ("percent", "most", "mark"),
    [("0", 10, 1), ("4", 10, 1), ("75", 10, 8), ("64.9", 10, 6), ("65", 10, 7), ("100", 10, 10), ("50", 5, 3)],
)
def test_percent_become_a_mark(percent: str, most: int, mark: int) -> None:
    assert as_mark(Decimal(percent), most) == mark


@pytest.mark.parametrize(("typed", "points"), [("4", "4"), (" 4,5 ", "4.5"), ("0", "0"), ("4.25", "4.25")])
def test_points_are_read_as_they_are_typed(typed: str, points: str) -> None:
    assert checked_points(typed, 5) == Decimal(points)


@pytest.mark.parametrize("typed", ["", "-1", "5.01", "6", "1e1", "4.125", "٤", "four", "4,5,5", "nan"])
def test_what_are_no_points_is_refused(typed: str) -> None:
    with pytest.raises(MarkingRefused, match="0 to 5"):
        checked_points(typed, 5)


def test_a_remark_has_its_length() -> None:
    assert checked_remark("  Жақсы.\n\n\n\nБірақ  қысқа.") == "Жақсы.\n\nБірақ қысқа."
    with pytest.raises(MarkingRefused):
        checked_remark("я" * 501)


@pytest.mark.parametrize(
    ("review", "after", "is_seen"),
    [
        (Review.HANDED, HOUR, False),  # it still goes on: what is on its way is taken
        (Review.HANDED, HOUR + 2 * GRACE, True),
        (Review.CLOSED, HOUR + 2 * GRACE, False),
        (Review.CLOSED, 2 * HOUR, True),
        (Review.NEVER, 3 * HOUR, False),
    ],
)
def test_answers_are_shown_when_the_teacher_wants_it(review: Review, after: timedelta, is_seen: bool) -> None:
    given = replace(GIVEN, terms=replace(GIVEN.terms, review=review))

    assert is_reviewed(given, ATTEMPT, NOW + after) is is_seen


def test_an_attempt_that_was_handed_in_is_over_at_once() -> None:
    handed = replace(ATTEMPT, handed_at=NOW)

    assert handed.is_over(NOW)
    assert (handed.percent, handed.sign(NOW), replace(handed, waiting=1).sign(NOW)) == (
        Decimal(75), "attempt_over", "attempt_waiting",
    )  # fmt: skip
    assert ATTEMPT.sign(NOW) == "attempt_running"
