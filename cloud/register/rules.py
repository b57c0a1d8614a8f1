"""Rules of the class register: of which days something can be said, and where it contradicts the gates. Pure.

Rule: silence is never taken for a word: a child of whom nothing was said is neither present nor absent.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

from cloud.core.messages import message
from cloud.register.errors import RegisterClosed
from cloud.register.kinds import Says

OPEN = timedelta(days=35)  # a month, and the days in which its report is made, looked at and signed


class Hand(StrEnum):
    """Whose hand writes: it decides for how long."""

    TEACHER = "teacher"  # of the class: the same day
    SCHOOL = "school"  # the office and the deputy directors: days of the last weeks too


class Clash(StrEnum):
    """Where register and gates contradict one another. Its words are `word(f"register_{clash}")`."""

    ABSENT_BUT_CAME = "absent_but_came"
    PRESENT_BUT_UNSEEN = "present_but_unseen"


def check_day(hand: Hand, on: date, today: date, *, is_taught: bool) -> None:
    """Raise RegisterClosed unless something can be said of a day, with the reason."""
    if on > today:
        raise RegisterClosed(message("This day has not come yet."))
    if not is_taught:
        raise RegisterClosed(message("The class has no lessons on this day, so nobody is marked."))
    if today - on > OPEN:
        raise RegisterClosed(message("Days that are more than {days} days ago stay as they are.", days=OPEN.days))
    if hand is Hand.TEACHER and on != today:
        raise RegisterClosed(message("A teacher marks today. Ask the office to change an earlier day."))


def clash_of(says: Says, *, came: bool, heard: bool) -> Clash | None:
    """Return where a mark contradicts the gates; who is present was to be seen only if they saw anybody that day."""
    if says is Says.ABSENT and came:
        return Clash.ABSENT_BUT_CAME
    if says is Says.PRESENT and heard and not came:
        return Clash.PRESENT_BUT_UNSEEN
    return None


def is_taken(said: Iterable[Says]) -> bool:
    """Tell whether the register of a class was taken: it has children, and something was said of each."""
    counts = Counter(said)
    return bool(counts) and not counts[Says.UNSAID]
