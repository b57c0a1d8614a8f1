"""Rules of logs: what a page's words are worth, what silence is, and how a line of time is drawn. Pure.

Rule: a page is believed about its window alone, and never about the time: events lie between the attempt's beginning
and when they came.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cloud.proctoring.kinds import BATCH_MAX, LATE_MAX, OF_A_PAGE, PLACES, SILENCE, Event, Log, Mark, Noticed, What

LASTED_MAX = int(timedelta(hours=12).total_seconds())
SHOWN_MIN = 0.4  # percent: what is narrower would not be seen
AWAY = frozenset({What.LEFT, What.SILENT})


def noticed(told: object) -> list[Noticed]:
    """Return the events of a page's message, as JSON holds them; what is none is passed over."""
    if not isinstance(told, list):
        return []
    return [event for event in map(_one, told[:BATCH_MAX]) if event is not None]


def placed(events: Sequence[Noticed], began_at: datetime, now: datetime) -> list[Event]:
    """Return events by the server's clock: none before the attempt began, and none later than now."""
    earliest = max(began_at, now - LATE_MAX)
    return [
        Event(each.what, min(now, max(earliest, now - timedelta(seconds=each.ago_s))), each.lasted_s, each.place)
        for each in events
    ]


def silence(seen_at: datetime, now: datetime) -> Event | None:
    """Return the silence between two signs of a page, where it was longer than a slow line explains."""
    lasted = now - seen_at
    if lasted <= SILENCE:
        return None
    return Event(What.SILENT, seen_at, int(lasted.total_seconds()), None)


def away_s(log: Log) -> int:
    """Return how long the page was not in front, as far as it is known: silence is not counted."""
    return sum(event.lasted_s or 0 for event in log.events if event.what is What.BACK)


def line_of(log: Log, began_at: datetime, ended_at: datetime) -> list[Mark]:
    """Return the line of time: stretches away and silent, and instants of the rest."""
    whole = max((ended_at - began_at).total_seconds(), 1.0)
    marks = []
    for event in log.events:
        at, lasted = (event.at - began_at).total_seconds(), event.lasted_s
        if event.what is What.LEFT:
            continue  # the return says how long it was
        if event.what is What.BACK and lasted is not None:
            marks.append(Mark(What.LEFT, *_stretch(at - lasted, lasted, whole)))
        elif event.what is What.SILENT and lasted is not None:
            marks.append(Mark(What.SILENT, *_stretch(at, lasted, whole)))
        elif event.what is not What.BACK:
            marks.append(Mark(event.what, _percent(at, whole), None))
    return marks


def _stretch(at: float, lasted: float, whole: float) -> tuple[float, float]:
    left, right = _percent(at, whole), _percent(at + lasted, whole)
    return min(left, 100 - SHOWN_MIN), max(right - left, SHOWN_MIN)


def _percent(at: float, whole: float) -> float:
    return round(min(100.0, max(0.0, 100 * at / whole)), 2)


def _one(told: object) -> Noticed | None:
    if not isinstance(told, Mapping):
        return None
    what, ago, lasted = told.get("what"), _seconds(told.get("ago_s")), _seconds(told.get("lasted_s"))
    if not isinstance(what, str) or what not in {each.value for each in OF_A_PAGE} or ago is None:
        return None
    return Noticed(What(what), ago, None if lasted is None else int(lasted), _place(told.get("place")))


def _seconds(told: object) -> float | None:
    """Return seconds that a clock could have counted."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not told >= 0:  # that is no number is not either
        return None
    return float(min(told, LASTED_MAX))


def _place(told: object) -> int | None:
    if isinstance(told, bool) or not isinstance(told, int) or told not in PLACES:
        return None
    return told
