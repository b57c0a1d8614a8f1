"""The days that a page is asked for."""

from datetime import date

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.imports.cells import CellWrong, date_of_text

FIRST_ON, LAST_ON = date(2000, 1, 1), date(2100, 1, 1)
WRITTEN_MAX = 60  # letters of a day


class DayRefused(Refused):
    """What was typed is no day that a school has books of."""

    code = "day_refused"


def day_asked(text: str, today: date) -> tuple[date, Refused | None]:
    """Return the day that was typed; today where none was, or, with the reason, where it is none."""
    if not text:
        return today, None
    try:
        day = date_of_text(text)
    except CellWrong as wrong:
        return today, DayRefused(wrong.message)
    if not FIRST_ON <= day <= LAST_ON:
        return today, DayRefused(message("This is no date. Write it as 01.09.2026."))
    return day, None


def day_or(text: str, otherwise: date) -> date:
    """Return the day that a filter names; another one where it names none, or none that can be read."""
    try:
        day = date_of_text(text.strip()[:WRITTEN_MAX]) if text.strip() else otherwise
    except CellWrong:
        return otherwise
    return day if FIRST_ON <= day <= LAST_ON else otherwise
