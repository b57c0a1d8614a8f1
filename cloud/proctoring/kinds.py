"""What a log of an attempt holds: events of the page's window, and nothing of what stands in other ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.core.i18n import N_

EVENTS_MAX = 500  # of one attempt
BATCH_MAX = 50  # of one message of the page
SIGN_S = 20  # every so many seconds a page says that it is there
SILENCE = timedelta(seconds=75)  # after that nobody knows what became of it: three signs that did not come
LATE_MAX = timedelta(hours=1)  # how late an event may be told: a page without a line keeps it that long
KEPT_DAYS = 60
PLACES = range(1, 201)


class What(StrEnum):
    """What a page tells of its window; the values stand in the table."""

    LEFT = "left"  # another window or tab is in front
    BACK = "back"
    PASTED = "pasted"  # into an answer; not what
    RESIZED = "resized"  # the window became much smaller or larger
    WINDOW = "window"  # a full screen was left
    SILENT = "silent"  # nothing was heard
    REOPENED = "reopened"  # the page was loaded anew


WORDS = {
    What.LEFT: N_("Another window or tab came to the front"),
    What.BACK: N_("Back on the page"),
    What.PASTED: N_("Something was pasted into an answer"),
    What.RESIZED: N_("The window was made smaller or larger"),
    What.WINDOW: N_("The full screen was left"),
    What.SILENT: N_("Nothing was heard from the page"),
    What.REOPENED: N_("The page was opened again"),
}
OF_A_PAGE = frozenset({What.LEFT, What.BACK, What.PASTED, What.RESIZED, What.WINDOW, What.REOPENED})


class State(StrEnum):
    """Why there is a log of an attempt, or none."""

    LOGGED = "logged"
    NOT_ASKED = "not_asked"  # the teacher asked for none
    NO_CONSENT = "no_consent"
    NOT_HEARD = "not_heard"  # the browser ran no script, or the line was down for all of it


@dataclass(frozen=True, slots=True)
class Noticed:
    """An event as a page tells it: how long ago, for how long, at which question."""

    what: What
    ago_s: float
    lasted_s: int | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a log."""

    what: What
    at: datetime
    lasted_s: int | None
    place: int | None


@dataclass(frozen=True, slots=True)
class Log:
    """The log of an attempt, in order of time."""

    state: State
    events: Sequence[Event] = ()
    began_at: datetime | None = None
    seen_at: datetime | None = None
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of the line of time: from where, how wide, in percent of the attempt; None wide is an instant."""

    what: What
    left: float
    width: float | None
