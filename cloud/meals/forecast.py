"""How long a person's money lasts: a pure rule over what was spent on the last school days and the days that come.

Rule: the pace is the mean of the last school days, days without a meal among them, so that it is neither the greed of
one day nor the thrift of a week in bed; who has spent on too few of them has no pace, and nothing is foretold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

PACE_DAYS = 10  # school days that the pace is taken from
SPENT_DAYS_MIN = 3  # of them, with money spent
LOOKED_BACK, LOOKED_AHEAD = timedelta(days=45), timedelta(days=90)  # days of the calendar that are asked for


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the money ends. `last_on` is the last school day that it is enough for, None when it is for none.

    `is_beyond` says that it lasts for all days that were looked at, `last_on` being the last of them.
    """

    pace_tiyn: int  # of a school day
    days: int  # school days to come that it is enough for
    last_on: date | None
    is_beyond: bool


def forecast(
    held_tiyn: int, spent: Mapping[date, int], taught: Sequence[date], coming: Sequence[date]
) -> Forecast | None:
    """Return how long what is held lasts; None where nothing can be told.

    `spent` is by days, `taught` are the school days that are over and `coming` those that are not, both in order.
    """
    last = taught[-PACE_DAYS:]
    amounts = [max(0, spent.get(on, 0)) for on in last]
    if not coming or sum(amount > 0 for amount in amounts) < SPENT_DAYS_MIN:
        return None
    pace = -(-sum(amounts) // len(amounts))
    days = min(len(coming), max(0, held_tiyn) // pace)
    return Forecast(pace, days, coming[days - 1] if days else None, is_beyond=days == len(coming))
