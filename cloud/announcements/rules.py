"""How an announcement is judged before it is kept. Pure."""

from dataclasses import replace
from datetime import date, timedelta

from cloud.announcements.kinds import Given, PostingRefused, Reader
from cloud.core.messages import message
from cloud.messages.rules import CLASSES_MAX, GRADES, checked_wordings

DAYS_MAX = 366  # on the board
AHEAD = timedelta(days=366)
_YEAR = message("An announcement stands on the board for a year at most.")
PINNED_MAX = 3  # at once, of a school: more would push everything else out of sight


def checked(given: Given, today: date, *, of_classes: bool) -> Given:
    """Return an announcement as it is kept; `of_classes` is by a class teacher.

    Raises PostingRefused or MessageRefused.
    """
    wordings = checked_wordings(given.wordings)
    if not given.readers:
        raise PostingRefused(message("Choose who reads it: students, parents, staff."))
    check_days(given.first_on, given.last_on, today)
    if given.first_on > today + AHEAD:
        raise PostingRefused(_YEAR)
    if not set(given.grades) <= set(GRADES) or len(set(given.classes)) > CLASSES_MAX:
        raise PostingRefused(message("Choose grades and classes of the lists."))
    if of_classes and (not given.classes or given.grades or Reader.STAFF in given.readers or given.is_pinned):
        raise PostingRefused(message("A class teacher posts for students and parents of the own classes."))
    return replace(given, wordings=wordings, grades=sorted(set(given.grades)), classes=sorted(set(given.classes)))


def check_days(first_on: date, last_on: date, today: date) -> None:
    """Raise PostingRefused where an announcement cannot stand from a day to another one."""
    if last_on < first_on or last_on < today:
        raise PostingRefused(message("The last day comes after the first one, and not before today."))
    if last_on - first_on >= timedelta(days=DAYS_MAX):
        raise PostingRefused(_YEAR)
