"""Rules of profiles, portfolios and goals: what a field may say, and which entries can be. Pure.

Rule: an IIN has one column in this service and stands in no other: a line that holds one is refused.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from cloud.core.days import day_of
from cloud.core.iin import born_on
from cloud.core.messages import message
from cloud.core.texts import has_unseen, is_email, one_line, paragraphs
from cloud.people.errors import IinWrong, PhoneWrong
from cloud.people.rules import check_iin, normal_phone
from cloud.portfolio.errors import EntryRefused, GoalRefused, ProfileRefused
from cloud.portfolio.fields import Field, Shape
from cloud.portfolio.kinds import CATEGORIES, LEVELS, PLACES, Given, Kind

LINE_MAX = 200
TITLE_MAX, WORDS_MAX, REASON_MAX = 160, 1_000, 300
EARLIEST = date(1930, 1, 1)
AHEAD = timedelta(days=366)  # of a day on which something is to be
VALID = timedelta(days=366 * 30)
GOAL_AHEAD = timedelta(days=366 * 3)
YES = "yes"
_TWELVE = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)


def checked_value(field: Field, typed: str, today: date) -> str:
    """Return what a field says in its one form; nothing typed is nothing said. Raises ProfileRefused."""
    text = one_line(typed)
    if not text:
        return ""
    if len(text) > LINE_MAX:
        raise ProfileRefused(message("Say it in {most} letters at most.", most=LINE_MAX))
    if field.shape is Shape.DAY:
        return _day(text, today)
    return _AS[field.shape](field, text)


def without_iin(text: str) -> str:
    """Return a text that holds no IIN. Raises ProfileRefused."""
    if any(_is_iin(each) for each in _TWELVE.findall(text)):
        raise ProfileRefused(message("This holds an IIN, which stands on the person's own page. Leave it out here."))
    return text


def checked_entry(given: Given, today: date) -> Given:
    """Return an entry in order. Raises EntryRefused."""
    title, words = one_line(given.title), checked_words(given.words)
    if not title or len(title) > TITLE_MAX or has_unseen(title):
        raise EntryRefused(message("Say in a few words what it is: {most} letters at most.", most=TITLE_MAX))
    _refuse_iin(title)
    if not EARLIEST <= given.on <= today + AHEAD:
        raise EntryRefused(message("This day cannot be right. Check the year."))
    if given.last_on is not None and not given.on <= given.last_on <= given.on + VALID:
        raise EntryRefused(message("The last day comes before the first one. Exchange them."))
    levels = CATEGORIES if given.kind is Kind.ATTESTATION else LEVELS
    if given.level not in {"", *levels} or given.result not in {"", *PLACES} or not 0 <= given.hours <= 5_000:
        raise EntryRefused(message("Choose one of what is offered."))
    if given.kind is Kind.ATTESTATION and (not given.level or given.last_on is None):
        raise EntryRefused(message("Say which category it gave and until when."))
    if given.kind is Kind.TRAINING and not given.hours:
        raise EntryRefused(message("Say how many hours the training had."))
    return Given(
        given.kind, title, given.on, words, given.level, given.result, given.last_on, given.hours
    )  # fmt: skip


def checked_words(words: str) -> str:
    """Return words in paragraphs. Raises EntryRefused for too many, an IIN, or letters that nobody sees."""
    plain = paragraphs(words)
    if len(plain) > WORDS_MAX or has_unseen(plain):
        raise EntryRefused(message("Say it in {most} letters at most.", most=WORDS_MAX))
    _refuse_iin(plain)
    return plain


def checked_reason(words: str) -> str:
    """Return why something is sent back. Raises EntryRefused."""
    plain = one_line(words)
    if not plain or len(plain) > REASON_MAX:
        raise EntryRefused(message("Say why, in {most} letters at most.", most=REASON_MAX))
    _refuse_iin(plain)
    return plain


def checked_goal(title: str, due_on: date, today: date) -> str:
    """Return the title of a goal or a step that is to be done by a day. Raises GoalRefused."""
    plain = one_line(title)
    if not plain or len(plain) > TITLE_MAX or any(_is_iin(each) for each in _TWELVE.findall(plain)):
        raise GoalRefused(message("Say in a few words what is to be reached: {most} letters at most.", most=TITLE_MAX))
    if not today <= due_on <= today + GOAL_AHEAD:
        raise GoalRefused(message("The day must be to come, within three years."))
    return plain


def sex_of(iin: str) -> str:
    """Return the sex that the seventh digit of an IIN tells, as the profile's options have it; empty for neither."""
    digit = int(iin[6])
    return {1: "male", 0: "female"}[digit % 2] if 1 <= digit <= 6 else ""


def birth_of(iin: str) -> str:
    """Return the date of birth that an IIN begins with, as the profile keeps days; empty where it has none."""
    born = born_on(iin)
    return born.isoformat() if born else ""


def _day(text: str, today: date) -> str:
    on = day_of(text)
    if on is None or not EARLIEST <= on <= today:
        raise ProfileRefused(message("This is no day that can be: write it as 01.09.2015."))
    return on.isoformat()


def _phone(text: str) -> str:
    try:
        return normal_phone(text)
    except PhoneWrong as refused:
        raise ProfileRefused(refused.message) from None


def _email(text: str) -> str:
    if not is_email(text):
        raise ProfileRefused(message("This is no e-mail address. Check it."))
    return text


def _option(field: Field, text: str) -> str:
    if text not in field.options:
        raise ProfileRefused(message("Choose one of what is offered."))
    return text


_AS: Mapping[Shape, Callable[[Field, str], str]] = {
    Shape.LINE: lambda _, text: without_iin(text),
    Shape.PHONE: lambda _, text: _phone(text),
    Shape.EMAIL: lambda _, text: _email(text),
    Shape.CHOICE: _option,
    Shape.YES: lambda _, __: YES,
}


def _refuse_iin(text: str) -> None:
    try:
        without_iin(text)
    except ProfileRefused as refused:
        raise EntryRefused(refused.message) from None


def _is_iin(digits: str) -> bool:
    try:
        check_iin(digits)
    except IinWrong:
        return False
    return True
