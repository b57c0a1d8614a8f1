"""What an exam, its results and values of fitness may be, and how a value has changed. Pure."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from cloud.core.messages import message
from cloud.core.texts import has_unseen, one_line
from cloud.progress.errors import ExamRefused, FitnessRefused
from cloud.progress.kinds import HUNDREDTHS, ExamKind, Indicator, Score

TITLE_MAX, POINTS_MAX = 120, 1_000
EARLIEST, AHEAD = date(2000, 1, 1), timedelta(days=366)
MARKS = range(2, 6)
_VALUE = re.compile(r"(-?)(\d{1,4})(?:[.,](\d{1,2}))?", re.ASCII)


def checked_exam(kind: str, title: str, on: date, points_max: int, today: date) -> tuple[ExamKind, str]:
    """Return kind and name of an exam in order. Raises ExamRefused."""
    plain = one_line(title)
    if kind not in set(ExamKind):
        raise ExamRefused(message("Choose one of what is offered."))
    if not plain or len(plain) > TITLE_MAX or has_unseen(plain):
        raise ExamRefused(message("Say in a few words what it is: {most} letters at most.", most=TITLE_MAX))
    if not EARLIEST <= on <= today + AHEAD:
        raise ExamRefused(message("This day cannot be right. Check the year."))
    if not 0 <= points_max <= POINTS_MAX:
        raise ExamRefused(message("Points are 0 to {most}.", most=POINTS_MAX))
    return ExamKind(kind), plain


def checked_score(score: Score, points_max: int) -> Score:
    """Return what somebody reached at an exam, if it can be. Raises ExamRefused."""
    if score.points is None and score.mark is None:
        raise ExamRefused(message("Write points, or a mark."))
    if score.points is not None and not 0 <= score.points <= points_max:
        raise ExamRefused(message("Points are 0 to {most}.", most=points_max))
    if score.mark is not None and score.mark not in MARKS:
        raise ExamRefused(message("A mark is 2 to 5."))
    return score


def read_value(indicator: Indicator, typed: str) -> int | None:
    """Return a value in hundredths of its unit; None for nothing typed. Raises FitnessRefused."""
    text = typed.strip()
    if not text:
        return None
    found = _VALUE.fullmatch(text)
    if found is None:
        raise FitnessRefused(message("Write a number, as 12 or 5,4."))
    value = int(found[2]) * HUNDREDTHS + int((found[3] or "").ljust(2, "0"))
    value = -value if found[1] else value
    if not indicator.least <= value <= indicator.most or value % 10 ** (2 - indicator.places):
        raise FitnessRefused(
            message("This cannot be right: {least} to {most}, {places} places after the point.",
                    least=written(indicator, indicator.least), most=written(indicator, indicator.most),
                    places=indicator.places)
        )  # fmt: skip
    return value


def written(indicator: Indicator, value: int) -> str:
    """Return a value as it is typed, without its unit."""
    sign, whole, rest = "-" if value < 0 else "", abs(value) // HUNDREDTHS, abs(value) % HUNDREDTHS
    digits = f"{rest:02d}"[: indicator.places]
    return f"{sign}{whole},{digits}" if digits else f"{sign}{whole}"


def change_of(indicator: Indicator, values: Sequence[int]) -> tuple[int, bool] | None:
    """Return by how much the last value differs from the one before, and whether that is better; None: from nothing."""
    if len(values) < 2 or values[-1] == values[-2]:
        return None
    change = values[-1] - values[-2]
    return change, (change < 0) is indicator.less_is_better
