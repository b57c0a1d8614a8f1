"""What pages of practice show besides tables: names of subjects, and results over time as a chart."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cloud.core.charts import Chart, Column, chart_of
from cloud.core.formats import Formats
from cloud.practice.kinds import Attempt
from cloud.studies.queries import Subject

CHARTED = 20  # attempts


def names_of(subjects: Sequence[Subject], language: str) -> Mapping[int, str]:
    """Return what subjects are called."""
    return {each.id: each.name(language) for each in subjects}


def percents(attempts: Sequence[Attempt], now: datetime, formats: Formats) -> Chart | None:
    """Return what the last attempts came to, in percent, as a chart; none where there are fewer than two."""
    over = [each for each in attempts if each.is_over(now)][:CHARTED]
    if len(over) < 2:
        return None
    return chart_of([_column(each, formats) for each in reversed(over)])


def _column(attempt: Attempt, formats: Formats) -> Column:
    day, percent = formats.day_short(formats.local_day(attempt.over_at)), round(attempt.percent)
    return Column(day, f"{formats.moment(attempt.over_at)}: {percent} %", [percent])
