"""The roll as rows of a file: CSV that opens in a spreadsheet, or XLSX."""

from collections.abc import Callable, Sequence

from cloud.attendance.queries import PersonToday
from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.words import sign

HEADS = (N_("Name"), N_("Class"), N_("State"), N_("Came"), N_("Went"), N_("Minutes late"), N_("Without card"))
Translate = Callable[[str], str]


def rows_of(people: Sequence[PersonToday], formats: Formats, translate: Translate) -> list[list[str]]:
    """Return the head and a row a person, as texts in the reader's language."""
    return [[translate(head) for head in HEADS], *(_row(person, formats, translate) for person in people)]


def _row(person: PersonToday, formats: Formats, translate: Translate) -> list[str]:
    return [
        person.name,
        person.class_name,
        translate(sign(person.standing.value).word),
        formats.hour(person.first_in_at) if person.first_in_at else "",
        formats.hour(person.last_out_at) if person.last_out_at else "",
        str(person.late_min or ""),
        translate(N_("yes")) if person.without_card else "",
    ]
