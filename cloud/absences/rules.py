"""Rules of absences and trips: which days can be told, and what the register is offered of it. Pure.

Rule: a family's word and a trip are offers to whoever marks; only a mark says what was (docs/adr/0052).
"""

from datetime import date, timedelta

from cloud.absences.errors import AbsenceRefused, TripRefused
from cloud.absences.kinds import Absence
from cloud.core.messages import Message, message
from cloud.core.texts import has_unseen

BACK, AHEAD = timedelta(days=14), timedelta(days=120)  # of the days that can be told
SPAN = timedelta(days=60)
WORDS_MAX, TITLE_MAX, PLACE_MAX = 500, 120, 200


def check_absence(absence: Absence, today: date) -> Absence:
    """Return an absence with its words in order. Raises AbsenceRefused."""
    wrong = _wrong_days(absence.first_on, absence.last_on, today - BACK, today + AHEAD)
    if wrong is not None:
        raise AbsenceRefused(wrong)
    return Absence(absence.first_on, absence.last_on, absence.reason, checked_words(absence.words))


def checked_words(words: str) -> str:
    """Return words with single spaces. Raises AbsenceRefused for too many, or letters that nobody sees."""
    plain = " ".join(words.split())
    if len(plain) > WORDS_MAX or has_unseen(plain):
        raise AbsenceRefused(message("Say it in {most} letters at most.", most=WORDS_MAX))
    return plain


def check_trip(title: str, place: str, first_on: date, last_on: date, today: date) -> tuple[str, str]:
    """Return title and place of a trip in order. Raises TripRefused."""
    wrong = _wrong_days(first_on, last_on, today, today + AHEAD)
    if wrong is not None:
        raise TripRefused(wrong)
    told = " ".join(title.split()), " ".join(place.split())
    if not all(told) or len(told[0]) > TITLE_MAX or len(told[1]) > PLACE_MAX or has_unseen("".join(told)):
        raise TripRefused(message("Say what the trip is for and where it goes, in few words."))
    return told


def _wrong_days(first_on: date, last_on: date, earliest: date, latest: date) -> Message | None:
    if last_on < first_on:
        return message("The last day comes before the first one. Exchange them.")
    if first_on < earliest:
        return message("The first day is too long ago. Tell the office.")
    if last_on > latest or last_on - first_on >= SPAN:
        return message("So many days are told to the office. Choose {count} days at most.", count=SPAN.days)
    return None
